"""Callbacks, history and validation work in the same way as in skorch."""

from functools import partial
from unittest.mock import MagicMock

import numpy as np
import pytest
import skorch.callbacks as cb
import torch
from torch.optim.lr_scheduler import ExponentialLR, ReduceLROnPlateau

from rfsk import Autoencoder, FCNet, fit_many, make_nlgp
from rfsk.nets import _engine

X, Y = make_nlgp(600, 20, correlation_length=(1.0, 2.0), random_state=0)
EPOCHS = 4


def fit(*callbacks, **options):
    defaults = {"validation_fraction": 0.25, "max_epochs": EPOCHS, "weight_decay": 0.0}
    return make_net(*callbacks, **defaults | options).fit(X, Y)


def make_net(*callbacks, make=FCNet, **options):
    options = {"batch_size": 100, "max_epochs": 2, "random_state": 0, **options}
    return make(4, callbacks=list(callbacks), **options)


def column(net, name):
    return net.history_[:, name]


def weights(net):
    return net.net_.module_.weight.detach().numpy()


def accuracy(scoring="accuracy", **options):
    return cb.EpochScoring(scoring, **{"name": "acc", "lower_is_better": False, **options})


def halving(**options):
    return cb.LRScheduler(ExponentialLR, gamma=0.5, **options)


stopper = partial(cb.EarlyStopping, patience=2, threshold=10.0, sink=lambda *_: None)
plateau = partial(cb.LRScheduler, "ReduceLROnPlateau", patience=0, threshold=10.0)


def halves(values):
    """Whether each value is half of the previous value."""
    return np.allclose(values[1:], 0.5 * np.array(values[:-1]))


def rates(net):
    return [row["event_lr"] for row in net.history_[0]["batches"] if "event_lr" in row]


def is_near(net, **options):
    return np.allclose(weights(net), weights(fit(**options)), atol=1e-5)


# A callback and its effect on the history or the net.
CHECKS = [
    (lambda: accuracy("roc_auc"), lambda net: "acc_best" in net.history_[-1]),
    (lambda: cb.BatchScoring("accuracy", name="a"), lambda net: "a" in net.history_[-1]),
    (
        lambda: cb.PassthroughScoring("train_loss", on_train=True),
        lambda net: column(net, "train_loss") == net.loss_curve_.tolist(),
    ),
    (stopper, lambda net: len(net.history_) < EPOCHS),
    (lambda: stopper(load_best=True), lambda net: is_near(net, max_epochs=1)),
    (halving, lambda net: halves(column(net, "event_lr"))),
    (lambda: halving(step_every="batch"), lambda net: halves(rates(net))),
    (plateau, lambda net: net.net_.optimizer_.param_groups[0]["lr"] < 2.0 * net.learning_rate),
    (
        lambda: cb.Initializer("weight", fn=torch.nn.init.zeros_),
        lambda net: np.ptp(weights(net)[:2], axis=0).max() < 1e-6,  # units with equal bias
    ),
    (lambda: cb.GradientNormClipping(1e-9), lambda net: is_near(net, learning_rate=1e-12)),
    (cb.ProgressBar, lambda net: net.history_[-1, "train_batch_count"] == 5),
    (lambda: accuracy(on_train=True), is_near),
]


@pytest.mark.parametrize(("make", "check"), CHECKS)
def test_bundled_callback_does_what_skorch_users_expect(make, check):
    assert check(fit(make()))


def test_saved_states_are_those_of_the_net_and_can_be_loaded(tmp_path):
    """Test Checkpoint, TrainEndCheckpoint and LoadInitState."""
    kept = cb.TrainEndCheckpoint(dirname=tmp_path)
    first = fit(("best", cb.Checkpoint(dirname=tmp_path)), ("end", kept))
    assert torch.load(tmp_path / "params.pt")["weight"].shape == weights(first).shape
    saved = torch.load(tmp_path / "train_end_params.pt")["weight"].numpy()
    assert (saved == weights(first)).all()
    again = fit(("load", cb.LoadInitState(kept)), ("keep", kept))
    assert len(again.history_) == 2 * EPOCHS
    assert not (weights(again) == weights(first)).all()
    assert column(again, "train_loss")[:EPOCHS] == column(first, "train_loss")


def test_frozen_parameters_keep_every_bit_and_the_others_train():
    """Test Freezer, also with an L1 penalty, and Unfreezer."""
    start = fit(cb.Freezer("*"), max_epochs=1).net_.module_.state_dict()
    for name, other in (("weight", "bias"), ("bias", "weight")):
        state = fit(cb.Freezer(name), l1=1e-3, record=2).net_.module_.state_dict()
        assert torch.equal(state[name], start[name])
        assert not torch.equal(state[other], start[other])
    net = fit(("freeze", cb.Freezer("weight")), ("thaw", cb.Unfreezer("weight", at=3)))
    assert not np.allclose(weights(net), start["weight"], atol=1e-4)


NEEDY = [
    accuracy,
    lambda: cb.EarlyStopping("valid_acc", lower_is_better=False),
    cb.Checkpoint,
    lambda: cb.LRScheduler(ReduceLROnPlateau, monitor="valid_acc"),
    lambda: cb.BatchScoring("accuracy"),
    lambda: cb.PassthroughScoring("valid_loss"),
    lambda: cb.WandbLogger(MagicMock()),
]


