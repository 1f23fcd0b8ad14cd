"""Reverse correlation finds the fields that weights describe."""

import numpy as np
import pytest
from scipy.special import erf
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rfsk import ConvNet, FCNet, FieldMatcher, GaussianField, make_nlgp, receptive_fields
from rfsk.analysis import spike_triggered_average, spike_triggered_covariance


def cosines(one, other):
    one, other = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (one, other))
    return np.einsum("rd,rd->r", one, other)


@pytest.fixture(scope="module")
def data():
    return make_nlgp(3000, 20, correlation_length=(1.0, 2.0), random_state=0)


@pytest.mark.parametrize("stimulus", ["white", "smooth"])
@pytest.mark.parametrize("activation", ["erf", "relu"])
def test_average_is_the_field_times_the_mean_slope(data, stimulus, activation):
    """Bussgang: Cov(sigma(w.x + b), x) = E[sigma'] C w; 200,000 Gaussian inputs, seed 0."""
    net = FCNet(6, activation=activation, learning_rate=1.0, max_epochs=5, random_state=0).fit(
        *data
    )
    length = 1e-3 if stimulus == "white" else 1.0
    law = GaussianField(20, correlation_length=length)
    X = law.sample(200_000, random_state=0)
    sta = spike_triggered_average(net, X)
    assert sta.shape == (6, 20)
    w, b = net.receptive_fields_, net.biases_
    h = X @ w.T + b
    slope = np.sqrt(2 / np.pi) * np.exp(-(h**2) / 2) if activation == "erf" else h > 0
    np.testing.assert_allclose(sta, slope.mean(axis=0)[:, None] * w, atol=0.02)
    assert cosines(sta, w).min() > 0.98
    smooth = spike_triggered_average(net, X, whiten=False)
    np.testing.assert_allclose(smooth, sta @ np.cov(X.T, bias=True), atol=1e-10)


def test_covariance_finds_the_field_of_a_unit_that_is_even(data):
    """r = (w.x)^2 answers to both signs alike: no average, but E[sigma''] w w' = 2 w w'."""
    w = np.random.default_rng(1).normal(size=20)
    X = np.random.default_rng(0).normal(size=(100_000, 20))

    def response(x):
        return (x @ w) ** 2

    assert np.abs(spike_triggered_average(response, X)).max() < 0.5
    (covariance,) = spike_triggered_covariance(response, X)
    np.testing.assert_allclose(covariance, 2 * np.outer(w, w), atol=1.0)
    leading = np.linalg.eigh(covariance)[1][:, -1]
    assert abs(leading @ w) / np.linalg.norm(w) > 0.99


def test_units_of_a_convnet_have_the_filter_at_their_place(data):
    net = ConvNet(2, kernel_size=5, max_epochs=5, random_state=0).fit(*data)
    X = np.random.default_rng(0).normal(size=(100_000, 20))
    sta = spike_triggered_average(net, X)
    assert sta.shape == (40, 20)
    matches = FieldMatcher().fit(net.receptive_fields_).transform(sta)
    assert matches[:, 0].min() > 0.97
    np.testing.assert_array_equal(matches[:, 1], np.repeat([0, 1], 20))
    np.testing.assert_array_equal(matches[:, 3], np.tile((np.arange(20) - 10) % 20, 2))


def test_deep_units_and_foreign_estimators_have_fields_too(data):
    X_new = np.random.default_rng(0).normal(size=(50_000, 20))
    deep = FCNet((8, 3), max_epochs=2, random_state=0).fit(*data)
    assert spike_triggered_average(deep, X_new).shape == (3, 20)
    linear = LogisticRegression().fit(*data)
    assert cosines(spike_triggered_average(linear, X_new), linear.coef_)[0] > 1 - 1e-9
    perceptron = MLPClassifier(4, max_iter=5, random_state=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        perceptron.fit(*data)
    hidden = lambda x: np.maximum(x @ perceptron.coefs_[0] + perceptron.intercepts_[0], 0)  # noqa: E731
    assert (
        cosines(spike_triggered_average(hidden, X_new), receptive_fields(perceptron)).min() > 0.99
    )


def test_chunks_of_responses_make_no_difference(data, monkeypatch):
    from rfsk.analysis import _responses

    net = FCNet(3, max_epochs=1, random_state=0).fit(*data)
    X = np.random.default_rng(0).normal(size=(1000, 20))
    whole = spike_triggered_average(net, X), spike_triggered_covariance(net, X)
    monkeypatch.setattr(_responses, "_CHUNK_ROWS", 77)
    np.testing.assert_allclose(spike_triggered_average(net, X), whole[0], atol=1e-12)
    np.testing.assert_allclose(spike_triggered_covariance(net, X), whole[1], atol=1e-12)


def test_what_does_not_respond_is_refused():
    X = np.random.default_rng(0).normal(size=(30, 4))
    with pytest.raises(TypeError, match="Got a str; expected a fitted estimator or a function"):
        spike_triggered_average("net", X)
    with pytest.raises(ValueError, match="X has 4 samples of 4 features; expected more samples"):
        spike_triggered_average(np.tanh, X[:4])
    with pytest.raises(ValueError, match=r"Responses to 30 inputs have shape \(3, 4\)"):
        spike_triggered_average(lambda x: x[:3], X)


def test_average_keeps_small_features_and_large_responses():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 2)) * [1.0, 1e-6]
    sta = spike_triggered_average(lambda x: x[:, 0] + 2e6 * x[:, 1], X)
    np.testing.assert_allclose(sta, [[1.0, 2e6]], rtol=1e-9)
    X = rng.normal(size=(300, 3))
    far = spike_triggered_average(lambda x: x.sum(axis=1) + 1e12, X)
    np.testing.assert_allclose(far, 1.0, rtol=1e-3)  # 1e12 itself leaves 1e-4 of the responses
    constant = np.column_stack([X, np.ones(300)])
    sta = spike_triggered_average(lambda x: x[:, 0], constant)
    np.testing.assert_allclose(sta, [[1.0, 0.0, 0.0, 0.0]], atol=1e-12)


