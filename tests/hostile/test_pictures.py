"""Pictures of the corpus and random ones: read rightly, or refused in one line that names the file."""

import json
import os
import resource
import subprocess
import sys

import numpy as np
import pytest

from a2u_tf.matting.pictures import (
    PictureError,
    read_alpha,
    read_rgb,
    read_rgba,
    read_trimap,
)
from a2u_tf.matting.pictures.formats import read_header
from custom_ops.toolchain import ROOT
from tests.hostile.corpus import BAD, ODD, RGB
from tests.matting.pictures.files import png

READERS = (read_rgb, read_rgba, read_alpha, read_trimap)


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_are_refused(saved, name, capfd):
    data, message = BAD[name]
    path = saved(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for read in READERS:
        with pytest.raises(PictureError, match=rf"picture\.png.*{message}") as info:
            read(path)
        assert len(str(info.value).splitlines()) == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB: a bomb's pixels were not there


@pytest.mark.parametrize("name", ODD)
def test_odd_pictures_are_read(saved, name, capfd):
    data, expected = ODD[name]
    path = saved(data, "wrong_ending.jpg")  # the bytes tell the format, not the name
    received = read_rgb(path)
    assert read_header(path).size == received.shape[:2]
    np.testing.assert_allclose(received.astype(int), expected, rtol=0, atol=3 if "jpeg" in name else 0)


@pytest.mark.process
def test_random_damage_is_survived(tmp_path):
    command = [sys.executable, "-m", "tests.hostile.survive", str(tmp_path), "600"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    counts = json.loads(result.stdout)
    print(counts)
    assert set(counts) == {"png", "jpeg", "other", "idx"}
    assert all(count["read"] > 20 and count["refused"] > 200 for count in counts.values())


def test_files_that_are_no_pictures(saved, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")  # which has no writer: to open it would be to wait for ever
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    os.truncate(saved(png(RGB, 2), "sparse.png"), 2**40)
    for name, message in (
        ("pipe.png", "is a pipe or a device, expected a file"),
        ("zero.png", "is a pipe or a device, expected a file"),
        ("sparse.png", "has 1099511627776 bytes, too many for 268435456 pixels"),
    ):
        for read in (read_header, read_rgb):
            with pytest.raises(PictureError, match=f"{name} {message}"):
                read(tmp_path / name)
