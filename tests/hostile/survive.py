"""Read randomly damaged files in a process of their own, as a decoder in C may crash.

    python -m tests.hostile.survive FOLDER COUNT

Ends with status 0 and counts in JSON where each file was read or refused by a ValueError or OSError that names it.
"""

import gzip
import json
import resource
import sys
from pathlib import Path

import numpy as np

from a2u_tf.matting.pictures import read_alpha, read_rgb, read_rgba, read_trimap
from a2u_tf.matting.pictures.formats import read_header
from a2u_tf.reconstruction.data.digits import read_idx
from tests.hostile.corpus import GREY, RGB, other_format
from tests.hostile.mutations import mutated
from tests.matting.pictures.files import jpeg, palette_png, png

READERS = {
    "png": (read_header, read_rgb, read_rgba, read_alpha, read_trimap),
    "jpeg": (read_header, read_rgb, read_alpha, read_trimap),
    "other": (read_header, read_rgb),
    "idx": (read_idx,),
}
SIX_GIGABYTES = 6 * 2**30


def valid_files(kind):
    rgba = np.dstack([RGB, GREY])
    idx = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, *range(24)])
    return {
        "png": [png(RGB, 2), png(rgba, 6), png(GREY, 0), png(RGB, 2, bits=16), palette_png(GREY % 3, RGB[0, :3], 9)],
        "jpeg": [jpeg(RGB), jpeg(RGB, progressive=True), jpeg(GREY)],
        "other": [other_format(ending) for ending in (".bmp", ".tiff", ".webp", ".avif", ".gif")],
        "idx": [idx],
    }[kind]


def main(folder, count):
    resource.setrlimit(resource.RLIMIT_AS, (SIX_GIGABYTES, SIX_GIGABYTES))
    print(json.dumps({kind: read_mutations(kind, Path(folder, f"picture.{kind}"), int(count)) for kind in READERS}))


def read_mutations(kind, path, count):
    """Return how often a reader returned something, and how often it refused to."""
    rng = np.random.default_rng(0)
    files = valid_files(kind)
    counts = {"read": 0, "refused": 0}
    for number in range(count):
        data = mutated(files[number % len(files)], rng)
        if kind == "idx":
            data = gzip.compress(data) if number % 3 else mutated(gzip.compress(files[0]), rng)
        path.write_bytes(data)
        for reader in READERS[kind]:
            try:
                reader(path)
                counts["read"] += 1
            except (ValueError, OSError) as error:
                counts["refused"] += 1
                if str(path) not in str(error) or len(str(error).splitlines()) != 1:
                    raise
    return counts


if __name__ == "__main__":
    main(*sys.argv[1:])
