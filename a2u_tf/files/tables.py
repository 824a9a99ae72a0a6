"""Tables for people to read, also without rendering."""

from collections.abc import Sequence


def markdown_table(rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> str:
    """Format texts as a Markdown table.

    Args:
        rows: The header and the rows: lists of strings, all of one length.
        numeric: For each column, whether it is aligned to the right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| "
        + " | ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        )
        + " |"
        for row in rows
    ]
    rule = "|".join("-" * (width + 1) + (":" if right else "-") for width, right in zip(widths, numeric, strict=True))
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])
