"""The documentation is true: its code runs, its commands exist, its error texts are those of the code, the site builds."""

import ast
import doctest
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(page.relative_to(DOCS).as_posix() for page in DOCS.glob("*.md"))
# What a page's first snippet takes for granted.
BEFORE = {
    "kernels.md": """
        import keras, numpy as np
        from a2u_tf.layers import A2UUpSampling2D
        x, y = np.ones((2, 4, 4, 1), "float32"), np.ones((2, 8, 8, 1), "float32")
        model = keras.Sequential([keras.Input((4, 4, 1)), A2UUpSampling2D()])
        model.compile("sgd", "mae")
    """,
}


def fences(text, *languages):
    """Yield the line number, language and body of each block of code in these languages."""
    for match in re.finditer(r"^( *)```(\w+)\n(.*?)^\1```$", text, flags=re.DOTALL | re.MULTILINE):
        if match[2] in languages:
            yield text[: match.start()].count("\n") + 1, match[2], match[3]


@pytest.mark.tensorflow
@pytest.mark.parametrize("page", PAGES)
def test_snippets_run(page, tmp_path, monkeypatch):
    """Runs blocks of `python`, and those of `pycon` with their outputs, in order and in one namespace a page."""
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(re.sub(r"^ {8}", "", BEFORE.get(page, ""), flags=re.MULTILINE), names)
    options = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL * 0 | doctest.NORMALIZE_WHITESPACE
    try:
        for line, language, body in fences((DOCS / page).read_text(), "python", "pycon"):
            if language == "python":
                exec(compile("\n" * line + body, f"docs/{page}", "exec"), names)
                continue
            test = doctest.DocTestParser().get_doctest(body, names, page, str(DOCS / page), line)
            report = []
            runner = doctest.DocTestRunner(optionflags=options, verbose=False)
            runner.run(test, out=report.append, clear_globs=False)
            names.update(test.globs)
            assert runner.summarize(verbose=False).failed == 0, "".join(report)
    finally:
        keras.config.set_dtype_policy("float32")
