"""Training: learning rates, warm starts, blocks, output, and evaluation of an online fit."""

import pickle
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from skorch.callbacks import EarlyStopping, LRScheduler, PrintLog

from rfsk import Autoencoder, ConvNet, Discrimination, FCNet, Phi4, make_nlgp
from rfsk.nets._batches import SampleBatches
from rfsk.nets._compiled_step import CompiledStep

WIDER = make_nlgp(2, 24, correlation_length=(1.0, 2.0), return_X_y=False).task


def test_scheduler_sets_the_rates_of_an_epoch(ring, monkeypatch):
    """The compiled step is used; all epochs have the same order of the samples."""
    monkeypatch.setattr(SampleBatches, "_order", lambda batches: torch.arange(1500))
    factors = (1.0, 0.5, 0.2, 0.1)
    scheduler = LRScheduler("LambdaLR", lr_lambda=lambda epoch: factors[min(epoch, 3)])
    options = {"batch_size": 400, "l1": 3e-3, "random_state": 0}
    net = FCNet(6, callbacks=[scheduler], max_epochs=4, **options).fit(*ring)
    expected = FCNet(6, max_epochs=1, warm_start=True, **options)
    for factor in factors:
        expected.set_params(learning_rate=5.0 * factor).fit(*ring)
    assert CompiledStep.fits(net.net_)
    np.testing.assert_allclose(net.receptive_fields_, expected.receptive_fields_, atol=1e-6)
    np.testing.assert_allclose(net.biases_, expected.biases_, atol=1e-6)
    assert (net.receptive_fields_ == 0.0).any()


@pytest.mark.parametrize("make", [FCNet, Autoencoder])
def test_verbose_prints_steps_and_losses_and_the_default_prints_nothing(ring, make, capsys):
    net = make(6, max_epochs=2, batch_size=500, random_state=0).fit(*ring)
    assert capsys.readouterr() == ("", "")
    net.set_params(verbose=1).fit(*ring)
    shown = capsys.readouterr()
    header, _, *rows = shown.out.splitlines()
    assert header.split() == ["epoch", "step", "train_loss", "dur"]
    rows = [re.sub(r"\x1b\[\d*m", "", row).split() for row in rows]
    assert [row[:2] for row in rows] == [["1", "3"], ["2", "6"]]
    assert [float(row[2]) for row in rows] == pytest.approx(net.loss_curve_.tolist(), abs=6e-5)
    assert shown.err == ""


@pytest.mark.parametrize("make", [FCNet, ConvNet])
def test_training_leaves_no_data_in_the_net(ring, make):
    X, y = np.tile(ring[0], (4, 1)), np.tile(ring[1], 4)
    options = {"callbacks": [LRScheduler("CosineAnnealingLR", T_max=1)], "random_state": 0}
    net = make(6, max_epochs=1, record=2, validation_fraction=0.25, **options).fit(X, y)
    assert net.net_.last_batch_ is net.net_.snapshots_ is net.net_.stop_ is None
    assert len(pickle.dumps(net)) < X.astype(np.float32).nbytes / 10


def test_partial_fit_equals_an_epoch_of_fit(make_net, ring):
    X, y = ring
    once = make_net(max_epochs=1).fit(X, y)
    block = make_net().partial_fit(X, y)
    np.testing.assert_array_equal(once.receptive_fields_, block.receptive_fields_)
    block.partial_fit(X[:100], y[:100])
    assert (block.n_steps_, len(block.history_)) == (4, 2)


def test_partial_fit_accepts_classes_of_later_blocks(ring):
    X, y = ring
    net = FCNet(4, random_state=0)
    net.partial_fit(X[y == 0][:40], y[y == 0][:40], classes=[0, 1])
    net.partial_fit(X[y == 1][:40], y[y == 1][:40])
    assert net.classes_.tolist() == [0, 1]
    assert net.n_steps_ == 2
    with pytest.raises(ValueError, match=r"labels \[2\], which are not among the classes \[0, 1\]"):
        net.partial_fit(X[:2], [0, 2])
    with pytest.raises(ValueError, match="must be those of the first call"):
        net.partial_fit(X[:2], [0, 1], classes=[0, 1, 2])


