"""Predict alpha mattes: of one picture, or of all pictures in a folder.

    python -m experiments.predict --model=best.keras --image=photo.jpg --trimap=trimap.png --output=alpha.png
    python -m experiments.predict --model=runs/matting/best.keras --image=IMAGES --trimap=TRIMAPS --output=ALPHAS

Trimaps are grey pictures: 255 foreground, 0 background, 128 unknown; docs/command_line.md has the rule. Pictures and
trimaps in folders belong together by their names without endings; each matte gets that name and the ending .png. All
files are checked before the first picture is read: for evaluations, where a set with gaps is worth nothing. `a2u-matte`
does what can be done. What fails later on does not stop the others.
"""

import functools
import sys

from absl import app, flags, logging

from a2u_program.stops import raise_if_stopped, stopped_by_signals
from a2u_program.streams import forgiving_streams
from a2u_tf.files import printable
from a2u_tf.matting.folder import jobs as matting_jobs
from a2u_tf.matting.pictures.folders import Problems, check_trimap_size, read_headers
from a2u_tf.matting.pictures.picture_files import PictureError
from a2u_tf.matting.pictures.pictures import read_rgb, read_trimap, write_alpha
from a2u_tf.matting.pictures.trimap import trimap_note
from a2u_tf.matting.prediction import predict_alpha
from a2u_tf.matting.weights.loading import load_matting


def find_jobs(image, trimap, output):
    """Return `(picture, trimap, output)` paths of all that is to be done, checked.

    Raises:
        PictureError: For all problems of the files, together: pictures without trimap, trimaps without picture, damaged
            files, sizes that differ.
        OSError: As in `a2u_tf.matting.folder.jobs.find_jobs`.
        ValueError: The same.
    """
    problems = Problems(image)
    jobs = matting_jobs.find_jobs(image, trimap, {"alpha": output}, problems)
    headers = read_headers([path for job in jobs for path in (job.image, job.trimap)], problems)
    for job in jobs:
        if job.image in headers and job.trimap in headers:
            try:
                check_trimap_size(job.image, headers[job.image].size, job.trimap, headers[job.trimap].size)
            except PictureError as error:
                problems.add(error)
    problems.stop_if_any()
    return [(job.image, job.trimap, job.outputs["alpha"]) for job in jobs]


def read_noted_trimap(path):
    """Read a trimap; what it lacks is a warning."""
    trimap = read_trimap(path)
    if note := trimap_note(trimap):
        logging.warning("%s %s", path, note)
    return trimap


def define_file_flags():
    """Declare the flags of `find_jobs`."""
    flags.DEFINE_string("image", None, "Picture, or folder of pictures.", required=True)
    flags.DEFINE_string("trimap", None, "Its trimap, or folder of trimaps of the same names.", required=True)
    flags.DEFINE_string("output", None, "Matte to write (.png), or folder of mattes.", required=True)


@forgiving_streams()
def predict_files(values, make_predict, bits=8):
    """Predict all pictures of the flags of `define_file_flags`; returns the exit code.

    Args:
        values: The flags.
        make_predict: Function that returns the function from picture and trimap to the matte.
        bits: 8 or 16, of the mattes.
    """
    try:
        with stopped_by_signals():
            jobs = find_jobs(values.image, values.trimap, values.output)
            predict, problems = make_predict(), Problems(values.image)
            for number, (image, trimap, output) in enumerate(jobs, 1):
                raise_if_stopped()
                try:
                    write_alpha(output, predict(read_rgb(image), read_noted_trimap(trimap)), bits)
                    print(printable(f"{number}/{len(jobs)} {output}"), flush=True)
                except Exception as error:  # whatever it is, the other pictures are to be done
                    raise_if_stopped()
                    problems.add_error(error, image, trimap, output)
            problems.stop_if_any()
    except (ValueError, OSError) as error:
        code, reason = 1, str(error)
    except KeyboardInterrupt as stop:
        code, reason = getattr(stop, "code", 130), "stopped; files that were written are whole"
    else:
        return 0
    print(f"error: {reason}", file=sys.stderr)
    return code


def main(argv):
    if len(argv) > 1:
        raise app.UsageError(f"Unknown arguments: {argv[1:]}")
    values = flags.FLAGS
    return predict_files(values, lambda: functools.partial(predict_alpha, load_matting(values.model)), int(values.bits))


if __name__ == "__main__":
    flags.DEFINE_string(
        "model", "small", "'small', which comes with a2u_tf, or a saved a2u_tf.matting.MattingModel (.keras)."
    )
    define_file_flags()
    flags.DEFINE_enum("bits", "8", ("8", "16"), "Bits of the mattes.")
    app.run(main)
