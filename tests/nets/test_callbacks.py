"""The net inside is a skorch net: callbacks, history and validation work as in skorch."""

import sys
from unittest.mock import MagicMock

import numpy as np
import pytest
import skorch.callbacks as cb
import torch
from sklearn.model_selection import GridSearchCV
from torch.optim.lr_scheduler import ExponentialLR, ReduceLROnPlateau

from rfsk import Autoencoder, ConvNet, FCNet, fit_many, make_nlgp
from rfsk.nets import _engine

X, Y = make_nlgp(600, 20, correlation_length=(1.0, 2.0), random_state=0)
EPOCHS = 4


def fit(*callbacks, **options):
    defaults = {"validation_fraction": 0.25, "batch_size": 100, "max_epochs": EPOCHS}
    defaults |= {"weight_decay": 0.0, "random_state": 0, "callbacks": list(callbacks)}
    return FCNet(4, **defaults | options).fit(X, Y)


def make_net(*callbacks, make=FCNet, **options):
    options = {"batch_size": 100, "max_epochs": 2, "random_state": 0, **options}
    return make(4, callbacks=list(callbacks), **options)


def column(net, name):
    return net.history_[:, name]


def weights(net):
    return net.net_.module_.weight.detach().numpy()


def accuracy(**options):
    defaults = {"scoring": "accuracy", "name": "acc", "lower_is_better": False}
    return cb.EpochScoring(**defaults | options)


def stopper(**options):
    options = {"patience": 2, "threshold": 10.0, "sink": lambda *_: None, **options}
    return cb.EarlyStopping(**options)


def halves(values):
    """Whether each value is half of the one before."""
    return np.allclose(np.array(values[1:]), 0.5 * np.array(values[:-1]))


# A callback of each kind, and what the history or the net then shows.
CHECKS = {
    "EpochScoring": (
        lambda folder: accuracy(scoring="roc_auc"),
        lambda net: min(column(net, "acc")) >= 0.0 and "acc_best" in net.history_[-1],
    ),
    "BatchScoring": (
        lambda folder: cb.BatchScoring("accuracy", name="batch_acc", lower_is_better=False),
        lambda net: len(net.history_[-1, "batches", :, "batch_acc"]) == 2,  # of validation data
    ),
    "PassthroughScoring": (
        lambda folder: cb.PassthroughScoring("train_loss", on_train=True),
        lambda net: column(net, "train_loss") == net.loss_curve_.tolist(),
    ),
    "EpochTimer": (lambda folder: cb.EpochTimer(), lambda net: min(column(net, "dur")) > 0.0),
    "EarlyStopping": (lambda folder: stopper(), lambda net: len(net.history_) < EPOCHS),
    "EarlyStopping load_best": (
        lambda folder: stopper(load_best=True),
        lambda net: (weights(net) == weights(fit(max_epochs=1))).all(),
    ),
    "LRScheduler": (
        lambda folder: cb.LRScheduler(ExponentialLR, gamma=0.5),
        lambda net: halves(column(net, "event_lr")),
    ),
    "LRScheduler step_every": (
        lambda folder: cb.LRScheduler(ExponentialLR, gamma=0.5, step_every="batch"),
        lambda net: halves(
            [row["event_lr"] for row in net.history_[0]["batches"] if "event_lr" in row]
        ),
    ),
    "LRScheduler ReduceLROnPlateau": (
        lambda folder: cb.LRScheduler("ReduceLROnPlateau", patience=0, threshold=10.0),
        lambda net: net.net_.optimizer_.param_groups[0]["lr"] < 0.5 * net.learning_rate * 4,
    ),
    "WarmRestartLR": (
        lambda folder: cb.LRScheduler("WarmRestartLR", min_lr=0.1, max_lr=1.0, base_period=2),
        lambda net: len(set(column(net, "event_lr"))) > 1,
    ),
    "Checkpoint": (
        lambda folder: cb.Checkpoint(dirname=folder),
        lambda net: "event_cp" in net.history_[-1],
    ),
    "Initializer": (
        lambda folder: cb.Initializer("weight", fn=torch.nn.init.zeros_),
        lambda net: np.ptp(weights(net)[:2], axis=0).max() < 1e-6,  # units of equal bias
    ),
    "GradientNormClipping": (
        lambda folder: cb.GradientNormClipping(1e-9),
        lambda net: np.allclose(weights(net), weights(fit(learning_rate=1e-12)), atol=1e-5),
    ),
    "ProgressBar": (
        lambda folder: cb.ProgressBar(),
        lambda net: net.net_.history[-1, "train_batch_count"] == 5,
    ),
    "InputShapeSetter": (lambda folder: cb.InputShapeSetter(), None),
}


@pytest.mark.parametrize("name", CHECKS)
def test_bundled_callback_does_what_skorch_users_expect(name, tmp_path):
    make, check = CHECKS[name]
    if check is None:
        with pytest.raises(ValueError, match=f"{name} cannot work here"):
            fit(make(tmp_path))
    else:
        assert check(fit(make(tmp_path)))


