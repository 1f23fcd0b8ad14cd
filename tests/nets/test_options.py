"""Options of the nets beyond the paper's: activations, readouts, penalties, optimizers."""

import numpy as np
import pytest
import torch
from scipy import special

from rfsk import Autoencoder, ConvNet, FCNet, fit_many, ipr, make_nlgp
from rfsk.nets._compiled_step import CompiledStep


@pytest.fixture(scope="module")
def ring():
    return make_nlgp(1500, 20, correlation_length=(1.0, 2.0), random_state=0)


def erf(h):
    return torch.erf(h / np.sqrt(2.0))


@pytest.mark.parametrize(("readout", "scale"), [("mean", 1 / 6), ("sqrt", 6**-0.5), ("sum", 1.0)])
def test_fixed_readouts_scale_the_sum_of_the_units(ring, readout, scale):
    X, y = ring
    net = FCNet(6, readout=readout, learning_rate=0.1, max_epochs=2, random_state=0).fit(X, y)
    hidden = special.erf((X @ net.receptive_fields_.T + net.biases_) / np.sqrt(2.0))
    np.testing.assert_allclose(net.decision_function(X), -scale * hidden.sum(axis=1), atol=1e-9)


@pytest.mark.parametrize("net", [FCNet, ConvNet])
@pytest.mark.parametrize("readout", ["mean", "sqrt", "sum", "linear"])
def test_function_as_activation_trains_as_the_one_of_that_name(ring, net, readout):
    """30 steps; the named one of FCNet with a fixed readout is trained by the compiled step."""
    options = {"readout": readout, "learning_rate": 0.5, "max_epochs": 10, "random_state": 0}
    named = net(6, **options).fit(*ring)
    own = net(6, activation=erf, **options).fit(*ring)
    np.testing.assert_allclose(own.receptive_fields_, named.receptive_fields_, atol=2e-5)
    np.testing.assert_allclose(own.biases_, named.biases_, atol=2e-5)


@pytest.mark.parametrize("readout", ["sqrt", "sum"])
def test_first_step_divides_by_the_squared_scale_of_the_readout(ring, readout):
    """w moves by learning_rate / (s^2 K) dLoss/dw, b by 1/D of it, with s the readout's scale."""
    X, y = ring[0][:100], ring[1][:100]
    lr, K, D = 0.3, 4, 20
    scale = {"sqrt": K**-0.5, "sum": 1.0}[readout]
    options = {"readout": readout, "weight_decay": 1e-2, "random_state": 0, "batch_size": 100}
    net = FCNet(K, learning_rate=lr, max_epochs=1, record=2, **options).fit(X, y)
    start = net.receptive_field_history_[0] * np.sqrt(D)
    bias = np.array([1.0, 1.0, -1.0, -1.0])
    h = X @ start.T / np.sqrt(D) + bias
    residual = scale * special.erf(h / np.sqrt(2)).sum(axis=1) - np.where(y == 0, 1.0, -1.0)
    slope = np.sqrt(2 / np.pi) * np.exp(-(h**2) / 2)
    signal = 2.0 / len(X) * scale * residual[:, None] * slope
    rate = lr / (scale**2 * K)
    w = start - rate * (signal.T @ X / np.sqrt(D)) - lr * 1e-2 * start
    b = bias - rate / D * signal.sum(axis=0)
    np.testing.assert_allclose(net.receptive_fields_ * np.sqrt(D), w, atol=1e-5)
    np.testing.assert_allclose(net.biases_, b, atol=1e-5)


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


@pytest.mark.slow
def test_beta_lasso_learns_local_connectivity_at_no_cost_in_accuracy():
    """D = 100, g = 3, 20,000 rows, seed 0, l1 = 2e-4, cut at 200: 69 % of the weights of the
    localized half are exactly zero, 44 % of the others; accuracy .852 as without."""
    X, y = make_nlgp(random_state=0)
    X_new, y_new = make_nlgp(random_state=1)
    dense = FCNet(random_state=0).fit(X, y)
    sparse = FCNet(l1=2e-4, l1_cut=200.0, random_state=0).fit(X, y)
    assert (dense.receptive_fields_ == 0.0).mean() == 0.0
    assert (sparse.receptive_fields_[:32] == 0.0).mean() > 0.6
    assert ipr(sparse.receptive_fields_[:32]).mean() > ipr(dense.receptive_fields_[:32]).mean()
    assert sparse.score(X_new, y_new) > dense.score(X_new, y_new) - 0.01


