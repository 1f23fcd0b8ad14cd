"""Options of nets: activations, readouts, penalties, and errors for what is not valid."""

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from torch.nn import functional

from rfsk import Autoencoder, ConvNet, FCNet, fit_many, ipr, make_nlgp
from rfsk.nets import _base
from rfsk.nets._compiled_step import CompiledStep

X, Y = make_nlgp(60, 12, correlation_length=(1.0, 2.0), random_state=0)
NONNEGATIVE = {
    "relu": torch.relu,
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


@pytest.mark.parametrize("make", [FCNet, ConvNet])
@pytest.mark.parametrize(
    ("name", "function", "readout"),
    [
        *[
            ("erf", lambda h: torch.erf(h / np.sqrt(2.0)), r)
            for r in ("mean", "sqrt", "sum", "linear")
        ],
        ("relu", torch.relu, "mean"),
    ],
)
def test_function_as_activation_trains_as_the_one_of_that_name(ring, make, name, function, readout):
    """30 steps; the named one of FCNet with a fixed readout is trained by the compiled step."""
    options = {"readout": readout, "learning_rate": 0.5, "max_epochs": 10, "random_state": 0}
    named = make(6, activation=name, **options).fit(*ring)
    own = make(6, activation=function, **options).fit(*ring)
    np.testing.assert_allclose(own.receptive_fields_, named.receptive_fields_, atol=2e-5)
    np.testing.assert_allclose(own.biases_, named.biases_, atol=2e-5)


@pytest.mark.parametrize("name", [name for name in NONNEGATIVE if name != "relu"])
@pytest.mark.parametrize("make", [FCNet, ConvNet])
def test_functions_without_negative_values_learn(make, name, data, fresh):
    """Accuracy on fresh data; with targets of both signs it would be a half."""
    rate = {"square": 0.2, "sigmoid": 20.0}.get(name, 5.0)  # steep and flat functions
    n_units, n_epochs = (8, 20) if make is FCNet else (4, 10)
    net = make(n_units, activation=NONNEGATIVE[name], learning_rate=rate, max_epochs=n_epochs)
    net.set_params(batch_size=100, random_state=0).fit(*data)
    assert net.score(*fresh) > 0.8
    assert net.loss_curve_[-1] < 0.8 * 0.25  # the variance of targets 0 and 1


@pytest.mark.parametrize("name", [*NONNEGATIVE, "sin"])
def test_targets_of_nonnegative_functions_are_0_and_1_and_of_others_have_both_signs(name, data):
    """The first loss, from the recorded start, and the decision."""
    X, y = data
    function = torch.sin if name == "sin" else NONNEGATIVE[name]
    net = FCNet(8, activation="relu" if name == "relu" else function, learning_rate=1e-9)
    net.set_params(batch_size=3000, max_epochs=1, record=2, random_state=0).fit(X, y)
    h = torch.tensor(X @ net.receptive_field_history_[0].T + net.biases_)
    output = function(h).numpy().mean(axis=1)
    target, decision = (1.0 - 2.0 * y, -output) if name == "sin" else (y, output - 0.5)
    assert net.loss_curve_[0] == pytest.approx(np.mean((output - target) ** 2), rel=1e-6)
    np.testing.assert_allclose(net.decision_function(X), decision, atol=1e-6)


@pytest.mark.parametrize(
    ("activation", "bias"), [("relu", 0.0), (torch.relu, 0.0), ("erf", 1.0), (torch.tanh, 1.0)]
)
def test_default_bias_is_zero_for_relu_and_one_for_odd_activations(activation, bias):
    net = FCNet(8, activation=activation, train_bias=False, max_epochs=1, random_state=0)
    assert np.abs(net.fit(X, Y).biases_) == pytest.approx(bias)


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


def of(**parameters):
    """A fit with these parameters."""
    return lambda make: make(**parameters).fit(X, Y)


FAULTS = {
    r"Input X contains NaN": lambda make: make().fit(np.where(X[3, 4] == X, np.nan, X), Y),
    r"Input X contains infinity": lambda make: make().fit(np.where(X > 0, np.inf, X), Y),
    r"beyond single precision": lambda make: make().fit(X * 1e200, Y),
    r"y has 1 class \(0.0\).*at least 2": lambda make: make().fit(X, np.zeros(60)),
    r"Unknown label type": lambda make: make().fit(X, X[:, 0]),
    r"inconsistent numbers of samples": lambda make: make().fit(X, Y[:5]),
    r"image_shape=\(3, 5\) has 15 sites, but the data have 12": of(image_shape=(3, 5)),
    r"activation='sine' is unknown; expected one of 'erf', 'tanh', 'relu', 'linear'": of(
        activation="sine"
    ),
    r"does not map each entry of a tensor to a finite number": of(activation=torch.sum),
    r"expected a function such as torch.nn.functional": of(activation=lambda h: h / 0.0),
    r"readout='max' is unknown; expected one of 'auto', 'mean', 'sqrt'": of(readout="max"),
    r"readout='mean' has one output for two classes, but y has 3": lambda make: make(
        readout="mean"
    ).fit(X, np.arange(60) % 3),
    r"loss='hinge' is unknown": of(loss="hinge"),
    r"loss='cross_entropy' needs outputs of both signs": of(
        activation="relu", loss="cross_entropy"
    ),
    r"'cross_entropy' needs outputs of both": of(activation=torch.sigmoid, loss="cross_entropy"),
    r"optimizer='newton' is unknown; expected one of 'sgd', 'adam'": of(optimizer="newton"),
    r"optimizer=<class 'int'> is unknown": of(optimizer=int),
    r"optimizer__momentom": of(optimizer__momentom=0.1),
    r"callbacks__none__at": of(callbacks__none__at=0.1),
    r"class_weight='even'; expected None, 'balanced' or a dict": of(class_weight="even"),
    r"class_weight={0: -1.0}; expected weights >= 0, not all": of(class_weight={0: -1.0}),
    r"class_weight={0: 0, 1: 0}; expected weights >= 0, not": of(class_weight={0: 0, 1: 0}),
    r"The classes, \[0, 1\], are not in class_weight": of(class_weight={7: 1.0}),
    r"validation_fraction=1.0; expected a number from 0 to 1": of(validation_fraction=1.0),
    r"validation_fraction=-0.5; expected": of(validation_fraction=-0.5),
    r"learning_rate=0; expected a finite number > 0": of(learning_rate=0),
    r"batch_size=2.5; expected an int": of(batch_size=2.5),
    r"max_epochs=0; expected an integer > 0": of(max_epochs=0),
    r"weight_decay=-1; expected": of(weight_decay=-1),
    r"bias_init=-1; expected": of(bias_init=-1),
    r"record=0; expected an integer > 0": of(record=0),
    r"record=1; expected at least 2": of(record=1),
    r"expected a list of skorch": of(callbacks="disable"),
    r"device='cuda:99' is not available": of(device="cuda:99"),
    r"device='gpu' is not available": of(device="gpu"),
    r"random_state=-1 cannot seed": of(random_state=-1),
    r"n_samples=0; expected an integer > 0": lambda make: make().fit_online(
        make_nlgp(2, 12, return_X_y=False).task, 0
    ),
}


@pytest.mark.parametrize("make", [FCNet, ConvNet])
@pytest.mark.parametrize("message", FAULTS)
def test_fault_is_one_clear_sentence_before_any_training(make, message, monkeypatch):
    def no_training(*args, **kwargs):
        raise AssertionError("training began")

    monkeypatch.setattr(_base.NetEstimator, "_train", no_training)
    with pytest.raises(ValueError, match=message):
        FAULTS[message](make)


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (FCNet(0), "n_hidden=0; expected"),
        (FCNet(l1=-1.0), "l1=-1.0; expected a finite number >= 0"),
        (FCNet(l1_cut=np.nan), "l1_cut=nan; expected a finite number >= 0"),
        (ConvNet(0), "n_channels=0; expected"),
        (ConvNet(kernel_size=6), "6 is even; a filter on a ring needs a central tap: use 5 or 7"),
        (ConvNet(kernel_size=13), r"kernel_size=13 does not fit a lattice of shape \(12,\)"),
        (ConvNet(kernel_size=(3, 3)), r"kernel_size=\(3, 3\) does not fit a lattice of shape"),
        (ConvNet(kernel_size=0), "kernel_size=0; expected an integer > 0"),
        (ConvNet(kernel_size=2.5), "kernel_size=2.5; expected an integer > 0"),
        (ConvNet(boundary="open"), "boundary='open' is unknown; expected one of 'periodic', 'ze"),
        (ConvNet(stride=0), "stride=0; expected an integer > 0"),
        (ConvNet(stride=25), r"stride=25 does not fit a lattice of shape \(12,\)"),
        (ConvNet(pooling="median"), "pooling='median' is unknown; expected one of 'mean', 'max'"),
        (ConvNet(pooling="max", pool_size=5), r"pool_size=5 does not divide the \(12,\) places"),
        (ConvNet(pooling="max", pool_size=(2, 2)), r"pool_size=\(2, 2\) does not fit"),
        (ConvNet(image_shape=(5, -1)), r"image_shape=\(5, -1\); expected a number of sites"),
        (ConvNet(image_shape=(-1, -1)), r"image_shape=\(-1, -1\); expected a number of sites"),
        (Autoencoder(0), "n_hidden=0; expected an integer > 0"),
        (Autoencoder(sparsity=-1.0), "sparsity=-1.0; expected a finite number >= 0"),
        (Autoencoder(optimizer="newton"), "optimizer='newton' is unknown"),
    ],
)
def test_bad_size_or_penalty_is_refused(net, message):
    with pytest.raises(ValueError, match=message):
        net.fit(X, Y)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (FCNet, "scaling"),
        (FCNet, "patience"),
        (ConvNet, "l1"),
        (ConvNet, "l1_cut"),
        (Autoencoder, "validation_fraction"),
        (Autoencoder, "module__n_hidden"),
    ],
)
def test_unknown_parameter_is_named_by_every_fit(make, name):
    net = make(**{name: 1.0})
    message = f"{make.__name__} has no parameter '{name}'; those of sko"
    for call in (net.fit, net.partial_fit, lambda X, y: fit_many([net], X, y)):
        with pytest.raises(TypeError, match=message):
            call(X, Y)
    assert not hasattr(net, "net_")


