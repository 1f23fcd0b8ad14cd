"""Batches of samples in memory and of fresh samples, including a smaller last batch."""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from rfsk import (
    NLGP,
    Discrimination,
    EllipticalField,
    GaussianField,
    Ising,
    TransformedField,
    make_nlgp,
)
from rfsk._core._random import draw_seed
from rfsk.datasets import MultivariateGaussian, SpikedCumulant, StudentT
from rfsk.nets import Autoencoder, ConvNet, FCNet
from rfsk.nets._batches import SampleBatches, Samples, TaskBatches
from rfsk.nets._task_samplers import TaskSampler

# Classes that are so far apart that the class of an input is obvious.
TASK = Discrimination([MultivariateGaussian([10.0 * k, 0.0], np.eye(2)) for k in range(3)])
FIELDS = Discrimination([NLGP(20, correlation_length=xi, gain=1.0) for xi in (2.0, 3.0, 4.0)])
MEANS = torch.tensor([0.0, 10.0, 20.0])


@pytest.mark.parametrize("batch_size", [1, 3, 4, 1000, 400_000])
@pytest.mark.parametrize("n_epochs", [1, 3])
@pytest.mark.parametrize("task", [TASK, FIELDS])
def test_task_batches_contain_the_given_number_of_samples_with_their_labels(
    task, batch_size, n_epochs
):
    n_samples, weight = max(50, batch_size + 7), np.array([0.5, 1.0, 1.5], dtype=np.float32)
    options = {"device": torch.device("cpu"), "weight_of_class": weight}
    batches = TaskBatches(task, batch_size, n_samples, n_epochs, 0, **options)
    assert batches.sampler.is_compiled == (task is FIELDS)
    seen = [(X["x"], X["sample_weight"], y) for _ in range(n_epochs) for X, y in batches]
    assert len(seen) == -(-n_samples // batch_size)
    assert len(batches) == round(n_samples / n_epochs)  # number of samples per epoch
    assert all(len(X) == len(y) == batch_size for X, _, y in seen[:-1])
    assert sum(len(X) for X, *_ in seen) == n_samples
    for X, weights, y in seen:
        assert torch.equal(weights, torch.from_numpy(weight)[y])
        assert task is FIELDS or torch.all((X[:, 0] - MEANS[y]).abs() < 5.5)


def test_each_sample_is_used_once_per_epoch_in_a_new_order():
    samples = Samples(torch.arange(10.0)[:, None], torch.arange(10))
    batches = SampleBatches(samples, 4, torch.Generator().manual_seed(0))
    assert len(batches) == 3
    first, second = (torch.cat([y for _, y in batches]) for _ in range(2))
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(10))
    assert first.tolist() != second.tolist()
    assert all(torch.equal(X[:, 0], y.float()) for X, y in batches)


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
    GaussianField((16, 16), correlation_length=0.5, kernel="exponential"),
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
@pytest.mark.parametrize("by_torch", [False, True])
def test_streamed_inputs_have_the_moments_of_the_model(model, by_torch, monkeypatch):
    """Covariance and fourth moment of 20,000 inputs are within five standard errors."""
    if by_torch:  # torch draws all models on other devices
        monkeypatch.setattr("rfsk.nets._task_samplers._is_compiled", lambda model: False)
    sampler = sampler_of(model, model)
    assert sampler.is_compiled == (model in COMPILED and not by_torch)
    X = np.asarray(sampler.draw(2, 10_000)[0], dtype=np.float64).reshape(-1, model.n_features)
    few = X[:, :30]
    products, squares = few.T @ X / len(X), (few**2).T @ X**2 / len(X)
    error = 5 * np.sqrt((squares - products**2).clip(0.0) / len(X)) + 1e-6
    covariance = model.covariance()
    assert np.all(np.abs(products - covariance[:30]) < error)
    fourth = (X**4).mean(axis=1)  # sites are correlated, but samples are not
    expected = (3.0 + model.excess_kurtosis()) * covariance[0, 0] ** 2
    assert abs(fourth.mean() - expected) < 5 * fourth.std() / np.sqrt(len(X)) + 1e-6


