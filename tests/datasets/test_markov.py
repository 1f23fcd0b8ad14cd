import numpy as np
import pytest

from rfsk.datasets import Ising
from rfsk.datasets._markov import autocorrelation_time, flip_clusters


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_autocorrelation_time_of_a_first_order_process(memory):
    """(1 + a) / (1 - a), within a tenth, over 200 chains of 2000 steps."""
    rng = np.random.default_rng(0)
    series = np.empty((2000, 200))
    series[0] = rng.standard_normal(200)
    for t in range(1, 2000):
        noise = np.sqrt(1 - memory**2) * rng.standard_normal(200)
        series[t] = memory * series[t - 1] + noise
    assert autocorrelation_time(series) == pytest.approx((1 + memory) / (1 - memory), rel=0.1)


def test_constant_observable_has_no_time():
    assert np.isnan(autocorrelation_time(np.ones((100, 4))))


def test_certain_bonds_flip_whole_domains():
    spins = np.array([[[1, 1, -1, -1, -1, 1]]], dtype=np.int8)
    flipped = flip_clusters(spins, (0.0, 1.0), np.random.default_rng(0))
    ratio = (flipped * spins)[0, 0]
    assert ratio[0] == ratio[1] == ratio[5]  # joined around the torus
    assert ratio[2] == ratio[3] == ratio[4]


def test_no_bonds_make_every_spin_its_own_cluster():
    spins = np.ones((50, 10, 10), dtype=np.int8)
    flipped = flip_clusters(spins, (0.0, 0.0), np.random.default_rng(0))
    assert abs(flipped.mean()) < 5 / np.sqrt(5000)


def test_chains_run_on_between_chunks():
    """Chunks of any size are stretches of one stream of states."""
    model = Ising((4, 4), temperature=2.5, n_sweeps=2)

    def draw(sizes):
        buffers = (np.empty((size, 16)) for size in sizes)
        return np.concatenate(list(model._fill_from_chains(buffers, np.random.default_rng(0))))

    whole = draw([90])[:90]
    np.testing.assert_array_equal(draw([90, 30])[:90], whole)
    assert not np.array_equal(draw([90, 90])[90:], whole)


def test_a_time_that_the_series_is_too_short_for_is_reported():
    """An autoregression of memory .99, tau = 199, over 400 steps."""
    rng = np.random.default_rng(0)
    series = np.zeros((400, 8))
    for step in range(1, 400):
        series[step] = 0.99 * series[step - 1] + rng.standard_normal(8)
    with pytest.warns(UserWarning, match="is likely to be larger: it was measured on 400 steps"):
        assert autocorrelation_time(series) < 199.0


def test_burn_in_does_not_depend_on_the_interval_between_samples():
    """32 x 32 near the critical point: the mean energy of samples one sweep and five apart.

    Five standard errors over 256 chains, of which each gives one sample.
    """
    energies = []
    for n_sweeps in (1, 5):
        X = Ising((32, 32), temperature=2.27, n_sweeps=n_sweeps).sample(256, random_state=n_sweeps)
        spins = X.reshape(-1, 32, 32)
        neighbours = np.roll(spins, 1, axis=1) + np.roll(spins, 1, axis=2)
        energies.append(-(spins * neighbours).mean(axis=(1, 2)))
    first, second = energies
    error = np.sqrt((first.var() + second.var()) / 256)
    assert abs(first.mean() - second.mean()) < 5.0 * error
