"""A user-defined model, made of public names only, works wherever a model of rfsk works."""

from dataclasses import dataclass

import numpy as np
import pytest

from rfsk import Discrimination, FCNet, localization_index, symmetric_cp
from rfsk.analysis import cumulant
from rfsk.datasets import StationaryField
from rfsk.testing import check_input_model


@dataclass(frozen=True)
class BumpField(StationaryField):
    """One bump per sample with random position and sign on a ring, of unit variance."""

    shape: tuple[int, ...] = (20,)
    width: float = 1.0

    def bump(self):
        site = np.arange(self.n_features)
        distance = np.minimum(site, self.n_features - site)
        bump = np.exp(-0.5 * (distance / self.width) ** 2)
        return bump / np.sqrt(np.mean(bump**2))

    def draw(self, n_samples, rng):
        sites = np.arange(self.n_features) - rng.integers(self.n_features, size=(n_samples, 1))
        return rng.choice([-1.0, 1.0], size=(n_samples, 1)) * self.bump()[sites]

    def autocovariance(self):
        shifted = [np.roll(self.bump(), shift) for shift in range(self.n_features)]
        return np.array(shifted) @ self.bump() / self.n_features

    def product_moment(self, sites):
        places = np.arange(self.n_features)
        return self.bump()[sites[:, :, None] - places].prod(axis=1).mean(axis=1)

    def pixel_quadrature(self):
        values = np.concatenate([self.bump(), -self.bump()])
        return values, np.full(values.size, 1.0 / values.size)


PAIR = [BumpField(width=width) for width in (1.0, 3.0)]


@pytest.mark.parametrize("model", PAIR, ids=str)
def test_it_passes_every_check(model):
    results = check_input_model(model, random_state=0)
    not_passed = {name for name, result in results.items() if result != "passed"}
    assert not_passed == {"from_noise"}  # which it does not have


def test_nets_train_on_its_task_and_on_the_control():
    task = Discrimination(PAIR)
    net = FCNet(8, learning_rate=1.0, batch_size=200, random_state=0)
    net.fit_online(task, 40_000, n_eval=500)
    X, y = task.sample(2000, random_state=1)
    assert net.score(X, y) > 0.9
    clone = PAIR[1].gaussian_clone()
    np.testing.assert_allclose(clone.covariance(), PAIR[1].covariance(), atol=1e-12)
    found = localization_index(task, random_state=0)
    assert found.index == 0.0  # the sum of a bump is never zero
    assert 0.0 < found.closure < 2.0


def test_its_cumulant_and_the_decomposition_are_exact():
    """The tolerance for 10^5 samples is five times the spread over ten draws."""
    a = np.exp(-((np.arange(20) - 10.0) ** 2) / 8.0)[None]
    exact = cumulant(PAIR[1]).contract(a)
    draws = [cumulant(PAIR[1].sample(100_000, seed)).contract(a) for seed in range(10)]
    assert np.all(np.abs(np.mean(draws, axis=0) - exact) < 5 * np.std(draws, axis=0) / np.sqrt(9))
    assert symmetric_cp(PAIR[1], 2, random_state=0).weights.shape == (2,)
