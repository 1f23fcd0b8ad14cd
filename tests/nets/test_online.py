"""Evaluation along an online fit, and nets released from convolution."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback

from rfsk import ConvNet, Discrimination, FCNet, Phi4, ipr, make_nlgp


@pytest.fixture(scope="module")
def small_task():
    return make_nlgp(2, 20, correlation_length=(1.0, 2.0), return_X_y=False).task


def test_evaluation_is_the_loss_and_accuracy_of_the_net(small_task):
    """At the end, against the fitted net's own predictions on other samples."""
    net = FCNet(6, batch_size=100, random_state=0)
    net.fit_online(small_task, 20_000, n_eval=50_000)
    curve = net.evaluation_
    assert (curve.steps[0], curve.steps[-1]) == (0, 200)
    assert np.all(np.diff(curve.steps) > 0)
    for task, loss, accuracy in (
        (small_task, curve.loss[-1], curve.accuracy[-1]),
        (small_task.gaussian_clone(), curve.clone_loss[-1], curve.clone_accuracy[-1]),
    ):
        X, y = task.sample(50_000, random_state=5)
        squared = (-net.decision_function(X) - (1.0 - 2.0 * y)) ** 2
        error = 5 * np.sqrt(2 / 50_000)
        assert abs(squared.mean() - loss) < error * squared.std()
        assert abs(net.score(X, y) - accuracy) < error * 0.5
    np.testing.assert_array_equal(curve.gap, curve.clone_loss - curve.loss)


@pytest.mark.parametrize("net", [FCNet(6), ConvNet(3), FCNet(6, readout="linear")], ids=str)
def test_evaluation_and_snapshots_do_not_change_the_training(net, small_task):
    net.set_params(random_state=0, batch_size=100)
    plain = net.fit_online(small_task, 5000).receptive_fields_
    net.set_params(record=5).fit_online(small_task, 5000, n_eval=500)
    np.testing.assert_array_equal(net.receptive_fields_, plain)
    np.testing.assert_array_equal(net.evaluation_.steps, net.snapshot_steps_)
    net.fit_online(small_task, 5000)
    assert not hasattr(net, "evaluation_")


@pytest.mark.slow
def test_gaussian_equivalence_gap_opens_when_fields_form(ring_task):
    """g = 3, D = 100, K = 40, loss on the inputs and on their clone over three seeds: .968 to .971
    and .972 to .974 at learning rate x steps = 125 (time 25 in the paper's units), .788 to .792
    and .819 to .820 at 5000 (time 1000)."""
    for seed in (0, 1):
        net = FCNet(40, learning_rate=5.0, batch_size=1000, weight_decay=0.0, random_state=seed)
        curve = net.fit_online(ring_task, 1_000_000, n_eval=20_000).evaluation_
        early = np.searchsorted(curve.steps, 25)
        assert curve.loss[early] == pytest.approx(0.970, abs=0.006)
        assert abs(curve.gap[early]) < 0.008
        assert curve.loss[-1] == pytest.approx(0.790, abs=0.01)
        assert curve.clone_loss[-1] == pytest.approx(0.820, abs=0.01)
        assert ipr(net.receptive_fields_[:20]).mean() > 0.04


def test_task_without_clone_cannot_be_evaluated_and_keeps_the_net(small_task):
    task = Discrimination([Phi4((4, 5), coupling=k, mass_squared=-1.0) for k in (0.5, 1.0)])
    net = FCNet(6, batch_size=100, random_state=0).fit_online(small_task, 1000)
    fields = net.receptive_fields_.copy()
    with pytest.raises(NotImplementedError, match="no closed form"):
        net.fit_online(task, 1000, n_eval=100)
    np.testing.assert_array_equal(net.receptive_fields_, fields)
    assert net.predict(np.zeros((1, 20))).shape == (1,)


def test_bad_n_eval_is_refused(small_task):
    with pytest.raises(ValueError, match="n_eval=-1; expected an integer >= 0"):
        FCNet().fit_online(small_task, 1000, n_eval=-1)


@pytest.mark.parametrize("shape", [(15,), (4, 6)])
@pytest.mark.parametrize("readout", ["mean", "linear"])
@pytest.mark.parametrize("activation", ["erf", "relu"])
def test_released_net_computes_the_same_function(shape, readout, activation):
    X, y = make_nlgp(400, shape, correlation_length=(0.7, 1.5), random_state=0)
    conv = ConvNet(
        3,
        image_shape=shape if len(shape) == 2 else None,
        readout=readout,
        activation=activation,
        max_epochs=3,
        learning_rate=1.0,
        random_state=0,
    ).fit(X, y)
    free = conv.release()
    np.testing.assert_allclose(free.decision_function(X), conv.decision_function(X), atol=1e-6)
    np.testing.assert_allclose(free.transform(X), conv.transform(X), atol=1e-5)
    np.testing.assert_array_equal(free.predict(X), conv.predict(X))


def test_fields_of_a_released_net_are_the_filters_at_every_site():
    shape = (4, 6)
    X, y = make_nlgp(200, shape, correlation_length=(0.7, 1.5), random_state=0)
    conv = ConvNet(2, image_shape=shape, max_epochs=1, random_state=0).fit(X, y)
    fields = conv.release().receptive_fields_.reshape(2, *shape, *shape)
    centered = conv.receptive_fields_.reshape(2, *shape)
    for channel, row, column in ((0, 0, 0), (1, 2, 3), (1, 3, 5)):
        expected = np.roll(centered[channel], (row - 2, column - 3), axis=(0, 1))
        np.testing.assert_allclose(fields[channel, row, column], expected, atol=1e-7)


def test_released_net_can_be_trained_on(small_task):
    conv = ConvNet(2, batch_size=100, random_state=0).fit_online(small_task, 5000)
    free = conv.release()
    start = free.receptive_fields_.copy()
    X, y = small_task.sample(5000, random_state=1)
    before = np.mean((free.decision_function(X) - (2.0 * y - 1.0)) ** 2)
    free.set_params(random_state=3, learning_rate=5.0).fit_online(small_task, 50_000)
    after = np.mean((free.decision_function(X) - (2.0 * y - 1.0)) ** 2)
    assert after < before
    assert free.receptive_fields_.shape == start.shape
    assert not np.allclose(free.receptive_fields_, start, atol=1e-3)


def test_release_is_refused_before_fitting_and_for_scaled_sums():
    with pytest.raises(NotFittedError):
        ConvNet().release()
    X, y = make_nlgp(100, 12, correlation_length=(0.7, 1.5), random_state=0)
    conv = ConvNet(2, readout="sum", max_epochs=1, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="readout='sum' scales with the number of units"):
        conv.release()


def test_error_before_the_first_evaluation_is_raised_as_it_is(small_task):
    class Fail(Callback):
        def on_train_begin(self, net, **kwargs):
            raise RuntimeError("no space left")

    with pytest.raises(RuntimeError, match="no space left"):
        FCNet(4, callbacks=[Fail()], random_state=0).fit_online(small_task, 1000, n_eval=50)
