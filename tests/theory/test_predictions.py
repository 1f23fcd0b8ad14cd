"""Predictions against nets trained from the same weights: fields, groups, onset, time course."""

import numpy as np
import pytest

from rfsk import NLGP, FCNet, fit_many_online, ipr
from rfsk.analysis import dominant_frequency
from rfsk.datasets import Discrimination
from rfsk.theory import CubicFlow, predict_fields

LEARNING_RATE = 1.0


@pytest.fixture(scope="module")
def task():
    return Discrimination([NLGP(30, correlation_length=xi, gain=3.0) for xi in (1.5, 3.0)])


@pytest.fixture(scope="module")
def nets(task):
    """K=40, batch 2000, lr x steps 3000, trained biases, 200 snapshots, two seeds."""
    options = {"learning_rate": LEARNING_RATE, "weight_decay": 0.0, "batch_size": 2000}
    nets = [FCNet(40, **options, record=200, random_state=seed) for seed in range(2)]
    return fit_many_online(nets, task, 6_000_000)


def doubling_time(times, history):
    """When fields have doubled their norm, between snapshots; median over units."""
    norms = np.linalg.norm(history, axis=2)
    found = []
    for norm in (norms / norms[0]).T:
        after = int(np.argmax(norm >= 2.0))
        fraction = (2.0 - norm[after - 1]) / (norm[after] - norm[after - 1])
        found.append(times[after - 1] + fraction * (times[after] - times[after - 1]))
    return float(np.median(found))


def test_prediction_tells_groups_shapes_ipr_and_onset(task, nets):
    for net in nets:
        start = net.receptive_field_history_[0]
        prediction = predict_fields(task, n_units=40, start=start)
        assert prediction.match(net)["positive"] >= 0.96
        grown = ipr(net.receptive_fields_[:20]).mean()
        assert prediction.ipr[:20].mean() == pytest.approx(grown, rel=0.12)
        assert prediction.first_frequency[0] == 0.0
        low, high = (
            dominant_frequency(net.receptive_fields_[part]) for part in (slice(20), slice(20, None))
        )
        assert np.median(low) <= 1 / 30
        assert np.median(high) > 0.1 < prediction.first_frequency[-1]
        times = net.snapshot_steps_ * LEARNING_RATE / 30
        measured = doubling_time(times, net.receptive_field_history_[:, :20])
        assert np.median(prediction.onset[:20]) == pytest.approx(measured, rel=0.25)


def test_flow_follows_a_net_from_its_own_weights_until_fields_have_grown(task, nets):
    """Mean cosine of the positive half at least .97 up to t = 4, where u.Cu reaches one; it then
    parts, and meets the net again in shape but not in place."""
    net = nets[0]
    times = net.snapshot_steps_ * LEARNING_RATE / 30
    history = net.receptive_field_history_
    flow = CubicFlow(task, bias=np.repeat([1.0, -1.0], 20), interacting=True)
    followed = flow.integrate(history[0], times[-1], times=times).history
    norms = np.linalg.norm([followed, history], axis=3)
    cosine = np.sum(followed * history, axis=2) / norms.prod(axis=0)
    early = cosine[times <= 4.0, :20].mean(axis=1)
    assert early.min() > 0.97
    assert cosine[times <= 4.0, 20:].mean(axis=1).min() > 0.97
    assert 0.8 < cosine[-1, :20].mean() < 0.97
    C = task.models[1].covariance()
    at_four = history[np.searchsorted(times, 4.0), :20]
    assert 0.3 < np.median(np.einsum("kd,de,ke->k", at_four, C, at_four)) < 10.0


def test_prediction_from_samples_resembles_that_of_their_model(task):
    samples = [model.sample(20_000, random_state=0) for model in task.models]
    exact = predict_fields(task, n_units=6, random_state=0)
    estimated = predict_fields(samples, n_units=6, random_state=0)
    assert estimated.ipr[:3].mean() == pytest.approx(exact.ipr[:3].mean(), rel=0.1)
    assert estimated.match(exact.fields)["positive"] > 0.97


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"bias": 0.0}, "a bias that is not zero: without one nothing is learnt"),
        ({"n_units": 1}, "expected at least two units"),
        ({"end": -1.0}, "end=-1.0; expected a finite number > 0"),
    ],
)
def test_bad_predictions_are_refused(task, parameters, message):
    with pytest.raises(ValueError, match=message):
        predict_fields(task, **parameters)
    model = task.models[0]
    with pytest.raises(ValueError, match="Both classes have one covariance"):
        predict_fields([model, model])


def test_lattice_of_samples_and_edges_of_predictions():
    pair = [NLGP((5, 6), correlation_length=xi, gain=3.0) for xi in (0.7, 1.5)]
    samples = [model.sample(4000, random_state=0) for model in pair]
    prediction = predict_fields(samples, n_units=2, shape=(5, 6), end=5.0, random_state=0)
    assert prediction.shape == predict_fields(pair, n_units=2, end=5.0, random_state=0).shape
    with pytest.raises(ValueError, match="has no curvature at a bias of 1: nothing grows"):
        predict_fields(pair, activation="linear")
    zero = predict_fields(pair, n_units=2, start=np.zeros((2, 30)), end=1.0)
    assert np.isnan(zero.onset).all()
    with pytest.raises(ValueError, match="The net has one unit"):
        prediction.match(np.ones((1, 30)))
