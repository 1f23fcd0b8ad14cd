"""How a training runs: rates over time, early stopping, callbacks, blocks, what is shown."""

import pickle
import re
import signal

import numpy as np
import pytest
import sklearn
import torch
from sklearn.utils.fixes import parse_version
from skorch.callbacks import Callback, EarlyStopping, LRScheduler

from rfsk import Autoencoder, ConvNet, FCNet, make_nlgp
from rfsk.nets._batches import SampleBatches
from rfsk.nets._compiled_step import CompiledStep

has_callbacks = pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.9"), reason="needs scikit-learn 1.9"
)


@pytest.fixture(scope="module")
def ring():
    return make_nlgp(1500, 20, correlation_length=(1.0, 2.0), random_state=0)


def by_hand(X, y, rates, seed):
    """One full-batch step an epoch at each of these rates, going on from one to the next."""
    net = FCNet(6, batch_size=len(X), max_epochs=1, warm_start=True, random_state=seed)
    for rate in rates:
        net.set_params(learning_rate=rate).fit(X, y)
    return net


SCHEDULES = {
    "constant": (lambda: LRScheduler("StepLR", step_size=9), [1.0, 1.0, 1.0, 1.0]),
    "halving": (lambda: LRScheduler("StepLR", step_size=1, gamma=0.5), [1.0, 0.5, 0.25, 0.125]),
    "cosine": (
        lambda: LRScheduler("CosineAnnealingLR", T_max=4),
        [1.0, 0.5 + 0.5**1.5, 0.5, 0.5 - 0.5**1.5],
    ),
    "own": (
        lambda: LRScheduler("LambdaLR", lr_lambda=lambda epoch: 1.0 / (1.0 + epoch)),
        [1.0, 1.0 / 2.0, 1.0 / 3.0, 1.0 / 4.0],
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_scheduler_sets_the_rates_of_an_epoch(ring, name):
    X, y = ring
    make, factors = SCHEDULES[name]
    net = FCNet(6, callbacks=[make()], batch_size=len(X), max_epochs=4, random_state=0).fit(X, y)
    expected = by_hand(X, y, [5.0 * factor for factor in factors], seed=0)
    np.testing.assert_allclose(net.receptive_fields_, expected.receptive_fields_, atol=1e-6)
    np.testing.assert_allclose(net.biases_, expected.biases_, atol=1e-6)


@pytest.mark.parametrize("name", SCHEDULES)
def test_scheduler_sets_the_rates_of_the_compiled_step(ring, name, monkeypatch):
    """As in passes by hand, where every epoch takes the samples in their order."""
    monkeypatch.setattr(SampleBatches, "_order", lambda batches: torch.arange(1500))
    make, factors = SCHEDULES[name]
    net = FCNet(6, callbacks=[make()], batch_size=400, max_epochs=4, random_state=0).fit(*ring)
    expected = FCNet(6, batch_size=400, random_state=0)
    for factor in factors:
        expected.set_params(learning_rate=5.0 * factor).partial_fit(*ring)
    assert CompiledStep.fits(net.net_)
    np.testing.assert_allclose(net.receptive_fields_, expected.receptive_fields_, atol=1e-7)
    np.testing.assert_allclose(net.biases_, expected.biases_, atol=1e-7)


@pytest.mark.parametrize("batch_size", [500, 1500])
def test_scheduler_scales_the_soft_threshold_too(ring, batch_size):
    """By the compiled step, and in one batch by autograd."""
    options = {"batch_size": batch_size, "l1": 0.01, "max_epochs": 2, "random_state": 0}
    halving = LRScheduler("LambdaLR", lr_lambda=lambda epoch: 0.5)
    net = FCNet(6, learning_rate=1.0, callbacks=[halving], **options).fit(*ring)
    half = FCNet(6, learning_rate=0.5, **options).fit(*ring)
    np.testing.assert_allclose(net.receptive_fields_, half.receptive_fields_, atol=1e-7)
    assert (net.receptive_fields_ == 0.0).any()


def test_plain_sgd_moves_every_parameter_by_its_gradient(ring):
    """A step of "sgd" at rate r is one of SGD at rate r K, for biases at r K / D."""
    X, y = ring
    options = {"batch_size": len(X), "max_epochs": 1, "random_state": 0, "weight_decay": 0.0}
    scaled = FCNet(6, learning_rate=0.5, **options).fit(X, y)
    plain = FCNet(6, learning_rate=3.0, optimizer=torch.optim.SGD, **options).fit(X, y)
    np.testing.assert_allclose(plain.receptive_fields_, scaled.receptive_fields_, atol=1e-7)
    start = np.array([1.0, 1.0, 1.0, -1.0, -1.0, -1.0])
    np.testing.assert_allclose(plain.biases_ - start, 20 * (scaled.biases_ - start), atol=1e-5)


def test_time_is_steps_over_the_number_of_features(ring):
    net = FCNet(6, max_epochs=2, random_state=0).fit(*ring)
    assert net.n_steps_ == 6
    assert net.time_ == 6 / 20


def stopping(**options):
    return EarlyStopping("train_loss", sink=lambda *_: None, **options)


@pytest.mark.parametrize("online", [False, True])
def test_early_stopping_ends_training_on_a_plateau(ring, online):
    X, y = ring
    task = make_nlgp(2, 20, correlation_length=(1.0, 2.0), return_X_y=False).task
    net = FCNet(6, learning_rate=1e-6, callbacks=[stopping(patience=3)], max_epochs=50, record=5)
    net.set_params(random_state=0)
    net = net.fit_online(task, 200_000) if online else net.fit(X, y)
    losses = net.loss_curve_
    assert 4 <= len(losses) < (100 if online else 50)
    best = np.argmin(losses)  # to a part in 10^4, below which lows do not count
    assert losses[-3:].min() > (1.0 - 2e-4) * losses[: best + 1].min()
    assert net.snapshot_steps_[-1] == net.n_steps_
    np.testing.assert_array_equal(net.receptive_field_history_[-1], net.receptive_fields_)
    assert not net.net_.interrupted_


def test_early_stopping_changes_nothing_while_the_loss_falls(ring):
    plain = FCNet(6, max_epochs=5, random_state=0).fit(*ring)
    patient = FCNet(6, max_epochs=5, callbacks=[stopping()], random_state=0).fit(*ring)
    np.testing.assert_array_equal(plain.receptive_fields_, patient.receptive_fields_)


def test_exploded_net_is_reported_although_its_loss_is_finite():
    """A fast readout with the squared loss: units saturate at weights of 10^3."""
    task = make_nlgp(2, 40, correlation_length=(2.0, 4.0), return_X_y=False).task
    net = FCNet(20, readout="linear", loss="squared", batch_size=200, random_state=0)
    with pytest.raises(ValueError, match=r"training loss is \d+.* the net diverged. Lower learn"):
        net.fit_online(task, 200_000)
    assert not hasattr(net, "receptive_fields_")


class Recorder:
    """A callback of scikit-learn's protocol that keeps the arguments of its calls."""

    def __init__(self, stop_after=None):
        self.events, self.scores, self.kept, self.stop_after = [], [], [], stop_after

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None):
        self.events.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self.events.append(("end", context.task_name, context.task_id))
        if context.task_name == "epoch":
            self.kept.append(fitted_estimator)
            self.scores.append((fitted_estimator.n_steps_, fitted_estimator.score(X, y)))
            return context.task_id + 1 == self.stop_after
        return False


@has_callbacks
@pytest.mark.parametrize("make", [FCNet, ConvNet])
def test_scikit_learn_callbacks_are_called_for_every_epoch(ring, make):
    recorder = Recorder()
    net = make(6, max_epochs=3, random_state=0).set_callbacks(recorder).fit(*ring)
    epochs = [(when, "epoch", i) for i in range(3) for when in ("begin", "end")]
    assert recorder.events == ["setup", ("begin", "fit", 0), *epochs, ("end", "fit", 0), "teardown"]
    assert [step for step, _ in recorder.scores] == [3, 6, 9]
    assert recorder.scores[-1][1] == net.score(*ring)
    scores = [kept.score(*ring) for kept in recorder.kept]
    assert scores == [score for _, score in recorder.scores]
    assert [len(kept.history_) for kept in recorder.kept] == [1, 2, 3]
    plain = make(6, max_epochs=3, random_state=0).fit(*ring)
    np.testing.assert_array_equal(net.receptive_fields_, plain.receptive_fields_)


@has_callbacks
def test_epochs_begin_and_end_for_scikit_learn_whoever_ends_the_training(ring):
    stopper = EarlyStopping(monitor="train_loss", patience=1, threshold=1.0, sink=lambda *_: None)
    recorder = Recorder()
    net = FCNet(6, callbacks=[stopper], max_epochs=9, random_state=0)
    net.set_callbacks(recorder).fit(*ring)
    begun = [event for event in recorder.events if event[:2] == ("begin", "epoch")]
    ended = [event for event in recorder.events if event[:2] == ("end", "epoch")]
    assert len(begun) == len(ended) == len(net.history_) < 9


@has_callbacks
def test_scikit_learn_callback_can_end_the_training(ring):
    net = FCNet(6, max_epochs=9, random_state=0).set_callbacks(Recorder(stop_after=2)).fit(*ring)
    assert net.n_steps_ == 6


@has_callbacks
def test_raising_scikit_learn_callback_is_torn_down_and_the_net_kept(ring):
    class Raising(Recorder):
        def on_fit_task_end(self, estimator, context):
            raise RuntimeError("no space left")

    recorder = Raising()
    net = FCNet(6, max_epochs=9, random_state=0).set_callbacks(recorder)
    with pytest.raises(RuntimeError, match="no space left"):
        net.fit(*ring)
    assert net.n_steps_ == 3
    assert recorder.events[-1] == "teardown"
    assert net.score(*ring) > 0.4


@has_callbacks
def test_scoring_monitor_of_scikit_learn_works_on_a_net(ring):
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy")
    net = FCNet(6, max_epochs=3, random_state=0).set_callbacks(monitor).fit(*ring)
    scores = monitor.get_logs().data_as_pandas["accuracy"].tolist()
    assert scores[-1] == net.score(*ring)
    assert len(scores) == 3
    coder = Autoencoder(6, max_epochs=2, random_state=0).set_callbacks(Recorder())
    assert coder.fit(ring[0]).n_steps_ == 6


@pytest.mark.parametrize("make", [FCNet, ConvNet, Autoencoder])
def test_printed_table_shows_step_and_losses(ring, make, capsys):
    net = make(6, max_epochs=2, verbose=1, batch_size=500, random_state=0).fit(*ring)
    header, _, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["epoch", "step", "train_loss", "dur"]
    colors = re.compile(r"\x1b\[\d*m")
    shown = [colors.sub("", row).split() for row in rows]
    assert [row[:2] for row in shown] == [["1", "3"], ["2", "6"]]
    assert [float(row[2]) for row in shown] == pytest.approx(net.loss_curve_.tolist(), abs=6e-5)


@pytest.mark.parametrize("loss", ["squared", "cross_entropy"])
def test_validation_accuracy_of_three_classes_is_the_score_on_the_data_kept(loss):
    X, y = make_nlgp(600, 20, correlation_length=(0.5, 1.0, 2.0), random_state=0)

    class Keep(Callback):
        def on_epoch_end(self, net, dataset_valid, **kwargs):
            self.kept = dataset_valid

    keep = Keep()
    net = FCNet(6, loss=loss, readout="linear", max_epochs=2, callbacks=[keep], random_state=0)
    net.set_params(validation_fraction=0.25).fit(X, y)
    kept, labels = keep.kept.inputs.double().numpy(), keep.kept.y.numpy()
    assert net.history_[-1]["valid_acc"] == pytest.approx(net.score(kept, labels), abs=1e-12)
    assert len(kept) == 150


@pytest.mark.parametrize("make", [FCNet, ConvNet])
def test_training_leaves_no_data_in_the_net(ring, make):
    X, y = np.tile(ring[0], (4, 1)), np.tile(ring[1], 4)
    options = {"callbacks": [LRScheduler("CosineAnnealingLR", T_max=1)], "random_state": 0}
    net = make(6, max_epochs=1, record=2, validation_fraction=0.25, **options).fit(X, y)
    assert net.net_.last_batch_ is None
    assert net.net_.snapshots_ is None
    assert net.net_.stop_ is None
    assert len(pickle.dumps(net)) < X.astype(np.float32).nbytes / 10


@pytest.mark.parametrize("chunks", [(500, 20), (400, 7)])
def test_dask_array_is_passed_over_block_by_block(ring, chunks):
    dask_array = pytest.importorskip("dask.array")
    X, y = ring
    lazy_X = dask_array.from_array(X, chunks=chunks)
    read = []
    lazy_X = lazy_X.map_blocks(lambda block: (read.append(len(block)), block)[1], dtype=X.dtype)
    read.clear()
    net = FCNet(6, random_state=0).partial_fit(lazy_X, y, classes=[0, 1])
    assert max(read) == chunks[0]
    by_hand = FCNet(6, random_state=0)
    for start in range(0, 1500, chunks[0]):
        rows = slice(start, start + chunks[0])
        by_hand.partial_fit(X[rows], y[rows], classes=[0, 1])
    np.testing.assert_array_equal(net.receptive_fields_, by_hand.receptive_fields_)
    lazy_y = dask_array.from_array(y, chunks=300)
    net = FCNet(6, random_state=0).partial_fit(lazy_X, lazy_y, classes=[0, 1])
    np.testing.assert_array_equal(net.receptive_fields_, by_hand.receptive_fields_)
    coder = Autoencoder(4, random_state=0).partial_fit(lazy_X)
    assert coder.n_steps_ == by_hand.n_steps_


def test_lazy_labels_and_lengths_must_be_known(ring):
    dask_array = pytest.importorskip("dask.array")
    X = dask_array.from_array(ring[0], chunks=(500, 20))
    with pytest.raises(ValueError, match=r"labels of a lazy array are not known .* pass all"):
        FCNet().partial_fit(X, ring[1])
    with pytest.raises(ValueError, match=r"The arrays have \[1500, 1400\] rows"):
        FCNet().partial_fit(X, ring[1][:1400], classes=[0, 1])
    with pytest.raises(ValueError, match=r"have \[nan, nan\] rows; .*compute_chunk_sizes"):
        FCNet().partial_fit(X[X[:, 0] > 0], X[X[:, 0] > 0][:, 0], classes=[0, 1])


def test_dask_array_may_have_empty_blocks(ring):
    dask_array = pytest.importorskip("dask.array")
    X, y = ring
    lazy = dask_array.from_array(X, chunks=(500, 20))
    keep = (np.arange(1500) < 500) | (np.arange(1500) >= 1000)
    some = lazy[dask_array.from_array(keep, chunks=500)].compute_chunk_sizes()
    assert some.chunks[0] == (500, 0, 500)
    net = FCNet(6, random_state=0).partial_fit(some, y[keep], classes=[0, 1])
    assert net.n_steps_ == 2


def fitted_and_its_decision(ring, **options):
    net = FCNet(4, max_epochs=1, random_state=0, **options).fit(*ring)
    return net, net.decision_function(ring[0])


@pytest.mark.parametrize(
    ("changes", "data", "message"),
    [
        ({}, lambda X, y: (X[:, :10], np.zeros(len(X))), "y has 1 class"),
        ({"mask": np.ones((3, 20), bool)}, lambda X, y: (X, y), "mask has shape"),
        ({"optimizer": torch.optim.LBFGS}, lambda X, y: (X, y), "LBFGS doesn't support"),
        ({"callbacks": [EarlyStopping()]}, lambda X, y: (X, y), "EarlyStopping needs valid_loss"),
    ],
)
def test_refused_refit_leaves_the_fitted_net_as_it_was(ring, changes, data, message):
    net, decision = fitted_and_its_decision(ring)
    net.set_params(max_epochs=4, **changes)
    with pytest.raises(ValueError, match=message):
        net.fit(*data(*ring))
    assert net.n_features_in_ == 20
    np.testing.assert_array_equal(net.decision_function(ring[0]), decision)


def test_refused_online_fit_of_an_autoencoder_leaves_it_as_it_was(ring):
    task = make_nlgp(2, 24, correlation_length=(1.0, 2.0), return_X_y=False).task
    net = Autoencoder(4, max_epochs=1, warm_start=True, random_state=0).fit(ring[0])
    codes = net.transform(ring[0])
    with pytest.raises(ValueError, match="fitted net has n_features=20"):
        net.fit_online(task, 1000)
    np.testing.assert_array_equal(net.transform(ring[0]), codes)


def test_online_fit_forgets_the_names_of_earlier_features(ring):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(ring[0]).add_prefix("site ")
    task = make_nlgp(2, 24, correlation_length=(1.0, 2.0), return_X_y=False).task
    for make in (FCNet, Autoencoder):
        net = make(4, max_epochs=1, random_state=0).fit(frame, ring[1]).fit_online(task, 1000)
        assert not hasattr(net, "feature_names_in_")
        assert net.transform(np.zeros((2, 24))).shape == (2, 4)


@pytest.mark.parametrize("changes", [{"optimizer": "adam"}, {"image_shape": (4, 5)}])
def test_warm_start_refuses_what_it_would_ignore(ring, changes):
    net, _ = fitted_and_its_decision(ring, warm_start=True)
    (name,) = changes
    with pytest.raises(ValueError, match=f"fitted net has {name}=.* training on cannot change"):
        net.set_params(**changes).fit(*ring)


def test_warm_start_takes_the_callbacks_set_now(ring):
    class Count(Callback):
        n = 0

        def on_epoch_end(self, net, **kwargs):
            self.n += 1

    net, _ = fitted_and_its_decision(ring, warm_start=True)
    count = Count()
    net.set_params(callbacks=[count]).fit(*ring)
    assert count.n == 1
    net.set_params(callbacks=None).fit(*ring)
    assert count.n == 1


@pytest.mark.parametrize(
    "net",
    [
        FCNet(4, activation="linear", max_epochs=1, learning_rate=1e10, batch_size=1500),
        Autoencoder(4, optimizer="sgd", activation="linear", max_epochs=1, learning_rate=1e30),
    ],
    ids=str,
)
def test_net_that_explodes_in_its_last_step_is_reported(ring, net):
    with pytest.raises(ValueError, match="the net diverged"):
        net.fit(*ring)


@pytest.mark.parametrize("make", [FCNet, ConvNet, Autoencoder])
def test_interrupt_is_reported_where_fit_was_called(ring, make):
    with pytest.warns(UserWarning, match="interrupted after 1 steps") as caught:
        make(4, callbacks=[PressCtrlC()], random_state=0, batch_size=1500).fit(*ring)
    assert caught[0].filename == __file__
    net = make(4, callbacks=[PressCtrlC()], random_state=0, batch_size=500)
    with pytest.warns(UserWarning, match="interrupted after 3 steps") as caught:
        net.partial_fit(*ring)
    assert caught[0].filename == __file__


class PressCtrlC(Callback):
    def on_epoch_end(self, net, **kwargs):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(("batch_size", "expected"), [(100, 1), (1000, 2)])
def test_small_steps_are_taken_by_one_thread(ring, batch_size, expected):
    class Watch(Callback):
        threads = None

        def on_epoch_end(self, net, **kwargs):
            self.threads = torch.get_num_threads()

    watch, before = Watch(), torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        FCNet(200, batch_size=batch_size, max_epochs=1, callbacks=[watch]).fit(*ring)
        assert watch.threads == expected
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
