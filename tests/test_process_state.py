"""Calls restore the settings of the process, and give the same numbers in threads and forks."""

import multiprocessing
import os
import signal
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import joblib
import numpy as np
import pytest
import torch
from scipy import stats
from skorch.callbacks import Callback
from threadpoolctl import threadpool_limits

import rfsk
from rfsk import datasets
from rfsk.experiments import sweep

X, Y = rfsk.make_nlgp(300, 12, correlation_length=(1.0, 2.0), random_state=0)
TASK = rfsk.make_nlgp(4, 12, correlation_length=(1.0, 2.0), return_X_y=False).task
reached = []


class AtEnd(Callback):
    """Does something at the end of the first epoch."""

    def __init__(self, event):
        self.event = event

    def on_epoch_end(self, net, **kwargs):
        reached.append(torch.get_num_threads())
        if len(net.history) == 1:  # one Ctrl-C, not one for each epoch
            EVENTS[self.event]()


def fail():
    raise RuntimeError("no space left")


def press_ctrl_c():
    time.sleep(0.05)  # the main thread waits for those of a pool, before and after
    signal.raise_signal(signal.SIGINT)
    time.sleep(0.05)


EVENTS = {
    "nothing": lambda: None,
    "error": fail,
    "Ctrl-C": press_ctrl_c,
}


def net(seed=0, event="nothing", **options):
    options = {"batch_size": 100, "max_epochs": 2, "callbacks": [AtEnd(event)], **options}
    return rfsk.FCNet(4, random_state=seed, **options)


def study(random_state, event="nothing"):
    return {"field": net(random_state, event).fit(X, Y).receptive_fields_[0]}


def field(seed):
    return net(seed, readout="linear").fit(X, Y).receptive_fields_[0]


field(0)  # imports libraries, some of which change the settings


def decompose(event):
    """Decompose a cumulant; the event comes within the optimization."""
    kappa = rfsk.analysis.cumulant(X)
    contract = kappa.contract

    def noting(directions):
        reached.append(1)
        EVENTS[event]()
        return contract(directions)

    object.__setattr__(kappa, "contract", noting)
    return rfsk.symmetric_cp(kappa, 1, max_iter=5, random_state=0)


CALLS = {
    "fit": lambda event: net(0, event).fit(X, Y),
    "autograd": lambda event: net(0, event, readout="linear").fit(X, Y),
    "online": lambda event: net(0, event).fit_online(TASK, 300, n_eval=10),
    "many": lambda event: rfsk.fit_many([net(0, event), net(1)], X, Y, n_jobs=2),
    "sweep": lambda event: sweep(study, [{}], 2, fixed={"event": event}, n_jobs=1, random_state=0),
    "decomposition": decompose,
}


@pytest.fixture
def _two_threads():
    """Two threads for torch and BLAS, because tests run with one, which a call cannot lower."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with threadpool_limits(2):
        yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_two_threads")
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("call", CALLS)
def test_calls_restore_the_settings_of_the_process_however_they_end(
    call, event, settings_of_process
):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = settings_of_process()
        reached.clear()
        with suppress(RuntimeError, KeyboardInterrupt):
            CALLS[call](event)
        assert settings_of_process() == before
    assert set(reached) == {1}


SKEWED = datasets.TransformedField(6, correlation_length=1.0, marginal=stats.gamma(2.0))
TOGETHER = {
    "quantiles": lambda seed: SKEWED.sample(50, seed),
    "autograd": field,
    "sweep": lambda seed: sweep(study, [{}], 2, n_jobs=1, random_state=seed)["field"],
    "parafac": lambda seed: (
        rfsk.symmetric_cp(
            rfsk.analysis.cumulant(X[:, :5]), 2, method="parafac", max_iter=20, random_state=seed
        ).components
    ),
}


@pytest.mark.usefixtures("_two_threads")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("call", TOGETHER)
def test_threads_that_compute_together_give_the_numbers_of_each_alone(call, settings_of_process):
    alone, before = [TOGETHER[call](seed) for seed in range(4)], settings_of_process()
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(TOGETHER[call], range(4)))
    np.testing.assert_array_equal(together, alone)
    assert settings_of_process() == before


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_fits_of_joblib_give_the_numbers_of_each_alone(backend):
    jobs = [joblib.delayed(rfsk.FCNet(4, max_epochs=2, random_state=k).fit)(X, Y) for k in range(3)]
    found = joblib.Parallel(2, backend=backend)(jobs)
    alone = [function(*data) for function, data, _ in jobs]
    for one, other in zip(found, alone, strict=True):
        np.testing.assert_array_equal(one.receptive_fields_, other.receptive_fields_)


@pytest.mark.skipif(os.name != "posix", reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_fork_trains_the_net_that_its_parent_trains():
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=lambda: sender.send(field(0)))
    process.start()
    assert receiver.poll(60)
    np.testing.assert_array_equal(receiver.recv(), field(0))
    process.join()
