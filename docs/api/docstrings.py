"""Lets the documentation site read the docstrings of this package, which are written in the style of Keras.

What the site's parser of Google's style does not know is put into words it knows: `Call arguments` becomes a list of
arguments of its own, `Input shape` and the like become paragraphs, and examples become blocks of code.
"""

import re

import griffe

PARAGRAPHS = r"Input shape|Output shape"


class KerasDocstrings(griffe.Extension):
    """Rewrites docstrings before they are parsed."""

    def on_object(self, *, obj, **kwargs):
        if obj.docstring:
            obj.docstring.value = rewrite(obj.docstring.value)


def rewrite(text):
    """Return a docstring in which every section is one of Google's style, or plain Markdown."""
    text = re.sub(r"^Call arguments:$", "Other Parameters: Call arguments", text, flags=re.MULTILINE)
    text = re.sub(rf"^({PARAGRAPHS}):\n((?: .*\n?|\n(?= ))+)", _paragraph, text, flags=re.MULTILINE)
    text = re.sub(r"^Example:\n", "**Example**\n", text, flags=re.MULTILINE)
    text = re.sub(r"^(Parameters|Reference): (?=\S)", r"**\1**: ", text, flags=re.MULTILINE)
    return re.sub(r"(?:^>>> .*\n?(?:(?!\n).+\n?)*)+", _block, text, flags=re.MULTILINE)


def _paragraph(match):
    lines = [line.strip() for line in match[2].strip().splitlines()]
    return f"**{match[1]}**: " + "\n".join(lines) + "\n\n"


def _block(match):
    return f"```pycon\n{match[0].rstrip()}\n```\n"
