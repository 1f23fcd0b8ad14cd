"""Options of nets: activations, readouts, penalties, and errors for invalid options."""

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
    """If no value is negative, targets are 0 and 1, which the first loss and the decision show."""
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
# Parameters or a call, and the error that both classifiers raise before training.
FAULTS = [
    (lambda net: net.fit(X * 1e200, Y), "too large for single precision"),
    (
        lambda net: net.fit_online(X, 100),
        "`task` must be a Discrimination or .*, got an instance of ndarray",
    ),
    (lambda net: net.set_params(readout="mean").fit(X, THREE), "'mean' has one output for two cl"),
    ({"image_shape": (3, 5)}, r"features, 12, got \(3, 5\), which has 15 sites"),
    (
        {"activation": "sine"},
        "`activation` must be one of 'erf', 'tanh', 'relu', 'linear', got 'sine'",
    ),
    ({"activation": torch.sum}, "must map each entry of a tensor to a finite number"),
    ({"activation": lambda h: h / 0.0}, "as torch.nn.functional.softplus does, got <function"),
    ({"readout": "max"}, "`readout` must be one of 'auto', 'mean', 'sqrt'.*, got 'max'"),
    ({"loss": "hinge"}, "`loss` must be one of .*, got 'hinge'"),
    ({"activation": torch.sigmoid, "loss": "cross_entropy"}, "needs outputs of both signs"),
    ({"optimizer": "newton"}, "`optimizer` must be one of 'sgd', 'adam'.*, got 'newton'"),
    ({"optimizer__momentom": 0.1}, "optimizer__momentom"),
    ({"optimizer__lr": 0.1}, "'optimizer__lr' must not be passed. Set learning_rate instead"),
    ({"callbacks__none__at": 0.1}, "callbacks__none__at"),
    ({"callbacks": "disable"}, "`callbacks` must be a list of skorch"),
    ({"callbacks": [InputShapeSetter()]}, "`callbacks` must not contain InputShapeSetter"),
    ({"class_weight": "even"}, "`class_weight` must be None, 'balanced' or a dict .*, got 'even'"),
    (
        {"class_weight": {0: -1.0}},
        r"`class_weight` must have non-negative weights .*, got {0: -1.0}",
    ),
    ({"class_weight": {7: 1.0}}, r"The classes, \[0, 1\], are not in class_weight"),
    ({"validation_fraction": 1.0}, "`validation_fraction` must be from 0 to 1, .* got 1.0"),
    ({"learning_rate": 0}, "`learning_rate` must be positive and finite, got 0"),
    ({"batch_size": 2.5}, "`batch_size` must be a positive integer, got 2.5"),
    ({"max_epochs": 0}, "`max_epochs` must be a positive integer, got 0"),
    ({"weight_decay": -1}, "`weight_decay` must be non-negative and finite, got -1"),
    ({"bias_init": -1}, "`bias_init` must be non-negative and finite, got -1"),
    ({"record": 1}, "`record` must be at least 2, .*, got 1"),
    ({"device": "cuda:99"}, "device='cuda:99' is not available"),
    ({"random_state": -1}, "`random_state` must be None, a non-negative .*, got -1"),
    ({"scaling": 1.0}, "Net has no parameter 'scaling'. Parameters that are passed to sko"),
    ({"max_iter": 9}, "Net has no parameter 'max_iter'. Did you mean 'max_epochs'"),
    ({"learning_rat": 1.0}, "Net has no parameter 'learning_rat'. Did you mean 'learning_rate'"),
]


@pytest.mark.parametrize("make", [FCNet, ConvNet])
@pytest.mark.parametrize(("fault", "message"), FAULTS, ids=[message for _, message in FAULTS])
def test_invalid_option_raises_a_clear_error_before_training(make, fault, message, monkeypatch):
    def no_training(*args, **kwargs):
        raise AssertionError("training began")

    monkeypatch.setattr(_base.NetEstimator, "_train", no_training)
    with pytest.raises((ValueError, TypeError), match=message):
        fault(make()) if callable(fault) else make(**fault).fit(X, Y)


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (FCNet, {"n_hidden": ()}, r"`n_hidden` must have at least one hidden layer, got \(\)"),
        (FCNet, {"n_hidden": (4, 0)}, "`n_hidden` must be a positive integer, got 0"),
        (FCNet, {"l1": -1.0}, "`l1` must be non-negative and finite, got -1.0"),
        (FCNet, {"l1_cut": np.nan}, "`l1_cut` must be non-negative and finite, got nan"),
        (
            FCNet,
            {"mask": np.ones((5, 12), bool)},
            r"`mask` must be booleans .* got shape \(5, 12\)",
        ),
        (FCNet, {"mask": np.ones((64, 12))}, "`mask` must be booleans .* dtype float64"),
        (ConvNet, {"n_channels": 0}, "`n_channels` must be a positive integer, got 0"),
        (
            ConvNet,
            {"kernel_size": 6},
            "`kernel_size` must be odd, .* central tap, got 6. Use 5 or 7",
        ),
        (
            ConvNet,
            {"kernel_size": (3, 3)},
            r"`kernel_size` must be one odd size per axis, .* \(12,\), got \(3, 3\)",
        ),
        (ConvNet, {"boundary": "open"}, "`boundary` must be one of 'periodic', 'zero', got 'open'"),
        (ConvNet, {"stride": 0}, "`stride` must be a positive integer, got 0"),
        (ConvNet, {"stride": 25}, r"`stride` must be one size per axis, .* \(12,\), got 25"),
        (ConvNet, {"pooling": "median"}, "`pooling` must be one of 'mean', 'max', got 'median'"),
        (
            ConvNet,
            {"image_shape": (5, -1)},
            r"`image_shape` must be a positive integer .*, got \(5, -1\)",
        ),
        (ConvNet, {"l1": 1.0}, "ConvNet has no parameter 'l1'"),
        (FCNet, {"n_units": 4}, "FCNet has no parameter 'n_units'. Did you mean 'n_hidden'"),
        (ConvNet, {"n_units": 4}, "ConvNet has no parameter 'n_units'. Did you mean 'n_channels'"),
        (Autoencoder, {"n_hidden": 0}, "`n_hidden` must be a positive integer, got 0"),
        (Autoencoder, {"sparsity": -1.0}, "`sparsity` must be non-negative and finite, got -1.0"),
        (Autoencoder, {"validation_fraction": 0.1}, "no parameter 'validation_fraction'"),
    ],
    ids=str,
)
def test_invalid_option_of_one_estimator_raises_an_error_in_every_fit(make, options, message):
    net = make(**options)
    for call in (net.fit, net.partial_fit, lambda X, y: fit_many([net], X, y)):
        with pytest.raises((ValueError, TypeError), match=message):
            call(X, Y)
    assert not hasattr(net, "net_")
