"""The command that tells what is installed."""

from a2u_program.main import main
from a2u_tf.info import describe


def test_it_prints_the_report(capsys):
    assert main(["info"]) == 0
    assert capsys.readouterr().out == f"{describe()}\n"
