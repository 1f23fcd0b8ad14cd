"""A training that diverges leaves the estimator unchanged."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback

from rfsk import Autoencoder, ConvNet, FCNet, make_nlgp

X, Y = make_nlgp(600, 20, correlation_length=(1.0, 2.0), random_state=0)
TASK = make_nlgp(2, 20, correlation_length=(1.0, 2.0), return_X_y=False).task
SGD = {"activation": "linear", "optimizer": "sgd"}
NETS = {
    "compiled": lambda **options: FCNet(4, **SGD, **options),
    "momentum": lambda **options: FCNet(4, **SGD, optimizer__momentum=0.5, **options),
    "deep": lambda **options: FCNet((4, 3), **SGD, **options),
    "convolution": lambda **options: ConvNet(2, **SGD, **options),
    "untied": lambda **options: Autoencoder(4, tied=False, **SGD, **options),
}
CALLS = {
    "partial_fit": lambda net: net.partial_fit(X, Y),
    "fit": lambda net: net.fit(X, Y),
    "warm fit of one batch": lambda net: net.set_params(warm_start=True, batch_size=600).fit(X, Y),
    "fit_online": lambda net: net.set_params(warm_start=True).fit_online(TASK, 6000),
}


def state_of(net):
    """All public attributes of a net, and the state that determines its further training."""
    arrays = {k: v for k, v in vars(net).items() if k.endswith("_") and isinstance(v, np.ndarray)}
    weights = {name: value.numpy() for name, value in net.net_.module_.state_dict().items()}
    buffers = [state.get("momentum_buffer") for state in net.net_.optimizer_.state.values()]
    buffers = [buffer.numpy() for buffer in buffers if buffer is not None]
    history = [dict(row, batches=None) for row in net.history_]
    numbers = net.n_steps_, net.time_, net.net_.n_steps_, net.net_.interrupted_
    return pickle.dumps([arrays, weights, buffers, history, numbers])


def fitted(kind):
    net = NETS[kind](batch_size=100, max_epochs=2, learning_rate=1e-3, record=3, random_state=0)
    return net.fit(X, Y)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", NETS)
def test_diverging_training_leaves_the_fitted_net_unchanged_and_trainable(kind, call):
    """One batch is used, because the order of several depends on how often the net was trained."""
    net, other = fitted(kind), fitted(kind)
    before = state_of(net)
    net.set_params(learning_rate=1e12)
    with pytest.raises(ValueError, match=r"the net diverged\. Reduce learning_rate"):
        CALLS[call](net)
    assert state_of(net) == before
    for each in (net, other):
        each.set_params(learning_rate=1e-3, batch_size=600).partial_fit(X, Y)
    np.testing.assert_allclose(net.receptive_fields_, other.receptive_fields_, atol=1e-7)
    assert net.n_steps_ == other.n_steps_ == 13


@pytest.mark.parametrize("kind", NETS)
def test_first_fit_that_diverges_leaves_the_net_unfitted(kind):
    """This is also true if the loss explodes in the last step."""
    for options in ({"batch_size": 100, "max_epochs": 2}, {"batch_size": 600, "max_epochs": 1}):
        net = NETS[kind](learning_rate=1e12, random_state=0, **options)
        with pytest.raises(ValueError, match="the net diverged"):
            net.fit(X, Y)
        assert not hasattr(net, "net_")
        with pytest.raises(NotFittedError):
            net.transform(X)
    assert net.set_params(learning_rate=1e-3).fit(X, Y).n_steps_ == 1


def test_exploded_net_is_reported_although_its_loss_is_finite():
    """With a fast readout and the squared loss, units saturate at weights of 10^3."""
    task = make_nlgp(2, 40, correlation_length=(2.0, 4.0), return_X_y=False).task
    net = FCNet(20, readout="linear", loss="squared", batch_size=200, random_state=0)
    with pytest.raises(ValueError, match=r"training loss is \d+.* the net diverged. Reduce learn"):
        net.fit_online(task, 200_000)
    assert not hasattr(net, "receptive_fields_")


def test_divergence_in_a_later_epoch_undoes_the_earlier_ones():
    """The learning rate explodes in the third of four epochs."""

    class Explode(Callback):
        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == 5:
                for group in net.optimizer_.param_groups:
                    group["lr"] = 1e12

    net = fitted("compiled")
    before = state_of(net)
    net.set_params(callbacks=[Explode()], warm_start=True, max_epochs=4)
    with pytest.raises(ValueError, match="the net diverged"):
        net.fit(X, Y)
    assert state_of(net) == before
    net.set_params(callbacks=None).fit(X, Y)
    assert net.n_steps_ == 36


@pytest.mark.parametrize("n_epochs", [2, 3])
def test_loss_may_explode_during_training_but_not_at_the_end(n_epochs):
    """Weights are a hundred times larger in the second epoch, but not in the third."""

    class Scale(Callback):
        def on_epoch_begin(self, net, **kwargs):
            with torch.no_grad():
                net.module_.weight.mul_({2: 100.0, 3: 0.01}.get(len(net.history), 1.0))

    net = Autoencoder(4, activation="linear", optimizer="sgd", learning_rate=1e-12)
    net.set_params(max_epochs=n_epochs, batch_size=100, callbacks=[Scale()], random_state=0)
    if n_epochs == 2:
        with pytest.raises(ValueError, match=r"training loss is \d+.* the net diverged"):
            net.fit(X)
    else:
        losses = net.fit(X).loss_curve_
        assert losses[1] > 100.0 * losses[0]
        assert losses[2] == pytest.approx(losses[0], rel=1e-4)
