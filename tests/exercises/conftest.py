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


@pytest.fixture(scope="session")
def build():
    """The module that makes exercises from solutions."""
    spec = importlib.util.spec_from_file_location("exercises_build", EXERCISES / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
