"""Tables: aligned, and valid Markdown."""

import pytest

from a2u_tf.files import markdown_table


def test_columns_are_aligned():
    rows = [["method", "PSNR"], ["a", "9.5"], ["bilinear", "19.25"]]
    assert markdown_table(rows, [False, True]).splitlines() == [
        "| method   |  PSNR |",
        "|----------|------:|",
        "| a        |   9.5 |",
        "| bilinear | 19.25 |",
    ]


def test_exception_ragged_rows():
    with pytest.raises(ValueError, match="shorter"):
        markdown_table([["a", "b"], ["c"]], [False, False])
