"""The command that tells what methods cost."""

import pytest

from a2u_program.main import main
from a2u_tf.complexity import operator_cost
from a2u_tf.complexity.costs import format_table
from a2u_tf.layers import METHODS, A2UUpSampling2D


def rows(text):
    return {cells[0]: cells[1:] for line in text.splitlines() if (cells := line.strip("|").replace(" ", "").split("|"))}


def test_a_row_is_the_cost_of_the_layer(capsys):
    arguments = ["a2u_hybrid_cw", "nearest", "--channels", "5", "--size", "6", "8", "--scale", "3"]
    assert main(["cost", *arguments]) == 0
    layer = A2UUpSampling2D(scale=3, variant="hybrid", channel_shared=False)
    cost = operator_cost(layer, (1, 6, 8, 5), (1, 18, 24, 5))
    table = rows(capsys.readouterr().out)
    assert table["method"] == ["parameters", "kernelMACs", "resamplingMACs", "activations"]
    figures = (cost.parameters, cost.kernel_macs, cost.resampling_macs, cost.activations)
    assert table["a2u_hybrid_cw"] == [f"{figure:,}" for figure in figures]
    assert table["nearest"] == ["0"] * 4
    assert len(table) == 4  # with the rule


def test_all_methods(capsys):
    assert main(["cost", "--channels", "4"]) == 0
    assert list(rows(capsys.readouterr().out))[2:] == list(METHODS)


def test_table_1(capsys):
    assert main(["cost", "--table-1"]) == 0
    assert capsys.readouterr().out == format_table([32, 64, 128, 256], 3, 6, 2) + "\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["bicubic"], "Received: bicubic"), (["fade", "--scale", "3"], "FADEUpSampling2D upsamples by 2 only")],
)
def test_exceptions(capsys, arguments, message):
    assert main(["cost", *arguments]) == 1
    assert message in capsys.readouterr().err
