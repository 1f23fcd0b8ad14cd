"""Closed-form losses against samples of Gaussian inputs, and against a trained net."""

import numpy as np
import pytest
from scipy.special import erf, ndtr
from scipy.stats import multivariate_normal

from rfsk import FCNet, GaussianField
from rfsk.datasets import NLGP, Discrimination
from rfsk.theory import bivariate_normal_cdf, gaussian_accuracy, gaussian_loss


@pytest.mark.parametrize("correlation", [-1.0, -0.99, -0.5, 0.0, 0.3, 0.9, 0.9999, 1.0])
def test_bivariate_cdf_is_scipy_s(correlation):
    thresholds = np.array([-2.0, -0.5, 0.0, 0.7, 3.0])
    h, k = (grid.ravel() for grid in np.meshgrid(thresholds, thresholds))
    is_perfect = abs(correlation) == 1.0
    if is_perfect:
        expected = ndtr(np.minimum(h, k)) if correlation > 0.0 else (ndtr(h) - ndtr(-k)).clip(0.0)
    else:
        model = multivariate_normal(cov=[[1, correlation], [correlation, 1]])
        expected = [model.cdf(point) for point in zip(h, k, strict=True)]
    np.testing.assert_allclose(
        bivariate_normal_cdf(h, k, correlation), expected, atol=1e-12 if is_perfect else 1e-6
    )


def test_loss_and_accuracy_are_those_of_gaussian_samples():
    """200,000 Gaussian inputs per class, seed 0: within five standard errors."""
    pair = [GaussianField(12, correlation_length=xi) for xi in (0.8, 2.0)]
    rng = np.random.default_rng(0)
    u, b = rng.normal(size=(7, 12)), rng.normal(size=7)
    X = [model.sample(200_000, random_state=1) for model in pair]
    errors = np.concatenate(
        [
            (erf((x @ u.T + b) / np.sqrt(2)).mean(axis=1) - target) ** 2
            for x, target in zip(X, (1.0, -1.0), strict=True)
        ]
    )
    assert abs(gaussian_loss(u, b, pair) - errors.mean()) < 5 * errors.std() / np.sqrt(400_000)
    right = np.concatenate([X[0] @ u[0] + 0.8 > 0, X[1] @ u[0] + 0.8 <= 0])
    expected = gaussian_accuracy(u[0], 0.8, pair)
    assert abs(expected - right.mean()) < 5 * np.sqrt(0.25 / 400_000)
    pair = [GaussianField(100, correlation_length=xi) for xi in (5.0, 10.0)]
    for k in range(30, 50):  # modes in which inputs have little power
        mode = np.cos(2 * np.pi * k * np.arange(100) / 100)
        assert gaussian_accuracy(mode, 1.0, pair) == pytest.approx(0.5, abs=1e-6)


def test_gap_of_a_trained_net_opens():
    """The loss on Gaussian local fields is that on samples of the control, not on the inputs."""
    task = Discrimination([NLGP(30, correlation_length=xi, gain=3.0) for xi in (1.5, 3.0)])
    net = FCNet(20, learning_rate=5.0, batch_size=500, weight_decay=0.0, random_state=0)
    net.fit_online(task, 500_000)
    expected = gaussian_loss(net.receptive_fields_, net.biases_, task)

    def sampled(model):
        X, y = model.sample(100_000, random_state=5)
        return np.mean((-net.decision_function(X) - np.where(y == 0, 1.0, -1.0)) ** 2)

    assert sampled(task.gaussian_clone()) == pytest.approx(expected, abs=0.01)
    assert abs(sampled(task) - expected) > 0.03


def test_fields_and_biases_that_do_not_fit_are_refused():
    pair = [GaussianField(5, correlation_length=xi) for xi in (0.8, 2.0)]
    with pytest.raises(ValueError, match=r"`biases` must have shape \(3,\), .* got \(2,\)"):
        gaussian_loss(np.ones((3, 5)), np.ones(2), pair)
    with pytest.raises(ValueError, match=r"`fields` must have 5 features, got shape \(3, 4\)"):
        gaussian_loss(np.ones((3, 4)), np.ones(3), pair)
    with pytest.raises(ValueError, match=r"`field` must have shape \(5,\), got \(4,\)"):
        gaussian_accuracy(np.ones(4), 1.0, pair)
    with pytest.raises(ValueError, match="correlation contains NaN"):
        bivariate_normal_cdf(0.3, 0.2, np.nan)