@pytest.mark.parametrize("chunks", [(500, 20), (400, 7)])
def test_dask_array_is_passed_over_block_by_block(ring, chunks):
    dask_array = pytest.importorskip("dask.array")
    X, y = ring
    lazy_X = dask_array.from_array(X, chunks=chunks)
    by_hand = FCNet(6, random_state=0)
    for start in range(0, 1500, chunks[0]):
        rows = slice(start, start + chunks[0])
        by_hand.partial_fit(X[rows], y[rows], classes=[0, 1])
    for labels in (y, dask_array.from_array(y, chunks=300)):
        net = FCNet(6, random_state=0).partial_fit(lazy_X, labels, classes=[0, 1])
        np.testing.assert_array_equal(net.receptive_fields_, by_hand.receptive_fields_)
    assert Autoencoder(4, random_state=0).partial_fit(lazy_X).n_steps_ == by_hand.n_steps_
    unknown = lazy_X[lazy_X[:, 0] > 0]
    for data, classes, message in (
        ((lazy_X, y), None, r"lazy array, whose labels are not known .* Pass all"),
        ((lazy_X, y[:1400]), [0, 1], r"known numbers of rows, got \[1500, 1400\]"),
        ((unknown, unknown[:, 0]), [0, 1], r"got \[nan, nan\]. Call compute_chunk_sizes"),
    ):
        with pytest.raises(ValueError, match=message):
            FCNet().partial_fit(*data, classes=classes)
    keep = np.arange(1500) // chunks[0] != 1
    some = lazy_X[dask_array.from_array(keep, chunks=chunks[0])].compute_chunk_sizes()
    assert some.chunks[0][1] == 0
    net = FCNet(6, random_state=0).partial_fit(some, y[keep], classes=[0, 1])
    assert net.n_steps_ == by_hand.n_steps_ - 1


def test_warm_start_continues_at_the_rates_set_now(make_net, ring):
    """It also uses the current callbacks."""
    net = make_net(warm_start=True, record=3).fit(*ring)
    before, epochs = net.receptive_fields_.copy(), []
    net.set_params(callbacks=[PrintLog(sink=epochs.append)])
    net.set_params(learning_rate=1e-12, weight_decay=0.0).fit(*ring)
    assert len(epochs) == 2 + 3  # the header has two lines
    np.testing.assert_allclose(net.receptive_fields_, before, rtol=1e-6)
    # Snapshots begin with the warm fit and are removed by the next fit.
    assert net.snapshot_steps_.tolist() == [9, 10, 18]
    assert [row["step"] for row in net.history_] == [3, 6, 9, 12, 15, 18]
    net.set_params(callbacks=None).partial_fit(*ring)
    assert not hasattr(net, "snapshot_steps_")
    assert len(epochs) == 2 + 3


# Changed parameters, a call that fits the net (by default to the same data), and the error.
WARM = {"warm_start": True}
REFUSED = [
    (
        {},
        lambda net, X, y: net.fit(X[:, :10], np.zeros(len(X))),
        "`y` must contain at least 2 classes, got 1 class",
    ),
    ({"optimizer": torch.optim.LBFGS}, lambda net, X, y: net.fit(X, y), "LBFGS doesn't sup"),
    ({"callbacks": [EarlyStopping()]}, None, "needs valid_loss"),
    (WARM, lambda net, X, y: net.fit(X[:, :8], y), r"X has 8 features, but "),
    (
        WARM,
        lambda net, X, y: net.fit(X, y + 1),
        r"classes must be those of the fitted net, .* got \[1, 2\]",
    ),
    (WARM, lambda net, X, y: net.fit_online(WIDER, 100), "further training cannot change"),
    (WARM | {"optimizer": "adam"}, None, "fitted net has optimizer='sgd', and furth"),
    (WARM | {"image_shape": (4, 5)}, None, "further training cannot change"),
    (WARM | {"activation": "tanh"}, None, "fitted net has activation='erf'"),
]


