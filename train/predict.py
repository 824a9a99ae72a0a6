"""Predict alpha mattes: of one picture, or of all pictures in a folder.

    python -m train.predict --model=runs/matting/best.keras --image=photo.jpg --trimap=trimap.png --output=alpha.png
    python -m train.predict --model=runs/matting/best.keras --image=IMAGES --trimap=TRIMAPS --output=ALPHAS

Trimaps are grey pictures: 255 foreground, 0 background, anything else unknown. Pictures and trimaps in folders belong
together by their names without endings; each matte gets that name and the ending .png. All files are checked before the
first picture is read.
"""

from pathlib import Path

import keras
from absl import app, flags

import a2u_tf.models  # noqa: F401  (Keras finds the classes of a saved model where they are registered)
from a2u_tf.data.matting.folders import Problems, check_sizes, pictures_by_name
from a2u_tf.data.matting.pictures import read_rgb, read_trimap, write_alpha
from a2u_tf.inference import predict_alpha
from a2u_tf.models import Matting


def find_jobs(image, trimap, output):
    """Return `(picture, trimap, output)` paths of all that is to be done, checked.

    Raises:
        FileNotFoundError: Where the picture, the trimap or a folder is missing.
        PictureError: For all other problems, together: pictures without trimap, trimaps without picture, damaged files,
            sizes that differ.
    """
    image, trimap, output = Path(image), Path(trimap), Path(output)
    for path in (image, trimap):
        if not path.exists():
            raise FileNotFoundError(f"There is no {path}.")
    if image.is_dir() != trimap.is_dir():
        raise FileNotFoundError(f"Expected two files or two folders. Received: {image} and {trimap}")
    problems = Problems(image)
    if image.is_dir():
        images, trimaps = pictures_by_name(image, problems), pictures_by_name(trimap, problems)
        for name in sorted(set(images) ^ set(trimaps)):
            problems.add(f"{images.get(name) or trimaps[name]} has no partner of the name {name!r}.")
        jobs = [(images[name], trimaps[name], output / f"{name}.png") for name in images if name in trimaps]
    else:
        if output.suffix.lower() != ".png":
            raise FileNotFoundError(f"Expected an output whose name ends in .png. Received: {output}")
        jobs = [(image, trimap, output)]
    check_sizes([job[:2] for job in jobs], problems)
    problems.stop_if_any()
    return jobs


def read_model(path):
    """Load a Keras model.

    Raises:
        ValueError: Where the file is missing or holds something else.
    """
    try:
        return keras.saving.load_model(path, compile=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be read as a Keras model: {str(error).splitlines()[0]}") from error


def load_model(path):
    """Load a `Matting` model, as training saves it.

    Raises:
        ValueError: Where the file is missing or holds something else.
    """
    model = read_model(path)
    if not isinstance(model, Matting):
        raise ValueError(
            f"Expected a saved a2u_tf.models.Matting, such as best.keras in a run folder of train.matting. Received: "
            f"{type(model).__name__} in {path}"
        )
    return model


def define_file_flags():
    """Declare the flags of `find_jobs`."""
    flags.DEFINE_string("image", None, "Picture, or folder of pictures.", required=True)
    flags.DEFINE_string("trimap", None, "Its trimap, or folder of trimaps of the same names.", required=True)
    flags.DEFINE_string("output", None, "Matte to write (.png), or folder of mattes.", required=True)


def main(argv):
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    values = flags.FLAGS
    try:
        jobs = find_jobs(values.image, values.trimap, values.output)
        model = load_model(values.model)
        for number, (image, trimap, output) in enumerate(jobs, 1):
            alpha = predict_alpha(model, read_rgb(image), read_trimap(trimap))
            write_alpha(output, alpha, int(values.bits))
            print(f"{number}/{len(jobs)} {output}", flush=True)
    except (ValueError, OSError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    flags.DEFINE_string("model", None, "Saved a2u_tf.models.Matting (.keras).", required=True)
    define_file_flags()
    flags.DEFINE_enum("bits", "8", ("8", "16"), "Bits of the mattes.")
    app.run(main)
