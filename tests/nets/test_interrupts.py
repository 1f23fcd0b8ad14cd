"""Ctrl-C keeps what is trained and warns; a callback that stops the training does not warn."""

import signal
import warnings

import numpy as np
import pytest
from skorch.callbacks import Callback, EarlyStopping

from rfsk import Autoencoder, ConvNet, FCNet, make_nlgp

X, Y = make_nlgp(900, 20, correlation_length=(1.0, 2.0), random_state=0)
TASK = make_nlgp(2, 20, correlation_length=(1.0, 2.0), return_X_y=False).task
NETS = {
    "compiled": lambda **options: FCNet(4, **options),
    "autograd": lambda **options: FCNet(4, readout="linear", **options),
    "convolution": lambda **options: ConvNet(2, **options),
    "autoencoder": lambda **options: Autoencoder(4, **options),
}
FITS = {"data": lambda net: net.fit(X, Y), "online": lambda net: net.fit_online(TASK, 900)}


class PressCtrlC(Callback):
    """Sends a real SIGINT in a hook of the second epoch."""

    def __init__(self, hook):
        self.hook = hook

    def press(self, hook, net):
        if hook == self.hook and len(net.history) == 2:
            signal.raise_signal(signal.SIGINT)

    def on_epoch_begin(self, net, **kwargs):
        self.press("on_epoch_begin", net)

    def on_epoch_end(self, net, **kwargs):
        self.press("on_epoch_end", net)


def make_net(kind, **options):
    return NETS[kind](batch_size=300, max_epochs=3, random_state=0, **options)


@pytest.mark.parametrize("way", FITS)
@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_epoch_end"])
def test_ctrl_c_between_epochs_warns_and_keeps_the_net(kind, way, hook):
    net = make_net(kind, callbacks=[PressCtrlC(hook)])
    with pytest.warns(UserWarning, match=r"Training was interrupted after \d+ steps; the net tra"):
        FITS[way](net)
    assert net.net_.interrupted_
    per_epoch = 3 if way == "data" else 1  # of three epochs
    assert net.n_steps_ == per_epoch * (1 if hook == "on_epoch_begin" else 2)
    assert np.isfinite(net.transform(X)).all()


@pytest.mark.parametrize("kind", NETS)
def test_net_that_was_interrupted_trains_on_without_a_warning(kind):
    net = make_net(kind, callbacks=[PressCtrlC("on_epoch_end")], warm_start=True)
    with pytest.warns(UserWarning, match="interrupted after 6 steps"):
        net.fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.set_params(callbacks=None).fit(X, Y)
    assert net.n_steps_ == 15
    assert not net.net_.interrupted_


class Stop(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise KeyboardInterrupt  # skorch's way to stop early


@pytest.mark.parametrize("way", FITS)
@pytest.mark.parametrize("kind", NETS)
@pytest.mark.parametrize("make", [Stop, lambda: EarlyStopping("train_loss", 1, threshold=1.0)])
def test_callback_that_stops_the_training_does_not_warn(kind, way, make):
    net = FITS[way](make_net(kind, callbacks=[make()]))
    assert not net.net_.interrupted_
    assert len(net.history_) == (1 if make is Stop else 2)


def test_callback_that_stops_the_training_before_its_first_epoch_keeps_the_initial_net():
    class Refuse(Callback):
        def on_epoch_begin(self, net, **kwargs):
            raise KeyboardInterrupt

    net = FCNet(4, callbacks=[Refuse()], random_state=0).fit(X, Y)
    assert net.n_steps_ == 0
    assert np.abs(net.biases_) == pytest.approx(1.0)


@pytest.mark.parametrize("kind", NETS)
def test_handler_of_the_user_is_put_back(kind):
    def handler(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, handler)
    try:
        make_net(kind).fit(X, Y)
        assert signal.getsignal(signal.SIGINT) is handler
        with pytest.warns(UserWarning, match="interrupted"):
            make_net(kind, callbacks=[PressCtrlC("on_epoch_end")]).fit(X, Y)
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_interrupted_pass_over_blocks_ends_there():
    dask_array = pytest.importorskip("dask.array")
    lazy = dask_array.from_array(X, chunks=(300, 20))
    net = FCNet(4, callbacks=[PressCtrlC("on_epoch_end")], random_state=0)
    with pytest.warns(UserWarning, match="interrupted after 2 steps") as caught:
        net.partial_fit(lazy, Y, classes=[0, 1])
    assert net.n_steps_ == 2
    assert len(caught) == 1
