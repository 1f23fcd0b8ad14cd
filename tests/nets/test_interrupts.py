"""Ctrl-C keeps the trained net and warns; a callback that stops the training does not warn."""

import signal

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback, EarlyStopping

from rfsk import Autoencoder, ConvNet, FCNet
from rfsk.nets._batches import Chunk
from rfsk.nets._compiled_step import CompiledStep

NETS = {"compiled": FCNet(4), "autograd": FCNet(4, readout="linear")}
NETS |= {"convolution": ConvNet(2), "autoencoder": Autoencoder(4)}
WAYS = ["data", "online"]


def make_net(kind, **options):
    options = {"batch_size": 500, "max_epochs": 3, "random_state": 0, **options}
    return clone(NETS[kind]).set_params(**options)


def fit(net, way, ring, task):
    return net.fit(*ring) if way == "data" else net.fit_online(task, 1500)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_epoch_end"])
def test_ctrl_c_between_epochs_warns_and_keeps_the_net(kind, way, hook, ring, task, press_ctrl_c):
    net = make_net(kind, callbacks=[press_ctrl_c(hook, epoch=2)])
    with pytest.warns(UserWarning, match=r"interrupted after \d+ steps\. The net keeps"):
        fit(net, way, ring, task)
    assert net.net_.interrupted_
    per_epoch = 3 if way == "data" else 1  # number of batches
    assert net.n_steps_ == per_epoch * (1 if hook == "on_epoch_begin" else 2)
    assert np.isfinite(net.transform(ring[0])).all()


@pytest.mark.parametrize("kind", NETS)
def test_interrupt_within_an_epoch_keeps_the_net_trained_so_far(
    kind, ring, press_ctrl_c_at_call, monkeypatch
):
    """As in skorch, the interrupted epoch has losses of batches but no loss of the epoch."""
    monkeypatch.setattr("rfsk.nets._compiled_step._OPERATIONS_AT_ONCE", 0.0)  # one step per call
    method = (CompiledStep, "run") if kind == "compiled" else (Chunk, "batch")
    two = make_net(kind, max_epochs=2).fit(*ring)
    for n_steps in (6, 4):
        press_ctrl_c_at_call(*method, n_steps + 1)
        with pytest.warns(UserWarning, match=f"interrupted after {n_steps} steps. The net "):
            net = make_net(kind, record=3).fit(*ring)
        assert net.n_steps_ == n_steps
        assert net.net_.interrupted_
        assert net.snapshot_steps_.tolist() == [0, 1, n_steps]  # 9 snapshots were requested
        if n_steps == 6:
            np.testing.assert_allclose(net.receptive_fields_, two.receptive_fields_, atol=1e-6)
    assert net.loss_curve_.shape == (1,)
    assert [row["step"] for row in net.history_] == [3, 4]
    assert net.history_[-1, "batches", -1, "train_batch_size"] == 500
    assert 0.0 < net.history_[-1, "batches", -1, "train_loss"] < 2.0


def test_interrupt_in_the_loop_of_skorch_keeps_the_net_trained_so_far(ring, press_ctrl_c):
    class InBatch(press_ctrl_c):
        def on_batch_end(self, net, **kwargs):
            self.press("on_batch_end", net)

    with pytest.warns(UserWarning, match="interrupted after 4 steps"):
        net = FCNet(4, batch_size=500, callbacks=[InBatch("on_batch_end", 2)]).fit(*ring)
    assert net.n_steps_ == 4


@pytest.mark.parametrize("kind", NETS)
def test_further_training_after_an_interrupt_does_not_warn(kind, ring, press_ctrl_c):
    """The warning shows the line of the call, and the signal handler of the user is restored."""
    handler = signal.getsignal(signal.SIGINT)
    net = make_net(kind, callbacks=[press_ctrl_c(epoch=2)], warm_start=True)
    with pytest.warns(UserWarning, match="interrupted after 6 steps") as caught:
        net.fit(*ring)
    assert caught[0].filename == __file__
    assert signal.getsignal(signal.SIGINT) is handler
    net.set_params(callbacks=None).fit(*ring)
    assert signal.getsignal(signal.SIGINT) is handler
    assert net.n_steps_ == 15
    assert not net.net_.interrupted_
    net.set_params(callbacks=[press_ctrl_c(epoch=6)])
    with pytest.warns(UserWarning, match="interrupted after 18 steps") as caught:
        net.partial_fit(*ring)
    assert caught[0].filename == __file__


class Stop(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise KeyboardInterrupt  # skorch stops early in this way


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize("make", [Stop, lambda: EarlyStopping("train_loss", 1, threshold=1.0)])
def test_callback_that_stops_the_training_does_not_warn(kind, way, make, ring, task):
    net = fit(make_net(kind, callbacks=[make()]), way, ring, task)
    assert not net.net_.interrupted_
    assert len(net.history_) == (1 if make is Stop else 2)


def test_interrupted_pass_over_blocks_ends_there(ring, press_ctrl_c):
    dask_array = pytest.importorskip("dask.array")
    lazy = dask_array.from_array(ring[0], chunks=(300, 20))
    net = FCNet(4, callbacks=[press_ctrl_c(epoch=2)], random_state=0)
    with pytest.warns(UserWarning, match="interrupted after 2 steps") as caught:
        net.partial_fit(lazy, ring[1], classes=[0, 1])
    assert net.n_steps_ == 2
    assert len(caught) == 1


def test_one_ctrl_c_ends_a_search_with_a_warning(ring, press_ctrl_c):
    """A fit called by the user returns the net, but a search would continue with its next fit."""
    net = FCNet(4, max_epochs=2, callbacks=[press_ctrl_c()], random_state=0)
    search = GridSearchCV(net, {"n_hidden": [4, 6]}, cv=2)
    with (
        pytest.warns(UserWarning, match="interrupted after 2 steps. The net") as caught,
        pytest.raises(KeyboardInterrupt, match="interrupted after 2 steps"),
    ):
        search.fit(*ring)
    assert len(caught) == 1
    assert not hasattr(search, "cv_results_")
