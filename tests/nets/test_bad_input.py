import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from rfsk import ConvNet, FCNet, make_nlgp

X, Y = make_nlgp(60, 12, correlation_length=(1.0, 2.0), random_state=0)


def with_nan():
    data = X.copy()
    data[3, 4] = np.nan
    return data


FAULTS = {
    "NaN": (lambda net: net().fit(with_nan(), Y), "Input X contains NaN"),
    "infinity": (lambda net: net().fit(np.where(X > 0, np.inf, X), Y), "Input X contains infinity"),
    "beyond single precision": (lambda net: net().fit(X * 1e200, Y), "beyond single precision"),
    "one class": (lambda net: net().fit(X, np.zeros(60)), r"y has 1 class \(0.0\).*at least 2"),
    "regression target": (lambda net: net().fit(X, X[:, 0]), "Unknown label type"),
    "mismatched labels": (lambda net: net().fit(X, Y[:5]), "inconsistent numbers of samples"),
    "image shape": (
        lambda net: net(image_shape=(3, 5)).fit(X, Y),
        r"image_shape=\(3, 5\) has 15 sites, but the data have 12",
    ),
    "activation": (
        lambda net: net(activation="sine").fit(X, Y),
        "activation='sine' is unknown; expected one of 'erf', 'tanh', 'relu', 'linear'",
    ),
    "readout": (lambda net: net(readout="max").fit(X, Y), "readout='max' is unknown"),
    "loss": (lambda net: net(loss="hinge").fit(X, Y), "loss='hinge' is unknown"),
    "learning rate": (
        lambda net: net(learning_rate=0).fit(X, Y),
        "learning_rate=0; expected a finite number > 0",
    ),
    "batch size": (lambda net: net(batch_size=2.5).fit(X, Y), "batch_size=2.5; expected an int"),
    "epochs": (lambda net: net(max_epochs=0).fit(X, Y), "max_epochs=0; expected an integer > 0"),
    "weight decay": (lambda net: net(weight_decay=-1).fit(X, Y), "weight_decay=-1; expected"),
    "bias": (lambda net: net(bias_init=-1).fit(X, Y), "bias_init=-1; expected"),
    "record": (lambda net: net(record=0).fit(X, Y), "record=0; expected an integer > 0"),
    "one snapshot": (lambda net: net(record=1).fit(X, Y), "record=1; expected at least 2"),
    "callbacks": (lambda net: net(callbacks="disable").fit(X, Y), "expected a list of skorch"),
    "device": (lambda net: net(device="cuda:99").fit(X, Y), "device='cuda:99' is not available"),
    "device name": (lambda net: net(device="gpu").fit(X, Y), "device='gpu' is not available"),
    "seed": (lambda net: net(random_state=-1).fit(X, Y), "random_state=-1 cannot seed"),
    "mean of three": (
        lambda net: net(readout="mean").fit(X, np.arange(60) % 3),
        "readout='mean' has one output for two classes, but y has 3",
    ),
    "rectified cross-entropy": (
        lambda net: net(activation="relu", loss="cross_entropy").fit(X, Y),
        "loss='cross_entropy' needs outputs of both signs",
    ),
    "no samples online": (
        lambda net: net().fit_online(make_nlgp(2, 12, return_X_y=False).task, 0),
        "n_samples=0; expected an integer > 0",
    ),
    "width at predict": (
        lambda net: net(max_epochs=1).fit(X, Y).predict(X[:, :5]),
        "X has 5 features, but .* is expecting 12 features as input",
    ),
}


@pytest.mark.parametrize("net", [FCNet, ConvNet])
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_one_clear_sentence(net, fault):
    call, message = FAULTS[fault]
    with pytest.raises(ValueError, match=message):
        call(net)


