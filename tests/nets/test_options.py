"""Options of nets: activations, readouts, penalties, and errors for what is not valid."""

import numpy as np
import pytest
import torch
from skorch.callbacks import InputShapeSetter
from torch.nn import functional

from rfsk import Autoencoder, ConvNet, FCNet, fit_many, make_nlgp
from rfsk.nets import _base

X, Y = make_nlgp(60, 12, correlation_length=(1.0, 2.0), random_state=0)


SIGNS = {torch.relu: 0.0, functional.softplus: 0.0, torch.square: 0.0}
SIGNS |= {torch.sigmoid: 1.0, torch.sin: 1.0}


@pytest.mark.parametrize(("activation", "bias"), SIGNS.items())
def test_targets_and_biases_follow_the_signs_of_the_activation(ring, activation, bias):
    """Targets are 0 and 1 where no value is negative: the first loss, and the decision."""
    X, y = ring
    net = FCNet(8, activation=activation, learning_rate=1e-9, batch_size=1500, max_epochs=1)
    net.set_params(record=2, random_state=0).fit(X, y)
    assert np.abs(net.biases_) == pytest.approx(bias, abs=1e-6)
    h = torch.tensor(X @ net.receptive_field_history_[0].T + net.biases_)
    output = activation(h).numpy().mean(axis=1)
    is_signed = activation is torch.sin
    target, decision = (1.0 - 2.0 * y, -output) if is_signed else (y, output - 0.5)
    assert net.loss_curve_[0] == pytest.approx(np.mean((output - target) ** 2), rel=1e-6)
    np.testing.assert_allclose(net.decision_function(X), decision, atol=1e-6)


@pytest.mark.parametrize("readout", ["mean", "linear"])
def test_l1_is_a_soft_threshold_after_each_step(ring, readout):
    X, y = ring[0][:50], ring[1][:50]
    options = {"readout": readout, "batch_size": 50, "max_epochs": 1, "random_state": 0}
    plain = FCNet(6, **options).fit(X, y)
    sparse = FCNet(6, l1=0.01, **options).fit(X, y)
    w, threshold = plain.receptive_fields_ * np.sqrt(20), 5.0 * 0.01
    expected = np.sign(w) * np.maximum(np.abs(w) - threshold, 0.0)
    np.testing.assert_allclose(sparse.receptive_fields_ * np.sqrt(20), expected, atol=1e-6)
    cut = FCNet(6, l1=0.01, l1_cut=10.0, **options).fit(X, y)
    expected[np.abs(expected) < 0.1] = 0.0
    np.testing.assert_allclose(cut.receptive_fields_ * np.sqrt(20), expected, atol=1e-6)
    assert (expected == 0.0).any()


THREE = np.arange(60) % 3
# Parameters or a call, and the error that both classifiers raise before any training.
FAULTS = [
    (lambda net: net.fit(X * 1e200, Y), "beyond single precision"),
    (lambda net: net.fit_online(X, 100), "task is a ndarray; expected a Discrimination"),
    (lambda net: net.set_params(readout="mean").fit(X, THREE), "'mean' has one output for two cl"),
    ({"image_shape": (3, 5)}, r"image_shape=\(3, 5\) has 15 sites, but the data have 12"),
    ({"activation": "sine"}, "'sine' is unknown; expected one of 'erf', 'tanh', 'relu', 'linear'"),
    ({"activation": torch.sum}, "does not map each entry of a tensor to a finite number"),
    ({"activation": lambda h: h / 0.0}, "expected a function such as torch.nn.functional"),
    ({"readout": "max"}, "readout='max' is unknown; expected one of 'auto', 'mean', 'sqrt'"),
    ({"loss": "hinge"}, "loss='hinge' is unknown"),
    ({"activation": torch.sigmoid, "loss": "cross_entropy"}, "needs outputs of both signs"),
    ({"optimizer": "newton"}, "optimizer='newton' is unknown; expected one of 'sgd', 'adam'"),
    ({"optimizer__momentom": 0.1}, "optimizer__momentom"),
    ({"optimizer__lr": 0.1}, "'optimizer__lr' is set by learning_rate; set that instead"),
    ({"callbacks__none__at": 0.1}, "callbacks__none__at"),
    ({"callbacks": "disable"}, "expected a list of skorch"),
    ({"callbacks": [InputShapeSetter()]}, "InputShapeSetter cannot work here"),
    ({"class_weight": "even"}, "class_weight='even'; expected None, 'balanced' or a dict"),
    ({"class_weight": {0: -1.0}}, r"class_weight={0: -1.0}; expected weights >= 0, not all"),
    ({"class_weight": {7: 1.0}}, r"The classes, \[0, 1\], are not in class_weight"),
    ({"validation_fraction": 1.0}, "validation_fraction=1.0; expected a number from 0 to 1"),
    ({"learning_rate": 0}, "learning_rate=0; expected a finite number > 0"),
    ({"batch_size": 2.5}, "batch_size=2.5; expected an int"),
    ({"max_epochs": 0}, "max_epochs=0; expected an integer > 0"),
    ({"weight_decay": -1}, "weight_decay=-1; expected"),
    ({"bias_init": -1}, "bias_init=-1; expected"),
    ({"record": 1}, "record=1; expected at least 2"),
    ({"device": "cuda:99"}, "device='cuda:99' is not available"),
    ({"random_state": -1}, "random_state=-1 cannot seed"),
    ({"scaling": 1.0}, "Net has no parameter 'scaling'; those of sko"),
]


