"""The documentation is true: its code runs, its commands exist, its messages are those of the code, and it builds."""

import ast
import doctest
import importlib.util
import json
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import keras
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
# Rows of the table in compatibility.md.
VERSIONS = {
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "numpy": "NumPy",
    "jax": "Keras on JAX",
    "torch": "Keras on torch",
}


def fences(text, *languages):
    """Yield the line number, language and body of each block of code in these languages."""
    for match in re.finditer(r"^( *)```(\w+)\n(.*?)^\1```$", text, flags=re.DOTALL | re.MULTILINE):
        if match[2] in languages:
            yield text[: match.start()].count("\n") + 1, match[2], match[3]


@pytest.mark.network
@pytest.mark.tensorflow
@pytest.mark.parametrize("page", PAGES)
def test_snippets_run(page, tmp_path, monkeypatch):
    """Runs blocks of `python`, and those of `pycon` with their outputs, in order and in one namespace a page."""
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(re.sub(r"^ {8}", "", BEFORE.get(page, ""), flags=re.MULTILINE), names)
    try:
        for line, language, body in fences((DOCS / page).read_text(), "python", "pycon"):
            if language == "python":
                exec(compile("\n" * line + body, f"docs/{page}", "exec"), names)
                continue
            test = doctest.DocTestParser().get_doctest(body, names, page, str(DOCS / page), line)
            report = []
            runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE, verbose=False)
            runner.run(test, out=report.append, clear_globs=False)
            names.update(test.globs)
            assert runner.summarize(verbose=False).failed == 0, "".join(report)
    finally:
        keras.config.set_dtype_policy("float32")


