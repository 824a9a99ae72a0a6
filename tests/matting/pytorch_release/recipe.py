"""Weights of the released network by the recipe that the recorded vectors were made with, and those vectors."""

import json
import zlib

import numpy as np


def uniform(key, count):
    """The recipe's float64 numbers in [0, 1)."""
    generator = np.random.PCG64(zlib.crc32(key.encode("ascii")))
    return (generator.random_raw(count) >> np.uint64(11)) * 2.0**-53


def normal(key, count):
    """The recipe's numbers of mean 0 and variance 1."""
    return (uniform(key, count) - 0.5) * np.sqrt(12)


def make_state(golden_dir, tag):
    """Return `(config, state)`: the settings of one recorded network and its arrays by released name."""
    description = json.loads((golden_dir / f"D_net_{tag}.json").read_text())
    state = {}
    for row in description["tensors"]:
        value = _value(f"{description['recipe_seed']}/{row['name']}", row["shape"], row["recipe_kind"])
        value = value.astype(row["dtype"])
        checksum = f"{zlib.crc32(value.tobytes()):08x}"
        if checksum != row["crc32"]:
            raise ValueError(f"{row['name']}: expected checksum {row['crc32']}. Received: {checksum}")
        state[row["name"]] = value
    return description["config"], state


def _value(key, shape, kind):
    count = int(np.prod(shape))
    u, z = uniform(key, count), normal(key, count)
    sign = np.where(np.arange(count) % 5 == 4, -1, 1)
    value = {
        "conv": lambda: z / np.sqrt(np.prod(shape[1:])),
        "bn_gamma": lambda: (0.7 + 0.6 * u) * sign,
        "bn_beta": lambda: 0.2 * z,
        "bn_mean": lambda: 0.2 * z,
        "bn_var": lambda: 0.5 + u,
        "gn_gamma": lambda: (0.7 + 0.6 * u) * sign,
        "gn_beta": lambda: 0.2 * z,
        "bconv_weight": lambda: z / np.sqrt(shape[1]),
        "bconv_UV_bias": lambda: 0.1 * z,
        "bconv_P_bias": lambda: z,
        "zero": lambda: np.zeros(count),
    }[kind]()
    return value.reshape(shape)


def load(path):
    """Return `(meta, arrays)` of a recorded file."""
    with np.load(path) as file:
        return json.loads(str(file["meta"])), {name: file[name] for name in file.files if name != "meta"}


def channels_last(x):
    return x.transpose(0, 2, 3, 1)


def released_layout(name, x):
    """Undo `assign_kernels` for one array by its released name."""
    if "bconv_UP" in name:
        *rest, values = x.shape
        x = x.reshape(*rest, 4, values // 4).swapaxes(-1, -2).reshape(x.shape)
    return x.T[..., None, None] if x.ndim == 2 else x
