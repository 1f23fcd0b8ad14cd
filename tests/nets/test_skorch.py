"""The net inside is a skorch net: callbacks, history, validation and options work as in skorch."""

import sys

import numpy as np
import pytest
import skorch.callbacks
import torch
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    Freezer,
    GradientNormClipping,
    Initializer,
    InputShapeSetter,
    LoadInitState,
    LRScheduler,
    MlflowLogger,
    NeptuneLogger,
    ParamMapper,
    PassthroughScoring,
    PrintLog,
    ProgressBar,
    SacredLogger,
    TensorBoard,
    TrainEndCheckpoint,
    Unfreezer,
    WandbLogger,
)

from rfsk import Autoencoder, ConvNet, FCNet, make_nlgp
from rfsk.exceptions import LikelyMistakeWarning
from rfsk.nets import _engine

EPOCHS = 4


@pytest.fixture(scope="module")
def data():
    return make_nlgp(600, 20, correlation_length=(1.0, 2.0), random_state=0)


def fit(data, callback=None, **options):
    defaults = {"validation_fraction": 0.25, "batch_size": 100, "max_epochs": EPOCHS}
    defaults["callbacks"] = [] if callback is None else [callback]
    return FCNet(4, random_state=0, **defaults | options).fit(*data)


def column(net, name):
    return net.history_[:, name]


def weights(net):
    return net.net_.module_.weight.detach().numpy()


class Recorder:
    """Replaces the run, writer, client or experiment of a logging service."""

    def __init__(self):
        self.calls = []
        self.config = self

    def __getattr__(self, name):
        def call(*args, **kwargs):
            self.calls.append((name, args, kwargs))
            return self

        return call

    def __getitem__(self, key):
        return self

    def __setitem__(self, key, value):
        self.calls.append(("set", (key, value), {}))

    def logged(self, key):
        return sum(key in repr(call) for call in self.calls)


def epoch_scoring(data, tmp_path):
    net = fit(data, EpochScoring("roc_auc", name="valid_auc", lower_is_better=False))
    assert all(0.0 <= value <= 1.0 for value in column(net, "valid_auc"))
    assert "valid_auc_best" in net.history_[-1]


def epoch_scoring_without_caching(data, tmp_path):
    scoring = EpochScoring("accuracy", name="again", lower_is_better=False, use_caching=False)
    net = fit(data, scoring)
    assert column(net, "again") == column(net, "valid_acc")


def epoch_scoring_on_train(data, tmp_path):
    scoring = EpochScoring("accuracy", name="train_acc", lower_is_better=False, on_train=True)
    net = fit(data, scoring, validation_fraction=0.0)
    assert all(0.4 <= value <= 1.0 for value in column(net, "train_acc"))
    assert np.allclose(weights(net), weights(fit(data, validation_fraction=0.0)), atol=1e-5)


def batch_scoring(data, tmp_path):
    net = fit(data, BatchScoring("accuracy", name="batch_acc", lower_is_better=False))
    assert len(net.history_[-1, "batches", :, "batch_acc"]) == 2  # of the validation data
    assert 0.0 <= column(net, "batch_acc")[-1] <= 1.0


def passthrough_scoring(data, tmp_path):
    net = fit(data, PassthroughScoring("train_loss", on_train=True))
    assert column(net, "train_loss") == net.loss_curve_.tolist()


def epoch_timer(data, tmp_path):
    assert all(value > 0.0 for value in column(fit(data, EpochTimer()), "dur"))


def early_stopping(data, tmp_path):
    stopper = EarlyStopping(patience=2, threshold=10.0, sink=lambda *_: None)
    net = fit(data, stopper, max_epochs=50)
    assert 2 <= len(net.history_) <= 3


def early_stopping_loads_the_best(data, tmp_path):
    stopper = EarlyStopping(patience=2, threshold=10.0, load_best=True, sink=lambda *_: None)
    net = fit(data, stopper, max_epochs=50)
    assert (weights(net) == weights(fit(data, max_epochs=1))).all()