def test_error_texts_are_those_of_the_code():
    """Blocks of `text` in troubleshooting.md quote messages; `...` stands for what a message fills in."""
    sources = [
        path
        for folder in ("a2u_tf", "a2u_program", "custom_ops", "experiments", "train")
        for path in (ROOT / folder).rglob("*.py")
    ]
    texts = [
        node.value
        for path in sources
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    quoted = list(fences((DOCS / "troubleshooting.md").read_text(), "text"))
    assert len(quoted) > 15
    for line, _, body in quoted:
        for part in filter(None, (part.strip() for part in body.split("..."))):
            assert any(part in text for text in texts), f"line {line}: no message holds {part!r}"


def test_reasons_against_the_compiled_op_are_those_of_the_code():
    source = "".join(path.read_text() for path in (ROOT / "a2u_tf" / "ops" / "compiled").glob("*.py"))
    source = re.sub(r"\{[^}]*\}", "...", source)
    table = re.search(r"\| reason \|.*?\n\n", (DOCS / "troubleshooting.md").read_text(), flags=re.DOTALL)[0]
    rows = table.strip().splitlines()[2:]
    reasons = [part for row in rows for part in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert len(reasons) == 7
    assert all(reason in source for reason in reasons), reasons


def test_versions_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    allowed = [("Python", "requires-python" + project["requires-python"])]
    for requirement in (*project["dependencies"], *extras["jax"], *extras["torch"]):
        name = re.match(r"[\w-]+", requirement)[0]
        if name in VERSIONS:
            allowed.append((VERSIONS[name], requirement))
    assert len(allowed) == 6
    page = (DOCS / "compatibility.md").read_text()
    for row, requirement in allowed:
        versions = re.sub(r"^[\w-]+", "", requirement)
        assert re.search(rf"^\| {row} \|.*\| `{re.escape(versions)}` \|$", page, flags=re.MULTILINE), (row, versions)


@pytest.mark.parametrize(
    ("page", "results"),
    [
        ("compatibility.md", "compatibility.md"),
        ("reliability.md", "reliability.md"),
        ("small_model.md", "small_model/alphamatting/tables.md"),
    ],
)
def test_tables_are_those_of_the_results(page, results):
    table = re.search(r"^\|.*?\n(?=\n|\Z)", (ROOT / "results" / results).read_text(), flags=re.DOTALL | re.MULTILINE)
    assert table[0].count("\n") > 3
    assert table[0] in (DOCS / page).read_text()


def test_formats_are_those_of_the_benchmark():
    page = (DOCS / "formats.md").read_text()
    for row in json.loads((ROOT / "benchmarks" / "export_formats.json").read_text())["results"]:
        if row["side"] != "Keras":
            costs = f"{row['mb']} MB | {row['ratio']:.2f} | {row['difference']:.0e} | {row['sad']:.2f}"
            assert f"| {row['side']} | {costs} |" in page


def test_large_pictures_are_those_of_the_benchmark():
    page = (DOCS / "command_line.md").read_text()
    rows = json.loads((ROOT / "benchmarks" / "large_pictures.json").read_text())["results"]
    for size in {row["size"] for row in rows}:
        cells = [f"{r['seconds']:.0f} s, {r['peak_mb'] / 1024:.1f} GiB" for r in rows if r["size"] == size]
        assert f"| {size.replace('x', ' x ')} | {' | '.join(cells)} |" in page


@pytest.mark.parametrize("page", PAGES)
def test_commands_exist(page):
    """Modules that are run by `python -m`, and flags of the training scripts."""
    for line, _, body in fences((DOCS / page).read_text(), "sh"):
        for command in body.replace("\\\n", " ").splitlines():
            if not (module := re.search(r"python -m ((train|a2u_tf|custom_ops)\.[\w.]+)", command)):
                continue
            assert importlib.util.find_spec(module[1]), f"line {line}: there is no {module[1]}"
            if module[2] == "train":
                known = flags_of(module[1])
                used = re.findall(r"--(\w+)", command[module.end() :].split("#")[0])
                assert all(f in known or f.removeprefix("no") in known for f in used), f"line {line}: {command}"


def flags_of(module):
    """The flags that a script and the scripts that it imports declare."""
    text = "\n".join(path.read_text() for path in (ROOT / "train").glob("*.py") if path.stem == "predict")
    text += (ROOT / (module.replace(".", "/") + ".py")).read_text()
    return {*re.findall(r"DEFINE_\w+\(\s*\"(\w+)\"", text), "helpshort"}


def test_figures_show_the_worked_example(tmp_path, monkeypatch):
    """The figures' script runs, and draws the example that operator.md goes through."""
    pytest.importorskip("matplotlib", reason="the figures need matplotlib: pip install 'a2u_tf[plots]'")
    figures = runpy.run_path(str(DOCS / "operator" / "make_figures.py"))
    example = figures["worked_example"]()
    text = (DOCS / "operator.md").read_text()
    assert str(example["output"][4, 2:8].round(3)) in text
    for pixel in (figures["LEFT"], figures["RIGHT"], (4, 2)):
        assert f">>> print(kernels[0, {pixel[0]}, {pixel[1]}].round(3))\n{example['kernels'][pixel].round(3)}" in text
    monkeypatch.setattr(sys, "argv", ["make_figures.py", f"--output={tmp_path}"])
    figures["main"]()
    assert {path.stem for path in tmp_path.iterdir()} == set(figures["FIGURES"])
    assert all(
        f"operator/{name}.png" in text and (DOCS / "operator" / f"{name}.png").exists() for name in figures["FIGURES"]
    )


@pytest.mark.network
@pytest.mark.tensorflow
def test_notebook_runs(monkeypatch):
    """The cells run in order, without a Jupyter kernel."""
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="needs matplotlib: pip install 'a2u_tf[plots]'")
    pyplot.switch_backend("agg")
    cells = json.loads((DOCS / "notebooks" / "quickstart.ipynb").read_text())["cells"]
    names = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    psnr = names["history"].history["val_psnr"]
    assert psnr[-1] > psnr[0] + 2
    assert 0.044 <= names["weights"].min() < names["weights"].max() <= 0.254


@pytest.mark.process
def test_site_builds_and_loads_nothing_from_elsewhere(tmp_path):
    if importlib.util.find_spec("mkdocs") is None:
        pytest.skip("the site needs mkdocs: pip install 'a2u_tf[docs]'")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", f"--site-dir={tmp_path}"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr[-3000:]
    for page in tmp_path.rglob("*.html"):
        loaded = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"?(https?:[^\" >]+)", page.read_text())
        assert not loaded, f"{page.name}: {loaded}"
    shown = (tmp_path / "api" / "layers.html").read_text()
    assert all(f'id="a2u_tf.layers.{name}"' in shown for name in ("A2UUpSampling2D", "A2UKernels", "get"))
    assert "Call arguments" in shown  # a section that the parser does not know by itself
    assert "&gt;&gt;&gt;" not in re.sub(r"<pre.*?</pre>", "", shown, flags=re.DOTALL)  # examples are blocks of code