@pytest.mark.parametrize(
    ("option", "remedy"),
    [
        ("optimizer__lr", "learning_rate"),
        ("optimizer__weight_decay", "weight_decay"),
        ("optimizer__param_groups", "learning_rate and readout_rate"),
    ],
)
def test_option_of_skorch_that_a_parameter_sets_is_refused_with_its_name(option, remedy):
    with pytest.raises(TypeError, match=f"'{option}' is set by {remedy}; set that instead"):
        FCNet(**{option: 0.1}).fit(X, Y)


def test_fit_online_wants_a_task():
    with pytest.raises(TypeError, match="task is a ndarray; expected a Discrimination"):
        FCNet().fit_online(X, 100)


@pytest.mark.parametrize("make", [FCNet, ConvNet])
def test_refused_first_fit_leaves_the_net_unfitted(make):
    net = make(max_epochs=1, random_state=0)
    with pytest.raises(ValueError, match="not among the classes"):
        net.partial_fit(X, Y + 5, classes=[0, 1])
    with pytest.raises(ValueError, match="y has 1 class"):
        net.fit(X, np.zeros(60))
    with pytest.raises(NotFittedError):
        net.predict(X)
    with pytest.raises(ValueError, match=r"X has 5 features, but .* is expecting 12 features as"):
        net.fit(X, Y).predict(X[:, :5])


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