@pytest.mark.parametrize("make", [FCNet, ConvNet])
@pytest.mark.parametrize(("changes", "call", "message"), REFUSED)
def test_refused_refit_leaves_the_fitted_net_unchanged(ring, make, changes, call, message):
    net = make(4, max_epochs=1, random_state=0).fit(*ring)
    decision = net.decision_function(ring[0])
    net.set_params(**changes)
    for refused in [call] if call else [make.fit, make.partial_fit]:
        with pytest.raises(ValueError, match=message):
            refused(net, *ring)
    assert net.n_features_in_ == 20
    np.testing.assert_array_equal(net.decision_function(ring[0]), decision)


def test_online_fit_removes_the_feature_names_of_an_earlier_fit(ring):
    frame = pd.DataFrame(ring[0]).add_prefix("site ")
    for make in (FCNet, Autoencoder):
        net = make(4, max_epochs=1, random_state=0).fit(frame, ring[1]).fit_online(WIDER, 1000)
        assert not hasattr(net, "feature_names_in_")
        assert net.transform(np.zeros((2, 24))).shape == (2, 4)


def test_evaluation_is_the_loss_and_accuracy_of_the_net(task):
    """The last values are compared with predictions of the fitted net for other samples."""
    net = FCNet(6, batch_size=100, random_state=0)
    net.fit_online(task, 20_000, n_eval=50_000)
    curve = net.evaluation_
    assert (curve.steps[0], curve.steps[-1]) == (0, 200)
    assert np.all(np.diff(curve.steps) > 0)
    for inputs, loss, accuracy in (
        (task, curve.loss[-1], curve.accuracy[-1]),
        (task.gaussian_clone(), curve.control_loss[-1], curve.control_accuracy[-1]),
    ):
        X, y = inputs.sample(50_000, random_state=5)
        squared = (-net.decision_function(X) - (1.0 - 2.0 * y)) ** 2
        error = 5 * np.sqrt(2 / 50_000)
        assert abs(squared.mean() - loss) < error * squared.std()
        assert abs(net.score(X, y) - accuracy) < error * 0.5
    np.testing.assert_array_equal(curve.gap, curve.control_loss - curve.loss)


@pytest.mark.parametrize("net", [FCNet(6), ConvNet(3), FCNet(6, readout="linear")], ids=str)
def test_evaluation_and_snapshots_do_not_change_the_training(net, task):
    net.set_params(random_state=0, batch_size=100)
    plain = net.fit_online(task, 5000).receptive_fields_
    net.set_params(record=5).fit_online(task, 5000, n_eval=500)
    np.testing.assert_array_equal(net.receptive_fields_, plain)
    np.testing.assert_array_equal(net.evaluation_.steps, net.snapshot_steps_)
    net.fit_online(task, 5000)
    assert not hasattr(net, "evaluation_")


def test_invalid_evaluation_is_refused_and_keeps_the_net(task):
    """The cases are models without a clone and an invalid number."""
    phi4 = Discrimination([Phi4((4, 5), coupling=k, mass_squared=-1.0) for k in (0.5, 1.0)])
    net = FCNet(6, batch_size=100, random_state=0).fit_online(task, 1000)
    fields = net.receptive_fields_.copy()
    with pytest.raises(NotImplementedError, match="no closed form"):
        net.fit_online(phi4, 1000, n_eval=100)
    bare = SimpleNamespace(shape=(20,), n_features=20, sample=task.models[0].sample)
    with pytest.raises(
        NotImplementedError, match=r"model of class 0, SimpleNamespace, has no gaussian_clone\(\)"
    ):
        net.fit_online(Discrimination([bare, bare]), 1000, n_eval=100)
    with pytest.raises(ValueError, match="`n_eval` must be a non-negative integer, got -1"):
        net.fit_online(task, 1000, n_eval=-1)
    np.testing.assert_array_equal(net.receptive_fields_, fields)
