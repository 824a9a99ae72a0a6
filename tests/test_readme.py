"""The README's snippet runs as it stands."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_snippet_trains():
    (snippet,) = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    names = {}
    exec(compile(snippet, str(README), "exec"), names)
    history = names["unet"].history.history
    assert len(history["loss"]) == 1
    assert 0 < history["loss"][0] < 1
    assert names["unet"].predict(names["pictures"], verbose=0).shape == (8, 33, 33, 1)


def test_snippet_is_short():
    (snippet,) = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    body = [line for line in snippet.splitlines() if line and not line.startswith(("import", "from"))]
    assert len(body) <= 10