def test_tables_are_taken():
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(np.random.default_rng(0).normal(size=(200, 3))).add_prefix("site ")
    pca = PCA(2).fit(X)
    np.testing.assert_allclose(spike_triggered_average(pca, X), pca.components_, atol=1e-10)
    np.testing.assert_array_equal(receptive_fields(X), X.to_numpy())


def test_layer_of_a_deep_net_is_read_alike_by_torch_by_numpy_and_by_the_net(data):
    net = FCNet((6, 5, 4), max_epochs=2, random_state=0).fit(*data)
    X = data[0][:50]
    np.testing.assert_allclose(net.hidden_activations(X), net.transform(X))
    values, scale = X, [20, 6, 5]
    state = {name: value.double().numpy() for name, value in net.net_.module_.state_dict().items()}
    weights = [state["weight"], state["deep_weights.0"], state["deep_weights.1"]]
    biases = [state["bias"], state["deep_biases.0"], state["deep_biases.1"]]
    for layer, (w, b, n) in enumerate(zip(weights, biases, scale, strict=True)):
        values = erf((values @ w.T / np.sqrt(n) + b) / np.sqrt(2))
        np.testing.assert_allclose(net.hidden_activations(X, layer), values, atol=1e-12)
        np.testing.assert_allclose(net.hidden_activations(X, layer - 3), values, atol=1e-12)


def test_average_of_a_middle_layer_is_that_of_its_activations(data):
    stimuli = np.random.default_rng(0).standard_normal((4000, 20))
    net = FCNet((6, 5, 4), max_epochs=2, random_state=0).fit(*data)
    perceptron = MLPClassifier((6, 5), activation="tanh", tol=0.1, random_state=0)
    perceptron.fit(data[0][:300], data[1][:300])
    first, second = perceptron.coefs_[:2]
    b, c = perceptron.intercepts_[:2]
    direct = {
        net: lambda x: net.hidden_activations(x, 1),
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


def test_torch_module_responds_as_it_predicts_and_keeps_its_mode():
    import torch

    torch_state = torch.get_rng_state()
    module = torch.nn.Sequential(torch.nn.Linear(6, 3), torch.nn.Dropout(0.9))
    torch.set_rng_state(torch_state)
    X = np.random.default_rng(0).standard_normal((20_000, 6))
    fields = receptive_fields(module, method="sta", X=X)
    np.testing.assert_allclose(fields, receptive_fields(module[0]), atol=1e-5)
    assert module.training


def test_layers_and_stimuli_that_are_not_there_are_refused(data):
    net = FCNet(4, max_epochs=1, random_state=0).fit(*data)
    X = data[0]
    with pytest.raises(ValueError, match="layer=1; expected a hidden layer from 0 to 0"):
        spike_triggered_average(net, X, layer=1)
    perceptron = MLPClassifier((4,), max_iter=1, random_state=0)
    with pytest.warns(ConvergenceWarning):
        perceptron.fit(X[:50], data[1][:50])
    with pytest.raises(ValueError, match="layer=-2; expected a hidden layer from 0 to 0"):
        spike_triggered_average(perceptron, X, layer=-2)
    with pytest.raises(TypeError, match=r"PCA has no hidden layers that are known here"):
        spike_triggered_average(PCA(2).fit(X), X, layer=0)
    with pytest.raises(ValueError, match="method='sta' correlates responses with stimuli"):
        receptive_fields(net, method="sta")
    with pytest.raises(ValueError, match="X and layer are of method='sta'"):
        receptive_fields(net, layer=0)
    with pytest.raises(ValueError, match="method='spikes' is unknown"):
        receptive_fields(net, method="spikes")


def test_labels_are_no_responses(data):
    X, y = data
    names = np.array(["short", "long"])[y]
    perceptron = MLPClassifier((4,), tol=0.1, random_state=0).fit(X, names)
    stimuli = np.random.default_rng(0).standard_normal((2000, 20))
    found = spike_triggered_average(perceptron, stimuli)
    expected = spike_triggered_average(perceptron.predict_proba, stimuli)
    np.testing.assert_allclose(found, expected)
    for layer in (0.0, "0", True):
        with pytest.raises(ValueError, match="expected a hidden layer from 0 to 0"):
            spike_triggered_average(perceptron, stimuli, layer=layer)


def test_frozen_parts_of_a_module_stay_frozen():
    import torch

    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout(0.5))
    module.train()
    module[1].eval()
    spike_triggered_average(module, np.random.default_rng(0).normal(size=(50, 3)))
    assert [part.training for part in module.modules()] == [True, True, False]
