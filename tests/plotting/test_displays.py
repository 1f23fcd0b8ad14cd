import matplotlib as mpl
import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rfsk import FCNet, make_ising, make_nlgp, make_spiked_cumulant
from rfsk.plotting import FilmStripDisplay, InputDisplay, ReceptiveFieldDisplay

pytestmark = pytest.mark.usefixtures("_close_figures")


def bumps(n, side=30):
    bump = np.exp(-((np.arange(side) - side / 2) ** 2) / 8)
    return np.stack([np.roll(bump, 11 * k) for k in range(n)])


def test_map_shows_every_field_in_the_order_of_its_center():
    display = ReceptiveFieldDisplay.from_fields(bumps(6))
    shown = display.image_.get_array()
    peaks = shown.argmax(axis=1)
    assert shown.shape == (6, 30)
    assert np.all(np.diff(peaks) > 0)


def test_color_scale_is_centred_at_zero():
    low, high = ReceptiveFieldDisplay.from_fields(-bumps(3)).image_.get_clim()
    assert -low == high == 1.0


def test_unsorted_map_keeps_the_order_given():
    display = ReceptiveFieldDisplay.from_fields(bumps(6), sort=False)
    np.testing.assert_array_equal(display.image_.get_array(), bumps(6))


def test_lines_draw_one_curve_a_unit():
    display = ReceptiveFieldDisplay.from_fields(bumps(4), kind="lines")
    curves = [line for line in display.ax_.lines if len(line.get_xdata()) == 30]
    assert len(curves) == 4


def test_mosaic_holds_every_image_between_gaps():
    fields = np.random.default_rng(0).standard_normal((5, 12))
    display = ReceptiveFieldDisplay.from_fields(fields, (3, 4), sort=False)
    shown = np.ma.getdata(display.image_.get_array())
    np.testing.assert_array_equal(shown[:3, :4], fields[0].reshape(3, 4))
    drawn = np.sort(shown[np.isfinite(shown)])
    np.testing.assert_array_equal(drawn, np.sort(fields.ravel()))


def test_rows_of_a_mosaic_are_labelled_by_their_first_unit():
    ax = ReceptiveFieldDisplay.from_fields(np.ones((5, 12)), (3, 4)).ax_
    first = [
        (label.get_text(), place)
        for place, label in zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
    ]
    assert first == [("0", 1.0), ("2", 5.0), ("4", 9.0)]


def test_lattice_is_found_at_the_end_of_a_pipeline():
    X, y = make_nlgp(60, (3, 4), correlation_length=(0.5, 1.0), random_state=0)
    net = FCNet(4, image_shape=(3, 4), max_epochs=1, random_state=0)
    pipe = make_pipeline(StandardScaler(), net).fit(X, y)
    assert ReceptiveFieldDisplay.from_estimator(pipe).shape == (3, 4)
    assert ReceptiveFieldDisplay.from_estimator(pipe, (2, 6)).shape == (2, 6)


def test_dead_fields_can_be_shown():
    ReceptiveFieldDisplay.from_fields(np.zeros((2, 5)))


@pytest.mark.parametrize(
    ("shape", "kind", "message"),
    [
        (None, "mosaic", "kind='mosaic' does not show fields of shape"),
        ((5, 6), "map", "kind='map' does not show fields of shape"),
        (None, "film", "kind='film' is unknown; expected one of 'auto', 'map'"),
        ((5, 5), "auto", r"shape=\(5, 5\) has 25 sites, but the data have 30"),
    ],
)
def test_what_cannot_be_shown_is_refused(shape, kind, message):
    with pytest.raises(ValueError, match=message):
        ReceptiveFieldDisplay.from_fields(bumps(2), shape, kind=kind)


@pytest.mark.parametrize("shape", [(30,), (5, 6)])
def test_film_shows_every_snapshot_on_the_scale_of_the_strip(shape):
    history = np.multiply.outer([0.1, 0.5, 0.2, 1.0], bumps(3))
    display = FilmStripDisplay(history, [0, 1, 10, 1000], shape).plot(n_frames=4)
    film = display.animate(interval=80, n_frames=3)
    assert film.to_jshtml(default_mode="once").count("data:image/png") == 3
    (ax, _) = mpl.pyplot.gcf().axes
    assert ax.get_title() == "step 1,000"
    assert ax.images[0].get_clim() == display.axes_[0].images[0].get_clim()
    last = (np.ma.getdata(axes.images[0].get_array()) for axes in (ax, display.axes_[-1]))
    np.testing.assert_array_equal(*last)


@pytest.mark.parametrize("shape", [40, (8, 9)])
def test_input_display_shows_samples_covariance_and_spectrum(shape):
    task = make_nlgp(2, shape, correlation_length=(1.0, 2.0), return_X_y=False).task
    display = InputDisplay.from_task(task, random_state=0)
    covariance_axes = display.axes_[-2]
    for label, line in enumerate(covariance_axes.lines):
        expected = task.models[label].autocovariance()
        profile = expected if expected.ndim == 1 else expected[0]
        np.testing.assert_allclose(line.get_ydata(), profile[: len(line.get_ydata())], atol=1e-12)
    assert {ax.get_xlabel() for ax in display.axes_} >= {
        "distance (sites)",
        "frequency (cycles/site)",
    }


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_ising(2, (12, 12), temperature=(2.5, 4.0), return_X_y=False),
        lambda: make_nlgp(2, 30, boundary="open", return_X_y=False),
        lambda: make_spiked_cumulant(2, 12, return_X_y=False),
    ],
)
def test_inputs_without_closed_form_around_the_lattice_are_measured(make):
    """Variance of pixels from 2000 samples, within five standard errors of a Gaussian one."""
    task = make().task
    display = InputDisplay.from_task(task, random_state=0)
    for autocovariance in display.autocovariance:
        assert autocovariance.flat[0] == pytest.approx(1.0, abs=5 * np.sqrt(2 / 2000))
