import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA, FastICA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

from rfsk import CumulantCP, FCNet, receptive_fields


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 5)) * [1, 2, 3, 4, 5] + 1.0
    return X, (X[:, 0] > 1).astype(int)


def test_fields_of_scikit_learn_estimators(data):
    X, y = data
    mlp = MLPClassifier((4, 3), tol=0.1, random_state=0).fit(X, y)
    np.testing.assert_array_equal(receptive_fields(mlp), mlp.coefs_[0].T)
    ica = FastICA(3, tol=0.1, random_state=0)
    for estimator in (PCA(3), ica, CumulantCP(3, random_state=0)):
        fitted = estimator.fit(X)
        np.testing.assert_array_equal(receptive_fields(fitted), fitted.components_)
    linear = LogisticRegression().fit(X, y)
    assert receptive_fields(linear).shape == (1, 5)
    dense = linear.coef_.copy()
    np.testing.assert_array_equal(receptive_fields(linear.sparsify()), dense)


def test_fields_of_torch_layers_and_arrays():
    layer, conv = torch.nn.Linear(5, 3), torch.nn.Conv2d(1, 4, 3)
    np.testing.assert_allclose(receptive_fields(layer), layer.weight.detach().numpy())
    assert receptive_fields(conv).shape == (4, 9)
    assert receptive_fields([1.0, 2.0]).tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    "scaler", [StandardScaler(), MaxAbsScaler(), MinMaxScaler(), RobustScaler(), None]
)
def test_fields_through_a_scaler_reproduce_the_preactivation_up_to_a_constant(data, scaler):
    X, y = data
    pipe = make_pipeline(scaler or "passthrough", FCNet(6, max_epochs=3, random_state=0)).fit(X, y)
    direct = pipe[-1].receptive_fields_ @ pipe[:-1].transform(X).T
    pulled_back = receptive_fields(pipe) @ X.T
    offset = direct - pulled_back
    np.testing.assert_allclose(offset, np.broadcast_to(offset[:, :1], offset.shape), atol=1e-9)


def test_fields_of_a_search_are_those_of_its_best_estimator(data):
    X, y = data
    search = GridSearchCV(FCNet(4, max_epochs=2, random_state=0), {"n_hidden": [4, 5]}).fit(X, y)
    fields = receptive_fields(search)
    np.testing.assert_array_equal(fields, search.best_estimator_.receptive_fields_)


def test_non_linear_steps_are_refused(data):
    X, y = data
    pipe = make_pipeline(PolynomialFeatures(2), FCNet(4, max_epochs=1, random_state=0)).fit(X, y)
    with pytest.raises(ValueError, match="cannot be pulled back through step 'polynomialfeatures'"):
        receptive_fields(pipe)


def test_things_without_fields_are_refused():
    with pytest.raises(TypeError, match=r"FCNet has no receptive fields.*Was it fitted\?"):
        receptive_fields(FCNet())
    with pytest.raises(TypeError, match="str has no receptive fields"):
        receptive_fields("net")
    with pytest.raises(TypeError, match="BatchNorm1d has no receptive fields"):
        receptive_fields(torch.nn.BatchNorm1d(3))
    with pytest.raises(ValueError, match="fields contains NaN"):
        receptive_fields(np.full((2, 3), np.nan))
