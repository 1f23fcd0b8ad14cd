"""Callbacks where nets differ from skorch's: validation, precision, weights, fresh samples."""

import numpy as np
import pytest
import torch
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    Freezer,
    LRScheduler,
    MlflowLogger,
    PassthroughScoring,
    ProgressBar,
    TensorBoard,
    WandbLogger,
)

from rfsk import Autoencoder, ConvNet, FCNet, fit_many, make_nlgp
from rfsk.nets import _engine

X, Y = make_nlgp(600, 20, correlation_length=(1.0, 2.0), random_state=0)
TASK = make_nlgp(2, 20, correlation_length=(1.0, 2.0), return_X_y=False).task


class Silent:
    """Stands for the run, client or writer of a logging service."""

    dir = "."

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self


def make_net(*callbacks, make=FCNet, **options):
    options = {"batch_size": 100, "max_epochs": 2, "random_state": 0, **options}
    return make(4, callbacks=list(callbacks), **options)


def accuracy(**options):
    return EpochScoring("accuracy", name="acc", lower_is_better=False, **options)


NEEDY = {
    "EpochScoring": accuracy,
    "EarlyStopping": EarlyStopping,
    "EarlyStopping of the accuracy": lambda: EarlyStopping("valid_acc", lower_is_better=False),
    "Checkpoint": Checkpoint,
    "Checkpoint of the accuracy": lambda: Checkpoint("valid_acc_best"),
    "ReduceLROnPlateau": lambda: LRScheduler("ReduceLROnPlateau", monitor="valid_loss"),
    "ReduceLROnPlateau, the class": lambda: LRScheduler(
        torch.optim.lr_scheduler.ReduceLROnPlateau, monitor="valid_acc"
    ),
    "BatchScoring": lambda: BatchScoring("accuracy"),
    "PassthroughScoring": lambda: PassthroughScoring("valid_loss"),
    "WandbLogger": lambda: WandbLogger(Silent()),
}


@pytest.mark.parametrize("name", NEEDY)
def test_callback_that_needs_validation_data_is_refused_before_training(name):
    """In every call that keeps none."""
    callback = NEEDY[name]()
    message = rf"{type(callback).__name__} needs .*Set validation_fraction and call fit"
    for net, call in (
        (make_net(callback), lambda net: net.fit(X, Y)),
        (make_net(("named", callback)), lambda net: net.fit(X, Y)),
        (make_net(callback, make=ConvNet), lambda net: net.fit(X, Y)),
        (make_net(callback, make=Autoencoder), lambda net: net.fit(X)),
        (make_net(callback, validation_fraction=0.25), lambda net: net.partial_fit(X, Y)),
        (make_net(callback, validation_fraction=0.25), lambda net: net.fit_online(TASK, 600)),
        (make_net(callback), lambda net: fit_many([net], X, Y)),
    ):
        with pytest.raises(ValueError, match=message):
            call(net)
        assert not hasattr(net, "net_")


