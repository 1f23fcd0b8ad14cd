import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from skorch.callbacks import LRScheduler

from rfsk import Autoencoder, make_nlgp


@pytest.fixture(scope="module", name="X")
def inputs():
    return make_nlgp(3000, 40, correlation_length=(4.0, 8.0), random_state=0)[0]


@pytest.mark.parametrize("tied", [True, False])
def test_reconstruction_is_the_formula_of_the_docstring(X, tied):
    net = Autoencoder(6, tied=tied, bias_init=0.3, max_epochs=2, random_state=0).fit(X)
    codes = np.maximum(X @ net.receptive_fields_.T + net.biases_, 0.0)
    np.testing.assert_allclose(net.transform(X), codes, atol=1e-12)
    expected = net.intercept_ + codes @ net.decoder_
    np.testing.assert_allclose(net.reconstruct(X), expected, atol=1e-12)
    assert np.array_equal(net.decoder_, net.receptive_fields_) == tied
    # The double-precision formula against the float32 module that was trained.
    inner, _ = net.net_.module_(torch.tensor(X, dtype=torch.float32))
    np.testing.assert_allclose(inner.detach().numpy(), expected, atol=1e-4)
    residual = ((X - expected) ** 2).sum() / ((X - X.mean(axis=0)) ** 2).sum()
    assert net.score(X) == pytest.approx(1.0 - residual, abs=1e-12)
    with pytest.raises(ValueError, match=r"`codes` must have 6 features, got shape \(4, 2\)"):
        net.inverse_transform(np.ones((4, 2)))


@pytest.mark.parametrize("tied", [True, False])
def test_linear_code_spans_the_principal_components(X, tied):
    """The explained variance of six components is within .001 of that of PCA, the optimum."""
    annealing = LRScheduler("CosineAnnealingLR", T_max=200)
    net = Autoencoder(6, activation="linear", tied=tied, max_epochs=200, random_state=0)
    net.set_params(callbacks=[annealing]).fit(X)
    pca = PCA(6).fit(X)
    best = 1.0 - ((X - pca.inverse_transform(pca.transform(X))) ** 2).mean() / X.var()
    assert best - 0.001 < net.score(X) < best + 0.001
    span = np.linalg.qr(net.receptive_fields_.T)[0]
    # The sixth and seventh components have equal variance: five angles are fixed.
    angles = np.linalg.svd(span.T @ pca.components_.T, compute_uv=False)
    assert angles[:5].min() > 0.99


def test_loss_is_that_of_the_docstring(X):
    """With one full batch, the loss is that before the first step, of the recorded initial net."""
    net = Autoencoder(6, sparsity=0.7, batch_size=len(X), max_epochs=1, record=2, random_state=0)
    net.fit(X)
    w = net.receptive_field_history_[0]
    codes = np.maximum(X @ w.T, 0.0)
    square = ((X - codes @ w) ** 2).sum(axis=1)
    expected = (square + 0.7 * codes.sum(axis=1)).mean() / 40
    assert net.loss_curve_[0] == pytest.approx(expected, rel=1e-5)


def test_penalty_makes_codes_sparse_and_keeps_decoder_rows_within_the_unit_ball(X):
    dense = Autoencoder(16, tied=False, max_epochs=20, random_state=0).fit(X)
    sparse = Autoencoder(16, tied=False, sparsity=2.0, max_epochs=20, random_state=0).fit(X)
    assert np.linalg.norm(sparse.decoder_, axis=1).max() <= 1.0 + 1e-6
    active = [(net.transform(X) > 1e-3).mean() for net in (dense, sparse)]
    assert active[1] < 0.8 * active[0]


def test_fit_online_takes_a_model_or_a_task(X):
    task = make_nlgp(2, 40, correlation_length=(4.0, 8.0), return_X_y=False).task
    for source in (task, task.models[1]):
        net = Autoencoder(8, record=3, random_state=0).fit_online(source, 60_000)
        assert net.n_steps_ == 120
        assert net.loss_curve_[-1] < 0.7 * net.loss_curve_[0]
        assert net.receptive_field_history_.shape == (3, 8, 40)
    with pytest.raises(TypeError, match="`models` must be a list of input models"):
        Autoencoder().fit_online(X)
