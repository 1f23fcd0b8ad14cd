"""Data are made without torch, numba and skorch, which take seconds to import."""

import subprocess
import sys

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


def test_generators_leave_heavy_libraries_alone():
    code = ["import numpy as np, rfsk", "X = np.random.default_rng(0).normal(size=(20, 40))"]
    assert heavy_imports_of("\n".join(code)) == "[]"
    calls = [f"rfsk.{name}({ARGUMENTS.get(name, '20, 40')})" for name in MAKERS]
    assert {"make_nlgp", "make_gp", "make_ising", "make_pulses", *ARGUMENTS} <= set(MAKERS)
    assert heavy_imports_of("\n".join(code + calls)) == "[]"
    assert heavy_imports_of("sys.modules['numba'] = None") == "['numba']"
