"""Batches of samples in memory, and of fresh samples of a task."""

import numpy as np
import pytest
import torch

from rfsk import NLGP
from rfsk.datasets import Discrimination, MultivariateGaussian
from rfsk.nets._batches import SampleBatches, Samples, TaskBatches
from rfsk.nets._task_samplers import FieldSampler

# Classes so far apart that an input shows its class.
TASK = Discrimination([MultivariateGaussian([10.0 * k, 0.0], np.eye(2)) for k in range(3)])
MEANS = torch.tensor([0.0, 10.0, 20.0])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def task_batches(batch_size, n_samples, n_epochs=1, task=TASK, **options):
    return TaskBatches(task, batch_size, n_samples, n_epochs, 0, torch.device("cpu"), **options)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 1000, 400_000])
@pytest.mark.parametrize("n_epochs", [1, 3])
def test_task_batches_hold_exactly_the_samples_asked_for_with_their_own_labels(
    batch_size, n_epochs
):
    n_samples = max(50, batch_size + 7)
    batches = task_batches(batch_size, n_samples, n_epochs)
    seen = [batch for _ in range(n_epochs) for batch in batches]
    assert len(seen) == -(-n_samples // batch_size)
    assert len(batches) == round(n_samples / n_epochs)  # samples of an epoch, as skorch counts
    assert all(len(X) == len(y) == batch_size for X, y in seen[:-1])
    assert sum(len(X) for X, _ in seen) == n_samples
    for X, y in seen:
        assert torch.all((X[:, 0] - MEANS[y]).abs() < 5.5)


def test_task_batches_are_stratified():
    for _, y in task_batches(9, 900):
        assert torch.bincount(y).tolist() == [3, 3, 3]


def test_single_sample_batches_hold_every_class_at_its_frequency():
    counts = torch.bincount(torch.cat([y for _, y in task_batches(1, 3000)])).numpy()
    assert np.all(np.abs(counts - 1000) < 5 * np.sqrt(3000 * 2 / 9))


def test_batches_carry_the_weights_of_the_classes():
    weight = np.array([0.5, 1.0, 1.5], dtype=np.float32)
    for X, y in task_batches(9, 90, weight_of_class=weight):
        assert torch.all((X["x"][:, 0] - MEANS[y]).abs() < 5.5)
        assert torch.equal(X["sample_weight"], torch.from_numpy(weight)[y])


def test_batches_without_labels_have_the_inputs_as_targets():
    for X, y in task_batches(9, 90, is_labelled=False):
        assert y is X


def assert_equal_batches(iterated, chunks):
    """Bit for bit."""
    chunked = [chunk.batch(i) for chunk in chunks for i in range(len(chunk.ends) - 1)]
    for (X, y), (X_chunk, y_chunk) in zip(iterated, chunked, strict=True):
        assert torch.equal(X["x"], X_chunk["x"])
        assert torch.equal(X["sample_weight"], X_chunk["sample_weight"])
        assert torch.equal(y, y_chunk)


@pytest.mark.parametrize("is_compiled", [False, True])
@pytest.mark.parametrize("n_epochs", [1, 3])
def test_chunks_hold_the_batches_of_the_iteration(is_compiled, n_epochs):
    """With the smaller last batch, for models that either sampler draws."""
    weight = np.array([0.5, 1.0, 1.5], dtype=np.float32)
    fields = Discrimination([NLGP(20, correlation_length=xi, gain=1.0) for xi in (2.0, 3.0, 4.0)])
    one, two = (
        task_batches(9, 95, n_epochs, fields if is_compiled else TASK, weight_of_class=weight)
        for _ in range(2)
    )
    assert isinstance(one.sampler, FieldSampler) == is_compiled
    for _ in range(n_epochs):
        assert_equal_batches(list(one), two.chunks())


def samples(n=10):
    return Samples(torch.arange(float(n))[:, None], torch.arange(n))


def test_sample_batches_contain_each_row_once_an_epoch_in_new_order():
    batches = SampleBatches(samples(), 4, generator())
    assert len(batches) == 3
    first, second = (torch.cat([y for _, y in batches]) for _ in range(2))
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(10))
    assert first.tolist() != second.tolist()
    assert all(torch.equal(X[:, 0], y.float()) for X, y in batches)


def test_sample_batches_without_generator_keep_the_order():
    batches = SampleBatches(samples(), 4, None)
    assert [y.tolist() for _, y in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_chunk_of_samples_holds_the_batches_of_the_iteration():
    weighted = Samples(torch.arange(10.0)[:, None], torch.arange(10), torch.linspace(0.1, 1.9, 10))
    one, two = (SampleBatches(weighted, 4, generator()) for _ in range(2))
    assert_equal_batches(one, two.chunks())


def test_samples_without_labels_are_their_own_targets():
    unlabelled = Samples(torch.arange(6.0).reshape(3, 2))
    for X, y in SampleBatches(unlabelled, 2, generator()):
        assert torch.equal(X, y)
