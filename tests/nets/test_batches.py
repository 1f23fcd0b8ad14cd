"""Batches of samples in memory, and of fresh samples of a task."""

import numpy as np
import pytest
import torch

from rfsk import NLGP
from rfsk.datasets import Discrimination, MultivariateGaussian
from rfsk.nets._batches import SampleBatches, Samples, TaskBatches

# Classes so far apart that an input shows its class.
TASK = Discrimination([MultivariateGaussian([10.0 * k, 0.0], np.eye(2)) for k in range(3)])
FIELDS = Discrimination([NLGP(20, correlation_length=xi, gain=1.0) for xi in (2.0, 3.0, 4.0)])
MEANS = torch.tensor([0.0, 10.0, 20.0])


@pytest.mark.parametrize("batch_size", [1, 3, 4, 1000, 400_000])
@pytest.mark.parametrize("n_epochs", [1, 3])
@pytest.mark.parametrize("task", [TASK, FIELDS])
def test_task_batches_hold_exactly_the_samples_asked_for_with_their_own_labels(
    task, batch_size, n_epochs
):
    n_samples, weight = max(50, batch_size + 7), np.array([0.5, 1.0, 1.5], dtype=np.float32)
    options = {"device": torch.device("cpu"), "weight_of_class": weight}
    batches = TaskBatches(task, batch_size, n_samples, n_epochs, 0, **options)
    assert batches.sampler.is_compiled == (task is FIELDS)
    seen = [(X["x"], X["sample_weight"], y) for _ in range(n_epochs) for X, y in batches]
    assert len(seen) == -(-n_samples // batch_size)
    assert len(batches) == round(n_samples / n_epochs)  # samples of an epoch, as skorch counts
    assert all(len(X) == len(y) == batch_size for X, _, y in seen[:-1])
    assert sum(len(X) for X, *_ in seen) == n_samples
    for X, weights, y in seen:
        assert torch.equal(weights, torch.from_numpy(weight)[y])
        assert task is FIELDS or torch.all((X[:, 0] - MEANS[y]).abs() < 5.5)


def test_samples_come_once_an_epoch_in_a_new_order():
    samples = Samples(torch.arange(10.0)[:, None], torch.arange(10))
    batches = SampleBatches(samples, 4, torch.Generator().manual_seed(0))
    assert len(batches) == 3
    first, second = (torch.cat([y for _, y in batches]) for _ in range(2))
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(10))
    assert first.tolist() != second.tolist()
    assert all(torch.equal(X[:, 0], y.float()) for X, y in batches)