def test_training_score_is_taken_from_the_batches_and_changes_no_number(task):
    net = fit(accuracy(on_train=True), validation_fraction=0.0)
    assert all(0.4 <= value <= 1.0 for value in column(net, "acc"))
    assert np.allclose(weights(net), weights(fit(validation_fraction=0.0)), atol=1e-5)
    online = make_net(accuracy(on_train=True)).fit_online(task, 60_000)
    assert column(online, "acc")[-1] == pytest.approx(online.score(*task.sample(5000, 0)), abs=0.1)


def test_saved_states_are_those_of_the_net_and_can_be_loaded(tmp_path):
    """Checkpoint, TrainEndCheckpoint, LoadInitState."""
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
    """Freezer, with a penalty too; Unfreezer; ParamMapper."""
    seen = []
    mapper = cb.ParamMapper("*", fn=lambda p: seen.append(tuple(p.shape)), at=1)
    start = fit(cb.Freezer("*"), mapper, max_epochs=1).net_.module_.state_dict()
    assert seen == [(4, 20), (4,)]
    for name, other in (("weight", "bias"), ("bias", "weight")):
        state = fit(cb.Freezer(name), l1=1e-3, record=2).net_.module_.state_dict()
        assert torch.equal(state[name], start[name])
        assert not torch.equal(state[other], start[other])
    net = fit(("freeze", cb.Freezer("weight")), ("thaw", cb.Unfreezer("weight", at=3)))
    assert not np.allclose(weights(net), start["weight"], atol=1e-4)


def test_epochs_are_printed_and_logged(monkeypatch):
    """PrintLog; TensorBoard, Wandb-, Sacred-, Mlflow- and NeptuneLogger with stand-ins."""
    lines = []
    fit(cb.PrintLog(sink=lines.append), verbose=1)
    assert "train_loss" in lines[0]
    assert "valid_acc" in lines[0]
    assert len(lines) == 2 + EPOCHS
    run, client = MagicMock(), MagicMock()
    for name in ("neptune", "neptune.types"):  # the client of the service is not installed
        monkeypatch.setitem(sys.modules, name, MagicMock(File=run))
    for logger, recorder, key in (
        (cb.TensorBoard(run, close_after_train=False), run, "Loss/train_loss"),
        (cb.WandbLogger(run, save_model=False), run, "valid_loss"),
        (cb.SacredLogger(run), run, "train_loss"),
        (cb.MlflowLogger(run, client, create_artifact=False), client, "train_loss"),
        (cb.NeptuneLogger(run, close_after_train=False), run, "append"),
    ):
        run.reset_mock()
        fit(logger)
        assert sum(key in repr(call) for call in recorder.mock_calls) >= EPOCHS


def test_every_bundled_callback_has_a_check():
    others = "Callback Freezer LoadInitState MlflowLogger NeptuneLogger ParamMapper PrintLog"
    others += " SacredLogger TensorBoard TrainEndCheckpoint Unfreezer WandbLogger"
    assert {name.split()[0] for name in CHECKS} | set(others.split()) == set(cb.__all__)


def test_callback_gets_the_data_of_training_and_of_validation():
    events = []

    class Listener(cb.Callback):
        def on_train_begin(self, net, X=None, y=None, **kwargs):
            events.append(("begin", len(X)))

        def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
            events.append((len(dataset_train), np.bincount(dataset_valid.y.numpy()).tolist()))
            train = {row.tobytes() for row in dataset_train.inputs.numpy()}
            assert not train & {row.tobytes() for row in dataset_valid.inputs.numpy()}

        def on_train_end(self, net, X=None, y=None, **kwargs):
            events.append("end")

    fit(Listener())
    assert events == [("begin", 450), *[(450, [75, 75])] * EPOCHS, "end"]


NEEDY = {
    "EpochScoring": accuracy,
    "EarlyStopping": lambda: cb.EarlyStopping("valid_acc", lower_is_better=False),
    "Checkpoint": cb.Checkpoint,
    "LRScheduler": lambda: cb.LRScheduler(ReduceLROnPlateau, monitor="valid_acc"),
    "BatchScoring": lambda: cb.BatchScoring("accuracy"),
    "PassthroughScoring": lambda: cb.PassthroughScoring("valid_loss"),
    "WandbLogger": lambda: cb.WandbLogger(MagicMock()),
}


@pytest.mark.parametrize("name", NEEDY)
def test_callback_that_needs_validation_data_is_refused_before_training(name, task):
    """In every call that keeps none."""
    callback = NEEDY[name]()
    message = rf"{type(callback).__name__} needs .*Set validation_fraction and call fit"
    for net, call in (
        (make_net(callback), lambda net: net.fit(X, Y)),
        (make_net(("named", callback), make=Autoencoder), lambda net: net.fit(X)),
        (make_net(callback, validation_fraction=0.25), lambda net: net.partial_fit(X, Y)),
        (make_net(callback, validation_fraction=0.25), lambda net: net.fit_online(task, 600)),
        (make_net(callback), lambda net: fit_many([net], X, Y)),
    ):
        with pytest.raises(ValueError, match=message):
            call(net)
        assert not hasattr(net, "net_")
    if name != "WandbLogger":
        assert make_net(callback, validation_fraction=0.25).fit(X, Y).n_steps_ == 10


