"""Lets the documentation site read the docstrings of this package, which are written in the style of Keras.

What the site's parser of Google's style does not know is put into words it knows: `Call arguments` becomes a list of
arguments of its own, prose such as `Returns` and `Input shape` becomes paragraphs, and examples become blocks of code.
"""

import re
import textwrap

import griffe

PROSE = "Returns|Yields|Input shape|Output shape"


class KerasDocstrings(griffe.Extension):
    """Rewrites docstrings before they are parsed."""

    def on_object(self, *, obj, **kwargs):
        if obj.docstring:
            obj.docstring.value = rewrite(obj.docstring.value)


def rewrite(text):
    """Return a docstring in which every section is one of Google's style, or plain Markdown."""
    text = re.sub(r"^Call arguments:$", "Other Parameters: Call arguments", text, flags=re.MULTILINE)
    text = re.sub(rf"^({PROSE}):\n((?: .*\n?|\n(?= ))+)", _paragraph, text, flags=re.MULTILINE)
    text = re.sub(r"^(Output shape|Reference): (?=\S)", r"\n\1: ", text, flags=re.MULTILINE)
    text = re.sub(r"\b(Input shape|Output shape|Reference): (?=\S)", r"**\1**: ", text)
    text = re.sub(r"^Example:$", "**Example**\n", text, flags=re.MULTILINE)
    return re.sub(r"(?:^>>> .*\n?(?:(?!\n).+\n?)*)+", _block, text, flags=re.MULTILINE)


def _paragraph(match):
    return f"**{match[1]}**: {textwrap.dedent(match[2]).strip()}\n\n"


def _block(match):
    return f"```pycon\n{match[0].rstrip()}\n```\n"
