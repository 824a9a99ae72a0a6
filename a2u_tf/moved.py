"""Names of version 0.1, which work until 0.3 and say the new ones. What went to several rooms is looked for in each."""

import importlib
import importlib.abc
import importlib.machinery
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

MODULES = {
    "callbacks": ["training.callbacks"],
    "conventions": ["matting.conventions"],
    "cutout": ["matting.cutout"],
    "data": ["reconstruction.data"],
    "data.batches": ["reconstruction.data.batches", "training"],
    "data.digits": ["reconstruction.data.digits"],
    "data.idx": ["reconstruction.data.digits"],
    "data.matting": ["matting.pictures", "matting.data"],
    "data.matting.synthetic": ["matting.data.synthetic"],
    "data.synthetic_digits": ["reconstruction.data.synthetic_digits"],
    "distribution": ["training.distribution"],
    "evaluation": ["matting.evaluation"],
    "evaluation.files": ["matting.evaluation.files"],
    "evaluation.images": ["matting.evaluation.files"],
    "evaluation.report": ["matting.evaluation.test_set"],
    "evaluation.submission": ["matting.evaluation.files"],
    "evaluation.validation": ["matting.evaluation.validation"],
    "inference": ["matting.prediction"],
    "losses": ["matting.losses"],
    "losses.matting_loss": ["matting.losses.matting_loss"],
    "many_pictures": ["matting.batch"],
    "metrics": ["training.metrics"],
    "models": ["matting", "reconstruction"],
    "models.matting": ["matting.network"],
    "models.pretrained": ["matting.weights"],
    "models.reconstruction": ["reconstruction.network"],
    "models.released": ["matting.pytorch_release"],
    "models.resampling": ["layers.resampling"],
    "optimizers": ["training.optimizers"],
    "tables": ["files"],
}
NAMES = {
    "layers.get": "layers.make_upsampler",
    "models.Matting": "matting.MattingModel",
    "models.matting.Matting": "matting.MattingModel",
    "visualization.matting_grid": "matting.evaluation.matting_grid",
    "visualization.reconstruction_sheet": "reconstruction.sheet.reconstruction_sheet",
    "visualization.write_png": "files.write_png",
    "data.matting.read_trimap": "matting.pictures.read_trimap",
}
# What a name of old gives and takes, where the new one does otherwise: trimaps as arrays, colours in OpenCV's order.
AS_BEFORE: dict[str, Callable[..., Any]] = {
    "data.matting.read_trimap": lambda new: lambda path: new(path).levels,
    "visualization.write_png": lambda new: lambda path, x: new(path, x[..., ::-1] if x.ndim == 3 else x),
}
PACKAGE = "a2u_tf"


def names_of(module: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module of the package, by which its old names are found."""

    def find(name: str) -> Any:
        old = f"{module}.{name}".lstrip(".")
        if old in NAMES:
            _say(old, NAMES[old])
            room, _, attribute = NAMES[old].rpartition(".")
            found = getattr(importlib.import_module(f"{PACKAGE}.{room}"), attribute)
            return AS_BEFORE[old](found) if old in AS_BEFORE else found
        for room in MODULES.get(module, []):
            owner = importlib.import_module(f"{PACKAGE}.{room}")
            if hasattr(owner, name):
                return getattr(owner, name)
        if old in MODULES:
            return importlib.import_module(f"{PACKAGE}.{old}")
        raise AttributeError(f"module '{PACKAGE}.{module}'".replace(".'", "'") + f" has no attribute {name!r}")

    return find


def _say(old: str, new: str) -> None:
    text = f"{PACKAGE}.{old} is now {PACKAGE}.{new}; the old name goes with version 0.3."
    warnings.warn(text, DeprecationWarning, stacklevel=3)


class _OldModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds modules under their old names: empty ones, whose names are those of the new."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        package, _, old = fullname.partition(".")
        if package != PACKAGE or old not in MODULES:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def exec_module(self, module: types.ModuleType) -> None:
        old = module.__name__.partition(".")[2]
        _say(old, f" and {PACKAGE}.".join(MODULES[old]))
        module.__getattr__ = names_of(old)  # type: ignore[method-assign]


def keep_old_modules() -> None:
    if not any(isinstance(finder, _OldModules) for finder in sys.meta_path):
        sys.meta_path.append(_OldModules())
