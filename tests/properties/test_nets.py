"""Invariants of nets, searched for exceptions by Hypothesis."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rfsk import ConvNet
from rfsk.testing import lattice_shapes

seeds = st.integers(0, 2**32 - 1)


@pytest.mark.filterwarnings("ignore:X has 4 rows and", "ignore:X has a root mean square")
@given(lattice_shapes(), seeds)
def test_circular_convnet_is_equivariant(shape, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((4, *shape))
    flat = X.reshape(4, -1)
    image_shape = shape if len(shape) == 2 else None
    net = ConvNet(2, image_shape=image_shape, max_epochs=1, random_state=int(seed))
    net.fit(flat, [0, 1, 0, 1])
    hidden = net.transform(flat).reshape(4, 2, *shape)
    axis = rng.integers(1, 1 + len(shape))
    moved = np.roll(X, 1, axis=axis).reshape(4, -1)
    np.testing.assert_allclose(
        net.transform(moved).reshape(hidden.shape), np.roll(hidden, 1, axis=axis + 1), atol=1e-10
    )
    np.testing.assert_allclose(
        net.decision_function(moved), net.decision_function(flat), atol=1e-10
    )
