"""What the displays of fields, matches and cumulants put on the paper."""

import matplotlib as mpl
import numpy as np
import pytest

from rfsk import NLGP, FCNet, TensorComparison, make_nlgp
from rfsk.analysis import cumulant, match_matrix, random_phase_fields, symmetric_cp_path
from rfsk.plotting import (
    CPPathDisplay,
    CumulantDisplay,
    FilmStripDisplay,
    LocalizationDisplay,
    MatchingDisplay,
    ReceptiveFieldDisplay,
    TensorComparisonDisplay,
)

pytestmark = pytest.mark.usefixtures("_close_figures")


def bumps(n, side=30):
    bump = np.exp(-((np.arange(side) - side / 2) ** 2) / 8)
    return np.stack([np.roll(bump, 11 * k) for k in range(n)])


@pytest.mark.parametrize("shape", [(30,), (5, 6)])
def test_film_strip_shows_first_and_last_snapshots_on_one_scale(shape):
    X, y = make_nlgp(400, shape, correlation_length=(0.5, 1.0), random_state=0)
    image_shape = shape if len(shape) == 2 else None
    net = FCNet(6, record=9, max_epochs=30, image_shape=image_shape, random_state=0).fit(X, y)
    display = FilmStripDisplay.from_estimator(net, n_frames=3)
    assert len(display.axes_) == 3
    assert display.axes_[0].get_title() == "step 0"
    assert display.axes_[-1].get_title() == f"step {net.n_steps_:,}"
    limits = {ax.images[0].get_clim() for ax in display.axes_}
    assert len(limits) == 1
    shown = np.ma.getdata(display.axes_[-1].images[0].get_array())
    drawn = np.sort(shown[np.isfinite(shown)])
    np.testing.assert_allclose(drawn, np.sort(net.receptive_fields_.ravel()))


def test_film_strip_orders_localized_units_first_and_by_place():
    waves = np.array([np.cos(2 * np.pi * k * np.arange(30) / 30) for k in (2, 3)])
    last = np.vstack([waves, bumps(4)])
    display = FilmStripDisplay([0.0 * last, last], [0, 10]).plot(n_frames=2)
    shown = display.axes_[-1].images[0].get_array()
    assert np.all(np.diff(shown[:4].argmax(axis=1)) > 0)
    np.testing.assert_array_equal(np.sort(shown[4:], axis=0), np.sort(waves, axis=0))


def test_net_without_snapshots_and_histories_that_do_not_fit_are_refused():
    X, y = make_nlgp(60, 12, correlation_length=(0.5, 1.0), random_state=0)
    net = FCNet(2, max_epochs=1, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="FCNet has no receptive_field_history_; train it with"):
        FilmStripDisplay.from_estimator(net)
    with pytest.raises(ValueError, match=r"history has shape \(3, 2, 4\) and steps \(2,\)"):
        FilmStripDisplay(np.zeros((3, 2, 4)), [0, 1])


def test_ring_draws_closed_curves_on_polar_axes():
    display = ReceptiveFieldDisplay.from_fields(bumps(3), kind="ring")
    assert display.ax_.name == "polar"
    curves = display.ax_.lines[:3]
    for curve, field in zip(curves, display.fields[display._order()], strict=True):
        radius = curve.get_ydata()
        assert radius[0] == radius[-1]
        np.testing.assert_allclose(radius[:-1] - 2.0 * np.abs(bumps(3)).max(), field, atol=1e-12)
    _, flat = mpl.pyplot.subplots()
    with pytest.raises(ValueError, match="kind='ring' needs polar axes"):
        ReceptiveFieldDisplay.from_fields(bumps(2), kind="ring", ax=flat)


def test_localization_display_counts_every_living_unit_once():
    waves = [np.cos(2 * np.pi * k * np.arange(30) / 30) for k in range(2, 9)]
    fields = np.vstack([bumps(9), waves, np.zeros((2, 30))])
    display = LocalizationDisplay.from_fields(fields, random_state=0)
    heights = sum(bar.get_height() for group in display.ax_.containers for bar in group)
    assert heights == 16
    _, labels = display.ax_.get_legend_handles_labels()
    assert set(labels) == {"localized (9)", "oscillating (7)", "random phases"}
    assert np.nanmax(display.null_ipr) < display.ipr[0]