def test_callbacks_of_the_training_need_no_validation_data():
    callbacks = [
        accuracy(on_train=True),
        cb.BatchScoring("accuracy", on_train=True),
        cb.PassthroughScoring("train_loss", on_train=True),
        cb.EarlyStopping("train_loss"),
        cb.LRScheduler("ReduceLROnPlateau"),
        cb.LRScheduler("StepLR", step_size=1, monitor="valid_loss"),  # not used by this policy
        cb.WandbLogger(MagicMock(), save_model=False),
    ]
    assert make_net(*callbacks).fit(X, Y).n_steps_ == 12


class KeepValidationData(cb.Callback):
    def on_epoch_end(self, net, dataset_valid=None, **kwargs):
        self.inputs, self.labels = dataset_valid.inputs.double().numpy(), dataset_valid.y.numpy()


@pytest.mark.parametrize(
    ("n_classes", "options"),
    [
        (2, {}),
        (2, {"batch_size": 600}),  # in double precision
        (2, {"class_weight": {0: 1.0, 1: 3.0}}),
        (2, {"readout": "linear"}),
        (3, {"readout": "linear"}),
        (3, {"readout": "linear", "loss": "squared"}),
    ],
)
def test_scores_are_those_of_the_fitted_net(n_classes, options):
    """Of validation data, with caching or not, and of the training data without caching."""
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


@pytest.mark.parametrize(("batch_size", "dtype"), [(100, np.float64), (600, np.float32)])
@pytest.mark.parametrize("make", [FCNet, ConvNet])
def test_callback_may_predict_in_the_middle_of_a_training(make, batch_size, dtype):
    """In one batch too, where the training is in double precision."""

    class Predict(cb.Callback):
        def on_epoch_end(self, net, **kwargs):
            self.outputs = net.forward(X.astype(dtype)).double().numpy()

    predict = Predict()
    net = make_net(predict, make=make, batch_size=batch_size).fit(X, Y)
    np.testing.assert_allclose(-predict.outputs, net.decision_function(X), atol=1e-5)


def test_progress_bar_of_an_online_fit_expects_the_batches_of_an_epoch(task):
    class Watch(cb.ProgressBar):
        def on_epoch_end(self, net, **kwargs):
            assert self.pbar_.total == pytest.approx(self.pbar_.n, abs=1)
            super().on_epoch_end(net, **kwargs)

    make_net(Watch(), batch_size=50).fit_online(task, 20_000)


def test_callbacks_of_epochs_keep_the_compiled_step(monkeypatch, tmp_path):
    def refuse(*args):
        raise AssertionError("autograd took a step")

    monkeypatch.setattr(_engine.Engine, "_autograd_steps", refuse)
    monkeypatch.setattr(_engine.Engine, "train_step", refuse)
    callbacks = [
        cb.EpochTimer(),
        accuracy(),
        cb.EarlyStopping(),
        cb.Checkpoint(dirname=tmp_path),
        cb.Freezer("bias"),
        cb.LRScheduler("StepLR", step_size=1),
        cb.TensorBoard(MagicMock()),
        cb.MlflowLogger(MagicMock(), MagicMock(), create_artifact=False),
    ]
    assert make_net(*callbacks, validation_fraction=0.25).fit(X, Y).n_steps_ == 10
    for listener in (
        accuracy(on_train=True),
        cb.BatchScoring("accuracy", on_train=True),
        cb.LRScheduler("StepLR", step_size=1, step_every="batch"),
        cb.ProgressBar(),
    ):
        with pytest.raises(AssertionError, match="autograd took a step"):
            make_net(listener).fit(X, Y)


@pytest.mark.parametrize(
    ("base", "arguments", "options"),
    [
        (cb.EpochScoring, ["accuracy"], {"use_caching": False}),
        (cb.LRScheduler, ["StepLR"], {"step_size": 1}),
        (cb.MlflowLogger, [MagicMock(), MagicMock()], {"create_artifact": False}),
    ],
)
def test_subclass_that_adds_a_hook_for_batches_is_called_for_each(base, arguments, options):
    class Counting(base):
        def on_batch_end(self, net, training=None, **kwargs):
            calls.append(training)

    calls = []
    make_net(Counting(*arguments, **options), validation_fraction=0.25).fit(X, Y)
    assert calls == [*[True] * 5, *[False] * 2] * 2


def test_the_inner_net_predicts_scores_and_trains_with_classes_from_zero():
    names = np.array(["short", "long"])[Y]
    net = FCNet(4, batch_size=100, max_epochs=EPOCHS, random_state=0).fit(X, names)
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


def test_grid_search_sets_parameters_of_skorch_alike_in_any_number_of_processes():
    grid = {"optimizer__momentum": [0.0, 0.9]}
    net = FCNet(batch_size=100, max_epochs=3, random_state=0)
    scores = [
        GridSearchCV(net, grid, cv=2, n_jobs=n).fit(X, Y).cv_results_["mean_test_score"]
        for n in (1, 2)
    ]
    assert (scores[0] == scores[1]).all()
    assert len(set(scores[0])) > 1
