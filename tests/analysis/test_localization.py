import numpy as np
import pytest

from rfsk import LocalizationAnalyzer, ipr

SITES = np.arange(100)
WHITE = np.random.default_rng(0).standard_normal((999, 100))


def is_localized(fields, **kwargs):
    return LocalizationAnalyzer(random_state=0, **kwargs).fit_transform(fields)[:, -1]


@pytest.mark.parametrize(("null", "bound"), [({}, 0.015), ({"null": WHITE}, 0.03)])
def test_white_noise_is_called_localized_at_the_level_and_sinusoids_are_not(null, bound):
    """2000 fields at 5 %: within five standard errors, 1.5 %, plus what the shared null adds."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((2000, 100))
    p_value = LocalizationAnalyzer(random_state=0, **null).fit_transform(noise)[:, -2]
    assert abs((p_value <= 0.05).mean() - 0.05) <= bound
    assert is_localized(noise, **null).mean() <= 0.05 + bound
    frequency, phase = rng.integers(1, 50, (2000, 1)), rng.random((2000, 1))
    sinusoids = np.cos(2 * np.pi * (frequency * SITES / 100 + phase))
    assert is_localized(sinusoids, **null).mean() <= 0.05


@pytest.mark.parametrize("width", [0.1, 1.0, 3.0, 8.0])
def test_bumps_are_localized_wherever_they_sit(width):
    distance = (SITES - SITES[:, None] + 50) % 100 - 50
    bumps = np.exp(-(distance**2) / (2 * width**2))
    assert is_localized(bumps).all()
    assert is_localized(bumps, null=WHITE).all()


def test_pandas_table_has_named_columns():
    analyzer = LocalizationAnalyzer((4, 6), random_state=0).set_output(transform="pandas")
    table = analyzer.fit_transform(np.random.default_rng(0).standard_normal((5, 24)))
    assert " ".join(table.columns) == (
        "ipr width center_0 center_1 spread concentration excess_kurtosis dominant_frequency "
        "orientation p_value is_localized"
    )
    np.testing.assert_allclose(table["excess_kurtosis"], 24 * table["ipr"] - 3)


def test_null_of_own_fields_is_a_rank_among_them():
    control = np.random.default_rng(0).standard_normal((39, 100))
    control[5] = 0.0  # dead units say nothing
    analyzer = LocalizationAnalyzer(null=control, alpha=0.05).fit(np.eye(100))
    assert len(analyzer.null_ipr_) == 38
    crowded = LocalizationAnalyzer(null=control).fit(np.eye(100)[[3] * 9])
    assert crowded.not_testable_ is None  # that is the condition of random phases alone
    p = analyzer.set_output(transform="pandas").transform(np.eye(100))["p_value"]
    np.testing.assert_allclose(p, 1 / 39)
    ordered = control[np.argsort(ipr(control))[:38]]
    np.testing.assert_allclose(analyzer.transform(ordered)["p_value"], np.arange(39, 1, -1) / 39)
    for null, gone in (("phase", "null_ipr_"), (control, "phases_")):
        analyzer.set_params(null=null).fit(np.eye(100))
        assert not hasattr(analyzer, gone)


def test_profile_columns_say_how_wide_and_how_good_the_fit_is():
    fields = [np.exp(-0.5 * (SITES - 30.0) ** 2 / 16.0), np.cos(SITES), np.zeros(100)]
    analyzer = LocalizationAnalyzer(profile="gaussian", random_state=0)
    table = analyzer.set_output(transform="pandas").fit_transform(fields)
    assert table["profile_width"][0] == pytest.approx(9.42, abs=0.01)
    assert table["profile_explained_variance"][0] == pytest.approx(1.0, abs=1e-6)
    assert table["profile_explained_variance"][1] < 0.5
    assert table.loc[2].drop("is_localized").isna().all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_null": 0}, "`n_null` must be a positive integer, got 0"),
        ({"alpha": -0.1}, "`alpha` must be positive and finite, got -0.1"),
        ({"alpha": 2.0}, "`alpha` must be below 1 and at least .* got 2.0"),
        ({"n_null": 18}, "at least the smallest p-value, .* = 0.0526"),
        ({"shape": (5, 5)}, r"features, 100, got \(5, 5\), which has 25 sites"),
        ({"null": "noise"}, "`null` must be one of 'phase'.*, got 'noise'"),
        ({"null": np.ones((50, 9))}, r"`null` must have 100 features, got shape \(50, 9\)"),
        ({"null": np.eye(100)[:5]}, r"1 / \(n_null \+ 1\) = 0.167, got 0.05"),
        ({"null": np.zeros((50, 100))}, "`null` must have nonzero fields"),
        ({"null": np.full((50, 100), np.nan)}, "null contains NaN"),
        ({"profile": "square"}, "`profile` must be one of 'gaussian', 'gabor'.*, got 'square'"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        LocalizationAnalyzer(**parameters).fit(np.eye(100))


def test_p_values_are_of_the_null_drawn_in_fit():
    noise = np.random.default_rng(0).standard_normal((50, 100))
    analyzer = LocalizationAnalyzer(n_null=19, random_state=0).fit(noise)  # the fewest for 5 %
    before = analyzer.transform(noise)
    np.testing.assert_array_equal(analyzer.set_params(n_null=9999).transform(noise), before)
    assert analyzer.transform(np.eye(100))[:, -1].all()  # at the smallest p-value, 1/20


def test_p_value_is_a_rank_among_surrogates_with_random_phases():
    field = np.random.default_rng(7).standard_normal(24)
    analyzer = LocalizationAnalyzer((4, 6), n_null=99, random_state=0).fit([field])
    amplitude = np.abs(np.fft.rfft2(field.reshape(4, 6)))
    surrogates = np.fft.irfft2(amplitude * analyzer.phases_, s=(4, 6)).reshape(99, 24)
    n_at_least = np.count_nonzero(ipr(surrogates) >= ipr([field]))
    assert 0 < n_at_least < 99
    assert analyzer.transform([field])[0, -2] == (1 + n_at_least) / 100