def test_localization_display_of_dead_units_is_empty():
    display = LocalizationDisplay.from_fields(np.zeros((3, 8)), random_state=0)
    assert not display.ax_.containers


def test_matching_display_shows_the_matrix_by_best_reference():
    rng = np.random.default_rng(0)
    references = rng.standard_normal((3, 20))
    fields = np.vstack([np.roll(references[[2, 0, 1, 0]], 5, axis=1), np.zeros(20)])
    display = MatchingDisplay.from_fields(fields, references)
    shown = display.image_.get_array()
    assert shown.argmax(axis=1).tolist() == [0, 0, 1, 2]
    np.testing.assert_allclose(shown.max(axis=1), 1.0)
    matrix = match_matrix(fields, references)
    assert np.isnan(matrix[-1]).all()
    np.testing.assert_allclose(np.sort(shown, axis=None), np.sort(matrix[:-1], axis=None))


def test_cumulant_display_shows_the_entries_of_the_tensor():
    model = NLGP(10, correlation_length=1.5, gain=3.0)
    display = CumulantDisplay.from_source(model, site=4)
    tensor = cumulant(model).tensor()
    np.testing.assert_allclose(display.entries, tensor[4, 4], atol=1e-10)
    C = model.covariance()
    np.testing.assert_allclose(display.gaussian, C[4, 4] * C + 2 * np.outer(C[4], C[4]))
    low, high = display.axes_[0].images[0].get_clim()
    assert -low == high


@pytest.mark.parametrize("kind", ["samples", "difference"])
def test_pair_slice_of_any_cumulant_is_that_of_its_tensor(kind):
    X = np.random.default_rng(0).standard_exponential((500, 6))
    kappa = cumulant(X) if kind == "samples" else cumulant(X) - cumulant(X[:100])
    np.testing.assert_allclose(kappa.pair_slice(2), kappa.tensor()[2, 2], atol=1e-10)
    with pytest.raises(ValueError, match="site=6; expected a feature from 0 to 5"):
        kappa.pair_slice(6)
    with pytest.raises(ValueError, match="order=3; expected a cumulant of order 4"):
        cumulant(X, 3).pair_slice(0)


def test_path_display_draws_errors_over_ranks_and_weights():
    path = symmetric_cp_path(NLGP(10, correlation_length=1.5, gain=3.0), (1, 2, 4), random_state=0)
    display = CPPathDisplay({"NLGP": path}).plot()
    error, weights = (ax.lines[0].get_ydata() for ax in display.axes_)
    np.testing.assert_array_equal(error, path.relative_error)
    np.testing.assert_array_equal(weights, np.abs(path.decompositions[-1].weights))


@pytest.mark.parametrize("shape", [(30,), (5, 6)])
def test_comparison_display_has_a_panel_a_method_and_a_dot_a_unit(shape):
    X, y = make_nlgp(2000, shape, correlation_length=(1.0, 2.0), random_state=0)
    image_shape = shape if len(shape) == 2 else None
    net = FCNet(12, max_epochs=20, image_shape=image_shape, random_state=0).fit(X, y)
    comparison = TensorComparison(
        3, target=1, references=("cp", "pca", ("own", net)), shape=shape, random_state=0
    ).fit(X, y)
    display = TensorComparisonDisplay.from_estimator(comparison, net)
    assert len(display.field_axes_) == 3
    assert display.field_axes_[2].get_title() == "own\nmatch 1.00"
    dots = sum(len(part.get_offsets()) for part in display.match_ax_.collections)
    assert dots == 3 * 12


def test_random_phases_keep_the_spectrum_and_lose_the_bump():
    for shape in ((30,), (5, 6)):
        fields = bumps(3)
        surrogates = random_phase_fields(fields, shape, random_state=0)
        axes = tuple(range(1, 1 + len(shape)))
        spectra = [
            np.abs(np.fft.rfftn(rows.reshape(-1, *shape), axes=axes))
            for rows in (fields, surrogates)
        ]
        np.testing.assert_allclose(*spectra, atol=1e-12)
        assert np.abs(fields - surrogates).max() > 0.1