def lr_scheduler_each_epoch(data, tmp_path):
    net = fit(data, LRScheduler(torch.optim.lr_scheduler.ExponentialLR, gamma=0.5))
    rates = np.array(column(net, "event_lr"))
    assert rates[1:] == pytest.approx(rates[:-1] * 0.5)


def lr_scheduler_each_batch(data, tmp_path):
    policy = torch.optim.lr_scheduler.ExponentialLR
    net = fit(data, LRScheduler(policy, gamma=0.5, step_every="batch"))
    rates = [row["event_lr"] for row in net.history_[0]["batches"] if "event_lr" in row]
    assert rates[1] == pytest.approx(0.5 * rates[0])


def warm_restart(data, tmp_path):
    net = fit(data, LRScheduler("WarmRestartLR", min_lr=0.1, max_lr=1.0, base_period=2))
    assert len(set(column(net, "event_lr"))) > 1


def plateau(data, tmp_path):
    scheduler = LRScheduler("ReduceLROnPlateau", monitor="valid_loss", patience=0, threshold=10.0)
    net = fit(data, scheduler)
    assert net.net_.optimizer_.param_groups[0]["lr"] < 0.5 * net.learning_rate * net.n_hidden


def checkpoint(data, tmp_path):
    net = fit(data, Checkpoint(dirname=tmp_path))
    kept = torch.load(tmp_path / "params.pt")
    assert kept["weight"].shape == weights(net).shape
    assert "event_cp" in net.history_[-1]


def train_end_checkpoint(data, tmp_path):
    net = fit(data, TrainEndCheckpoint(dirname=tmp_path))
    assert (torch.load(tmp_path / "train_end_params.pt")["weight"].numpy() == weights(net)).all()
    assert {path.name for path in tmp_path.iterdir()} >= {"train_end_history.json"}


def load_init_state(data, tmp_path):
    kept = TrainEndCheckpoint(dirname=tmp_path)
    first = fit(data, kept)
    again = fit(data, callbacks=[("load", LoadInitState(kept)), ("keep", kept)])
    assert len(again.history_) == 2 * EPOCHS
    assert not (weights(again) == weights(first)).all()
    assert column(again, "train_loss")[:EPOCHS] == column(first, "train_loss")


def freezer(data, tmp_path):
    net = fit(data, Freezer("weight"))
    start = fit(data, learning_rate=1e-12, weight_decay=0.0)
    assert np.allclose(weights(net), weights(start), atol=1e-8)
    assert not np.allclose(net.biases_, start.biases_, atol=1e-4)


def unfreezer(data, tmp_path):
    callbacks = [("freeze", Freezer("weight")), ("thaw", Unfreezer("weight", at=3))]
    net = fit(data, callbacks=callbacks, validation_fraction=0.0)
    frozen = fit(data, Freezer("weight"), validation_fraction=0.0)
    assert not np.allclose(weights(net), weights(frozen), atol=1e-4)


def initializer(data, tmp_path):
    net = fit(data, Initializer("bias", fn=torch.nn.init.zeros_), learning_rate=1e-9)
    assert np.abs(net.biases_).max() < 1e-6


def param_mapper(data, tmp_path):
    seen = []
    fit(data, ParamMapper("*", fn=lambda p: seen.append(tuple(p.shape)), at=1))
    assert seen == [(4, 20), (4,)]


def gradient_norm_clipping(data, tmp_path):
    start = fit(data, learning_rate=1e-12, weight_decay=0.0)
    net = fit(data, GradientNormClipping(1e-9), weight_decay=0.0)
    assert np.allclose(weights(net), weights(start), atol=1e-5)


def print_log(data, tmp_path):
    lines = []
    fit(data, PrintLog(sink=lines.append), verbose=1)
    assert "train_loss" in lines[0]
    assert "valid_acc" in lines[0]
    assert len(lines) == 2 + EPOCHS


