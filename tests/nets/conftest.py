"""Data and callbacks that several tests of nets use."""

import signal
import threading

import pytest
from skorch.callbacks import Callback

from rfsk import ConvNet, FCNet, make_nlgp


@pytest.fixture(scope="session")
def ring():
    return make_nlgp(1500, 20, correlation_length=(1.0, 2.0), random_state=0)


@pytest.fixture(scope="session")
def task():
    return make_nlgp(2, 20, correlation_length=(1.0, 2.0), return_X_y=False).task


@pytest.fixture(scope="session", params=[(FCNet, 6), (ConvNet, 3)], ids=["FCNet", "ConvNet"])
def make_net(request):
    """Function that makes nets with three epochs and a fixed seed."""
    make, n_units = request.param
    return lambda **options: make(n_units, **{"max_epochs": 3, "random_state": 0, **options})


@pytest.fixture(scope="session")
def press_ctrl_c():
    """Callback that sends SIGINT to the process in a hook of the given epoch."""

    class PressCtrlC(Callback):
        def __init__(self, hook="on_epoch_end", epoch=1):
            self.hook, self.epoch = hook, epoch

        def press(self, hook, net):
            if hook == self.hook and len(net.history) == self.epoch:
                signal.raise_signal(signal.SIGINT)

        def on_epoch_begin(self, net, **kwargs):
            self.press("on_epoch_begin", net)

        def on_epoch_end(self, net, **kwargs):
            self.press("on_epoch_end", net)

    return PressCtrlC


@pytest.fixture
def press_ctrl_c_at_call(monkeypatch):
    """Send SIGINT to the main thread at the n-th call of a method, counted over all objects."""

    def arrange(owner, name, number):
        original, calls = getattr(owner, name), []

        def noting(self, *arguments):
            calls.append(self)
            if len(calls) == number:
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            return original(self, *arguments)

        monkeypatch.setattr(owner, name, noting)

    return arrange
