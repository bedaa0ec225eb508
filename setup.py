"""Metadata is in pyproject.toml; this file only names the wheel after the stable ABI it uses."""

from setuptools import setup

setup(options={"bdist_wheel": {"py_limited_api": "cp311"}})