@pytest.mark.parametrize("optimizer", ["adam", torch.optim.Adam, torch.optim.RMSprop])
def test_other_optimizers_take_the_rate_as_it_is(ring, optimizer):
    X, y = ring
    net = FCNet(6, optimizer=optimizer, learning_rate=1e-3, max_epochs=1, random_state=0)
    net.set_params(batch_size=1500, record=2, weight_decay=0.0).fit(X, y)
    moved = np.abs(np.diff(net.receptive_field_history_, axis=0)) * np.sqrt(20)
    # First steps of Adam are the rate itself; RMSprop's are rate / sqrt(1 - .99).
    size = 1e-2 if optimizer is torch.optim.RMSprop else 1e-3
    assert np.median(moved) == pytest.approx(size, rel=0.01)
    assert moved.max() <= 1.001 * size
    bias_moved = np.abs(net.biases_) - 1.0
    np.testing.assert_allclose(np.abs(bias_moved), size, rtol=0.02)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"optimizer": "newton"}, "optimizer='newton' is unknown; expected one of 'sgd', 'adam'"),
        ({"optimizer": int}, "optimizer=<class 'int'> is unknown"),
        ({"activation": torch.sum}, "does not map each entry of a tensor to a finite number"),
        ({"activation": lambda h: h / 0.0}, "expected a function such as torch.nn.functional"),
        ({"readout": "max"}, "readout='max' is unknown; expected one of 'auto', 'mean', 'sqrt'"),
        ({"class_weight": "even"}, "class_weight='even'; expected None, 'balanced' or a dict"),
        ({"class_weight": {0: -1.0}}, r"class_weight={0: -1.0}; expected weights >= 0, not all"),
        ({"class_weight": {0: 0, 1: 0}}, r"class_weight={0: 0, 1: 0}; expected weights >= 0, not"),
        ({"class_weight": {7: 1.0}}, r"The classes, \[0, 1\], are not in class_weight"),
        ({"validation_fraction": 1.0}, "validation_fraction=1.0; expected a number from 0 to 1"),
        ({"validation_fraction": -0.5}, "validation_fraction=-0.5; expected"),
    ],
)
@pytest.mark.parametrize("net", [FCNet(), ConvNet()], ids=str)
def test_bad_option_is_refused(net, parameters, message, ring):
    with pytest.raises(ValueError, match=message):
        net.__class__(**parameters).fit(*ring)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"l1": -1.0}, "l1=-1.0; expected a finite number >= 0"),
        ({"l1_cut": np.nan}, "l1_cut=nan; expected a finite number >= 0"),
    ],
)
def test_bad_penalty_is_refused(parameters, message, ring):
    with pytest.raises(ValueError, match=message):
        FCNet(**parameters).fit(*ring)


@pytest.mark.parametrize(
    ("net", "name"),
    [
        (FCNet, "scaling"),
        (FCNet, "schedule"),
        (FCNet, "patience"),
        (ConvNet, "l1"),
        (ConvNet, "l1_cut"),
        (Autoencoder, "validation_fraction"),
        (Autoencoder, "module__n_hidden"),
    ],
)
def test_unknown_parameter_is_named_by_fit(net, name, ring):
    unknown = net(**{name: 1.0})
    with pytest.raises(TypeError, match=f"{net.__name__} has no parameter '{name}'; those of sko"):
        unknown.fit(*ring)
    with pytest.raises(TypeError, match=f"{net.__name__} has no parameter '{name}'"):
        unknown.partial_fit(*ring)
    with pytest.raises(TypeError, match=f"{net.__name__} has no parameter '{name}'"):
        fit_many([unknown], *ring)
    assert not hasattr(unknown, "net_")


@pytest.mark.parametrize(
    ("option", "remedy"),
    [
        ("optimizer__lr", "learning_rate"),
        ("optimizer__weight_decay", "weight_decay"),
        ("optimizer__param_groups", "learning_rate and readout_rate"),
    ],
)
def test_option_of_skorch_that_a_parameter_sets_is_refused_with_its_name(option, remedy, ring):
    with pytest.raises(TypeError, match=f"'{option}' is set by {remedy}; set that instead"):
        FCNet(**{option: 0.1}).fit(*ring)


@pytest.mark.parametrize("option", ["optimizer__momentom", "callbacks__none__at"])
def test_option_that_skorch_does_not_know_is_refused_with_its_name(option, ring):
    with pytest.raises(ValueError, match=option.split("__")[1]):
        FCNet(**{option: 0.1}).fit(*ring)


def test_fixed_readout_of_three_classes_is_refused(ring):
    with pytest.raises(ValueError, match="readout='sum' has one output for two classes"):
        FCNet(readout="sum").fit(ring[0], np.arange(1500) % 3)


@pytest.mark.parametrize("activation", ["erf", "tanh", "relu", "linear"])
@pytest.mark.parametrize("parameters", [{}, {"train_bias": False}, {"readout": "sqrt", "l1": 1e-4}])
def test_compiled_steps_of_single_samples_are_those_of_autograd(
    ring, activation, parameters, monkeypatch
):
    """400 steps of batch one by either path."""
    options = {"learning_rate": 0.05, "batch_size": 1, "max_epochs": 1, "random_state": 0}
    X, y = ring[0][:400], ring[1][:400]
    fast = FCNet(6, activation=activation, **options, **parameters).fit(X, y)
    monkeypatch.setattr(CompiledStep, "fits", lambda net: False)
    plain = FCNet(6, activation=activation, **options, **parameters).fit(X, y)
    np.testing.assert_allclose(fast.receptive_fields_, plain.receptive_fields_, atol=2e-6)
    np.testing.assert_allclose(fast.biases_, plain.biases_, atol=2e-6)
    assert fast.loss_curve_[-1] == pytest.approx(plain.loss_curve_[-1], rel=1e-5)


def test_sizes_may_be_numpy_integers_as_grids_have_them():
    X, y = make_nlgp(200, 20, correlation_length=(1.0, 2.0), random_state=0)
    two, four, twenty = (np.int64(n) for n in (2, 4, 20))
    sizes = {"batch_size": twenty, "max_epochs": two}
    nets = [
        FCNet(four, **sizes, record=four, image_shape=(four, np.int64(5)), random_state=0),
        FCNet((four, two), **sizes, readout="linear", random_state=0),
        ConvNet(two, kernel_size=np.int64(5), **sizes, random_state=0),
    ]
    for net in nets:
        assert np.isfinite(net.fit(X, y).receptive_fields_).all()
    alone = FCNet(four, **sizes, random_state=0).fit(X, y)
    together = fit_many([FCNet(four, **sizes, random_state=0) for _ in range(2)], X, y)
    np.testing.assert_allclose(together[0].receptive_fields_, alone.receptive_fields_, atol=1e-6)
