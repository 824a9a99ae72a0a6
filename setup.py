"""Metadata lives in pyproject.toml; this file stays for the build of the compiled op."""

from setuptools import setup

setup()
