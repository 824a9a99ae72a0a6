"""The flags of custom_ops/build.py; tests/custom_ops/test_bazel.py holds them together."""

FLAGS = [
    "-std=c++17",
    "-O3",
    "-fPIC",
    "-fvisibility=hidden",
    "-pthread",
    "-Wall",
    "-Wextra",
    "-Wno-maybe-uninitialized",
]

AVX2_FLAGS = [
    "-mavx2",
    "-mfma",
    "-mf16c",
]

INSTRUCTION_SETS = {
    "baseline": [],
    "avx2": AVX2_FLAGS,
    "avx512": AVX2_FLAGS + [
        "-mavx512f",
        "-mavx512bw",
        "-mavx512dq",
        "-mavx512vl",
        "-Wno-uninitialized",
    ],
}
