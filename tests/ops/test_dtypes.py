"""Common dtypes, in which float64 stays float64 on every backend."""

import pytest

from a2u_tf.ops.dtypes import common_dtype, wide_dtype


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (("float16", "float16"), "float16"),
        (("float16", "bfloat16"), "float32"),
        (("bfloat16", "float32"), "float32"),
        (("float64", "float16"), "float64"),
        (("float32", "float64"), "float64"),
    ],
)
def test_common_dtype(dtypes, expected):
    assert common_dtype(*dtypes) == common_dtype(*reversed(dtypes)) == expected


def test_sums_are_wide():
    dtypes = ("float16", "bfloat16", "float32", "float64")
    assert [wide_dtype(dtype) for dtype in dtypes] == ["float32", "float32", "float32", "float64"]
