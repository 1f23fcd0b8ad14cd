"""Fields are not testable where random phases are not a valid null hypothesis."""

import re

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rfsk import (
    NLGP,
    FCNet,
    GaussianField,
    LocalizationAnalyzer,
    make_gaussian_clone,
    population_summary,
    receptive_fields,
)
from rfsk.analysis import group_split, why_not_testable
from rfsk.exceptions import LikelyMistakeWarning, NotTestableWarning

SITES = np.arange(60)
WINDOW = GaussianField(60, correlation_length=8.0, boundary="open")
RING = GaussianField(60, correlation_length=8.0)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X, y % 2


def trained_on_digits(X, y):
    net = FCNet(24, batch_size=100, max_epochs=20, random_state=0)
    with pytest.warns(LikelyMistakeWarning, match="differ in their means"):
        return net.fit((X - X.mean()) / X.std(), y)


def test_fields_of_digits_and_of_their_control_are_not_testable(digits):
    """With random phases, many fields of both would be called localized."""
    for X, y in (digits, make_gaussian_clone(*digits, random_state=0)):
        fields = trained_on_digits(X, y).receptive_fields_
        with pytest.warns(NotTestableWarning, match=r"concentrate at the same sites.*control"):
            summary = population_summary(fields, (8, 8), random_state=0)
        assert set(summary.split.groups) == {"not testable"}
        assert np.all(np.isnan(summary.split.p_values))
        assert summary.tiling.n_units == 0
        assert re.search(r"not testable +1\.00", str(summary))


def test_an_untrained_net_behind_a_scaler_is_not_localized(digits):
    """Weights divided by the scale of pixels that hardly vary are large at a few sites."""
    net = FCNet(24, learning_rate=1e-9, max_epochs=1, batch_size=100, random_state=0)
    with pytest.warns(LikelyMistakeWarning, match="differ in their means"):
        pipeline = make_pipeline(StandardScaler(), net).fit(*digits)
    analyzer = LocalizationAnalyzer((8, 8), random_state=0)
    with pytest.warns(NotTestableWarning, match="Localization cannot be tested"):
        measures = analyzer.fit_transform(receptive_fields(pipeline))
    assert np.all(np.isnan(measures[:, -2:]))
    assert not np.isnan(measures[:, 0]).any()
    within = analyzer.fit_transform(net.receptive_fields_)
    assert within[:, -1].mean() <= 0.15


def test_inputs_seen_through_an_open_window_are_reported():
    fields = np.random.default_rng(0).standard_normal((4, 60))
    with pytest.warns(NotTestableWarning, match="across its boundary, which is not periodic"):
        analyzer = LocalizationAnalyzer(random_state=0).fit(fields, inputs=WINDOW)
    assert np.all(np.isnan(analyzer.transform(fields)[:, -2:]))
    with pytest.warns(NotTestableWarning, match="is not periodic"):
        split = group_split(fields, inputs=WINDOW.sample(2000, 0), random_state=0)
    assert split.not_testable == analyzer.not_testable_ == why_not_testable(fields, inputs=WINDOW)
    assert why_not_testable(fields, (6, 10), WINDOW) is not None


@pytest.mark.parametrize(
    "model",
    [
        RING,
        NLGP(60, correlation_length=8.0, gain=3.0),
        NLGP((10, 6), correlation_length=1.5, gain=3.0),
        GaussianField(60, correlation_length=0.5),
    ],
    ids=["ring", "NLGP", "torus", "rough"],
)
def test_translation_invariant_inputs_are_testable(model):
    fields = np.zeros((1, 60))
    for n_samples in (50, 2000):
        for seed in range(40):
            inputs = model.sample(n_samples, seed)
            assert why_not_testable(fields, model.shape, inputs) is None


def test_sites_that_differ_in_variance_are_reported():
    fields, scale = np.zeros((1, 60)), 1.0 + 0.3 * np.cos(2 * np.pi * SITES / 60)
    for seed in range(10):
        assert "variances" in why_not_testable(fields, (60,), RING.sample(1000, seed) * scale)


def test_fields_at_random_positions_are_testable():
    """Two false alarms at most in 400 populations: the chance of more is 1 % at a rate of .1 %."""
    rng = np.random.default_rng(0)
    bump = np.exp(-((SITES - 30.0) ** 2) / 30)
    alarms = 0
    for _ in range(200):
        places = rng.integers(60, size=10)
        alarms += why_not_testable(np.array([np.roll(bump, k) for k in places]), (60,)) is not None
        alarms += why_not_testable(rng.standard_normal((10, 60)), (6, 10)) is not None
    assert alarms <= 2


def test_inputs_decide_where_they_are_given():
    """Fields at one site, which can be due to chance, on translation-invariant inputs."""
    bumps = np.tile(np.exp(-((SITES - 30.0) ** 2) / 30), (20, 1))
    with pytest.warns(NotTestableWarning, match="concentrate at the same sites"):
        assert group_split(bumps, random_state=0).not_testable is not None
    split = group_split(bumps, inputs=RING, random_state=0)
    assert split.not_testable is None
    assert split.fraction["localized"] == 1.0


def test_inputs_that_do_not_fit_are_refused():
    with pytest.raises(TypeError, match=r"got shape \(20, 60\).* fit\(fields, inputs=X\)"):
        LocalizationAnalyzer().fit(np.eye(60), RING.sample(20, 0))
    with pytest.raises(ValueError, match=r"`inputs` must have 8 features, got shape \(\d+, 60\)"):
        group_split(np.eye(8), inputs=RING)