@pytest.mark.parametrize("name", NEEDY)
def test_the_same_callback_works_with_validation_data(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where Checkpoint and WandbLogger write
    net = make_net(NEEDY[name](), validation_fraction=0.25).fit(X, Y)
    assert net.n_steps_ == 10


@pytest.mark.parametrize(
    "callback",
    [
        accuracy(on_train=True),
        BatchScoring("accuracy", on_train=True),
        PassthroughScoring("train_loss", on_train=True),
        EarlyStopping("train_loss"),
        LRScheduler("ReduceLROnPlateau"),
        LRScheduler("StepLR", step_size=1, monitor="valid_loss"),  # not used by this policy
        WandbLogger(Silent(), save_model=False),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_callback_of_the_training_needs_no_validation_data(callback):
    assert make_net(callback).fit(X, Y).n_steps_ == 12


SETTINGS = {
    "several batches": {},
    "one batch, in double precision": {"batch_size": 600},
    "weighted": {"class_weight": {0: 1.0, 1: 3.0}},
    "autograd": {"readout": "linear"},
}


class KeepValidationData(Callback):
    def on_epoch_end(self, net, dataset_valid=None, **kwargs):
        self.samples = dataset_valid


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("use_caching", [True, False])
def test_validation_score_is_that_of_the_fitted_net(setting, use_caching):
    keep = KeepValidationData()
    options = {"validation_fraction": 0.25, **SETTINGS[setting]}
    net = make_net(accuracy(use_caching=use_caching), keep, **options).fit(X, Y)
    kept, labels = keep.samples.inputs.double().numpy(), keep.samples.y.numpy()
    assert len(kept) == 150
    assert net.history_[-1]["acc"] == net.history_[-1]["valid_acc"]
    assert net.history_[-1]["acc"] == pytest.approx(net.score(kept, labels), abs=1e-12)


@pytest.mark.parametrize("setting", SETTINGS)
def test_training_score_without_caching_is_that_of_the_fitted_net(setting):
    net = make_net(accuracy(on_train=True, use_caching=False), **SETTINGS[setting]).fit(X, Y)
    assert net.history_[-1]["acc"] == pytest.approx(net.score(X, Y), abs=1e-12)


def test_training_score_on_fresh_samples_is_taken_from_the_batches():
    net = make_net(accuracy(on_train=True)).fit_online(TASK, 60_000)
    assert net.history_[-1]["acc"] == pytest.approx(net.score(*TASK.sample(5000, 0)), abs=0.1)


def test_validation_loss_is_the_weighted_mean_over_the_data_kept():
    keep, weight = KeepValidationData(), np.random.default_rng(0).random(600) + 0.5
    net = make_net(keep, validation_fraction=0.25).fit(X, Y, sample_weight=weight)
    kept, labels = keep.samples.inputs.double().numpy(), keep.samples.y.numpy()
    rows = [np.flatnonzero((X.astype(np.float32) == row).all(axis=1))[0] for row in kept]
    np.testing.assert_array_equal(Y[rows], labels)
    losses = (-net.decision_function(kept) - (1.0 - 2.0 * labels)) ** 2
    expected = np.mean(weight[rows] * losses) / weight.mean()
    assert net.history_[-1]["valid_loss"] == pytest.approx(expected, rel=1e-5)


class Predict(Callback):
    """Scores the net on data of the user after each epoch."""

    def __init__(self, X):
        self.X = X

    def on_epoch_end(self, net, **kwargs):
        self.outputs = net.forward(self.X).double().numpy()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [100, 600])
@pytest.mark.parametrize("make", [FCNet, ConvNet])
def test_callback_may_predict_in_the_middle_of_a_training(make, batch_size, dtype):
    """In one batch too, where the training is in double precision."""
    predict = Predict(X.astype(dtype))
    net = make_net(predict, make=make, batch_size=batch_size).fit(X, Y)
    np.testing.assert_allclose(-predict.outputs, net.decision_function(X), atol=1e-5)


@pytest.mark.parametrize(("batch_size", "n_samples"), [(50, 20_000), (250, 100_000)])
def test_progress_bar_of_an_online_fit_expects_the_batches_of_an_epoch(batch_size, n_samples):
    class Watch(ProgressBar):
        def on_epoch_end(self, net, **kwargs):
            assert self.pbar_.total == pytest.approx(self.pbar_.n, abs=1)
            super().on_epoch_end(net, **kwargs)

    make_net(Watch(), batch_size=batch_size).fit_online(TASK, n_samples)


def test_callbacks_of_epochs_keep_the_compiled_step(monkeypatch, tmp_path):
    def refuse(*args):
        raise AssertionError("autograd took a step")

    monkeypatch.setattr(_engine.Engine, "_autograd_steps", refuse)
    monkeypatch.setattr(_engine.Engine, "train_step", refuse)
    callbacks = [
        EpochTimer(),
        accuracy(),
        EarlyStopping(),
        Checkpoint(dirname=tmp_path),
        Freezer("bias"),
        LRScheduler("StepLR", step_size=1),
        TensorBoard(Silent()),
        MlflowLogger(Silent(), Silent(), create_artifact=False),
    ]
    assert make_net(*callbacks, validation_fraction=0.25).fit(X, Y).n_steps_ == 10
    for listener in (
        accuracy(on_train=True),
        BatchScoring("accuracy", on_train=True),
        LRScheduler("StepLR", step_size=1, step_every="batch"),
        ProgressBar(),
    ):
        with pytest.raises(AssertionError, match="autograd took a step"):
            make_net(listener).fit(X, Y)


def test_frozen_weights_keep_every_bit_and_the_others_train():
    for name, other in (("weight", "bias"), ("bias", "weight")):
        frozen = make_net(Freezer(name), l1=1e-3, max_epochs=3, record=2).fit(X, Y)
        start = make_net(Freezer("*"), max_epochs=1).fit(X, Y)
        states = [net.net_.module_.state_dict() for net in (frozen, start)]
        assert torch.equal(states[0][name], states[1][name])
        assert not torch.equal(states[0][other], states[1][other])


@pytest.mark.parametrize("base", [EpochScoring, LRScheduler, TensorBoard, MlflowLogger, EpochTimer])
def test_subclass_that_adds_a_hook_for_batches_is_called_for_each(base):
    class Counting(base):
        def on_batch_end(self, net, training=None, **kwargs):
            calls.append(training)

    calls = []
    callback = {
        EpochScoring: lambda: Counting("accuracy", use_caching=False),
        LRScheduler: lambda: Counting("StepLR", step_size=1),
        TensorBoard: lambda: Counting(Silent()),
        MlflowLogger: lambda: Counting(Silent(), Silent(), create_artifact=False),
        EpochTimer: Counting,
    }[base]()
    make_net(callback, validation_fraction=0.25).fit(X, Y)
    assert calls == [*[True] * 5, *[False] * 2] * 2
