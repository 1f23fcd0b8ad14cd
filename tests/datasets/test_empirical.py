"""Data instead of an input model, and labelled data (X, y) instead of a task."""

import numpy as np
import pytest
from scipy import sparse, stats

from rfsk import (
    Autoencoder,
    CubicFlow,
    CumulantCP,
    Discrimination,
    FCNet,
    RectifiedFlow,
    fit_many_online,
    localization_index,
    make_nlgp,
)
from rfsk.datasets import EmpiricalDistribution, as_task
from rfsk.plotting import CumulantDisplay, InputDisplay, TrainingDisplay

X, Y = make_nlgp(
    400, 12, correlation_length=(1.0, 2.0), gain=3.0, priors=(0.75, 0.25), random_state=0
)
PARTS = [X[Y == 0], X[Y == 1]]
TASK = Discrimination([EmpiricalDistribution(rows) for rows in PARTS])


def test_moments_are_those_of_the_rows():
    model = EmpiricalDistribution(X + 3.0)
    np.testing.assert_allclose(model.covariance(), np.cov(X.T, bias=True), atol=1e-12)
    clone = model.gaussian_clone()
    np.testing.assert_allclose(clone.mean, X.mean(axis=0) + 3.0, rtol=1e-12)
    np.testing.assert_allclose(clone.covariance(), model.covariance(), rtol=1e-12)
    scaled = EmpiricalDistribution((X - X.mean(axis=0)) / X.std(axis=0) + 3.0)
    assert scaled.excess_kurtosis() == pytest.approx(stats.kurtosis(X, axis=0).mean(), rel=1e-9)


def test_lattice_of_images_is_their_shape():
    images = X.reshape(-1, 3, 4)
    assert EmpiricalDistribution(images).shape == (3, 4)
    np.testing.assert_array_equal(EmpiricalDistribution(images).X, X)
    assert EmpiricalDistribution(X, shape=(4, -1)).shape == (4, 3)


REFUSED = [
    (np.zeros((5, 4, 4, 3)), ValueError, r"take one channel or the mean .*, X.mean\(axis=-1\)"),
    (np.zeros(5), ValueError, "Expected 2D array"),
    (sparse.csr_array(X), TypeError, r"'\.toarray\(\)'"),
    (X, ValueError, r"features, 12, got \(5, 5\), which has 25 sites"),
]


@pytest.mark.parametrize(("rows", "error", "message"), REFUSED)
def test_invalid_samples_and_lattices_are_refused(rows, error, message):
    with pytest.raises(error, match=message):
        EmpiricalDistribution(rows, shape=(5, 5) if rows is X else ())


def test_net_trained_online_on_data_is_that_of_their_task():
    nets = [FCNet(3, batch_size=20, random_state=0) for _ in range(4)]
    nets[0].fit_online(TASK, 400)
    nets[1].fit_online((X, Y), 400)
    fit_many_online(nets[2:3], (X, Y), 400)
    fit_many_online(nets[3:], [(X, Y)], 400)
    for net in nets[1:]:
        np.testing.assert_array_equal(net.receptive_fields_, nets[0].receptive_fields_)
        assert net.classes_.tolist() == [0, 1]


def test_task_of_data_draws_equally_many_rows_of_each_class():
    inputs, labels = as_task((X, Y)).sample(100, random_state=0)
    assert np.bincount(labels).tolist() == [50, 50]  # of 300 and 100 rows
    for row, label in zip(inputs, labels, strict=True):
        assert np.any(np.all(PARTS[label] == row, axis=1))


@pytest.mark.usefixtures("_close_figures")
def test_training_on_data_is_displayed_with_that_on_the_control():
    net = FCNet(3, record=4, batch_size=20, random_state=0).fit_online((X, Y), 400, n_eval=100)
    display = TrainingDisplay.from_estimator(net)
    assert display.evaluation.control_loss.shape == display.evaluation.loss.shape
    fitted = FCNet(2, max_epochs=1, random_state=0).fit(X, Y)
    with pytest.raises(ValueError, match=r"fit_online\(task, .* task may be your data, \(X, y\)"):
        TrainingDisplay.from_estimator(fitted)


@pytest.mark.usefixtures("_close_figures")
def test_inputs_of_data_are_displayed_on_their_lattice():
    display = InputDisplay.from_task((X.reshape(-1, 3, 4), Y), random_state=0)
    assert display.shape == (3, 4)
    for sample, autocovariance, rows in zip(
        display.samples, display.autocovariance, PARTS, strict=True
    ):
        assert np.any(np.all(rows == sample, axis=1))
        # The mean product of a pixel with itself, over 2000 draws.
        assert autocovariance.flat[0] == pytest.approx(np.mean(rows**2), rel=0.05)


def test_theory_of_data_is_that_of_their_classes():
    assert localization_index((X, Y)) == localization_index(PARTS)
    field = np.linspace(-0.1, 0.2, 12)[None]
    for flow in (CubicFlow, RectifiedFlow):
        of_data, of_pair = (flow(source).velocity(field) for source in ((X, Y), PARTS))
        np.testing.assert_array_equal(of_data, of_pair)


LABELLED = {
    "InputDisplay": InputDisplay.from_task,
    "fit_online": lambda task: FCNet(2).fit_online(task, 100),
    "fit_many_online": lambda task: fit_many_online([FCNet(2), FCNet(2)], task, 100),
    "localization_index": localization_index,
}
BAD_LABELS = {
    r"`y` must contain .* labels -1, 1. Pass np.unique\(y, return_inverse=True\)\[1\]": 2 * Y - 1,
    "`y` must contain the labels 0, 1.*, got the labels 'a', 'b'": np.array(["a", "b"])[Y],
    r"`y` must contain one label .* \(400, 2\).* pass y.argmax\(axis=1\)": np.eye(2)[Y],
    "`y` must contain at least 2 classes, got 1": np.zeros(400),
    "inconsistent numbers of samples": Y[:7],
}


@pytest.mark.parametrize("name", LABELLED)
@pytest.mark.parametrize("message", BAD_LABELS)
def test_labels_that_do_not_number_the_classes_are_refused(name, message):
    with pytest.raises(ValueError, match=message):
        LABELLED[name]((X, BAD_LABELS[message]))


def test_images_are_refused_by_the_theory():
    with pytest.raises(ValueError, match=r"must be an array \(n_samples, n_features\)"):
        localization_index((X.reshape(-1, 3, 4), Y))


def test_cumulant_of_labelled_data_or_of_an_estimator_asks_for_the_rows_of_a_class():
    with pytest.raises(ValueError, match=r"a pair \(X, y\)\. .* such as X\[y == 1\]"):
        CumulantDisplay.from_source((X, Y))
    with pytest.raises(TypeError, match=r"got a CumulantCP.* rows X\[y == 1\]"):
        CumulantDisplay.from_source(CumulantCP(2))


def test_rows_instead_of_a_model_are_refused_with_the_remedy():
    with pytest.raises(
        TypeError, match=r"got an instance of ndarray. Pass EmpiricalDistribution\(X\)"
    ):
        Autoencoder(2).fit_online(X, 100)
