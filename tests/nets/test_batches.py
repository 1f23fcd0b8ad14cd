import numpy as np
import pytest
import torch

from rfsk.datasets import Discrimination, MultivariateGaussian
from rfsk.nets._batches import TaskBatches, TensorBatches

# Classes so far apart that an input tells its class.
TASK = Discrimination([MultivariateGaussian([10.0 * k, 0.0], np.eye(2)) for k in range(3)])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 1000, 400_000])
@pytest.mark.parametrize("n_epochs", [1, 3])
def test_task_batches_hold_exactly_the_samples_asked_for_with_their_own_labels(
    batch_size, n_epochs
):
    n_samples = max(50, batch_size + 7)
    targets = torch.tensor([0.0, 10.0, 20.0])
    batches = TaskBatches(TASK, targets, batch_size, n_samples, n_epochs, generator())
    seen = [batch for _ in range(n_epochs) for batch in batches]
    assert len(seen) == len(batches) == -(-n_samples // batch_size)
    assert all(len(X) == len(y) == batch_size for X, y in seen[:-1])
    assert sum(len(X) for X, _ in seen) == n_samples
    for X, y in seen:
        assert torch.all((X[:, 0] - y).abs() < 5.5)


def test_task_batches_are_stratified():
    batches = TaskBatches(TASK, torch.arange(3), 9, 900, 1, generator())
    for _, y in batches:
        assert torch.bincount(y).tolist() == [3, 3, 3]


def test_single_sample_batches_have_every_class_in_its_share():
    batches = TaskBatches(TASK, torch.arange(3), 1, 3000, 1, generator())
    counts = torch.bincount(torch.cat([y for _, y in batches])).numpy()
    assert np.all(np.abs(counts - 1000) < 5 * np.sqrt(3000 * 2 / 9))


def test_tensor_batches_visit_each_row_once_an_epoch_in_new_order():
    rows = torch.arange(10.0)[:, None]
    batches = TensorBatches(rows, torch.arange(10), 4, generator())
    first, second = (torch.cat([y for _, y in batches]) for _ in range(2))
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(10))
    assert first.tolist() != second.tolist()
    assert all(torch.equal(X[:, 0], y.float()) for X, y in batches)