@pytest.mark.parametrize("net", [FCNet, ConvNet])
def test_faults_are_found_before_any_training(net, monkeypatch):
    from rfsk.nets import _base

    def no_training(*args, **kwargs):
        raise AssertionError("training began")

    monkeypatch.setattr(_base.NetEstimator, "_train", no_training)
    for fault, (call, message) in FAULTS.items():
        if fault != "width at predict":
            with pytest.raises(ValueError, match=message):
                call(net)


@pytest.mark.parametrize(
    ("kernel_size", "message"),
    [
        (6, "kernel_size=6 is even; a filter on a ring needs a central tap: use 5 or 7"),
        (13, r"kernel_size=13 does not fit a lattice of shape \(12,\)"),
        ((3, 3), r"kernel_size=\(3, 3\) does not fit a lattice of shape \(12,\)"),
        (0, "kernel_size=0; expected an integer > 0"),
        (2.5, "kernel_size=2.5; expected an integer > 0"),
    ],
)
def test_bad_kernel_size_is_refused(kernel_size, message):
    with pytest.raises(ValueError, match=message):
        ConvNet(kernel_size=kernel_size).fit(X, Y)


@pytest.mark.parametrize(
    ("net", "message"),
    [(FCNet(0), "n_hidden=0; expected"), (ConvNet(0), "n_channels=0; expected")],
)
def test_nets_without_units_are_refused(net, message):
    with pytest.raises(ValueError, match=message):
        net.fit(X, Y)


def test_fit_online_wants_a_task():
    with pytest.raises(TypeError, match="task is a ndarray; expected a Discrimination"):
        FCNet().fit_online(X, 100)


@pytest.mark.parametrize("net", [FCNet, ConvNet])
def test_fitted_net_survives_a_refused_fit(net):
    fitted = net(max_epochs=1, random_state=0).fit(X, Y)
    before = fitted.decision_function(X)
    for labels, data in ((np.zeros(60), X), (Y, X * 1e200)):
        with pytest.raises(ValueError, match=r"1 class|single precision"):
            fitted.fit(data, labels)
        np.testing.assert_array_equal(fitted.decision_function(X), before)


@pytest.mark.parametrize("net", [FCNet, ConvNet])
def test_refused_first_fit_leaves_the_net_unfitted(net):
    unfitted = net(random_state=0)
    with pytest.raises(ValueError, match="not among the classes"):
        unfitted.partial_fit(X, Y + 5, classes=[0, 1])
    with pytest.raises(ValueError, match="y has 1 class"):
        unfitted.fit(X, np.zeros(60))
    with pytest.raises(NotFittedError):
        unfitted.predict(X)


@pytest.mark.parametrize("net", [FCNet, ConvNet])
def test_warm_start_wants_the_same_width(net):
    fitted = net(max_epochs=1, warm_start=True, random_state=0).fit(X, Y)
    before = fitted.decision_function(X)
    with pytest.raises(ValueError, match=r"X has 8 features, but .* is expecting 12"):
        fitted.fit(X[:, :8], Y)
    with pytest.raises(ValueError, match="which training on cannot change to"):
        fitted.fit_online(make_nlgp(2, 8, return_X_y=False).task, 100)
    np.testing.assert_array_equal(fitted.decision_function(X), before)


def test_warm_start_wants_the_same_architecture():
    fitted = FCNet(4, max_epochs=1, warm_start=True, random_state=0).fit(X, Y)
    with pytest.raises(
        ValueError, match=r"fitted net has n_hidden=\(4,\), which .* change to \(9,\)"
    ):
        fitted.set_params(n_hidden=9).fit(X, Y)
    with pytest.raises(ValueError, match="fitted net has activation='erf'"):
        fitted.set_params(n_hidden=4, activation="tanh").partial_fit(X, Y)


def test_warm_start_wants_the_same_classes():
    net = FCNet(4, max_epochs=1, warm_start=True, random_state=0).fit(X, Y)
    with pytest.raises(ValueError, match=r"classes \[1, 2\] differ from those"):
        net.fit(X, Y + 1)
