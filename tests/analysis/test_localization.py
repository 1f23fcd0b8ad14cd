import numpy as np
import pytest

from rfsk import LocalizationAnalyzer, ipr

SITES = np.arange(100)


def is_localized(fields, **kwargs):
    analyzer = LocalizationAnalyzer(random_state=0, **kwargs)
    return analyzer.fit_transform(fields)[:, -1]


def test_white_noise_is_called_localized_at_the_level_of_the_test():
    """2000 fields at 5 %: within five standard errors, 1.5 %, plus what shared phases add."""
    noise = np.random.default_rng(1).standard_normal((2000, 100))
    assert abs(is_localized(noise).mean() - 0.05) <= 0.015


def test_sinusoids_are_not_localized():
    rng = np.random.default_rng(2)
    frequency, phase = rng.integers(1, 50, (2000, 1)), rng.random((2000, 1))
    waves = np.cos(2 * np.pi * (frequency * SITES / 100 + phase))
    assert is_localized(waves).mean() <= 0.05


@pytest.mark.parametrize("width", [1.0, 3.0, 8.0])
def test_bumps_are_localized_wherever_they_sit(width):
    distance = (SITES - SITES[:, None] + 50) % 100 - 50
    assert is_localized(np.exp(-(distance**2) / (2 * width**2))).all()


def test_rows_are_measured_independently_and_dead_units_reported():
    rng = np.random.default_rng(3)
    fields = rng.standard_normal((6, 24))
    fields[4] = 0.0
    analyzer = LocalizationAnalyzer((4, 6), random_state=0).fit(fields)
    together = analyzer.transform(fields)
    alone = np.vstack([analyzer.transform(field[None]) for field in fields])
    np.testing.assert_array_equal(together, alone)
    assert np.isnan(together[4, :-1]).all()
    assert together[4, -1] == 0.0


def test_pandas_table_has_named_columns():
    analyzer = LocalizationAnalyzer((4, 6), random_state=0).set_output(transform="pandas")
    table = analyzer.fit_transform(np.random.default_rng(0).standard_normal((5, 24)))
    assert list(table.columns) == [
        "ipr",
        "width",
        "center_0",
        "center_1",
        "spread",
        "excess_kurtosis",
        "dominant_frequency",
        "orientation",
        "p_value",
        "is_localized",
    ]
    np.testing.assert_allclose(table["excess_kurtosis"], 24 * table["ipr"] - 3)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_null": 0}, "n_null=0; expected an integer > 0"),
        ({"alpha": -0.1}, "alpha=-0.1; expected a finite number > 0"),
        ({"alpha": 2.0}, "alpha=2.0 with n_null=199; expected alpha below 1"),
        ({"n_null": 10}, "at least the smallest p-value, .* = 0.0909"),
        ({"shape": (5, 5)}, r"shape=\(5, 5\) has 25 sites, but the data have 24"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        LocalizationAnalyzer(**parameters).fit(np.ones((2, 24)))


def test_gaussian_null_tells_noise_at_its_level_and_calls_sharp_fields_of_any_spectrum():
    """2000 fields at 5 %, 999 null fields: within five errors, and what the shared null adds."""
    noise = np.random.default_rng(1).standard_normal((2000, 100))
    assert abs(is_localized(noise, null="gaussian", n_null=999).mean() - 0.05) <= 0.03
    waves = np.cos(2 * np.pi * (np.arange(1, 50)[:, None] * SITES / 100 + 0.1))
    assert not is_localized(waves, null="gaussian").any()
    assert is_localized(np.eye(100), null="gaussian").all()


def test_null_of_own_fields_is_a_rank_among_them():
    control = np.random.default_rng(0).standard_normal((39, 100))
    control[5] = 0.0  # dead units say nothing
    analyzer = LocalizationAnalyzer(null=control, alpha=0.05).fit(np.eye(100))
    assert len(analyzer.null_ipr_) == 38
    p = analyzer.set_output(transform="pandas").transform(np.eye(100))["p_value"]
    np.testing.assert_allclose(p, 1 / 39)
    middle = control[[np.argsort(ipr(control))[20]]]
    assert 0.3 < analyzer.transform(middle)["p_value"].item() < 0.7
    analyzer.set_params(null="phase").fit(np.eye(100))
    assert not hasattr(analyzer, "null_ipr_")


def test_trained_fields_are_told_from_those_of_the_clone(ring_nets):
    """Localized half against fields of the nets on the clone: all of it; the clone's own, at the
    level."""
    nets, clones = zip(*ring_nets, strict=True)
    control = np.concatenate([net.receptive_fields_ for net in clones[1:]])
    fields = nets[0].receptive_fields_
    assert is_localized(fields[:20], null=control).all()
    assert is_localized(clones[0].receptive_fields_, null=control).mean() <= 0.15
    assert is_localized(fields[:20]).all()
    assert is_localized(clones[0].receptive_fields_).mean() <= 0.15


def test_profile_columns_say_how_wide_and_how_good_the_fit_is():
    fields = [np.exp(-0.5 * (SITES - 30.0) ** 2 / 16.0), np.cos(SITES), np.zeros(100)]
    analyzer = LocalizationAnalyzer(profile="gaussian", random_state=0)
    table = analyzer.set_output(transform="pandas").fit_transform(fields)
    assert table["profile_width"][0] == pytest.approx(9.42, abs=0.01)
    assert table["profile_goodness"][0] == pytest.approx(1.0, abs=1e-6)
    assert table["profile_goodness"][1] < 0.5
    assert table.loc[2].drop("is_localized").isna().all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"null": "noise"}, "null='noise' is unknown; expected one of 'phase', 'gaussian'"),
        ({"null": np.ones((50, 9))}, "null has 9 features; expected those of the fields, 100"),
        ({"null": np.eye(100)[:5]}, r"alpha=0.05 with n_null=5; .*1 / \(n_null \+ 1\) = 0.167"),
        ({"profile": "wave"}, "profile='wave' is unknown; expected one of 'gaussian', 'gabor'"),
    ],
)
def test_bad_null_or_profile_is_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        LocalizationAnalyzer(**parameters).fit(np.eye(100))


def test_p_values_are_of_the_null_drawn_in_fit():
    noise = np.random.default_rng(0).standard_normal((50, 100))
    analyzer = LocalizationAnalyzer(n_null=99, random_state=0).fit(noise)
    before = analyzer.transform(noise)
    np.testing.assert_array_equal(analyzer.set_params(n_null=9999).transform(noise), before)
    with pytest.raises(ValueError, match="null has only fields of zeros"):
        LocalizationAnalyzer(null=np.zeros((50, 100))).fit(noise)
