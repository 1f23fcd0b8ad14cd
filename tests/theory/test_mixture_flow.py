"""The flow on mixtures of Gaussians against samples, differences and other programs."""

import numpy as np
import pytest

from rfsk.datasets import GaussianField
from rfsk.theory import MixtureFlow, gaussian_loss


@pytest.fixture
def mixture():
    """Two classes of means, covariances and fourth cumulants that differ, and four units."""
    rng = np.random.default_rng(0)
    roots = rng.normal(size=(3, 3, 3)) / 2.0
    a, b, c = ((rng.normal(size=3), root @ root.T) for root in roots)
    classes = [[(0.3, *a), (0.7, *b)], [(1.0, *c)]]
    return classes, rng.normal(size=(4, 3)), rng.normal(size=4)


def test_loss_is_that_of_samples(mixture):
    classes, u, b = mixture
    flow, errors = MixtureFlow(classes), []
    rng = np.random.default_rng(1)
    for components, target in zip(classes, flow.targets, strict=True):
        for weight, mean, cov in components:
            X = rng.multivariate_normal(mean, cov, size=100_000)
            error = (flow.output(u, b, X) - target) ** 2
            errors.append((weight / 2 * error.mean(), weight / 2 * error.std() / 100_000**0.5))
    means, deviations = np.transpose(errors)
    assert abs(flow.loss(u, b) - means.sum()) < 4.0 * np.linalg.norm(deviations)


@pytest.mark.parametrize("gaussian", [False, True])
def test_velocity_is_the_slope_of_the_loss(mixture, gaussian):
    classes, u, b = mixture
    flow = MixtureFlow(classes).gaussian_clone() if gaussian else MixtureFlow(classes)
    rng, step = np.random.default_rng(2), 1e-5
    along = rng.normal(size=u.shape), rng.normal(size=b.shape)
    ends = [flow.loss(u + s * along[0], b + s * along[1]) for s in (step, -step)]
    by_u, by_b = flow.velocity(u, b)
    expected = -len(b) * (ends[0] - ends[1]) / (2.0 * step)
    assert np.sum(by_u * along[0]) + by_b @ along[1] == pytest.approx(expected, rel=1e-6)


def test_control_keeps_means_and_covariances(mixture):
    """The control of two components by hand; without means, the loss is `gaussian_loss`."""
    classes, u, b = mixture
    _, mean, cov = classes[1][0]
    pair = [(0.2, mean, cov), (0.8, -mean, 2.0 * cov)]
    clone = (1.0, -0.6 * mean, 1.8 * cov + (1.0 - 0.6**2) * np.outer(mean, mean))
    two, one = MixtureFlow([pair, classes[1]]), MixtureFlow([[clone], classes[1]])
    assert two.loss(u, b, gaussian=True) == pytest.approx(one.loss(u, b), rel=1e-9)
    assert abs(two.loss(u, b, gaussian=True) - two.loss(u, b)) > 1e-3
    pair = [GaussianField(3, correlation_length=xi).covariance() for xi in (0.5, 1.0)]
    flow = MixtureFlow([[(1.0, np.zeros(3), cov)] for cov in pair])
    fields = [GaussianField(3, correlation_length=xi) for xi in (0.5, 1.0)]
    assert flow.loss(u, b) == pytest.approx(gaussian_loss(u, b, fields), rel=1e-9)


def test_faults_are_explained():
    part = (1.0, [0.0, 0.0], np.eye(2))
    with pytest.raises(ValueError, match="sum to 1"):
        MixtureFlow([[(0.5, *part[1:])], [part]])
    with pytest.raises(ValueError, match="two classes with the same number of features"):
        MixtureFlow([[part], [(1.0, [0.0], [[1.0]])]])
