"""Precision of the training: single, or double if all samples form one batch."""

from contextlib import contextmanager

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch.nn import functional

from rfsk import Autoencoder, ConvNet, Discrimination, EllipticalField, FCNet, Ising, make_nlgp

X, Y = make_nlgp(400, 20, correlation_length=(1.0, 2.0), random_state=0)
TASK = make_nlgp(2, 20, correlation_length=(2.0, 4.0), return_X_y=False).task
OTHER_TASKS = {
    "by torch": Discrimination([EllipticalField(20, correlation_length=xi) for xi in (2.0, 4.0)]),
    "by NumPy": Discrimination([Ising(20, temperature=T) for T in (3.0, 1.0)]),
}
NETS = {
    "compiled": FCNet(4),
    "deep": FCNet((4, 3), readout="linear", activation=functional.softplus),
    "momentum": FCNet(4, optimizer__momentum=0.9, learning_rate=0.5),
    "convolution": ConvNet(2),
    "untied": Autoencoder(4, tied=False, sparsity=0.5),
}


def assert_equal(net, other):
    one, two = (each.net_.module_.state_dict() for each in (net, other))
    assert one.keys() == two.keys()
    for name, value in one.items():
        assert value.dtype == two[name].dtype == torch.float32
        assert torch.equal(value, two[name])


@contextmanager
def double_by_default():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def trained_in_all_ways(net):
    net = clone(net).set_params(batch_size=90, random_state=0, max_epochs=2)
    nets = [clone(net).fit(X, Y), clone(net).partial_fit(X, Y), clone(net).fit_online(TASK, 400)]
    return [*nets, net.set_params(batch_size=400).fit(X, Y)]  # in double precision


@pytest.mark.parametrize("name", NETS)
def test_settings_of_torch_do_not_change_results(name):
    """Weights, losses and predictions are equal to the last bit."""
    expected = trained_in_all_ways(NETS[name])
    for setting in (double_by_default, torch.no_grad):
        with setting():
            found = trained_in_all_ways(NETS[name])
            transformed = [net.transform(X) for net in found]
        for net, hidden, other in zip(found, transformed, expected, strict=True):
            assert_equal(net, other)
            np.testing.assert_array_equal(net.loss_curve_, other.loss_curve_)
            np.testing.assert_array_equal(hidden, other.transform(X))


@pytest.mark.parametrize("kind", OTHER_TASKS)
def test_default_dtype_of_torch_does_not_change_samples_of_a_task(kind):
    def train():
        net = FCNet(2, batch_size=90, random_state=0)
        return net.fit_online(OTHER_TASKS[kind], 200, n_eval=50)

    expected = train()
    with double_by_default():
        found = train()
    assert_equal(found, expected)
    np.testing.assert_array_equal(found.evaluation_.loss, expected.evaluation_.loss)


@pytest.mark.parametrize("make", [FCNet, ConvNet])
def test_order_of_samples_in_one_batch_changes_nothing(make):
    """Weights agree up to their rounding to single precision at the end."""
    order = np.random.default_rng(0).permutation(len(X))
    options = {"batch_size": 400, "max_epochs": 20, "random_state": 0}
    one, two = make(4, **options).fit(X, Y), make(4, **options).fit(X[order], Y[order])
    np.testing.assert_allclose(one.receptive_fields_, two.receptive_fields_, rtol=0.0, atol=1e-7)
    np.testing.assert_allclose(one.loss_curve_, two.loss_curve_, rtol=1e-12)
