"""What workers do with a table of pictures, without Ray: mattes written once, reasons handed on, deaths counted."""

import pytest

pa = pytest.importorskip("pyarrow", reason="needs a2u_tf[ray]")

from a2u_tf.matting.batch import stages  # noqa: E402


def test_deaths_are_those_of_attempts_that_did_not_end():
    attempts = stages.Attempts()
    assert [attempts.begin(("read", "a")) for _ in range(3)] == [0, 1, 2]
    assert attempts.begin(("matte", "a")) == 0
    attempts.end(("read", "a"))
    assert attempts.begin(("read", "a")) == 0


class Output:
    def write(self, pictures):
        self.pictures = pictures
        return "part-1"


def test_only_mattes_that_were_made_are_written():
    rows = [{"name": "a", "error": None, "png": b"matte"}, {"name": "b", "error": "is broken", "png": None}]
    output = Output()
    table = stages.write(pa.Table.from_pylist(rows, stages._MATTED), output)
    assert output.pictures == {"a": b"matte"}
    (row,) = table.to_pylist()
    assert row["part"] == "part-1"
    assert [(p["name"], p["error"]) for p in row["pictures"]] == [("a", None), ("b", "is broken")]
