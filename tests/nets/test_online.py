"""Evaluation along an online fit."""

import numpy as np
import pytest

from rfsk import ConvNet, Discrimination, FCNet, Phi4


def test_evaluation_is_the_loss_and_accuracy_of_the_net(task):
    """At the end, against the fitted net's own predictions on other samples."""
    net = FCNet(6, batch_size=100, random_state=0)
    net.fit_online(task, 20_000, n_eval=50_000)
    curve = net.evaluation_
    assert (curve.steps[0], curve.steps[-1]) == (0, 200)
    assert np.all(np.diff(curve.steps) > 0)
    for inputs, loss, accuracy in (
        (task, curve.loss[-1], curve.accuracy[-1]),
        (task.gaussian_clone(), curve.clone_loss[-1], curve.clone_accuracy[-1]),
    ):
        X, y = inputs.sample(50_000, random_state=5)
        squared = (-net.decision_function(X) - (1.0 - 2.0 * y)) ** 2
        error = 5 * np.sqrt(2 / 50_000)
        assert abs(squared.mean() - loss) < error * squared.std()
        assert abs(net.score(X, y) - accuracy) < error * 0.5
    np.testing.assert_array_equal(curve.gap, curve.clone_loss - curve.loss)


@pytest.mark.parametrize("net", [FCNet(6), ConvNet(3), FCNet(6, readout="linear")], ids=str)
def test_evaluation_and_snapshots_do_not_change_the_training(net, task):
    net.set_params(random_state=0, batch_size=100)
    plain = net.fit_online(task, 5000).receptive_fields_
    net.set_params(record=5).fit_online(task, 5000, n_eval=500)
    np.testing.assert_array_equal(net.receptive_fields_, plain)
    np.testing.assert_array_equal(net.evaluation_.steps, net.snapshot_steps_)
    net.fit_online(task, 5000)
    assert not hasattr(net, "evaluation_")


def test_what_cannot_be_evaluated_is_refused_and_keeps_the_net(task):
    """A model without a clone, and a bad number."""
    phi4 = Discrimination([Phi4((4, 5), coupling=k, mass_squared=-1.0) for k in (0.5, 1.0)])
    net = FCNet(6, batch_size=100, random_state=0).fit_online(task, 1000)
    fields = net.receptive_fields_.copy()
    with pytest.raises(NotImplementedError, match="no closed form"):
        net.fit_online(phi4, 1000, n_eval=100)
    with pytest.raises(ValueError, match="n_eval=-1; expected an integer >= 0"):
        net.fit_online(task, 1000, n_eval=-1)
    np.testing.assert_array_equal(net.receptive_fields_, fields)
