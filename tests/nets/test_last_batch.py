"""A last batch that is smaller than the others takes a step that is shorter in proportion."""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from rfsk import Autoencoder, ConvNet, FCNet, make_nlgp
from rfsk._core._random import draw_seed

X, Y = make_nlgp(500, 20, correlation_length=(1.0, 2.0), random_state=0)


class Listener(Callback):
    """Selects skorch's own loop."""

    def on_batch_end(self, net, **kwargs):
        pass


def order_of_first_epoch(seed, n):
    rng = np.random.default_rng(seed)
    draw_seed(rng)  # of the weights
    return torch.randperm(n, generator=torch.Generator().manual_seed(draw_seed(rng))).numpy()


@pytest.mark.parametrize("make", [FCNet, ConvNet, Autoencoder])
@pytest.mark.parametrize("listens", [False, True])
def test_100_samples_after_400_are_a_step_of_a_quarter_of_the_rate(make, listens):
    options = {"weight_decay": 0.5, "optimizer": torch.optim.SGD, "max_epochs": 1, "record": 9}
    options |= {"callbacks": [Listener()] if listens else None, "random_state": 0}
    net = make(4, learning_rate=0.4, batch_size=400, **options).fit(X, Y)
    start, before, after = net.receptive_field_history_
    assert np.abs(after - before).max() > 1e-5
    order = order_of_first_epoch(0, 500)
    # The two steps one by one, each in one batch, at the rate of each.
    alone = make(4, learning_rate=0.4, batch_size=400, warm_start=True, **options)
    alone.fit(X[order[:400]], Y[order[:400]])
    np.testing.assert_array_equal(alone.receptive_field_history_[0], start)
    np.testing.assert_allclose(alone.receptive_fields_, before, atol=1e-6)
    alone.set_params(learning_rate=0.1, batch_size=100).fit(X[order[400:]], Y[order[400:]])
    np.testing.assert_allclose(alone.receptive_fields_, after, atol=1e-6)


@pytest.mark.parametrize("listens", [False, True])
def test_recorded_loss_is_the_mean_over_samples(listens):
    """Not over batches, of which the last has one sample: with weights that do not move."""
    options = {"learning_rate": 1e-12, "weight_decay": 0.0, "max_epochs": 1, "random_state": 0}
    options["callbacks"] = [Listener()] if listens else None
    net = FCNet(4, batch_size=100, **options).fit(X[:401], Y[:401])
    loss = np.mean((-net.decision_function(X[:401]) - (1.0 - 2.0 * Y[:401])) ** 2)
    assert net.loss_curve_ == pytest.approx(loss, rel=1e-6)
    assert net.n_steps_ == 5
