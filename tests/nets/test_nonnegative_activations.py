"""Activations without negative values, by name and as functions: targets, biases, learning."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from rfsk import ConvNet, FCNet, make_nlgp

FUNCTIONS = {
    "torch.relu": torch.relu,
    "relu of torch.nn": functional.relu,
    "softplus": functional.softplus,
    "sigmoid": torch.sigmoid,
    "square": torch.square,
}


@pytest.fixture(scope="module")
def data():
    return make_nlgp(3000, 20, correlation_length=(1.0, 4.0), random_state=0)


@pytest.fixture(scope="module")
def fresh():
    return make_nlgp(3000, 20, correlation_length=(1.0, 4.0), random_state=1)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("make", [FCNet, ConvNet])
def test_functions_without_negative_values_learn(make, name, data, fresh):
    """Accuracy on fresh data; with targets of both signs it would be a half."""
    rate = {"square": 0.2, "sigmoid": 20.0}.get(name, 5.0)  # steep and flat functions
    n_units, n_epochs = (8, 20) if make is FCNet else (4, 10)
    net = make(n_units, activation=FUNCTIONS[name], learning_rate=rate, max_epochs=n_epochs)
    net.set_params(batch_size=100, random_state=0).fit(*data)
    assert net.score(*fresh) > 0.8
    assert net.loss_curve_[-1] < 0.8 * 0.25  # the variance of targets 0 and 1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_target_is_one_for_class_one_and_zero_for_class_zero(name, data):
    """The first loss, from the recorded start, and the sign of the decision."""
    X, y = data
    net = FCNet(8, activation=FUNCTIONS[name], batch_size=3000, max_epochs=1, record=2)
    net.set_params(random_state=0, learning_rate=1e-9).fit(X, y)
    hidden = FUNCTIONS[name](
        torch.tensor(X @ net.receptive_field_history_[0].T + net.biases_)
    ).numpy()
    output = hidden.mean(axis=1)
    assert net.loss_curve_[0] == pytest.approx(np.mean((output - y) ** 2), rel=1e-6)
    np.testing.assert_allclose(net.decision_function(X), output - 0.5, atol=1e-6)


def test_relu_by_name_and_as_a_function_are_one_net(data):
    nets = [
        FCNet(8, activation=relu, batch_size=100, max_epochs=2, random_state=0).fit(*data)
        for relu in ("relu", torch.relu)
    ]
    np.testing.assert_array_equal(nets[0].classes_, nets[1].classes_)
    np.testing.assert_allclose(nets[0].receptive_fields_, nets[1].receptive_fields_, atol=2e-5)
    np.testing.assert_allclose(nets[0].biases_, nets[1].biases_, atol=2e-5)


@pytest.mark.parametrize(
    ("activation", "bias"),
    [("relu", 0.0), (torch.relu, 0.0), ("erf", 1.0), (torch.tanh, 1.0)],
)
def test_default_bias_is_zero_for_relu_and_one_for_odd_activations(activation, bias, data):
    net = FCNet(8, activation=activation, train_bias=False, max_epochs=1, random_state=0)
    assert np.abs(net.fit(*data).biases_) == pytest.approx(bias)


def test_functions_of_both_signs_keep_targets_of_both_signs(data):
    X, y = data
    net = FCNet(8, activation=torch.sin, batch_size=3000, max_epochs=1, record=2, random_state=0)
    net.set_params(learning_rate=1e-9).fit(X, y)
    output = np.sin(X @ net.receptive_field_history_[0].T + net.biases_).mean(axis=1)
    assert net.loss_curve_[0] == pytest.approx(np.mean((output - (1.0 - 2.0 * y)) ** 2), rel=1e-6)


def test_cross_entropy_of_a_sum_without_negative_values_is_refused(data):
    with pytest.raises(ValueError, match="loss='cross_entropy' needs outputs of both signs"):
        FCNet(8, activation=torch.sigmoid, loss="cross_entropy").fit(*data)
    linear = FCNet(8, activation=torch.sigmoid, readout="linear", max_epochs=1, random_state=0)
    assert linear.fit(*data).n_steps_ == 6