def progress_bar(data, tmp_path):
    net = fit(data, ProgressBar())
    assert net.net_.history[-1, "train_batch_count"] == 5


def tensor_board(data, tmp_path):
    writer = Recorder()
    fit(data, TensorBoard(writer, close_after_train=False))
    assert writer.logged("Loss/train_loss") == EPOCHS


def wandb_logger(data, tmp_path):
    run = Recorder()
    fit(data, WandbLogger(run, save_model=False))
    assert run.logged("valid_loss") >= EPOCHS


def sacred_logger(data, tmp_path):
    experiment = Recorder()
    fit(data, SacredLogger(experiment))
    assert experiment.logged("train_loss") >= EPOCHS


def mlflow_logger(data, tmp_path):
    run, client = Recorder(), Recorder()
    run.info = run
    run.run_id = "1"
    fit(data, MlflowLogger(run, client, create_artifact=False))
    assert client.logged("train_loss") >= EPOCHS


def neptune_logger(data, tmp_path):
    run, service = Recorder(), Recorder()
    service.File = run
    with pytest.MonkeyPatch.context() as patch:  # the client of the service is not installed
        for name in ("neptune", "neptune.types"):
            patch.setitem(sys.modules, name, service)
        fit(data, NeptuneLogger(run, close_after_train=False))
    assert run.logged("model/model_type") == 1
    assert run.logged("append") >= EPOCHS


def plain_callback(data, tmp_path):
    events = []

    class Listener(Callback):
        def on_train_begin(self, net, X=None, y=None, **kwargs):
            events.append(("begin", len(X)))

        def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
            events.append((len(dataset_train), len(dataset_valid)))

        def on_train_end(self, net, X=None, y=None, **kwargs):
            events.append("end")

    fit(data, Listener())
    assert events == [("begin", 450), *[(450, 150)] * EPOCHS, "end"]


def input_shape_setter(data, tmp_path):
    with pytest.raises(ValueError, match="InputShapeSetter cannot work here"):
        fit(data, InputShapeSetter())


CHECKS = {
    "BatchScoring": [batch_scoring],
    "Callback": [plain_callback],
    "Checkpoint": [checkpoint],
    "EarlyStopping": [early_stopping, early_stopping_loads_the_best],
    "EpochScoring": [epoch_scoring, epoch_scoring_without_caching, epoch_scoring_on_train],
    "EpochTimer": [epoch_timer],
    "Freezer": [freezer],
    "GradientNormClipping": [gradient_norm_clipping],
    "Initializer": [initializer],
    "InputShapeSetter": [input_shape_setter],
    "LRScheduler": [lr_scheduler_each_epoch, lr_scheduler_each_batch, plateau],
    "LoadInitState": [load_init_state],
    "MlflowLogger": [mlflow_logger],
    "NeptuneLogger": [neptune_logger],
    "ParamMapper": [param_mapper],
    "PassthroughScoring": [passthrough_scoring],
    "PrintLog": [print_log],
    "ProgressBar": [progress_bar],
    "SacredLogger": [sacred_logger],
    "TensorBoard": [tensor_board],
    "TrainEndCheckpoint": [train_end_checkpoint],
    "Unfreezer": [unfreezer],
    "WandbLogger": [wandb_logger],
    "WarmRestartLR": [warm_restart],
}


def test_every_bundled_callback_has_a_check():
    assert set(CHECKS) == set(skorch.callbacks.__all__)


@pytest.mark.parametrize(
    "check", [check for checks in CHECKS.values() for check in checks], ids=lambda c: c.__name__
)
def test_bundled_callback_does_what_skorch_users_expect(check, data, tmp_path):
    check(data, tmp_path)


