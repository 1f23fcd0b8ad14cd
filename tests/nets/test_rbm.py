"""Comparison of the restricted Boltzmann machine with exact solutions."""

import itertools

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from rfsk.nets import RBM
from rfsk.nets._rbm import _UNITS

STATES = np.array(list(itertools.product([-1.0, 1.0], repeat=4)))


def probabilities(machine):
    """Distribution of four visible spins by summation over all states."""
    weights = np.exp(-machine.free_energy(STATES))
    return weights / weights.sum()


@pytest.mark.parametrize("hidden", ["spin", "binary", pytest.param("relu", marks=pytest.mark.slow)])
def test_likelihood_reaches_that_of_exact_ascent(hidden):
    """The likelihood is close to that found by L-BFGS on the exact likelihood."""
    pair, product, field = STATES[:, :2].prod(axis=1), STATES.prod(axis=1), STATES[:, 3]
    truth = np.exp(0.8 * pair + 0.5 * product + 0.3 * field)
    data = STATES[np.random.default_rng(0).choice(16, 4000, p=truth / truth.sum())]
    empirical = np.array([(data == state).all(axis=1).mean() for state in STATES])
    options = {"visible": "spin", "hidden": hidden, "random_state": 0, "init_scale": 1.0}
    machine = RBM(2, learning_rate=0.03, max_epochs=60, **options).fit(data)
    reached = empirical @ np.log(probabilities(machine))
    exact = RBM(2, max_epochs=1, **options).fit(STATES)

    def loss(theta):
        exact.receptive_fields_ = theta[:8].reshape(2, 4)
        exact.biases_, exact.intercept_ = theta[8:10], theta[10:]
        return -empirical @ np.log(probabilities(exact))

    best = -optimize.minimize(loss, np.random.default_rng(1).standard_normal(14)).fun
    independent = np.log((1.0 + STATES * data.mean(axis=0)) / 2.0).sum(axis=1) @ empirical
    assert best - independent > 0.1
    assert reached - best == pytest.approx(0.0, abs=0.1 * (best - independent))


def test_gaussian_units_learn_probabilistic_pca():
    """Fields are eigenvectors of the covariance, with |w|^2 = 1 - 1/l for eigenvalues l > 1."""
    variances = np.array([4.0, 2.5, 1.0, 1.0, 1.0])
    X = np.random.default_rng(0).standard_normal((20_000, 5)) * np.sqrt(variances)
    machine = RBM(2, hidden="gaussian", learning_rate=0.01, max_epochs=20, random_state=0).fit(X)
    squares = machine.receptive_fields_.T @ machine.receptive_fields_
    ideal = np.diag(np.maximum(1.0 - 1.0 / variances, 0.0))
    np.testing.assert_allclose(squares, ideal, atol=0.05)


@pytest.mark.parametrize("drive", [-6.0, -0.5, 2.0])
@pytest.mark.parametrize(
    ("kind", "density"), [("relu", lambda s, x: np.exp(-0.5 * s**2 + s * x)), ("spin", None)]
)
def test_units_have_the_moments_of_their_density(kind, density, drive):
    units = _UNITS[kind]
    if density is None:
        total, first = 2.0 * np.cosh(drive), 2.0 * np.sinh(drive)
        constant = 2.0
    else:
        total, first = (
            integrate.quad(lambda s, n=n: s**n * density(s, drive), 0.0, 30.0)[0] for n in (0, 1)
        )
        constant = np.sqrt(2.0 * np.pi)
    assert units.log_normalizer(drive) == pytest.approx(np.log(total / constant))
    assert units.mean(drive) == pytest.approx(first / total)
    samples = units.sample(np.full(20_000, drive), np.random.default_rng(0))
    assert samples.mean() == pytest.approx(first / total, abs=5.0 * stats.sem(samples) + 1e-4)


def test_the_same_seed_gives_the_same_machine_and_blocks_continue_it():
    X = np.random.default_rng(0).standard_normal((300, 6))
    machine = RBM(3, max_epochs=2, random_state=0).fit(X)
    blocks = RBM(3, random_state=0).partial_fit(X).partial_fit(X)
    np.testing.assert_array_equal(machine.receptive_fields_, blocks.receptive_fields_)


@pytest.mark.parametrize(
    ("machine", "message"),
    [
        (RBM(visible="spin"), r"`X` must contain only \+1 and -1"),
        (RBM(hidden="erf"), "`hidden` must be one of .*, got 'erf'"),
        (RBM(hidden="relu", learning_rate=50.0), "Training diverged"),
    ],
    ids=str,
)
def test_bad_requests_raise(machine, message):
    X = np.random.default_rng(0).standard_normal((500, 6))
    with pytest.raises(ValueError, match=message), np.errstate(all="ignore"):
        machine.fit(X)
