"""Put an exported version into a Triton repository, complete and at once: the server looks there all the time.

    python examples/serving_triton/add_version.py exported/matting/1 served/matting

By the Python that runs the server. The version gets model.py, and a model of that name its config.pbtxt, where it has
none. Triton waits for ever for a folder that it finds without model.py, and loads a version once more when its folder
changes, as by the compiled form of model.py, which therefore comes along.
"""

import argparse
import py_compile
import shutil
import sys
import tempfile
from pathlib import Path

OWN = Path(__file__).resolve().with_name("matting")


def add_version(exported, model):
    """Copy a version.

    Args:
        exported: Folder of one version of an export, whose name is the version's number.
        model: Folder of a model in the repository; made where there is none.

    Raises:
        ValueError: Where the one is no such folder.
        FileExistsError: Where the model has that version.
    """
    exported, model = Path(exported).resolve(), Path(model).resolve()
    if not exported.name.isdecimal() or not (exported / "saved_model.pb").exists():
        raise ValueError(f"Expected the folder of one version, NAME/1 with a saved_model.pb. Received: {exported}")
    if (model / exported.name).exists():
        raise FileExistsError(f"{model} has a version {exported.name}. Export with another --version.")
    model.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=model.parent.parent) as folder:  # of the same file system, out of sight
        staged = Path(folder, model.name)
        version = staged / exported.name
        shutil.copytree(exported, version)
        shutil.copy(OWN / "model.py", version)
        unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(version / "model.py"), invalidation_mode=unchecked, doraise=True)
        shutil.copy(OWN / "config.pbtxt", staged)
        if not model.exists():
            staged.rename(model)
            return
        if not (model / "config.pbtxt").exists():
            (staged / "config.pbtxt").rename(model / "config.pbtxt")
        version.rename(model / exported.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exported", help="folder of the version, such as exported/matting/1")
    parser.add_argument("model", help="folder of the model in the repository, such as served/matting")
    args = parser.parse_args()
    try:
        add_version(args.exported, args.model)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