@pytest.mark.parametrize("make", NEEDY)
def test_callback_that_needs_validation_data_is_refused_before_training(make, task):
    """The callback is refused in every call that keeps no validation data."""
    callback, fraction = make(), {"validation_fraction": 0.25}
    message = rf"{type(callback).__name__} needs .*Set validation_fraction and call fit"
    for net, call in (
        (make_net(callback), lambda net: net.fit(X, Y)),
        (make_net(("named", callback), make=Autoencoder), lambda net: net.fit(X)),
        (make_net(callback, **fraction), lambda net: net.partial_fit(X, Y)),
        (make_net(callback, **fraction), lambda net: net.fit_online(task, 600)),
        (make_net(callback), lambda net: fit_many([net], X, Y)),
    ):
        with pytest.raises(ValueError, match=message):
            call(net)
        assert not hasattr(net, "net_")


class KeepValidationData(cb.Callback):
    def on_epoch_end(self, net, dataset_valid=None, **kwargs):
        self.inputs, self.labels = dataset_valid.inputs.double().numpy(), dataset_valid.y.numpy()


LINEAR = {"readout": "linear"}
# Two or three classes, and options; batches of 600 are trained in double precision.
SCORED = [(2, {}), (2, {"batch_size": 600}), (2, {"class_weight": {0: 1.0, 1: 3.0}})]
SCORED += [(2, LINEAR), (3, LINEAR), (3, LINEAR | {"loss": "squared"})]


@pytest.mark.parametrize(("n_classes", "options"), SCORED)
def test_scores_are_those_of_the_fitted_net(n_classes, options):
    """Scores of validation data, with and without caching, and of training data without caching."""
    labels = np.arange(600) % 3 if n_classes == 3 else Y
    keep = KeepValidationData()
    scores = accuracy(name="one"), accuracy(name="two", use_caching=False)
    net = make_net(*scores, keep, validation_fraction=0.25, **options).fit(X, labels)
    assert len(keep.inputs) == 150
    last = net.history_[-1]
    assert last["one"] == last["two"] == last["valid_acc"]
    assert last["one"] == pytest.approx(net.score(keep.inputs, keep.labels), abs=1e-12)
    net = make_net(accuracy(on_train=True, use_caching=False), **options).fit(X, labels)
    assert net.history_[-1]["acc"] == pytest.approx(net.score(X, labels), abs=1e-12)


def test_validation_loss_is_the_weighted_mean_over_the_data_kept():
    keep, weight = KeepValidationData(), np.random.default_rng(0).random(600) + 0.5
    net = make_net(keep, validation_fraction=0.25).fit(X, Y, sample_weight=weight)
    single = X.astype(np.float32)
    rows = [np.flatnonzero((single == row).all(axis=1))[0] for row in keep.inputs]
    np.testing.assert_array_equal(Y[rows], keep.labels)
    losses = (-net.decision_function(keep.inputs) - (1.0 - 2.0 * keep.labels)) ** 2
    expected = np.mean(weight[rows] * losses) / weight.mean()
    assert net.history_[-1]["valid_loss"] == pytest.approx(expected, rel=1e-5)


def test_callbacks_of_epochs_keep_the_compiled_step(monkeypatch, tmp_path):
    def refuse(*args):
        raise AssertionError("autograd took a step")

    monkeypatch.setattr(_engine.Engine, "_autograd_steps", refuse)
    monkeypatch.setattr(_engine.Engine, "train_step", refuse)
    logger = cb.MlflowLogger(MagicMock(), MagicMock(), create_artifact=False)
    callbacks = [cb.EpochTimer(), accuracy(), cb.EarlyStopping(), cb.Checkpoint(dirname=tmp_path)]
    callbacks += [cb.Freezer("bias"), halving(), cb.TensorBoard(MagicMock()), logger]
    assert make_net(*callbacks, validation_fraction=0.25).fit(X, Y).n_steps_ == 10
    plateau = cb.LRScheduler("ReduceLROnPlateau")  # monitors the training loss
    epochs = [cb.EarlyStopping("train_loss"), plateau]
    epochs += [cb.LRScheduler("StepLR", step_size=1, monitor="valid_loss")]  # not used
    assert make_net(*epochs).fit(X, Y).n_steps_ == 12
    scoring = cb.BatchScoring("accuracy", on_train=True)
    for listener in (accuracy(on_train=True), scoring, halving(step_every="batch")):
        with pytest.raises(AssertionError, match="autograd took a step"):
            make_net(listener).fit(X, Y)


def test_the_inner_net_predicts_scores_and_trains_with_classes_from_zero():
    names = np.array(["short", "long"])[Y]
    net = make_net(max_epochs=EPOCHS).fit(X, names)
    inner, rows, index = net.net_, X.astype(np.float32), np.searchsorted(net.classes_, names)
    assert (net.classes_[inner.predict(rows)] == net.predict(X)).mean() > 0.99
    assert inner.predict_proba(rows) == pytest.approx(net.predict_proba(X), abs=1e-5)
    assert inner.score(rows, index) == pytest.approx(net.score(X, names), abs=0.01)
    with pytest.raises(ValueError, match="net_ numbers the classes from 0 to 1"):
        inner.score(rows, names)
    before = weights(net).copy()
    inner.partial_fit(rows, index, epochs=1)
    assert not (weights(net) == before).all()
    coder = Autoencoder(4, max_epochs=1, random_state=0).fit(X)
    assert coder.net_.predict(rows) == pytest.approx(coder.reconstruct(X), abs=1e-4)
