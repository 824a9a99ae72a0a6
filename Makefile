# `make demo` and `make test` work on a machine with nothing but Python 3.11: both set up .venv and, with g++, the op first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
EXTRAS ?= test,tensorboard,plots
BENCHMARKS := compiled_op training_step matting_step kept_for_backward upsamplers matting_inference growth start reassembly matting_data evaluation export_formats large_pictures matting_methods
BIN := .venv/bin
comma := ,
INSTALLED := .venv/installed-$(subst $(comma),-,$(EXTRAS))
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: demo compare-quick docs dist lock check test test-all lint op bazel-op sanitize benchmark install triton ready clean

demo: ready
	$(BIN)/python -m experiments.demo

compare-quick: ready
	$(BIN)/python -m experiments.compare --quick --output=runs/compare_quick

docs: EXTRAS := docs
docs:
	$(MAKE) install EXTRAS=$(EXTRAS)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The wheel holds the compiled op; it is then installed and used in an environment of its own.
dist: EXTRAS := release
dist:
	$(MAKE) install EXTRAS=$(EXTRAS)
	rm -rf dist
	A2U_TF_REQUIRE_OP=1 $(BIN)/python -m build --no-isolation
	$(BIN)/python -m tests.installed dist/*.whl

lock: install
	$(BIN)/python -m demo.lock

# The three speeds, on two cores: below 4, 8 and 30 minutes. CONTRIBUTING.md says what is in which.
check: lint ready
	$(BIN)/python -m pytest -m "not slow and not process and not network"

test: ready
	$(BIN)/python -m pytest

test-all: ready
	$(BIN)/python -m pytest -m ""

op: install
	$(BIN)/python -m custom_ops.build

# The same library from the BUILD files; needs Bazel 4 (Debian: bazel-bootstrap). No link to its output is left here.
bazel-op: install
	A2U_PYTHON=$(abspath $(BIN)/python) bazel --batch build --symlink_prefix=/ //:liba2u_ops.so

sanitize: install
	$(BIN)/python -m custom_ops.tests.run
	$(BIN)/python -m custom_ops.tests.run thread
	$(BIN)/python -m custom_ops.tests.run_cuda_on_cpu
	$(BIN)/python -m custom_ops.tests.run_cuda_on_cpu races
	$(BIN)/python -m custom_ops.tests.run_cuda_on_cpu faults

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# More than an hour. All need: make benchmark EXTRAS=benchmark,onnx,pymatting
benchmark: op
	set -e; for name in $(BENCHMARKS); do $(BIN)/python -m benchmarks.$$name --output=benchmarks/$$name.json; done

# The compiled op where there is a compiler, or one line on why not.
ready: install
	@$(BIN)/python -m custom_ops.build --where_possible

install: $(INSTALLED)

# The server of examples/serving_triton, for its tests.
triton: .venv-triton/installed

.venv-triton/installed: examples/serving_triton/requirements.txt
	$(PYTHON) -m venv .venv-triton
	.venv-triton/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

$(INSTALLED): pyproject.toml setup.py custom_ops/pip_backend.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: Python 3.11 or newer is needed. Name one: make PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'
	touch $@

clean:
	rm -rf .venv .venv-triton runs site build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
