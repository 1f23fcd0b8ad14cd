from functools import partial

import numpy as np
import pytest
from scipy import signal

from rfsk.datasets import Discrimination, Ising, Phi4
from rfsk.datasets._markov import autocorrelation_time


@pytest.mark.parametrize("coefficient", [0.0, 0.5, 0.9])
def test_autocorrelation_time_of_a_first_order_process(coefficient):
    """The error is below a tenth for 200 chains of 2000 steps, after 200 steps of burn-in."""
    noise = np.random.default_rng(0).standard_normal((2200, 200))
    series = signal.lfilter([1.0], [1.0, -coefficient], noise, axis=0)[200:]
    assert autocorrelation_time(series) == pytest.approx(
        (1 + coefficient) / (1 - coefficient), rel=0.1
    )


def test_chains_continue_between_chunks():
    """Chunks of any size are parts of one stream of states."""
    model = Ising((4, 4), temperature=2.5, n_sweeps=2)
    whole = model.sample(900, random_state=0)
    for size in (7, 256, 500):
        chunks = list(model.chunks(900, size, random_state=0))
        np.testing.assert_array_equal(np.concatenate(chunks), whole)


MAKE = {"energy": partial(Ising, temperature=3.0), "mean square": partial(Phi4, coupling=2.0)}


@pytest.mark.parametrize(("name", "make"), MAKE.items())
def test_autocorrelation_times_are_those_of_a_torus(name, make):
    times = make((8, 8)).autocorrelation_times(300, random_state=0)
    assert name in times
    assert all(1.0 <= tau < 20.0 for tau in times.values())
    with pytest.warns(
        UserWarning, match="is probably underestimated: it was measured on 10 sweeps"
    ):
        make((8, 8)).autocorrelation_times(10, random_state=0)
    with pytest.raises(
        ValueError, match=r"lattice are independent .* only fields on a torus are drawn by chains"
    ):
        make(8).autocorrelation_times()


def test_burn_in_is_sufficient_at_any_interval_between_samples():
    """Mean energies after burn-in and 110 sweeps later, near the critical point.

    Five standard errors over 256 chains, of which each gives one sample.
    """

    def energies(n_sweeps, n_sets):
        model = Ising((32, 32), temperature=2.27, n_sweeps=n_sweeps)
        X = model.sample(256 * n_sets, random_state=n_sweeps or 0)[-256:].reshape(-1, 32, 32)
        return -(X * (np.roll(X, 1, axis=1) + np.roll(X, 1, axis=2))).mean((1, 2))

    late = energies(10, 2)
    for early in (energies(None, 1), energies(1, 1)):
        error = np.sqrt((early.var() + late.var()) / 256)
        assert abs(early.mean() - late.mean()) < 5.0 * error


def correlation_of_successive_samples(chains):
    """Correlations of the energy and of the squared mean between successive states."""
    energy = sum((chains * np.roll(chains, 1, axis)).mean(axis=(2, 3)) for axis in (2, 3))
    found = []
    for values in (energy, chains.mean(axis=(2, 3)) ** 2):
        centred = values - values.mean()
        found.append(np.mean(centred[1:] * centred[:-1]) / np.mean(centred**2))
    return np.array(found)


@pytest.mark.parametrize("make", [Ising, Phi4])
def test_samples_of_a_chain_are_uncorrelated_by_default(make):
    """Correlations of 20 sets of 256 states are below one per cent plus five standard errors."""
    parameters = {"temperature": 2.4} if make is Ising else {"coupling": 0.35}

    def correlation(**n_sweeps):
        X = make((8, 8), **parameters, **n_sweeps).sample(20 * 256, random_state=0)
        return correlation_of_successive_samples(X.reshape(20, 256, 8, 8))

    assert np.abs(correlation()).max() < 0.01 + 5.0 / np.sqrt(19 * 256)
    assert correlation(n_sweeps=1).max() > 0.2


def test_batches_of_a_task_continue_the_chains():
    """With one sweep between samples, the states of a batch are one sweep after those before."""
    model = Ising((8, 8), temperature=2.4, n_sweeps=1)
    task = Discrimination([model, model])
    states = [X[y == 0] for X, y in task.batches(512, 20, random_state=0)]
    chains = np.reshape(states, (20, 256, 8, 8))
    assert correlation_of_successive_samples(chains).max() > 0.2
