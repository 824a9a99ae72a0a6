"""What a reader pastes: the snippets and quick commands of README and docs, run in a folder of their own.

python pasted.py README.md docs      # where only the package is installed: `tests.installed`

Snippets are blocks of `python`, and of `pycon` with their outputs; commands are the lines `a2u ...`, `a2u-matte ...`
and `python -c ...` of `sh` blocks, whose input is in the folder that `prepare` makes. What needs an extra that the page
names is left out where that is not installed.
"""

import contextlib
import doctest
import os
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np

COMMAND = re.compile(r"(.*&& )?(\w+=\S+ )*(a2u|a2u-matte|python -c) ")
# What the folder may lack: a reader's own files, in capitals, models and checkpoints. They are read unless written.
OWN = re.compile(r"[A-Z]{3,}\S*|\S+\.(keras|pth|parquet)")
WRITING = {"-o", "--output", "--cutout", "--composite", "--submission", "--split"}


def fences(text, *languages):
    """Yield the line number, language and body of each block of code in these languages."""
    for match in re.finditer(r"^( *)```(\w+)\n(.*?)^\1```$", text, flags=re.DOTALL | re.MULTILINE):
        if match[2] in languages:
            yield text[: match.start()].count("\n") + 1, match[2], match[3]


def pages(paths):
    return sorted(page for path in map(Path, paths) for page in (path.glob("*.md") if path.is_dir() else [path]))


def prepare(folder):
    """Put a photograph, its mask, trimap and strokes, a background and folders of them into a folder."""
    y, x = np.mgrid[:440, :680]
    alpha = np.clip((150 - np.hypot(y - 250, x - 340)) / 20, 0, 1)[..., None]
    leaves = (60, 120, 40) + (0, 60, 0) * np.sin(x / 9)[..., None]
    photo = alpha * (230, 230, 220) + (1 - alpha) * leaves
    trimap = np.where(alpha == 0, 0, np.where(alpha == 1, 255, 128)).astype("uint8")
    strokes = np.where((x - 340) ** 2 < 25, trimap[..., 0], 128)[..., None]
    pictures = {
        "photo.jpg": photo,
        "trimap.png": trimap,
        "mask.png": np.where(alpha > 0.5, 255, 0),
        "strokes.png": strokes,
        "sea.jpg": np.full((50, 80, 3), (150, 90, 20)),
        "PHOTOS/one.jpg": photo[100:200, 200:300],
        "TRIMAPS/one.png": trimap[100:200, 200:300],
        "MASKS/one.png": trimap[100:200, 200:300],
        "STROKES/one.png": trimap[100:200, 200:300],
        **{f"{name}/one.png": (255 * alpha).astype("uint8")[100:200, 200:300] for name in ("TRUE", "OURS", "OTHER")},
    }
    for name, picture in pictures.items():
        path = Path(folder, name)
        path.parent.mkdir(exist_ok=True)
        assert cv2.imwrite(str(path), picture.astype("uint8"))


def run_snippets(page):
    """Run a page's snippets in order, in one namespace; returns that, and the extra that was missing or None."""
    text, names = page.read_text(), {}
    for line, language, body in fences(text, "python", "pycon"):
        try:
            if language == "python":
                exec(compile("\n" * line + body, str(page), "exec"), names)
                continue
        except ImportError as error:
            return names, _missing_extra(text, f"{error.name} {error}") or _raise(error)
        test = doctest.DocTestParser().get_doctest(body, names, page.name, str(page), line)
        report = []
        runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE, verbose=False)
        runner.run(test, out=report.append, clear_globs=False)
        names.update(test.globs)
        assert runner.summarize(verbose=False).failed == 0, "".join(report)
    return names, None


def shell_lines(text):
    return [line for _, _, body in fences(text, "sh") for line in body.replace("\\\n", " ").splitlines()]


def quick_commands(text, folder):
    """Return the commands of a page whose input is in the folder."""
    return [line for line in shell_lines(text) if COMMAND.match(line) and not _lacking(line, folder)]


def _lacking(line, folder):
    return [word for word in read_words(line) if OWN.fullmatch(word) and not Path(folder, word).exists()]


def read_words(line):
    """Return the words of a command but for what it writes: names of files that it reads are among them."""
    words = shlex.split(line, comments=True)
    read = [word for before, word in zip(["", *words], words, strict=False) if before not in WRITING]
    return [word.partition("=")[2] or word for word in read if not re.match(r"[A-Z0-9_]+=", word)]


def run_command(line, text, folder):
    """Run a command of a page as a shell would; returns the extra that was missing, or None."""
    done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=300)
    if done.returncode:
        return _missing_extra(text, done.stderr) or _raise(AssertionError(f"{line}\n{done.stderr[-2000:]}"))
    return None


def _missing_extra(text, message):
    """Return the extra that a message asks for, if the page names it: by itself or by the package's own name."""
    named = re.findall(r"pip install '(?:\.|a2u_tf)\[([\w,-]+)\]'", text)
    return next((extra for extra in ",".join(named).split(",") if extra and re.search(rf"\b{extra}\b", message)), None)


def _raise(error):
    raise error


def main(paths):
    seen = set()
    for page in pages(path.resolve() for path in map(Path, paths)):
        text = page.read_text()
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), ThreadPoolExecutor(2) as pool:
            prepare(folder)
            _, missing = run_snippets(page)
            commands = {shlex.join(shlex.split(line, comments=True)): line for line in quick_commands(text, folder)}
            lines = [line for words, line in commands.items() if words not in seen]
            seen |= commands.keys()
            left_out = {missing, *pool.map(partial(run_command, text=text, folder=folder), lines)} - {None}
        without = f", without {', '.join(left_out)}, which is not installed" if left_out else ""
        print(f"{page.name}: snippets and {len(lines)} commands{without}", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main(sys.argv[1:])
