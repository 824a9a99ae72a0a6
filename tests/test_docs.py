"""The documentation is true: its code runs, its commands exist, its messages are those of the code, and it builds."""

import ast
import importlib
import importlib.util
import json
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import keras
import pytest

from a2u_program import main as program
from tests.pasted import COMMAND, fences, pages, prepare, quick_commands, read_words, run_snippets, shell_lines

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = pages([ROOT / "README.md", DOCS])
ROOMS = [
    *("layers", "ops", "training", "export", "complexity", "visualization", "reconstruction", "reconstruction.data"),
    *("matting", "matting.pictures", "matting.data", "matting.losses", "matting.evaluation", "matting.weights"),
    "matting.pytorch_release",
]
# Rows of the table in compatibility.md.
VERSIONS = dict(keras="Keras", tensorflow="TensorFlow", numpy="NumPy", jax="Keras on JAX", torch="Keras on torch")


@pytest.mark.network
@pytest.mark.tensorflow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_snippets_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    prepare(tmp_path)
    try:
        names, missing = run_snippets(page)
    finally:
        keras.config.set_dtype_policy("float32")
    if missing:
        pytest.skip(f"the page asks for it: pip install 'a2u_tf[{missing}]'")
    if page.name == "README.md":
        assert 0 < names["unet"].history.history["loss"][0] < 1
        assert names["unet"].predict(names["pictures"], verbose=0).shape == (8, 33, 33, 1)


def test_a_snippet_that_fails_is_seen(tmp_path):
    """Also one that lacks a package which its page does not name."""
    page = tmp_path / "page.md"
    for snippet, error in (("import no_such_package", ImportError), ("1 / 0", ZeroDivisionError)):
        page.write_text(f"```python\n{snippet}\n```\n")
        with pytest.raises(error):
            run_snippets(page)
    page.write_text("```pycon\n>>> 1 + 1\n3\n```\n")
    with pytest.raises(AssertionError, match="Got:\n    2"):
        run_snippets(page)
    page.write_text("`pip install '.[gpu,no_such_package]'`\n```python\nimport no_such_package\n```\n")
    assert run_snippets(page)[1] == "no_such_package"


def test_error_texts_are_those_of_the_code():
    """Blocks of `text` in troubleshooting.md quote messages; `...` stands for what a message fills in."""
    folders = ("a2u_tf", "a2u_program", "custom_ops", "experiments", "train")
    sources = [ast.parse(path.read_text()) for folder in folders for path in (ROOT / folder).rglob("*.py")]
    constants = [node.value for source in sources for node in ast.walk(source) if isinstance(node, ast.Constant)]
    texts = [value for value in constants if isinstance(value, str)]
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


def test_pictures_of_quick_commands_are_prepared(tmp_path):
    prepare(tmp_path)
    lines = {line: page.name for page in PAGES for line in quick_commands(page.read_text(), tmp_path)}
    pictures = [(line, word) for line in lines for word in read_words(line) if word.endswith((".png", ".jpg"))]
    assert len(pictures) > 10
    assert [(lines[line], line, word) for line, word in pictures if not (tmp_path / word).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page, monkeypatch):
    """Modules that are run by `python -m`, flags of the training scripts, and arguments of `a2u`."""
    monkeypatch.setattr(program, "_work", lambda args: 0)
    for line in shell_lines(page.read_text()):
        rooms = "train|experiments|a2u_tf|custom_ops|demo|examples|benchmarks"
        if module := re.search(rf"python -m (({rooms})[\w.]*)", line):
            assert importlib.util.find_spec(module[1]), f"there is no {module[1]}"
            if module[2] in ("train", "experiments"):
                known = flags_of(module[1])
                used = re.findall(r"--(\w+)", line[module.end() :].split("#")[0])
                assert all(f in known or f.removeprefix("no") in known for f in used), line
        if COMMAND.match(line) and "python -c" not in line:
            words = [word for word in shlex.split(line, comments=True) if not re.match(r"[A-Z0-9_]+=", word)]
            assert words.pop(0) == "a2u"
            assert program.main(words) == 0, line


def flags_of(module):
    """The flags that a script declares, one by one or by the fields of its settings."""
    path = ROOT / (module.replace(".", "/") + ".py")
    files = (path, path.with_name(f"{path.stem}_settings.py"))
    text = "".join(file.read_text() for file in files if file.exists())
    return {
        *re.findall(r"DEFINE_\w+\(\s*\"(\w+)\"", text),
        *re.findall(r"^    (\w+): .* = setting\(", text, flags=re.MULTILINE),
        "helpshort",
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """Those of the site are checked when it is built; README's are not."""
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]+)(?:#([^)]+))?\)", page.read_text()):
        path = page.parent / target
        assert path.exists(), target
        if anchor and not target.startswith("api/"):
            headings = re.findall(r"^#+ (.*)", path.read_text(), flags=re.MULTILINE)
            slugs = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
            assert anchor in slugs, f"{target}#{anchor}"


@pytest.mark.parametrize("room", ROOMS)
def test_everything_public_is_in_the_reference(room):
    shown = {
        getattr(importlib.import_module(module), name)
        for page in (DOCS / "api").glob("*.md")
        for module, name in re.findall(r"^::: ([\w.]+)\.(\w+)$", page.read_text(), flags=re.MULTILINE)
    }
    module = importlib.import_module(f"a2u_tf.{room}")
    public = {name for name in module.__all__ if callable(getattr(module, name))}
    assert not {name for name in public if getattr(module, name) not in shown}


def test_figures_show_the_worked_example(tmp_path, monkeypatch):
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
    for name in figures["FIGURES"]:
        assert f"operator/{name}.png" in text
        assert (DOCS / "operator" / f"{name}.png").exists()


@pytest.mark.network
@pytest.mark.tensorflow
def test_notebook_runs(monkeypatch):
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
    assert all(f'id="a2u_tf.layers.{name}"' in shown for name in ("A2UUpSampling2D", "A2UKernels", "make_upsampler"))
    assert "Call arguments" in shown  # a section that the parser does not know by itself
    assert "&gt;&gt;&gt;" not in re.sub(r"<pre.*?</pre>", "", shown, flags=re.DOTALL)  # examples are blocks of code
