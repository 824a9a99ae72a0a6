"""Stand-ins for the repositories that Bazel 4 would download before it compiles the first C++ file."""

_PUBLIC = 'package(default_visibility = ["//visibility:public"])\n'

def _stub_impl(context):
    for path, text in context.attr.files.items():
        context.file(path, text, executable = False)

_stub = repository_rule(
    implementation = _stub_impl,
    attrs = {"files": attr.string_dict()},
)

def _rules(name, package, rules):
    """A repository whose defs.bzl has rules of Bazel's own."""
    definitions = "".join(["%s = native.%s\n" % (rule, rule) for rule in rules])
    _stub(name = name, files = {package + "/BUILD": "", package + "/defs.bzl": definitions})

def stub_repositories():
    """Define them all. Newer versions of Bazel need theirs, and fetch them."""
    if native.bazel_version[:1].isdigit() and not native.bazel_version.startswith("4."):
        return
    _rules("rules_cc", "cc", [
        "cc_binary",
        "cc_library",
        "cc_proto_library",
        "cc_test",
        "cc_toolchain",
        "cc_toolchain_suite",
        "objc_library",
    ])
    _rules("rules_java", "java", [
        "java_binary",
        "java_import",
        "java_library",
        "java_runtime",
        "java_toolchain",
    ])
    _rules("rules_proto", "proto", [
        "proto_lang_toolchain",
        "proto_library",
    ])
    _stub(name = "remote_coverage_tools", files = {"BUILD": _PUBLIC + """
filegroup(name = "coverage_report_generator")
filegroup(name = "lcov_merger")
"""})
