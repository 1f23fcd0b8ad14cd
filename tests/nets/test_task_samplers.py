"""Batches of tasks, drawn by torch."""

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
from rfsk.nets import draw_batches
from rfsk.nets._task_samplers import BatchSampler, FieldSampler


def sampler_of(*models, priors=None):
    task = Discrimination(models, priors)
    return BatchSampler(task, torch.Generator().manual_seed(3), np.random.default_rng(3))


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
BY_TORCH = [
    GaussianField((30, 30), correlation_length=0.5, kernel="exponential"),
    GaussianField((2, 60), correlation_length=(0.3, 9.0)),
    NLGP(101, correlation_length=7.0, gain=1.0),
    NLGP((4, 5), correlation_length=(1.0, 2.0), gain=3.0, boundary="open"),
]


def field_sampler(*models):
    task = Discrimination(models)
    assert FieldSampler.can_draw(task)
    return FieldSampler(task, 5, np.random.default_rng(5))


@pytest.mark.parametrize(
    ("make", "model"),
    [(field_sampler, model) for model in COMPILED]
    + [(sampler_of, model) for model in OTHERS + BY_TORCH],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_streamed_inputs_have_the_moments_of_the_model(make, model):
    """20,000 inputs: covariance and fourth moment within five of their errors."""
    X = np.asarray(make(model, model).draw(2, 10_000)[0], dtype=np.float64)
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
    whole = field_sampler(*models).draw(9, 3)[0]
    sampler = field_sampler(*models)
    assert (np.concatenate([sampler.draw(n, 3)[0] for n in (1, 5, 3)]) == whole).all()


def test_classes_come_sorted_within_a_batch_and_in_their_proportions():
    models = [MultivariateGaussian(np.full(3, mean), 1e-4 * np.eye(3)) for mean in (-1.0, 1.0)]
    X, counts = sampler_of(*models, priors=(0.3, 0.7)).draw(300, 7)
    signs = np.sign(X.numpy())
    assert np.all(np.diff(signs[:, :, 0], axis=1) >= 0)
    np.testing.assert_array_equal((signs[:, :, 0] < 0).sum(axis=1), counts[:, 0])
    assert counts[:, 0].mean() == pytest.approx(2.1, abs=0.1)
    assert set(counts[:, 0]) == {2, 3}


def test_batches_on_a_torch_device_are_labelled_and_shuffled():
    model = SpikedCumulant(12, strength=2.0, spike=np.arange(12.0))
    task = Discrimination([model, MultivariateGaussian(np.full(12, 9.0), np.eye(12))])
    batches = list(draw_batches(task, 200, 3, random_state=0))
    for X, y in batches:
        assert (X.shape, X.dtype, y.dtype) == ((200, 12), torch.float32, torch.int64)
        assert torch.equal((X.mean(dim=1) > 4.5).long(), y)
        assert y.sum() == 100
        assert y.tolist() != sorted(y.tolist())
    assert not torch.equal(batches[0][0], batches[1][0])
    again, _ = next(draw_batches(task, 200, 1, random_state=0))
    assert torch.equal(again, batches[0][0])


def test_device_that_is_not_there_is_an_error():
    model = NLGP(10, correlation_length=1.0, gain=3.0)
    with pytest.raises(RuntimeError, match="device"):
        next(draw_batches(Discrimination([model, model]), 4, 1, device="no such device"))


def test_chains_continue_from_one_batch_to_the_next():
    """Slow chains: the mean square of samples of successive batches, 256 of them, correlates."""
    model = Ising((4, 4), temperature=2.0, n_sweeps=1)
    sampler = sampler_of(model, model)
    batches = [sampler.draw(1, 512)[0][0, :256].double().mean(dim=1) ** 2 for _ in range(30)]
    lagged = np.corrcoef(torch.cat(batches[:-1]), torch.cat(batches[1:]))[0, 1]
    assert lagged > 0.1
