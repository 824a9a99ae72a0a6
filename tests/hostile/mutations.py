"""Valid files, damaged at random: what a disk, a network or somebody with bad intent makes of them."""

import io
import zipfile

INTERESTING = (0, 1, 0x7F, 0x80, 0xFF)


def mutated(data, rng):
    """Return the bytes with one to eight random changes: bytes set, flipped, cut out, doubled, or the end cut off."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 9)):
        if not data:
            break
        start = int(rng.integers(len(data)))
        stop = start + int(rng.integers(1, 9))
        change = rng.integers(6)
        if change == 0:
            data[start] = INTERESTING[rng.integers(len(INTERESTING))]
        elif change == 1:
            data[start] ^= 1 << int(rng.integers(8))
        elif change == 2:
            data[start:stop] = rng.bytes(stop - start)
        elif change == 3:
            del data[start:stop]
        elif change == 4:
            data[start:start] = data[start:stop]
        elif rng.random() < 0.2:
            del data[start:]
    return bytes(data)


def mutated_member(archive, rng, names):
    """Return a zip archive, as bytes, with one of its members of these names mutated and all sums right."""
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    name = sorted(name for name in members if name.endswith(names))[rng.integers(len(names))]
    members[name] = mutated(members[name], rng)
    return zipped(members)


def zipped(members, compression=zipfile.ZIP_STORED):
    """Return a zip archive, as bytes, of a dict from names to bytes."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return written.getvalue()
