"""The folder of the exercises, as students have it: `checks` lies beside their files."""

import importlib.util
import sys
from pathlib import Path

import pytest

EXERCISES = Path(__file__).parents[2] / "examples" / "exercises"
sys.path.insert(0, str(EXERCISES))


@pytest.fixture(scope="session")
def exercises():
    """The folder."""
    return EXERCISES


def module_of(name):
    spec = importlib.util.spec_from_file_location(f"exercises_{name}", EXERCISES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def build():
    """The module that makes exercises from solutions."""
    return module_of("build")


@pytest.fixture(scope="session")
def publish():
    """The module that makes pages, slides and the handout."""
    return module_of("publish")
