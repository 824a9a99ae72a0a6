"""Files that are either whole or not there: written under a temporary name, then renamed."""

import contextlib
import json
import os
import secrets
from pathlib import Path


@contextlib.contextmanager
def replaced(path):
    """Yield a temporary path beside `path`, with its ending; on success it takes the place of `path`."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Nobody can foresee the name and lay a link there that leads out of the folder.
    temporary = path.with_name(f".{secrets.token_hex(8)}.{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path, content):
    """Write `content` to `path` as indented JSON."""
    with replaced(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n")
