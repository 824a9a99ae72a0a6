"""Evaluate predicted alpha mattes, of one method or of several side by side: SAD, MSE, Grad and Conn.

    python -m a2u_program.evaluate --predictions=ours=OURS --predictions=gca=GCA \
        --layout=composition_1k --data_dir=DATA --output=results/composition_1k
    python -m a2u_program.evaluate --predictions=ours=OURS --targets=ALPHAS --trimaps=TRIMAPS --output=results/mine
    python -m a2u_program.evaluate --predictions=ours=OURS --layout=alphamatting --split=lowres --data_dir=DATA \
        --submission=FOLDER

A folder of predictions holds one grey PNG for each test image, of its name; for alphamatting.com it holds the folders
Trimap1, Trimap2 and Trimap3 of them. Every image must be there, and no other.

The output folder holds tables.md, means.csv, images.csv, summary.json, and worst/METHOD/: sheets of the images on which
a method errs most.
"""

import os
from pathlib import Path

from absl import app, flags, logging

from a2u_program.streams import forgiving_streams
from a2u_tf.files import versions, write_json, write_text
from a2u_tf.matting.evaluation.files import evaluate_files, read_levels
from a2u_tf.matting.evaluation.images import LAYOUTS, find_predictions, images_in_folders, images_of_layout
from a2u_tf.matting.evaluation.report import csv_table, error_table, mean_errors, without_nan, worst_images
from a2u_tf.matting.evaluation.sheet import matte_sheet
from a2u_tf.matting.evaluation.submission import write_submission
from a2u_tf.matting.pictures.pictures import read_rgb, read_trimap
from train.named_folders import parse_named_folders
from train.run_folder import RunFolderError, command_line


def run(images, folders, output, worst=5, command=None):
    """Evaluate all predictions and write the output folder; returns the rows of `mean_errors`.

    Nothing is written before all images are evaluated.

    Args:
        images: List of `EvaluationImage`.
        folders: Dict from methods to folders of predictions.
        output: Folder to write to, new or empty.
        worst: Number of sheets for each method.
        command: What started this, for the record.
    """
    output = Path(output)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise RunFolderError(f"{output} exists and is not empty. Give another --output, or move it away.")
    hidden = [image.name for image in images if image.alpha is None]
    if hidden:
        raise FileNotFoundError(
            f"The true mattes of {len(hidden)} images are not there, of {hidden[0]} for one. Without them there is no "
            "evaluation here; --submission prepares one at alphamatting.com."
        )
    predictions = {method: find_predictions(images, folder) for method, folder in folders.items()}
    rows = []
    for row in evaluate_files(images, predictions):
        rows.append(row)
        if len(rows) % 100 == 0:
            logging.info("%d of %d evaluated", len(rows), len(images) * len(predictions))
    means = mean_errors(rows)
    write_sheets(images, predictions, rows, output / "worst", worst)
    write_tables(means, rows, output, command)
    summary = {
        "command": command,
        "versions": versions(),
        "predictions": {method: str(folder) for method, folder in folders.items()},
        "means": without_nan(means),
        "images": without_nan(rows),
    }
    write_json(output / "summary.json", summary)
    return means


def write_tables(means, rows, output, command):
    """Write tables.md, means.csv and images.csv."""
    note = (
        "Of the trimaps' unknown region, on 8-bit mattes; SAD, Grad and Conn over 1000. Lower is better. The mean of "
        "the MSE leaves out images without unknown pixels."
    )
    tables = f"# Errors of alpha mattes\n\n{note}\n\n## Means\n\n{error_table(means)}\n\n"
    tables += f"## Images\n\n{error_table(rows)}\n"
    if command:
        tables += f"\nMade by\n\n    {command}\n"
    for name, text in {"means.csv": csv_table(means), "images.csv": csv_table(rows), "tables.md": tables}.items():
        write_text(output / name, text)


def write_sheets(images, predictions, rows, folder, count):
    """Write a sheet for each of the worst images of each method."""
    by_name = {image.name: image for image in images}
    for method, paths in predictions.items():
        for rank, row in enumerate(worst_images(rows, method, count), start=1):
            image = by_name[row["image"]]
            matte_sheet(
                read_levels(paths[image.name]),
                read_levels(image.alpha),
                read_trimap(image.trimap),
                folder / method / f"{rank:02}_{image.name.replace('/', '_')[:50]}.png",
                None if image.image is None else read_rgb(image.image),
                f"{image.name}, {method}:  SAD {row['sad']:.3f}  MSE {row['mse']:.5f}  Grad {row['grad']:.3f}  "
                f"Conn {row['conn']:.3f}",
            )


def find_images(values):
    """Return the test images that the flags name."""
    by_layout = values["layout"], values["data_dir"]
    by_folder = values["targets"], values["trimaps"]
    if all(by_layout) and not any(by_folder):
        if values["split"] and values["layout"] != "alphamatting":
            raise app.UsageError("--split is for --layout=alphamatting.")
        return images_of_layout(values["layout"], os.path.expandvars(values["data_dir"]), values["split"])
    if all(by_folder) and not any(by_layout):
        return images_in_folders(values["targets"], values["trimaps"], values["images"])
    raise app.UsageError("Give either --layout and --data_dir, or --targets and --trimaps.")


def define_flags():
    """Declare the flags; a function, so that other scripts can import this one without them."""
    flags.DEFINE_multi_string("predictions", [], "METHOD=FOLDER of predicted mattes; once for each method.")
    flags.DEFINE_enum("layout", None, LAYOUTS, "Data set with its own layout of folders.")
    flags.DEFINE_string("data_dir", None, "Folder of the data set; environment variables in it are filled in.")
    flags.DEFINE_string("split", None, "For alphamatting: ending of its folders' names, such as training_lowres.")
    flags.DEFINE_string("targets", None, "Without --layout: folder of true mattes.")
    flags.DEFINE_string("trimaps", None, "Without --layout: folder of trimaps of the same names.")
    flags.DEFINE_string("images", None, "Without --layout: folder of images of the same names, for the sheets.")
    flags.DEFINE_string("output", "runs/evaluation", "Folder for tables and sheets, new or empty.")
    flags.DEFINE_integer("worst", 5, "Number of sheets for each method.", lower_bound=0)
    flags.DEFINE_string("submission", None, "Write a submission to alphamatting.com here instead of evaluating.")


@forgiving_streams()
def main(argv):
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    values = flags.FLAGS.flag_values_dict()
    folders = parse_named_folders("predictions", values["predictions"])
    if values["submission"] and (values["layout"] != "alphamatting" or len(folders) > 1):
        raise app.UsageError("--submission takes --layout=alphamatting and the --predictions of one method.")
    try:
        images = find_images(values)
        if values["submission"]:
            (folder,) = folders.values()
            write_submission(images, find_predictions(images, folder), values["submission"])
            print(f"{len(images)} predictions in {values['submission']}: pack that folder and send it in.")
            return
        means = run(images, folders, values["output"], values["worst"], command_line("a2u_program.evaluate"))
    except (RunFolderError, ValueError, OSError) as error:
        raise SystemExit(f"error: {error}") from error
    print(error_table(means))
    print(f"Tables and sheets: {values['output']}")


if __name__ == "__main__":
    define_flags()
    app.run(main)
