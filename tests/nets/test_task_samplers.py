"""Batches of tasks, drawn by compiled code or by torch."""

import numpy as np
import pytest
import torch

from rfsk.datasets import (
    NLGP,
    Discrimination,
    EllipticalField,
    GaussianField,
    Ising,
    MultivariateGaussian,
    SpikedCumulant,
    StudentT,
    TransformedField,
)
from rfsk.nets._task_samplers import TaskSampler


def sampler_of(*models, priors=None):
    task = Discrimination(models, priors)
    return TaskSampler(task, 3, np.random.default_rng(3), torch.device("cpu"))


SMOOTH = {"correlation_length": 2.0, "gain": 3.0}
TORUS = NLGP((6, 5), correlation_length=(1.0, 1.5), gain=3.0)
COMPILED = [
    NLGP(20, **SMOOTH),
    NLGP(20, **SMOOTH, nonlinearity="tanh"),
    NLGP(20, **SMOOTH, nonlinearity="sign"),
    NLGP(20, **SMOOTH, boundary="open"),
    NLGP(20, correlation_length=0.3, gain=1.0, kernel="exponential"),
    NLGP(20, **SMOOTH).gaussian_clone(),
    GaussianField(21, correlation_length=3.0),
    GaussianField((30, 30), correlation_length=0.5, kernel="exponential"),
    TORUS,
    TORUS.gaussian_clone(),
]
OTHERS = [
    EllipticalField(100, correlation_length=5.0, radial=StudentT(df=9.0)),
    EllipticalField(100, correlation_length=5.0),
    TransformedField(60, correlation_length=9.0, marginal="laplace"),
    Ising(12, temperature=1.0),
    SpikedCumulant(12, strength=2.0, latent="laplace"),
]


@pytest.mark.parametrize("model", COMPILED + OTHERS, ids=lambda model: type(model).__name__)
def test_streamed_inputs_have_the_moments_of_the_model(model):
    """20,000 inputs: covariance and fourth moment within five of their errors."""
    sampler = sampler_of(model, model)
    assert sampler.is_compiled == (model in COMPILED)
    for is_compiled in {sampler.is_compiled, False}:  # on other devices torch draws all models
        check_moments(model, is_compiled)


def check_moments(model, is_compiled):
    with pytest.MonkeyPatch.context() as patch:
        if not is_compiled:
            patch.setattr("rfsk.nets._task_samplers._is_compiled", lambda model: False)
        X = np.asarray(sampler_of(model, model).draw(2, 10_000)[0], dtype=np.float64)
    X = X.reshape(-1, model.n_features)
    few = X[:, :30]
    products, squares = few.T @ X / len(X), (few**2).T @ X**2 / len(X)
    error = 5 * np.sqrt((squares - products**2).clip(0.0) / len(X)) + 1e-6
    covariance = model.covariance()
    assert np.all(np.abs(products - covariance[:30]) < error)
    fourth = (X**4).mean(axis=1)  # sites are correlated, samples are not
    expected = (3.0 + model.excess_kurtosis()) * covariance[0, 0] ** 2
    assert abs(fourth.mean() - expected) < 5 * fourth.std() / np.sqrt(len(X)) + 1e-6


def test_compiled_fields_do_not_depend_on_how_many_are_drawn_at_once():
    models = NLGP(20, **SMOOTH), NLGP(20, **SMOOTH).gaussian_clone()
    whole = sampler_of(*models).draw(9, 3)[0]
    sampler = sampler_of(*models)
    assert torch.equal(torch.cat([sampler.draw(n, 3)[0] for n in (1, 5, 3)]), whole)


def test_classes_come_sorted_within_a_batch_and_in_their_proportions():
    models = [MultivariateGaussian(np.full(3, mean), 1e-4 * np.eye(3)) for mean in (-1.0, 1.0)]
    X, y = sampler_of(*models, priors=(0.3, 0.7)).draw(300, 7)
    assert np.all(np.diff(y, axis=1) >= 0)
    np.testing.assert_array_equal(X[:, :, 0].numpy() > 0, y == 1)
    counts = (y == 0).sum(axis=1)
    assert counts.mean() == pytest.approx(2.1, abs=0.1)
    assert set(counts) == {2, 3}


def test_chains_continue_from_one_batch_to_the_next():
    """Slow chains: the mean square of samples of successive batches, 256 of them, correlates."""
    model = Ising((4, 4), temperature=2.0, n_sweeps=1)
    sampler = sampler_of(model, model)
    batches = [sampler.draw(1, 512)[0][0, :256].double().mean(dim=1) ** 2 for _ in range(30)]
    lagged = np.corrcoef(torch.cat(batches[:-1]), torch.cat(batches[1:]))[0, 1]
    assert lagged > 0.1
