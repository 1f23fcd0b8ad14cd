"""Data are made without torch, numba and skorch, which take seconds to import."""

import subprocess
import sys

import pytest

import rfsk

HEAVY = ("torch", "numba", "skorch")
ARGUMENTS = {
    "make_gaussian_clone": "X",
    "make_image_patches": "20, (4, 5)",
    "make_spiked_cumulant": "20, 6",
    "make_transformed_field": "20, 40",
    "make_elliptical": "20, 40",
}
# The heat bath of the phi^4 model is compiled by numba.
MAKERS = sorted({name for name in rfsk.__all__ if name.startswith("make_")} - {"make_phi4"})


def heavy_imports_of(code):
    code = f"import sys\n{code}\nprint([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_import_of_the_package_leaves_heavy_libraries_alone():
    assert heavy_imports_of("import rfsk") == "[]"


def test_generators_leave_heavy_libraries_alone():
    """All in one process, and each of its own only if one is to blame."""
    code = ["import numpy as np, rfsk", "X = np.random.default_rng(0).normal(size=(20, 40))"]
    calls = [f"rfsk.{name}({ARGUMENTS.get(name, '20, 40')})" for name in MAKERS]
    if heavy_imports_of("\n".join(code + calls)) != "[]":
        guilty = [call for call in calls if heavy_imports_of("\n".join([*code, call])) != "[]"]
        pytest.fail(f"{guilty} import one of {HEAVY}.")


def test_every_generator_was_called():
    assert {"make_nlgp", "make_gp", "make_ising", "make_pulses"} <= set(MAKERS)
    assert ARGUMENTS.keys() <= set(MAKERS)


def test_an_import_would_be_noticed():
    assert heavy_imports_of("sys.modules['numba'] = None") == "['numba']"