@pytest.mark.parametrize(
    "callback",
    [
        EpochScoring("accuracy"),
        EarlyStopping(),
        Checkpoint(),
        LRScheduler("ReduceLROnPlateau", monitor="valid_loss"),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_what_needs_validation_data_is_refused_before_training(callback, data):
    net = FCNet(4, callbacks=[callback], random_state=0)
    with pytest.raises(ValueError, match=rf"{type(callback).__name__} .*Set validation_fraction"):
        net.fit(*data)
    with pytest.raises(ValueError, match="Set validation_fraction"):
        net.set_params(validation_fraction=0.5).partial_fit(*data)
    assert not hasattr(net, "net_")


def test_history_has_the_keys_of_skorch(data):
    keys = {"epoch", "train_loss", "train_loss_best", "train_batch_count", "dur", "step"}
    assert keys <= set(fit(data, validation_fraction=0.0).history_[-1])
    assert {"valid_loss", "valid_loss_best", "valid_acc"} <= set(fit(data).history_[-1])


def test_validation_data_are_stratified_and_not_trained_on(data):
    X, y = data
    marked = X.copy()
    sizes = []

    class Listener(Callback):
        def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
            sizes.append(np.bincount(dataset_valid.y.numpy()).tolist())
            train = {row.tobytes() for row in dataset_train.inputs.numpy()}
            assert not train & {row.tobytes() for row in dataset_valid.inputs.numpy()}

    fit((marked, y), Listener())
    assert sizes[0] == [75, 75]


def test_momentum_is_that_of_torch(data):
    X, y = data
    net = FCNet(4, batch_size=150, max_epochs=2, optimizer__momentum=0.9, random_state=0)
    net.fit(X, y)
    twin = FCNet(4, batch_size=150, max_epochs=2, random_state=0).fit(X, y)
    assert np.abs(weights(net) - weights(twin)).max() > 0.01
    rng = np.random.default_rng(0)
    start = FCNet(4, learning_rate=1e-12, weight_decay=0.0, max_epochs=1, random_state=0)
    module = start.fit(X, y).net_.module_
    rng.integers(2**63)
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    inputs = torch.tensor(X, dtype=torch.float32)
    targets = 1.0 - 2.0 * torch.tensor(y, dtype=torch.float32)
    optimizer = torch.optim.SGD(
        [
            {"params": [module.weight], "lr": 5.0 * 4, "weight_decay": 2e-4 / 4},
            {"params": [module.bias], "lr": 5.0 * 4 / 20},
        ],
        momentum=0.9,
    )
    for _ in range(2):
        for rows in torch.randperm(len(X), generator=generator).split(150):
            optimizer.zero_grad()
            (module(inputs[rows]) - targets[rows]).square().mean().backward()
            optimizer.step()
    assert np.allclose(weights(net), module.weight.detach().numpy(), atol=1e-5)


def test_scheduler_each_epoch_stays_on_the_compiled_step(data, monkeypatch):
    def refuse(*args):
        raise AssertionError("autograd took a step")

    monkeypatch.setattr(_engine.Engine, "_autograd_steps", refuse)
    monkeypatch.setattr(_engine.Engine, "train_step", refuse)
    scheduler = LRScheduler(torch.optim.lr_scheduler.ExponentialLR, gamma=0.5)
    net = fit(data, scheduler, validation_fraction=0.0)
    by_hand = FCNet(4, batch_size=100, random_state=0)
    for epoch in range(EPOCHS):
        by_hand.set_params(learning_rate=5.0 * 0.5**epoch).partial_fit(*data)
    assert not (weights(net) == weights(fit(data, validation_fraction=0.0))).all()
    assert net.net_.optimizer_.param_groups[0]["lr"] == pytest.approx(20.0 * 0.5**EPOCHS)
    assert net.loss_curve_[0] == pytest.approx(by_hand.loss_curve_[0], abs=1e-6)


def test_the_inner_net_predicts_scores_and_trains_with_classes_from_zero(data):
    X, y = data
    names = np.array(["short", "long"])[y]
    net = FCNet(4, batch_size=100, max_epochs=EPOCHS, random_state=0).fit(X, names)
    inner = net.net_
    rows = X.astype(np.float32)
    index = np.searchsorted(net.classes_, names)
    assert (net.classes_[inner.predict(rows)] == net.predict(X)).mean() > 0.99
    assert inner.predict_proba(rows) == pytest.approx(net.predict_proba(X), abs=1e-5)
    assert inner.score(rows, index) == pytest.approx(net.score(X, names), abs=0.01)
    with pytest.raises(ValueError, match="net_ numbers the classes from 0 to 1"):
        inner.score(rows, names)
    before = weights(net).copy()
    inner.partial_fit(rows, index, epochs=1)
    assert not (weights(net) == before).all()
    reconstructed = Autoencoder(4, max_epochs=1, random_state=0).fit(X)
    assert reconstructed.net_.predict(rows) == pytest.approx(reconstructed.reconstruct(X), abs=1e-4)


@pytest.mark.parametrize("make", [FCNet, ConvNet])
def test_weights_of_samples_stand_for_repeated_rows(make, data):
    X, y = (part[:60] for part in data)
    times = np.random.default_rng(0).integers(0, 4, size=60)
    options = {"max_epochs": 5, "random_state": 0}
    weighted = make(4, **options).fit(X, y, sample_weight=times)
    repeated = make(4, **options).fit(X.repeat(times, axis=0), y.repeat(times))
    assert weighted.receptive_fields_ == pytest.approx(repeated.receptive_fields_, rel=1e-7)
    plain = make(4, **options).fit(X, y)
    assert not np.allclose(weighted.receptive_fields_, plain.receptive_fields_, rtol=1e-3)


def test_balanced_weights_of_classes_save_the_minority():
    X, y = make_nlgp(8000, 20, correlation_length=(1.0, 2.0), random_state=0)
    kept = (y == 0) | (np.arange(len(y)) % 20 == 0)
    fresh = make_nlgp(2000, 20, correlation_length=(1.0, 2.0), random_state=1)
    options = {"batch_size": 100, "max_epochs": 40, "random_state": 0}
    with pytest.warns(LikelyMistakeWarning, match="20 times as many rows.*class_weight='balanced'"):
        ignored = FCNet(8, **options).fit(X[kept], y[kept])
    seen = FCNet(8, class_weight="balanced", **options).fit(X[kept], y[kept])
    assert ignored.predict(fresh[0]).mean() < 0.1
    assert 0.25 < seen.predict(fresh[0]).mean() < 0.75
    assert seen.score(*fresh) > ignored.score(*fresh) + 0.1
    by_label = FCNet(8, class_weight={0: 1.0, 1: 19.0}, **options).fit(X[kept], y[kept])
    assert by_label.score(*fresh) == pytest.approx(seen.score(*fresh), abs=0.05)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"class_weight": "even"}, ValueError, "class_weight='even'; expected None, 'balanced'"),
        ({"class_weight": {0: -1.0}}, ValueError, "expected weights >= 0"),
        ({"validation_fraction": 1.0}, ValueError, "validation_fraction=1.0; expected a number"),
        ({"patience": 3}, TypeError, "FCNet has no parameter 'patience'"),
        ({"optimizer__lr": 3.0}, TypeError, "'optimizer__lr' is set by learning_rate"),
        ({"optimizer__speed": 3.0}, ValueError, "optimizer__speed.* do not fit"),
    ],
)
def test_bad_options_are_refused_before_training(parameters, error, message, data):
    net = FCNet(4, **parameters)
    with pytest.raises(error, match=message):
        net.fit(*data)
    assert not hasattr(net, "net_")


def test_grid_search_sets_parameters_of_skorch_alike_in_any_number_of_processes(data):
    grid = {"optimizer__momentum": [0.0, 0.9], "n_hidden": [2, 4]}
    net = FCNet(batch_size=100, max_epochs=3, random_state=0)
    scores = [
        GridSearchCV(net, grid, cv=2, n_jobs=n).fit(*data).cv_results_["mean_test_score"]
        for n in (1, 2)
    ]
    assert (scores[0] == scores[1]).all()
    assert len(set(scores[0])) > 1
