import itertools

import numpy as np
import pytest
from scipy import stats

from rfsk.datasets import Ising


def energy(spins):
    """Energy per site of lattices, (n, *shape)."""
    axes = range(1, spins.ndim)
    return -sum((spins * np.roll(spins, 1, axis)).mean(axis=tuple(axes)) for axis in axes)


def every_state(shape):
    return np.array(list(itertools.product((-1.0, 1.0), repeat=int(np.prod(shape))))).reshape(
        -1, *shape
    )


def boltzmann(states, temperature):
    action = energy(states) * states[0].size / temperature
    weights = np.exp(-(action - action.min()))
    return weights / weights.sum()


@pytest.mark.parametrize("shape", [(1,), (2,), (9,)])
@pytest.mark.parametrize("temperature", [0.8, 2.3, 10.0])
def test_covariance_is_that_of_enumeration(shape, temperature):
    states = every_state(shape)
    weights = boltzmann(states, temperature)
    flat = states.reshape(len(states), -1)
    expected = flat.T @ (weights[:, None] * flat)
    model = Ising(shape, temperature=temperature)
    np.testing.assert_allclose(model.covariance(), expected, atol=1e-12)


@pytest.mark.parametrize("temperature", [0.7, 2.0])
def test_ring_has_the_distribution_of_enumeration(temperature):
    """Chi-squared test of the 64 states of a ring of six sites, with 10^5 samples."""
    states = every_state((6,))
    X = Ising(6, temperature=temperature).sample(100_000, random_state=0)
    code = (X > 0) @ 2 ** np.arange(5, -1, -1)
    counts = np.bincount(code.astype(int), minlength=64)
    expected = 100_000 * boltzmann(states, temperature)
    assert stats.chisquare(counts, expected).pvalue > 1e-3


# exp(2 J) / 2 to leading order, at low temperature.
LENGTHS = [(0.05, 1.1769e17), (0.5, 27.2932), (1.0, 3.672), (2.0, 1.295), (3.0, 0.881)]


@pytest.mark.parametrize(("temperature", "expected"), LENGTHS)
def test_correlation_length_of_the_chain(temperature, expected):
    model = Ising(100, temperature=temperature)
    assert model.correlation_length == pytest.approx(expected, rel=1e-3)
    if temperature < 0.5:
        return
    again = Ising.from_correlation_length(100, model.correlation_length)
    assert again.temperature == pytest.approx(temperature, rel=1e-12)


@pytest.mark.parametrize("temperature", [3.5, 5.0])
def test_correlation_length_of_the_plane_is_the_decay_along_a_long_strip(temperature):
    """The decay follows from the transfer matrix of a strip of ten sites."""
    states = every_state((10,))
    bonds = -10 * energy(states)
    exponent = 0.5 * bonds[:, None] + 0.5 * bonds + states @ states.T
    eigenvalues = np.linalg.eigvalsh(np.exp(exponent / temperature))
    model = Ising((40, 8), temperature=temperature)
    length = 1.0 / np.log(eigenvalues[-1] / eigenvalues[-2])
    assert length == pytest.approx(model.correlation_length, rel=0.01)
    again = Ising.from_correlation_length((40, 8), model.correlation_length)
    assert again.temperature == pytest.approx(temperature, rel=1e-9)


def test_correlation_length_is_infinite_at_the_critical_point():
    critical = 2.0 / np.log(1.0 + np.sqrt(2.0))
    assert Ising((8, 8), temperature=critical * (1 + 1e-13)).correlation_length > 1e6
    below = Ising((8, 8), temperature=1.5).correlation_length
    assert 0.0 < below < 1.0


@pytest.mark.parametrize("temperature", [1.8, 2.27, 4.0])
def test_torus_has_the_energy_and_magnetization_of_enumeration(temperature):
    """Compare 40,000 samples, to five standard errors corrected for autocorrelation."""
    states = every_state((4, 4))
    weights = boltzmann(states, temperature)
    model = Ising((4, 4), temperature=temperature, n_sweeps=5)
    X = model.sample(40_000, random_state=1).reshape(-1, 4, 4)
    times = model.autocorrelation_times(500, random_state=2)
    slowdown = np.sqrt(max(1.0, max(times.values()) / model.n_sweeps))
    for observable in (energy, lambda s: np.abs(s.mean((1, 2))), lambda s: s.mean((1, 2))):
        values, exact = observable(X), weights @ observable(states)
        assert abs(values.mean() - exact) < 5 * slowdown * values.std() / np.sqrt(len(values))
