"""Fine-tune a matting model on a few cut-outs, and look at what that gains on one that it never saw.

    python -m experiments.fine_tuning --cutouts=LEAVES --held_out=leaf_oak --backgrounds=PHOTOS --output=runs/leaves

The folder of cut-outs holds PNG pictures with an alpha channel. `train.matting --recipe=small` goes on from the weights
with all but one of them; then the models before and after matte compositions of that one over each fourth of the
backgrounds, which the training does not see either. A folder in the output, named for the picture held out, holds the
training's run folder, errors.json, and mattes.png.
"""

import os
from pathlib import Path

from absl import app, flags

from a2u_tf.files import versions, write_json, write_png
from a2u_tf.matting.data import PictureSource, photographic_sample
from a2u_tf.matting.evaluation import held_out_pictures, matting_grid, validate
from a2u_tf.matting.pictures.layouts import background_pictures, rgba_foregrounds
from a2u_tf.matting.weights import load_matting
from train.matting import run
from train.matting_settings import RECIPES, Settings

SIDE, SHOWN = 512, 4


def split(paths: list[Path], held_out: list[Path], folder: Path) -> Path:
    """Link the paths but those held out into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        link = folder / path.name
        if path not in held_out and not link.exists():
            os.symlink(path.resolve(), link)
    return folder


def main(_: list[str]) -> None:
    try:
        fine_tune(flags.FLAGS)
    except (ValueError, OSError) as error:
        raise SystemExit(f"error: {error}") from error


def fine_tune(values: flags.FlagValues) -> None:
    # A folder for each: what one training may see, another may not.
    output = Path(values.output) / values.held_out
    cutouts = {foreground.name: foreground for foreground in rgba_foregrounds(values.cutouts)}
    if values.held_out not in cutouts:
        raise ValueError(f"--held_out is one of {', '.join(cutouts)}. Received: {values.held_out}")
    grounds = background_pictures(values.backgrounds)
    looked_at = cutouts[values.held_out]
    training = split([cutout.colours for cutout in cutouts.values()], [looked_at.colours], output / "cutouts")
    others = split(grounds, grounds[::4], output / "backgrounds")
    recipe = RECIPES["small"] | {
        "source": (f"rgba={training}",),
        "backgrounds": (str(others),),
        "initial_weights": values.weights,
        "encoder_factor": 0.0,
        "epochs": values.epochs,
    }
    run(Settings(**recipe), output / "run", tensorboard=False)
    pictures = held_out_pictures(PictureSource([looked_at], grounds[::4]), values.pictures, SIDE, photographic_sample)
    models = {"before": load_matting(values.weights), "after": load_matting(output / "run" / "last.keras")}
    errors, mattes = {}, {}
    for name, model in models.items():
        errors[name], mattes[name] = validate(model, pictures, SHOWN)
        print(name, "  ".join(f"{error} {value:.4f}" for error, value in errors[name].items()), flush=True)
    write_json(output / "errors.json", {"versions": versions(), "pictures": len(pictures), "errors": errors})
    rows = [
        (picture.image, picture.trimap, picture.target, *(mattes[name][number][1] for name in models))
        for number, picture in enumerate(pictures[:SHOWN])
    ]
    write_png(output / "mattes.png", matting_grid(rows, tuple(models)))


if __name__ == "__main__":
    flags.DEFINE_string("cutouts", None, "Folder of PNG pictures with an alpha channel.", required=True)
    flags.DEFINE_string("held_out", None, "Name of the picture that is looked at, without .png.", required=True)
    flags.DEFINE_string("backgrounds", None, "Folder of background pictures.", required=True)
    flags.DEFINE_string("weights", "small", "Model to start from: small, or a .keras file.")
    flags.DEFINE_integer("epochs", 5, "Epochs of 100 steps.", lower_bound=1)
    flags.DEFINE_integer("pictures", 24, "Compositions to look at.", lower_bound=SHOWN)
    flags.DEFINE_string("output", None, "Folder to write.", required=True)
    app.run(main)
