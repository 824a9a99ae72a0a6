"""What stops an export: the model, in one line, or the machine, in its own words."""

import pytest

from a2u_tf.export.exported import refused_in_one_line


def test_converters_are_refused_in_one_line():
    with (
        pytest.raises(
            ValueError, match=r"does not go into ONNX \(KeyError: 'Foo'\)\. Nothing was kept\. Export it as a"
        ),
        refused_in_one_line("ONNX"),
    ):
        raise KeyError("Foo")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device", "x.onnx"), MemoryError()])
def test_what_the_machine_lacks_is_not_the_models(error):
    with pytest.raises(type(error)) as info, refused_in_one_line("ONNX"):
        raise error
    assert info.value is error
