"""Importing is cheap and quiet, and the rooms of the house keep to their floors."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "a2u_tf"


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_ops_know_no_layer_and_nobody_knows_train():
    above = {"ops": ("layers", "models", "data"), "layers": ("models", "data"), "data": ("layers", "models", "ops")}
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0]
        forbidden = (*(f"a2u_tf.{name}" for name in above.get(room, ())), "a2u_program", "train", "benchmarks", "tests")
        for module in imported_modules(path):
            assert not module.startswith(forbidden), f"{path} imports {module}"


def test_tensorflow_is_imported_only_inside_functions():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [n.name for n in node.names] + [getattr(node, "module", "") or ""]
                assert not any(name.split(".")[0] in ("tensorflow", "jax", "torch") for name in names), path


def registered_classes():
    """The classes that the source registers for Keras, by the names under which it finds them."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
                if any("register_keras_serializable" in decorator for decorator in decorators):
                    yield f"a2u_tf>{node.name}"


@pytest.mark.process
def test_import_knows_all_classes_and_needs_no_opencv():
    code = (
        "import sys\n"
        "sys.modules['cv2'] = None\n"
        "import keras\n"
        "before = set(sys.modules)\n"
        "import a2u_tf\n"
        "assert a2u_tf.layers.A2UUpSampling2D and a2u_tf.ops.reassemble_up and a2u_tf.reconstruction.data.load_digits\n"
        "print({name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)\n"
        "print(*keras.saving.get_custom_objects())\n"
    )
    command = [sys.executable, "-c", code]
    imported, known = subprocess.run(
        command, check=True, timeout=120, capture_output=True, text=True
    ).stdout.splitlines()
    assert imported == "{'a2u_tf'}"
    assert set(known.split()) == set(registered_classes())
