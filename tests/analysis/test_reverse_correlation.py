"""Reverse correlation of recorded responses, of nets and of anything else that responds."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import erf
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rfsk import FCNet, GaussianField, make_nlgp, receptive_fields
from rfsk.analysis import (
    _reverse_correlation,
    spike_triggered_average,
    spike_triggered_covariance,
)

FIELD = np.exp(-0.5 * ((np.arange(40) - 12.0) / 2.0) ** 2)
MIXING = np.eye(8) + 0.6 * np.eye(8, k=1)


def cosines(found, expected=FIELD):
    found, expected = np.atleast_2d(found), np.atleast_2d(expected)
    norms = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    return (found * expected).sum(axis=1) / norms


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def spikes_of(drive, rng):
    return rng.poisson(np.exp(0.3 * drive / drive.std() - 1.0))


def recording(rng, n_samples=200):
    """Correlated stimuli of 8 pixels and spike counts, whose variance depends on the stimulus."""
    stimuli = rng.normal(size=(n_samples, 8)) @ MIXING
    return rng.poisson(np.exp(0.5 * stimuli @ FIELD[8:16] - 1.0)), stimuli


@pytest.fixture(scope="module")
def data():
    return make_nlgp(3000, 20, correlation_length=(1.0, 2.0), random_state=0)


@pytest.fixture(scope="module")
def deep(data):
    return FCNet((6, 5, 4), max_epochs=2, random_state=0).fit(*data)


def test_spike_counts_show_the_field():
    """9,000 white stimuli of 40 pixels, some 3,500 spikes."""
    rng = np.random.default_rng(0)
    stimuli = rng.normal(size=(9000, 40))
    spikes = spikes_of(stimuli @ FIELD, rng)
    (found,) = spike_triggered_average(spikes, stimuli)
    assert cosines(found) > 0.9
    columns = spike_triggered_average(np.column_stack([spikes, -spikes]), stimuli.tolist())
    np.testing.assert_allclose(columns, [found, -found])
    lagged = spike_triggered_average(spikes, stimuli, lags=[0, 1])
    with pytest.raises(ValueError, match=r"\(1, 2, 40\).*choose one lag, such as fields\[:, 0\]"):
        receptive_fields(lagged)


@pytest.mark.parametrize("ridge", [0.0, "cv"])
def test_lag_is_found(ridge):
    rng = np.random.default_rng(2)
    stimuli = rng.normal(size=(9000, 40))
    spikes = spikes_of(np.roll(stimuli @ FIELD, 3), rng)
    (found,) = spike_triggered_average(spikes, stimuli, lags=range(6), ridge=ridge)
    assert found.shape == (6, 40)
    assert np.linalg.norm(found, axis=1).argmax() == 3
    assert cosines(found[3]) > 0.9


@pytest.mark.parametrize("options", [{}, {"ridge": 0.3}, {"ridge": "cv"}, {"lags": [0, 1]}])
def test_standard_errors_are_the_spread_over_recordings(options):
    """300 recordings of 200 samples; the deviation of one pixel is known to 4 %, bound 5 times."""
    rng = np.random.default_rng(0)
    found = [
        spike_triggered_average(*recording(rng), return_std=True, **options) for _ in range(300)
    ]
    spread = np.std([fields[0] for fields, _ in found], axis=0)
    errors = np.sqrt(np.mean([errors[0] ** 2 for _, errors in found], axis=0))
    np.testing.assert_allclose(errors, spread, rtol=0.2)


@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_fields_and_errors_are_those_of_ridge_regression_and_the_sandwich_formula(ridge):
    counts, stimuli = recording(np.random.default_rng(1))
    stimuli = stimuli - stimuli.mean(axis=0)
    fields, errors = spike_triggered_average(counts, stimuli, ridge=ridge, return_std=True)
    covariance = np.cov(stimuli.T, bias=True)
    inverse = np.linalg.inv(covariance + ridge * np.diag(np.diag(covariance)))
    residuals = counts - counts.mean()
    np.testing.assert_allclose(fields, [inverse @ stimuli.T @ residuals / len(counts)])
    residuals = residuals - stimuli @ fields[0]
    middle = np.cov((residuals[:, None] * stimuli).T, bias=True)
    n_free = len(counts) - 1.0 - np.trace(inverse @ covariance)
    expected = np.sqrt(np.diag(inverse @ middle @ inverse) / n_free)
    np.testing.assert_allclose(errors, [expected])
    exact = spike_triggered_average(lambda x: x[:, :2] + 100.0, stimuli, return_std=True)
    np.testing.assert_allclose(exact, [np.eye(2, 8), np.zeros((2, 8))], atol=1e-12)


@pytest.mark.parametrize("stimulus", ["white", "smooth"])
@pytest.mark.parametrize("activation", ["erf", "relu"])
def test_average_is_the_field_times_the_mean_slope(data, stimulus, activation):
    """Bussgang: Cov(sigma(w.x + b), x) = E[sigma'] C w; 200,000 Gaussian inputs, seed 0."""
    net = FCNet(6, activation=activation, learning_rate=1.0, max_epochs=5, random_state=0)
    net.fit(*data)
    inputs = GaussianField(20, correlation_length=1e-3 if stimulus == "white" else 1.0)
    X = inputs.sample(200_000, random_state=0)
    sta = spike_triggered_average(net, X)
    w, b = net.receptive_fields_, net.biases_
    h = X @ w.T + b
    slope = np.sqrt(2 / np.pi) * np.exp(-(h**2) / 2) if activation == "erf" else h > 0
    np.testing.assert_allclose(sta, slope.mean(axis=0)[:, None] * w, atol=0.02)
    assert cosines(sta, w).min() > 0.98


def test_chunks_of_responses_make_no_difference(deep, monkeypatch):
    X = normal(1000, 20)
    whole = spike_triggered_average(deep, X), spike_triggered_covariance(deep, X)
    monkeypatch.setattr(_reverse_correlation, "_CHUNK_ROWS", 77)
    np.testing.assert_allclose(spike_triggered_average(deep, X), whole[0], atol=1e-12)
    np.testing.assert_allclose(spike_triggered_covariance(deep, X), whole[1], atol=1e-12)


def test_average_keeps_small_features_and_large_responses():
    X = normal(5000, 2) * [1.0, 1e-6]
    sta = spike_triggered_average(lambda x: x[:, 0] + 2e6 * x[:, 1], X)
    np.testing.assert_allclose(sta, [[1.0, 2e6]], rtol=1e-9)
    X = normal(300, 3)
    far = spike_triggered_average(lambda x: x.sum(axis=1) + 1e12, X)
    np.testing.assert_allclose(far, 1.0, rtol=1e-3)  # 1e12 itself leaves 1e-4 of the responses
    constant = np.column_stack([X, np.ones(300)])
    sta = spike_triggered_average(lambda x: x[:, 0], constant)
    np.testing.assert_allclose(sta, [[1.0, 0.0, 0.0, 0.0]], atol=1e-12)


def test_estimators_that_learnt_names_of_features_do_not_warn(data):
    X = pd.DataFrame(normal(200, 20)).add_prefix("site ")
    named = pd.DataFrame(data[0]).add_prefix("site ")
    chosen = make_column_transformer((StandardScaler(), [f"site {k}" for k in range(3, 9)]))
    for step in (StandardScaler(), chosen):
        step.set_output(transform="pandas")
        net = FCNet(3, max_epochs=1, random_state=0)
        pipeline = make_pipeline(step, net).fit(named, data[1])
        fields = receptive_fields(pipeline)
        found = [spike_triggered_average(pipeline, X, layer=layer) for layer in (None, 0)]
        np.testing.assert_allclose(*found)
    assert (fields.any(axis=0) == ((np.arange(20) >= 3) & (np.arange(20) < 9))).all()


def test_layer_of_a_deep_net_is_read_alike_by_torch_by_numpy_and_by_the_net(data, deep):
    X = data[0][:50]
    np.testing.assert_allclose(deep.hidden_activations(X), deep.transform(X))
    values, scale = X, [20, 6, 5]
    state = {key: value.double().numpy() for key, value in deep.net_.module_.state_dict().items()}
    weights = [state["weight"], state["deep_weights.0"], state["deep_weights.1"]]
    biases = [state["bias"], state["deep_biases.0"], state["deep_biases.1"]]
    for layer, (w, b, n) in enumerate(zip(weights, biases, scale, strict=True)):
        values = erf((values @ w.T / np.sqrt(n) + b) / np.sqrt(2))
        for index in (layer, layer - 3):
            np.testing.assert_allclose(deep.hidden_activations(X, index), values, atol=1e-12)


def test_average_of_a_middle_layer_is_that_of_its_activations(data, deep):
    stimuli = normal(4000, 20)
    perceptron = MLPClassifier((6, 5), activation="tanh", tol=0.1, random_state=0)
    perceptron.fit(data[0][:300], data[1][:300])
    first, second = perceptron.coefs_[:2]
    b, c = perceptron.intercepts_[:2]
    direct = {
        deep: lambda x: deep.hidden_activations(x, 1),
        perceptron: lambda x: np.tanh(np.tanh(x @ first + b) @ second + c),
    }
    for fitted, function in direct.items():
        expected = spike_triggered_average(function, stimuli)
        found = receptive_fields(fitted, method="sta", X=stimuli, layer=1)
        np.testing.assert_allclose(found, expected, atol=1e-12)
        covariance = spike_triggered_covariance(fitted, stimuli, layer=1)
        np.testing.assert_allclose(covariance, spike_triggered_covariance(function, stimuli))
        scaled = make_pipeline(StandardScaler().fit(data[0]), fitted)
        through = spike_triggered_average(scaled, stimuli, layer=1)
        # The same responses to stimuli in the units of the scaler: fields per unit, not per size.
        again = spike_triggered_average(function, scaled[0].transform(stimuli)) / scaled[0].scale_
        np.testing.assert_allclose(through, again, atol=1e-12)


def test_torch_module_responds_as_it_predicts_and_keeps_its_modes():
    with torch.random.fork_rng():
        module = torch.nn.Sequential(
            torch.nn.Linear(6, 3), torch.nn.Dropout(0.9), torch.nn.Dropout(0.5)
        )
    module.train()
    module[2].eval()
    fields = receptive_fields(module, method="sta", X=normal(20_000, 6))
    np.testing.assert_allclose(fields, receptive_fields(module[0]), atol=1e-5)
    assert [part.training for part in module.modules()] == [True, True, True, False]


def test_labels_are_no_responses(data):
    names = np.array(["short", "long"])[data[1]]
    perceptron = MLPClassifier((4,), tol=0.1, random_state=0).fit(data[0], names)
    stimuli = normal(2000, 20)
    linear = LogisticRegression().fit(data[0], names)
    for fitted, function in (
        (perceptron, perceptron.predict_proba),
        (linear, linear.decision_function),
    ):
        found = spike_triggered_average(fitted, stimuli)
        np.testing.assert_allclose(found, spike_triggered_average(function, stimuli))
    for layer in (0.0, "0", True, 1, -2):
        with pytest.raises(
            ValueError, match="`layer` must be the index of a hidden layer, from 0 to 0"
        ):
            spike_triggered_average(perceptron, stimuli, layer=layer)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"response": "net"}, TypeError, "`response` must be an array.*, got a str"),
        ({"response": PCA(2), "layer": 0}, TypeError, "if `layer` is given, got a PCA"),
        ({"response": np.tanh, "n": 4}, ValueError, "got 4 samples and 4 features"),
        ({"n": 5, "return_std": True}, ValueError, "got 5 samples and 4 features"),
        ({"response": lambda x: x[:3]}, ValueError, r"got shape \(3, 4\) for 50 inputs"),
        ({"response": np.ones(7)}, ValueError, "inconsistent numbers of samples"),
        ({"response": np.full(50, np.nan)}, ValueError, "response contains NaN"),
        ({"lags": [-1]}, ValueError, r"`lags` must be .* got \[-1\]"),
        ({"lags": []}, ValueError, r"integers from 0 to 49, .* got \[\]"),
        ({"response": np.tanh, "lags": [1]}, ValueError, "`lags` must be None unless"),
        ({"ridge": -1.0}, ValueError, "`ridge` must be non-negative and finite, got -1.0"),
        ({"method": "sta", "X": None}, ValueError, "`X` must be given for method='sta'"),
        ({"method": "weights", "layer": 0}, ValueError, "`X` and `layer` must be None"),
        ({"method": "spikes"}, ValueError, "`method` must be one of .*, got 'spikes'"),
    ],
)
def test_what_is_not_valid_is_refused(parameters, error, message):
    stimuli = normal(parameters.pop("n", 50), 4)
    response = parameters.pop("response", np.ones(len(stimuli)))
    measure = receptive_fields if "method" in parameters else spike_triggered_average
    with pytest.raises(error, match=message):
        measure(response, X=parameters.pop("X", stimuli), **parameters)


def test_covariance_finds_the_field_of_a_unit_that_is_even():
    """r = (w.x)^2 is even: the average is zero, and the covariance is E[sigma''] w w' = 2 w w'."""
    w, X = normal(20, seed=1), normal(100_000, 20)
    response = (X @ w) ** 2
    assert np.abs(spike_triggered_average(response, X)).max() < 0.5
    (covariance,) = spike_triggered_covariance(response, X)
    np.testing.assert_allclose(covariance, 2 * np.outer(w, w), atol=1.0)
