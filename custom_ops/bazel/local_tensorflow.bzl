"""A repository of the TensorFlow that pip installed: its C API's headers and its libraries."""

_FIND = "import importlib.util; print(importlib.util.find_spec('tensorflow').submodule_search_locations[0])"

# The second list is what the headers of the first include.
_BUILD = """
load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])

cc_library(
    name = "tensorflow",
    srcs = ["libtensorflow_framework.so.2"],
    hdrs = glob(["include/tensorflow/c/**/*.h"]) + glob([
        "include/tensorflow/core/common_runtime/next_pluggable_device/c/*.h",
        "include/tensorflow/core/platform/ctstring*.h",
        "include/tsl/platform/*.h",
        "include/xla/tsl/c/*.h",
    ]),
    includes = ["include"],
)

# The whole runtime, for programs outside of Python.
cc_library(
    name = "tensorflow_cc",
    srcs = ["libtensorflow_cc.so.2"],
    deps = [":tensorflow"],
)
"""

def _local_tensorflow_impl(context):
    python = context.os.environ.get("A2U_PYTHON", "python3")
    found = context.execute([python, "-c", _FIND])
    if found.return_code != 0:
        fail("No TensorFlow found by %s. Name a Python that has it: A2U_PYTHON=/path/to/python" % python)
    folder = context.path(found.stdout.strip())
    for name in ["include", "libtensorflow_framework.so.2", "libtensorflow_cc.so.2"]:
        context.symlink(folder.get_child(name), name)
    context.file("BUILD", _BUILD)

local_tensorflow = repository_rule(
    implementation = _local_tensorflow_impl,
    doc = "The TensorFlow of the Python that A2U_PYTHON names (default: python3).",
    environ = [
        "A2U_PYTHON",
        "PATH",
    ],
    local = True,
)
