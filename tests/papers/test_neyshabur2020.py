"""The claims on the beta-lasso at small size, the controls on which they fail, and its steps."""

import numpy as np
import pytest
from scipy.special import erf

from rfsk import FCNet
from rfsk.papers import neyshabur2020
from rfsk.papers.neyshabur2020 import CLAIMS, SIDES, locality, pruned

CONNECTIONS, GENERALIZATION = CLAIMS
CASES = [
    (CONNECTIONS, "permuted pixels", "compactness over random masks"),
    (GENERALIZATION, "many samples", "beta-lasso: gain over the dense network"),
    (
        GENERALIZATION,
        "random masks",
        "its mask, other samples: gain over the pruned network's mask",
    ),
]
CASES[1:] = [pytest.param(*case, marks=pytest.mark.slow) for case in CASES[1:]]


@pytest.fixture(autouse=True)
def one_dense_net(monkeypatch):
    """The network that is pruned in rounds is only reported, and left out here."""
    prune = "iterative_magnitude_pruning"
    monkeypatch.setattr(neyshabur2020, prune, lambda net, X, y, **_: [net.fit(X[:1000], y[:1000])])


def test_claims_hold_at_small_size(bench, failures):
    for claim in CLAIMS:
        assert failures(claim, bench) == set()
        claim.draw(bench)


@pytest.mark.parametrize(("claim", "control", "decisive"), CASES)
def test_claims_fail_on_their_controls(bench, failures, claim, control, decisive):
    assert decisive in failures(claim, bench.under(control))


def test_locality_knows_discs_and_chance(bench):
    """A square of 16 sites is local, random masks are at the level, and far pairs are not."""
    rng = np.random.default_rng(0)
    squares = np.zeros((3, *SIDES), dtype=bool)
    squares[:, 2:6, 3:7] = True
    mean, ratio, fraction = locality(bench, 0, squares.reshape(3, -1))
    assert mean > 0.75
    assert ratio > 2.0
    assert fraction == 1.0
    random = rng.permuted(np.repeat(squares.reshape(3, -1), 50, axis=0), axis=1)
    _, ratio, fraction = locality(bench, 0, random)
    assert ratio == pytest.approx(1.0, abs=0.05)
    assert fraction < 0.12


def test_steps_are_those_of_a_plain_loop():
    """Twenty steps on one batch, and the pruned weights of each unit."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 8)), np.arange(60) % 2
    X[y == 1] *= 1.5
    rate, penalty, beta, n_units = 1.0, 0.01, 20.0, 6
    net = FCNet(n_units, learning_rate=rate, l1=penalty, l1_cut=beta, weight_decay=0.0, record=2)
    net.set_params(batch_size=60, max_epochs=20, init_scale=0.5, random_state=0).fit(X, y)
    w, b = net.receptive_field_history_[0] * 8**0.5, np.repeat([1.0, -1.0], 3)
    for _ in range(20):
        h = X @ w.T / 8**0.5 + b
        residual = erf(h / 2**0.5).mean(axis=1) - (1.0 - 2.0 * y)
        slope = 2.0 * residual[:, None] * (2.0 / np.pi) ** 0.5 * np.exp(-(h**2) / 2.0) / 60
        w -= rate * (slope.T @ X) / 8**0.5
        b -= rate * slope.sum(axis=0) / 8
        w = np.sign(w) * np.maximum(abs(w) - rate * penalty, 0.0)
        w[abs(w) < beta * penalty] = 0.0
    assert 0.1 < (w == 0.0).mean() < 0.9
    np.testing.assert_allclose(net.receptive_fields_ * 8**0.5, w, atol=1e-5)
    np.testing.assert_allclose(net.biases_, b, atol=1e-5)
    fewer = pruned(net, np.arange(8) < np.arange(n_units)[:, None])
    assert fewer.sum(axis=1).tolist() == list(range(n_units))
    sizes = abs(net.receptive_fields_)
    assert np.all(sizes[5][fewer[5]].min() >= sizes[5][~fewer[5]])