@pytest.mark.parametrize("make", [FCNet, ConvNet])
@pytest.mark.parametrize(("fault", "message"), FAULTS, ids=[message for _, message in FAULTS])
def test_fault_is_one_clear_sentence_before_any_training(make, fault, message, monkeypatch):
    def no_training(*args, **kwargs):
        raise AssertionError("training began")

    monkeypatch.setattr(_base.NetEstimator, "_train", no_training)
    with pytest.raises((ValueError, TypeError), match=message):
        fault(make()) if callable(fault) else make(**fault).fit(X, Y)


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (FCNet, {"n_hidden": ()}, r"n_hidden=\(\); expected at least one hidden layer"),
        (FCNet, {"n_hidden": (4, 0)}, "n_hidden=0; expected an integer > 0"),
        (FCNet, {"l1": -1.0}, "l1=-1.0; expected a finite number >= 0"),
        (FCNet, {"l1_cut": np.nan}, "l1_cut=nan; expected a finite number >= 0"),
        (FCNet, {"mask": np.ones((5, 12), bool)}, r"mask has shape \(5, 12\)"),
        (FCNet, {"mask": np.ones((64, 12))}, "expected booleans of shape"),
        (ConvNet, {"n_channels": 0}, "n_channels=0; expected"),
        (ConvNet, {"kernel_size": 6}, "6 is even; a filter on a ring .* central tap: use 5 or 7"),
        (ConvNet, {"kernel_size": (3, 3)}, r"kernel_size=\(3, 3\) does not fit a lattice of sha"),
        (ConvNet, {"boundary": "open"}, "'open' is unknown; expected one of 'periodic', 'zero'"),
        (ConvNet, {"stride": 0}, "stride=0; expected an integer > 0"),
        (ConvNet, {"stride": 25}, r"stride=25 does not fit a lattice of shape \(12,\)"),
        (ConvNet, {"pooling": "median"}, "'median' is unknown; expected one of 'mean', 'max'"),
        (ConvNet, {"image_shape": (5, -1)}, r"image_shape=\(5, -1\); expected a number of sites"),
        (ConvNet, {"l1": 1.0}, "ConvNet has no parameter 'l1'"),
        (Autoencoder, {"n_hidden": 0}, "n_hidden=0; expected an integer > 0"),
        (Autoencoder, {"sparsity": -1.0}, "sparsity=-1.0; expected a finite number >= 0"),
        (Autoencoder, {"validation_fraction": 0.1}, "no parameter 'validation_fraction'"),
    ],
    ids=str,
)
def test_fault_of_one_estimator_is_named_by_every_fit(make, options, message):
    net = make(**options)
    for call in (net.fit, net.partial_fit, lambda X, y: fit_many([net], X, y)):
        with pytest.raises((ValueError, TypeError), match=message):
            call(X, Y)
    assert not hasattr(net, "net_")
