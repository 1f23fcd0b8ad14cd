"""A training that diverges leaves the estimator as it was before the call."""

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
    "compiled": (FCNet, 4, {}),
    "momentum": (FCNet, 4, {"optimizer__momentum": 0.5}),
    "deep": (FCNet, (4, 3), {}),
    "convolution": (ConvNet, 2, {}),
    "untied": (Autoencoder, 4, {"tied": False}),
}
CALLS = {
    "partial_fit": lambda net: net.partial_fit(X, Y),
    "fit": lambda net: net.fit(X, Y),
    "warm fit of one batch": lambda net: net.set_params(warm_start=True, batch_size=600).fit(X, Y),
    "fit_online": lambda net: net.set_params(warm_start=True).fit_online(TASK, 6000),
}


def state_of(net):
    """Everything a user can see of a net, and what decides how it trains on."""
    return pickle.dumps(
        [
            {k: v for k, v in vars(net).items() if k.endswith("_") and isinstance(v, np.ndarray)},
            {name: value.numpy() for name, value in net.net_.module_.state_dict().items()},
            [np.asarray(s.get("momentum_buffer")) for s in net.net_.optimizer_.state.values()],
            [dict(row, batches=None) for row in net.history_],
            (net.n_steps_, net.time_, net.net_.n_steps_, net.net_.interrupted_),
        ]
    )


def make_net(kind, **options):
    make, size, variant = NETS[kind]
    return make(size, random_state=0, **SGD, **variant, **options)


def fitted(kind):
    return make_net(kind, batch_size=100, max_epochs=2, learning_rate=1e-3, record=3).fit(X, Y)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", NETS)
def test_diverging_training_leaves_the_fitted_net_as_it_was(kind, call):
    net = fitted(kind)
    before = state_of(net)
    net.set_params(learning_rate=1e12)
    with pytest.raises(ValueError, match=r"the net diverged\. Lower learning_rate"):
        CALLS[call](net)
    assert state_of(net) == before
    n_steps = net.n_steps_
    assert net.set_params(learning_rate=1e-3).partial_fit(X, Y).n_steps_ > n_steps


@pytest.mark.parametrize("kind", NETS)
def test_first_fit_that_diverges_leaves_the_net_unfitted(kind):
    """Also if it explodes in its last step."""
    for options in ({"batch_size": 100, "max_epochs": 2}, {"batch_size": 600, "max_epochs": 1}):
        net = make_net(kind, learning_rate=1e12, **options)
        with pytest.raises(ValueError, match="the net diverged"):
            net.fit(X, Y)
        assert not hasattr(net, "net_")
        with pytest.raises(NotFittedError):
            net.transform(X)
    assert net.set_params(learning_rate=1e-3).fit(X, Y).n_steps_ == 1


@pytest.mark.parametrize("n_epochs", [2, 3])
def test_loss_may_explode_during_training_but_not_at_the_end(n_epochs):
    """Weights are a hundred times as large in the second epoch, and not in the third."""

    class Scale(Callback):
        def on_epoch_begin(self, net, **kwargs):
            with torch.no_grad():
                net.module_.weight.mul_({2: 100.0, 3: 0.01}.get(len(net.history), 1.0))

    net = make_net("untied", learning_rate=1e-12, batch_size=100, callbacks=[Scale()])
    net.set_params(max_epochs=n_epochs, tied=True)
    if n_epochs == 2:
        with pytest.raises(ValueError, match=r"training loss is \d+.* the net diverged"):
            net.fit(X)
        assert not hasattr(net, "receptive_fields_")
    else:
        losses = net.fit(X).loss_curve_
        assert losses[1] > 100.0 * losses[0]
        assert losses[2] == pytest.approx(losses[0], rel=1e-4)
