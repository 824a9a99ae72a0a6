"""Importing is cheap and quiet, and imports between the rooms of the house go one way."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "a2u_tf"
# From the ground up. Rooms of one floor do not know each other; everybody may know what is below.
FLOORS = [
    ["a2u_tf.version", "a2u_tf.types", "a2u_tf.moved"],
    ["a2u_tf.files"],
    ["a2u_tf.ops"],
    ["a2u_tf.layers", "a2u_tf.info"],
    ["a2u_tf.complexity", "a2u_tf.visualization", "a2u_tf.training", "a2u_tf.export"],
    ["a2u_tf.reconstruction", "a2u_tf.matting"],
    ["a2u_program"],
    ["train"],
    ["experiments", "demo"],
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
SOURCES = sorted(
    path
    for folder in ("a2u_tf", "a2u_program", "train", "experiments", "demo")
    for path in (ROOT / folder).rglob("*.py")
)


def imported_names(path):
    """Yield `(module, name)` of every import, the name empty where a module is imported as a whole."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((name.name, "") for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module, name.name) for name in node.names)


def room_of(module):
    """The room of a module, None for those of others and for the package as a whole."""
    parts = module.split(".")
    return next((room for room in (".".join(parts[:2]), parts[0]) if room in FLOOR), None)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_go_one_way(path):
    here = room_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for module, name in imported_names(path):
        there = room_of(module) or room_of(f"{module}.{name}")
        assert not module.startswith(("tests", "benchmarks", "examples")), f"{path} imports {module}"
        if there and there != here and here:
            assert FLOOR[there] < FLOOR[here], f"{here} imports {there}: {module}"
            assert not name.startswith("_") or name == "__version__", f"{here} takes {module}'s private {name}"


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
                for decorator in map(ast.unparse, node.decorator_list):
                    if "register_keras_serializable" in decorator:
                        name = re.search(r"name='(\w+)'", decorator)
                        yield f"a2u_tf>{name[1] if name else node.name}"


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
