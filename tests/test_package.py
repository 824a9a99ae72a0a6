"""Importing is cheap and quiet, and the rooms of the house keep to their floors."""

import ast
import subprocess
import sys
from pathlib import Path

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
        forbidden = (*(f"a2u_tf.{name}" for name in above.get(room, ())), "train", "benchmarks", "tests")
        for module in imported_modules(path):
            assert not module.startswith(forbidden), f"{path} imports {module}"


def test_tensorflow_is_imported_only_inside_functions():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [n.name for n in node.names] + [getattr(node, "module", "") or ""]
                assert not any(name.split(".")[0] in ("tensorflow", "jax", "torch") for name in names), path


def test_import_opens_no_file_of_data():
    code = (
        "import sys, a2u_tf\n"
        "assert a2u_tf.layers.A2UUpSampling2D and a2u_tf.ops.reassemble_up and a2u_tf.data.load_digits\n"
        "assert 'cv2' in sys.modules and 'tensorboard' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
