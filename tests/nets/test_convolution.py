"""Borders, strides and pooling of ConvNet, and its release into an FCNet."""

import numpy as np
import pytest
from scipy import ndimage, special
from sklearn.exceptions import NotFittedError

from rfsk import ConvNet, make_nlgp

CASES = {
    "ring": {"kernel_size": 5},
    "ring, wide": {"kernel_size": 15},
    "ring, zero": {"kernel_size": 5, "boundary": "zero"},
    "ring, stride": {"kernel_size": 15, "stride": 3},
    "ring, stride, pooled": {"kernel_size": 5, "stride": 2, "pooling": "mean"},
    "torus, wide": {"kernel_size": (3, 5), "image_shape": (4, 6)},
    "torus, zero": {"kernel_size": (3, 5), "image_shape": (-1, 6), "boundary": "zero"},
    "torus, stride": {"kernel_size": 3, "image_shape": (4, 6), "stride": (2, 4)},
    "torus, pooled": {"kernel_size": (3, 5), "image_shape": (4, -1), "pooling": "mean"},
    "torus, maximum": {"image_shape": (4, 6), "boundary": "zero", "pooling": "max"},
}


@pytest.fixture(scope="module")
def data():
    return make_nlgp(400, 24, correlation_length=(1.0, 2.0), random_state=0)


def fitted(case, data, **options):
    net = ConvNet(3, max_epochs=1, random_state=0, **CASES[case], **options)
    return net.fit(*data)


@pytest.mark.parametrize("case", CASES)
def test_hidden_activations_are_those_of_scipy(case, data):
    X, _ = data
    net = fitted(case, data, readout="linear")
    parameters = CASES[case]
    images = X.reshape(len(X), *net.shape_)
    mode = "constant" if parameters.get("boundary") == "zero" else "wrap"
    taps = np.prod(net.filters_.shape[1:])
    h = np.stack(
        [
            ndimage.correlate(images, kernel[None], mode=mode, cval=0.0) / np.sqrt(taps) + bias
            for kernel, bias in zip(net.filters_, net.biases_, strict=True)
        ],
        axis=1,
    )
    steps = np.broadcast_to(parameters.get("stride", 1), len(net.shape_))
    h = h[(..., *(slice(None, None, step) for step in steps))]
    hidden = special.erf(h / np.sqrt(2.0))
    if "pooling" in parameters:
        hidden = getattr(hidden, parameters["pooling"])(axis=tuple(range(2, h.ndim)))
    np.testing.assert_allclose(net.transform(X), hidden.reshape(len(X), -1), atol=1e-9)
    assert net.get_feature_names_out().shape == (net.transform(X).shape[1],)


@pytest.mark.parametrize("activation", ["erf", "relu"])
@pytest.mark.parametrize("readout", ["mean", "linear"])
@pytest.mark.parametrize("case", [name for name in CASES if name != "torus, maximum"])
def test_release_computes_the_same_function(case, readout, activation, data):
    X, _ = data
    net = fitted(case, data, readout=readout, activation=activation, learning_rate=1.0)
    free = net.release()
    np.testing.assert_allclose(free.decision_function(X), net.decision_function(X), atol=1e-6)
    np.testing.assert_array_equal(free.predict(X), net.predict(X))
    if "pooling" not in CASES[case]:
        np.testing.assert_allclose(free.transform(X), net.transform(X), atol=1e-5)


def test_released_net_can_be_trained_and_release_is_refused_if_it_changes_the_function(data):
    free = fitted("ring, stride", data).release()
    before = free.receptive_fields_.copy()
    free.set_params(learning_rate=1e-3, max_epochs=1).fit(*data)
    assert 0.0 < np.abs(free.receptive_fields_ - before).max() < 1e-2
    with pytest.raises(NotFittedError):
        ConvNet().release()
    with pytest.raises(ValueError, match="`pooling` must be 'mean' or None to release"):
        fitted("torus, maximum", data).release()
    with pytest.raises(ValueError, match=r"`readout` must be 'mean' or 'linear' .*, got 'sum'"):
        fitted("ring", data, readout="sum").release()
