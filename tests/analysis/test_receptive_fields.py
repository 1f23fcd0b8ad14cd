import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA, FastICA
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.random_projection import GaussianRandomProjection

from rfsk import CumulantCP, FCNet, localization_score, make_nlgp, receptive_fields


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 5)) * [1, 2, 3, 4, 5] + 1.0
    return X, (X[:, 0] > 1).astype(int)


def test_fields_of_estimators_layers_arrays_and_pipelines(data):
    X, y = data
    mlp = MLPClassifier((4, 3), tol=0.1, random_state=0).fit(X, y)
    np.testing.assert_array_equal(receptive_fields(mlp), mlp.coefs_[0].T)
    ica = FastICA(3, tol=0.1, random_state=0)
    for estimator in (PCA(3), ica, CumulantCP(1, random_state=0)):
        fitted = estimator.fit(X)
        np.testing.assert_array_equal(receptive_fields(fitted), fitted.components_)
    linear = LogisticRegression().fit(X, y)
    assert receptive_fields(linear).shape == (1, 5)
    dense = linear.coef_.copy()
    np.testing.assert_array_equal(receptive_fields(linear.sparsify()), dense)
    layer, conv = torch.nn.Linear(5, 3), torch.nn.Conv2d(1, 4, 3)
    np.testing.assert_allclose(receptive_fields(layer), layer.weight.detach().numpy())
    assert receptive_fields(conv).shape == (4, 9)
    assert receptive_fields([1.0, 2.0]).tolist() == [[1.0, 2.0]]
    for mean, deviation in ((1e10, 1.0), (1e18, 1e17), (1e-30, 1e-28)):
        far = mean + deviation * np.random.default_rng(0).normal(size=(100, 5))
        pipe = make_pipeline(StandardScaler(), PCA(2, random_state=0)).fit(far)
        expected = pipe[-1].components_ / pipe[0].scale_
        np.testing.assert_allclose(receptive_fields(pipe), expected, rtol=1e-4)


@pytest.mark.filterwarnings("ignore:The classes differ in their means")
@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        MinMaxScaler(),
        RobustScaler(),
        None,
        PCA(3, whiten=True, random_state=0),
        FastICA(4, tol=0.1, random_state=0),
        GaussianRandomProjection(4, random_state=0),
        SelectKBest(k=2),
        make_pipeline(StandardScaler(), PCA(3, random_state=0)),
        make_union(PCA(2, random_state=0), StandardScaler()),
    ],
    ids=str,
)
def test_fields_through_linear_steps_reproduce_the_preactivation_up_to_a_constant(data, scaler):
    X, y = data
    pipe = make_pipeline(scaler or "passthrough", FCNet(6, max_epochs=3, random_state=0)).fit(X, y)
    direct = pipe[-1].receptive_fields_ @ pipe[:-1].transform(X).T
    pulled_back = receptive_fields(pipe) @ X.T
    offset = direct - pulled_back
    np.testing.assert_allclose(offset, np.broadcast_to(offset[:, :1], offset.shape), atol=1e-9)


@pytest.mark.parametrize(
    "step",
    [
        PolynomialFeatures(2),
        Normalizer(),
        QuantileTransformer(n_quantiles=20),
        MinMaxScaler(clip=True),
        FunctionTransformer(np.tanh),
        FunctionTransformer(np.sqrt),
        FCNet(3, max_epochs=1, random_state=0),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:X has a root mean square")
def test_non_linear_steps_are_refused(data, step):
    X, y = np.abs(data[0]), data[1]
    pipe = make_pipeline(step, FCNet(4, max_epochs=1, random_state=0)).fit(X, y)
    name = pipe.steps[0][0]
    with pytest.raises(ValueError, match=rf"(through step|^Step) '{name}'"):
        receptive_fields(pipe)


def test_grid_search_finds_the_localized_net():
    """After one epoch fields are noise, after eighty they are localized."""
    X, y = make_nlgp(4000, 40, correlation_length=(2.0, 4.0), random_state=0)
    net = FCNet(8, batch_size=100, random_state=0)
    search = GridSearchCV(net, {"max_epochs": [1, 80]}, scoring=localization_score, cv=2).fit(X, y)
    best = search.best_estimator_.receptive_fields_
    np.testing.assert_array_equal(receptive_fields(search), best)
    assert search.best_params_ == {"max_epochs": 80}
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] == pytest.approx(3 / 40, rel=0.25)
    assert scores[1] > 1.15 * scores[0]  # half of the units localize
    assert localization_score(np.eye(5)) == 1.0
    assert localization_score(np.zeros((2, 5))) == 0.2


@pytest.mark.parametrize(
    ("fitted", "error", "message"),
    [
        (FCNet(), TypeError, "got a FCNet. Fit it first"),
        ("net", TypeError, "`fitted` must be a fitted estimator .*, got a str"),
        (torch.nn.BatchNorm1d(3), TypeError, "got a BatchNorm1d"),
        (np.full((2, 3), np.nan), ValueError, "fields contains NaN"),
    ],
)
def test_things_without_fields_are_refused(fitted, error, message):
    with pytest.raises(error, match=message):
        receptive_fields(fitted)
