"""Supplementary Table 1, against the numbers written out and against the layers themselves."""

import pytest

from a2u_tf.complexity import kernel_parameters
from a2u_tf.complexity.costs import format_table
from a2u_tf.layers import A2UKernels


@pytest.mark.parametrize(
    ("variant", "channel_shared", "expected"),
    [
        ("static", False, 4 * 9 + 2 * 25 * 64),
        ("static", True, 4 * 9 + 2 * 25),
        ("hybrid", False, 4 * 9 * 64 + 2 * 25 * 64),
        ("hybrid", True, 4 * 9 * 64 + 2 * 25),
        ("dynamic", False, 4 * 9 * 64 + 2 * 64 * 64),
        ("dynamic", True, 4 * 9 * 64 + 2 * 64),
    ],
)
def test_table_1(variant, channel_shared, expected):
    assert kernel_parameters(variant, channel_shared, 64, kernel_size=3, encoding_size=5) == expected


@pytest.mark.parametrize("variant", ["static", "hybrid", "dynamic"])
@pytest.mark.parametrize("channel_shared", [False, True])
@pytest.mark.parametrize(("channels", "s", "k", "scale"), [(32, 3, 5, 2), (7, 5, 6, 2), (24, 1, 3, 3), (8, 3, 4, 1)])
def test_layer_has_that_many(variant, channel_shared, channels, s, k, scale):
    layer = A2UKernels(scale, s, k, variant, channel_shared, use_bias=False, use_norm=False)
    layer.build((None, None, None, channels))
    assert layer.count_params() == kernel_parameters(variant, channel_shared, channels, s, k, scale)


def test_unknown_variant():
    with pytest.raises(ValueError, match=r"static.*hybrid.*dynamic.*Received.*'adaptive'"):
        kernel_parameters("adaptive", True, 8)


def test_printed_table_holds_the_counts():
    table = format_table([32, 256], kernel_size=3, encoding_size=5, scale=2)
    assert "1,636" in table
    assert "140,288" in table
    assert len(table.splitlines()) == 8