def test_compiled_fields_do_not_depend_on_how_many_are_drawn_at_once():
    models = NLGP(20, **SMOOTH), NLGP(20, **SMOOTH).gaussian_clone()
    whole = sampler_of(*models).draw(9, 3)[0]
    sampler = sampler_of(*models)
    assert torch.equal(torch.cat([sampler.draw(n, 3)[0] for n in (1, 5, 3)]), whole)


def test_classes_are_sorted_within_a_batch_and_have_their_proportions():
    models = [MultivariateGaussian(np.full(3, mean), 1e-4 * np.eye(3)) for mean in (-1.0, 1.0)]
    X, y = sampler_of(*models, priors=(0.3, 0.7)).draw(300, 7)
    assert np.all(np.diff(y, axis=1) >= 0)
    np.testing.assert_array_equal(X[:, :, 0].numpy() > 0, y == 1)
    counts = (y == 0).sum(axis=1)
    assert counts.mean() == pytest.approx(2.1, abs=0.1)
    assert set(counts) == {2, 3}


def test_chains_continue_from_one_batch_to_the_next():
    """For slow chains, the mean squares of the 256 samples of successive batches are correlated."""
    model = Ising((4, 4), temperature=2.0, n_sweeps=1)
    sampler = sampler_of(model, model)
    batches = [sampler.draw(1, 512)[0][0, :256].double().mean(dim=1) ** 2 for _ in range(30)]
    lagged = np.corrcoef(torch.cat(batches[:-1]), torch.cat(batches[1:]))[0, 1]
    assert lagged > 0.1


X, Y = make_nlgp(500, 20, correlation_length=(1.0, 2.0), random_state=0)


class Listener(Callback):
    """Callback that selects the loop of skorch."""

    def on_batch_end(self, net, **kwargs):
        pass


def order_of_first_epoch(seed, n):
    rng = np.random.default_rng(seed)
    draw_seed(rng)  # the seed of the weights
    return torch.randperm(n, generator=torch.Generator().manual_seed(draw_seed(rng))).numpy()


@pytest.mark.parametrize("make", [FCNet, ConvNet, Autoencoder])
@pytest.mark.parametrize("listens", [False, True])
def test_a_last_batch_of_a_quarter_of_the_size_is_a_step_of_a_quarter_of_the_rate(make, listens):
    options = {"weight_decay": 0.5, "optimizer": torch.optim.SGD, "max_epochs": 1, "record": 9}
    options |= {"callbacks": [Listener()] if listens else None, "random_state": 0}
    net = make(4, learning_rate=0.4, batch_size=400, **options).fit(X, Y)
    start, before, after = net.receptive_field_history_
    assert np.abs(after - before).max() > 1e-5
    order = order_of_first_epoch(0, 500)
    # Take the two steps separately, each with one batch and its own learning rate.
    alone = make(4, learning_rate=0.4, batch_size=400, warm_start=True, **options)
    alone.fit(X[order[:400]], Y[order[:400]])
    np.testing.assert_array_equal(alone.receptive_field_history_[0], start)
    np.testing.assert_allclose(alone.receptive_fields_, before, atol=1e-6)
    alone.set_params(learning_rate=0.1, batch_size=100).fit(X[order[400:]], Y[order[400:]])
    np.testing.assert_allclose(alone.receptive_fields_, after, atol=1e-6)


@pytest.mark.parametrize("listens", [False, True])
def test_recorded_loss_is_the_mean_over_samples(listens):
    """It is not the mean over batches, the last of which has one sample; weights do not change."""
    options = {"learning_rate": 1e-12, "weight_decay": 0.0, "max_epochs": 1, "random_state": 0}
    options["callbacks"] = [Listener()] if listens else None
    net = FCNet(4, batch_size=100, **options).fit(X[:401], Y[:401])
    loss = np.mean((-net.decision_function(X[:401]) - (1.0 - 2.0 * Y[:401])) ** 2)
    assert net.loss_curve_ == pytest.approx(loss, rel=1e-6)
    assert net.n_steps_ == 5
