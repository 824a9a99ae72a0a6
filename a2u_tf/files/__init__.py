"""What knows no tensor: files that are whole or not there, PNG files, tables, versions of what is installed."""

from a2u_tf.files.reports import markdown_table, package_version, versions
from a2u_tf.files.whole_files import (
    check_not_inputs,
    identity,
    printable,
    replaced,
    temporary_path,
    write_json,
    write_png,
    write_text,
)

__all__ = [
    "check_not_inputs",
    "identity",
    "markdown_table",
    "package_version",
    "printable",
    "replaced",
    "temporary_path",
    "versions",
    "write_json",
    "write_png",
    "write_text",
]
