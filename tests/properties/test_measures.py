"""Each measure of a field depends on the shape of this field only."""

from functools import partial

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.base import clone
from sklearn.decomposition import PCA

from rfsk import FieldMatcher, LocalizationAnalyzer, ipr
from rfsk.analysis import (
    dominant_frequency,
    field_center,
    field_orientation,
    field_spread,
    field_width,
)

RING, TORUS = (24,), (6, 7)


def smooth(shape, n_units, seed):
    """Fields without ties: of equal peaks, a measure may choose either."""
    noise = np.random.default_rng(seed).standard_normal((n_units, *shape))
    widths = (0.0, *[1.0] * len(shape))
    return gaussian_filter(noise, widths, mode="wrap").reshape(n_units, -1)


MEASURES = {
    "ipr": (ipr, RING),
    "width": (field_width, RING),
    "width of images": (partial(field_width, shape=TORUS), TORUS),
    "spread": (field_spread, RING),
    "spread of images": (partial(field_spread, shape=TORUS), TORUS),
    "frequency": (dominant_frequency, RING),
    "orientation": (partial(field_orientation, shape=TORUS), TORUS),
    "center": (field_center, RING),
    "center of images": (partial(field_center, shape=TORUS), TORUS),
    "analyzer": (LocalizationAnalyzer(random_state=0), RING),
    "analyzer of images": (LocalizationAnalyzer(TORUS, n_null=39, random_state=0), TORUS),
    "analyzer, given null": (LocalizationAnalyzer(null=smooth(RING, 199, seed=2)), RING),
    "analyzer with profile": (
        LocalizationAnalyzer(profile="gaussian", n_null=39, random_state=0),
        RING,
    ),
    "matcher": (FieldMatcher(), RING),
    "matcher of images": (FieldMatcher(TORUS), TORUS),
}


@pytest.fixture(params=MEASURES)
def measured(request):
    """A measure with one row per field, the names of its columns, and the lattice."""
    analyzer, shape = MEASURES[request.param]
    if hasattr(analyzer, "fit"):
        analyzer = clone(analyzer).fit(smooth(shape, 11, seed=1))
        return analyzer.transform, analyzer.get_feature_names_out(), shape
    n_columns = len(shape) if "center" in request.param else 1
    names = [f"{request.param}_{column}" for column in range(n_columns)]
    return lambda fields: np.reshape(analyzer(fields), (-1, n_columns)), names, shape


def test_measures_do_not_change_with_scale_sign_place_and_company(measured):
    measure, names, shape = measured
    fields = smooth(shape, 13, seed=0)
    fields.flags.writeable = False
    expected = measure(fields)
    is_sign = np.array(names) == "sign"
    flipped = np.where(is_sign, -expected, expected)
    # The fit of a profile ends a little elsewhere when it starts elsewhere.
    tolerance = np.array([1e-3 if name.startswith("profile") else 1e-6 for name in names])
    tolerance *= np.maximum(np.abs(expected).max(axis=0), 1e-3)
    assert np.all(np.abs(measure(250.0 * fields) - expected) <= tolerance)
    assert np.all(np.abs(measure(-fields) - flipped) <= tolerance)
    order = np.random.default_rng(2).permutation(13)[:5]
    assert np.all(np.abs(measure(fields[order]) - expected[order]) <= tolerance)
    assert np.all(np.abs(measure(fields[4:5]) - expected[4:5]) <= tolerance)
    for shift in ((1,) * len(shape), tuple(side // 2 + 1 for side in shape)):
        images = np.roll(fields.reshape(13, *shape), shift, axis=range(1, 1 + len(shape)))
        change = measure(images.reshape(13, -1)) - expected
        positions = [i for i, name in enumerate(names) if name.startswith(("center", "shift"))]
        for axis, column in enumerate(positions):
            side = shape[axis]
            change[:, column] = (change[:, column] - shift[axis] + side / 2) % side - side / 2
        assert np.all(np.abs(change) <= tolerance)


@pytest.mark.filterwarnings("error")
def test_a_field_of_zeros_is_nan_and_changes_no_other_row(measured):
    measure, names, shape = measured
    fields = smooth(shape, 13, seed=0)
    expected = measure(fields)
    fields[2] = 0.0
    found = measure(fields)
    is_flag = np.array(names) == "is_localized"
    assert np.all(np.isnan(found[2]) | (is_flag & (found[2] == 0.0)))
    np.testing.assert_allclose(np.delete(found, 2, 0), np.delete(expected, 2, 0), rtol=1e-6)


def test_what_are_no_fields_is_refused(measured):
    measure, _, shape = measured
    fields = smooth(shape, 13, seed=0)
    for wrong in (np.nan * fields, fields[0], PCA(2)):
        with pytest.raises((ValueError, TypeError), match=r"NaN|1D|1-D|dimension|receptive_fields"):
            measure(wrong)
