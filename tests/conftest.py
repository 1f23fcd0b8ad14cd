"""Settings of all tests, and a fixture that closes figures."""

import os
import signal
import warnings
from concurrent.futures import ThreadPoolExecutor

# A shell makes its background jobs ignore Ctrl-C, which tests of interrupts send to themselves.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# One thread in each parallel worker; before NumPy and torch are imported.
if "PYTEST_XDIST_WORKER" in os.environ:
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")  # and one worker where all cores are asked for
# Before SciPy is imported: scikit-learn's array-API check then runs instead of skipping.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import settings
from threadpoolctl import threadpool_info

mpl.use("agg")
settings.register_profile("rfsk", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("rfsk")


@pytest.fixture
def _close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture(scope="session")
def settings_of_process():
    """Function that returns what belongs to the process and what calls must not change."""
    import torch

    def settings_now():
        with ThreadPoolExecutor(1) as pool:
            of_new_threads = pool.submit(torch.get_num_threads).result()
        threads = [(pool["filepath"], pool["num_threads"]) for pool in threadpool_info()]
        of_torch = torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()
        others = list(warnings.filters), dict(mpl.rcParams), np.geterr()
        return of_new_threads, threads, of_torch, others, signal.getsignal(signal.SIGINT)

    return settings_now
