"""Shared fixtures: one pair of trained nets serves every claim that needs it."""

import os

# One thread in each parallel worker; before NumPy and torch are imported.
if "PYTEST_XDIST_WORKER" in os.environ:
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")  # and one worker where all cores are asked for
# Before SciPy is imported: scikit-learn's array-API check then runs instead of skipping.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import matplotlib as mpl
import pytest
from hypothesis import settings

mpl.use("agg")
settings.register_profile("rfsk", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("rfsk")


@pytest.fixture(scope="session")
def ring_task():
    from rfsk import NLGP, Discrimination

    return Discrimination([NLGP(100, correlation_length=xi, gain=3.0) for xi in (5.0, 10.0)])


@pytest.fixture(scope="session")
def ring_nets(ring_task):
    """FCNet on the 1-D task and on its clone, learning rate x steps = 20,000, five seeds."""
    from rfsk import FCNet, fit_many_online

    seeds, laws = range(5), (ring_task, ring_task.gaussian_clone())
    nets = [
        FCNet(40, learning_rate=5.0, batch_size=100, weight_decay=0.0, random_state=seed)
        for seed in seeds
        for _ in laws
    ]
    fit_many_online(nets, [law for _ in seeds for law in laws], 400_000, n_jobs=1)
    return list(zip(nets[::2], nets[1::2], strict=True))


@pytest.fixture
def _close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
