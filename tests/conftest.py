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
    """FCNet on the 1-D task and on its clone, learning rate x steps = 10,000, five seeds."""
    from rfsk import FCNet

    def train(task, seed):
        net = FCNet(40, learning_rate=10.0, batch_size=1000, weight_decay=0.0, random_state=seed)
        return net.fit_online(task, 1_000_000)

    clone = ring_task.gaussian_clone()
    return [(train(ring_task, seed), train(clone, seed)) for seed in range(5)]


@pytest.fixture
def _close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")
