"""Contents of all displays."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rfsk import NLGP, FCNet, TensorComparison, make_ising, make_nlgp, make_spiked_cumulant
from rfsk.analysis import cumulant, match_matrix, random_phase_fields
from rfsk.plotting import (
    CumulantDisplay,
    FilmStripDisplay,
    InputDisplay,
    LocalizationDisplay,
    MatchingDisplay,
    PhaseDiagramDisplay,
    ReceptiveFieldDisplay,
    SweepDisplay,
    TensorComparisonDisplay,
)
from rfsk.plotting.style import (
    CONTROL,
    FIELD_COLORS,
    IMAGE_COLORS,
    INPUT,
    MATCH_COLORS,
    color_bar,
    limit,
)

pytestmark = pytest.mark.usefixtures("_close_figures")
each_lattice = pytest.mark.parametrize("shape", [(30,), (5, 6)])


def bumps(n, side=30):
    bump = np.exp(-((np.arange(side) - side / 2) ** 2) / 8)
    return np.stack([np.roll(bump, 11 * k) for k in range(n)])


def modes(numbers):
    return np.array([np.cos(2 * np.pi * k * np.arange(30) / 30) for k in numbers])


def small_net(shape, n_samples, length=(0.5, 1.0), **options):
    """Inputs, labels and a net on a lattice of this shape."""
    X, y = make_nlgp(n_samples, shape, correlation_length=length, random_state=0)
    image_shape = shape if len(shape) == 2 else None
    return X, y, FCNet(image_shape=image_shape, random_state=0, **options).fit(X, y)


def shown(image):
    """Values of an image, gaps left out, in rising order."""
    values = np.ma.getdata(image.get_array())
    return np.sort(values[np.isfinite(values)])


def test_map_shows_every_field_in_the_order_of_its_center_and_lines_one_curve_each():
    image = ReceptiveFieldDisplay.from_fields(-bumps(6)).image_
    assert image.get_array().shape == (6, 30)
    assert np.all(np.diff(image.get_array().argmin(axis=1)) > 0)
    assert image.get_clim() == (-1.0, 1.0)
    unsorted = ReceptiveFieldDisplay.from_fields(bumps(6), sort=False).image_.get_array()
    np.testing.assert_array_equal(unsorted, bumps(6))
    lines = ReceptiveFieldDisplay.from_fields(bumps(4), kind="lines").ax_.lines
    assert sum(len(line.get_xdata()) == 30 for line in lines) == 4
    ReceptiveFieldDisplay.from_fields(np.zeros((2, 5)))


def test_fields_are_white_at_zero_and_darker_for_larger_weights_of_both_signs():
    image = ReceptiveFieldDisplay.from_fields(bumps(6)).image_
    red, green, blue, _ = np.transpose(image.to_rgba(np.linspace(-1.0, 1.0, 21)))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert min(red[10], green[10], blue[10]) > 0.95
    assert np.all(np.diff(luminance[:11]) > 0)
    assert np.all(np.diff(luminance[10:]) < 0)


def test_limit_keeps_weak_fields_visible_and_is_one_for_panels_that_are_compared():
    rows = np.concatenate([np.tile([0.1, -0.1], 500), [50.0]])
    assert limit(rows) == 0.1
    assert limit(rows, 2.0 * rows) == 0.2
    assert limit(np.eye(1, 500)) == 1.0  # the 99th percentile is zero
    ax = ReceptiveFieldDisplay.from_fields(rows[None]).image_.axes
    bar = ax.images[0].colorbar
    assert (bar.extend, bar.mappable.get_clim()) == ("max", (-0.1, 0.1))
    panels = mpl.pyplot.figure().subplots(1, 2)
    for ax, scale in zip(panels, (1.0, 0.2), strict=True):
        ReceptiveFieldDisplay.from_fields(scale * bumps(6), ax=ax, bound=1.0)
        assert ax.images[0].get_clim() == (-1.0, 1.0)
    assert color_bar(panels, "weight").extend == "neither"


def test_each_kind_of_image_has_its_colours_unless_others_are_asked_for():
    task = make_nlgp(2, (5, 6), correlation_length=(0.5, 1.0), return_X_y=False).task
    draw = {
        FIELD_COLORS: [
            lambda **cmap: ReceptiveFieldDisplay.from_fields(bumps(2), (5, 6), **cmap),
            lambda **cmap: FilmStripDisplay([bumps(2)], [0]).plot(**cmap),
            lambda **cmap: CumulantDisplay.from_source(bumps(3), **cmap),
        ],
        IMAGE_COLORS: [lambda **cmap: InputDisplay.from_task(task, random_state=0, **cmap)],
        MATCH_COLORS: [lambda **cmap: MatchingDisplay.from_fields(bumps(3), bumps(2), **cmap)],
    }
    for default, displays in draw.items():
        for display in displays:
            assert display().figure_.axes[0].images[0].cmap.name == default
            assert display(cmap="PuOr_r").figure_.axes[0].images[0].cmap.name == "PuOr_r"


def test_mosaic_holds_every_image_between_gaps():
    fields = np.random.default_rng(0).standard_normal((5, 12))
    display = ReceptiveFieldDisplay.from_fields(fields, (3, 4), sort=False)
    canvas = np.ma.getdata(display.image_.get_array())
    np.testing.assert_array_equal(canvas[:3, :4], fields[0].reshape(3, 4))
    assert np.isnan(canvas[3]).all()
    np.testing.assert_array_equal(shown(display.image_), np.sort(fields.ravel()))
    labels = {label.get_position()[1]: label.get_text() for label in display.ax_.get_yticklabels()}
    assert labels == {1.0: "0", 5.0: "2", 9.0: "4"}  # the first unit of each row of tiles


def test_lattice_is_found_at_the_end_of_a_pipeline():
    X, y, net = small_net((3, 4), 60, n_hidden=4, max_epochs=1)
    pipe = make_pipeline(StandardScaler(), net).fit(X, y)
    assert ReceptiveFieldDisplay.from_estimator(pipe).shape == (3, 4)
    assert ReceptiveFieldDisplay.from_estimator(pipe, (2, 6)).shape == (2, 6)


@pytest.mark.parametrize(
    ("shape", "kind", "message"),
    [
        (None, "mosaic", "`kind` must not be 'mosaic' for fields of shape"),
        ((5, 6), "map", "`kind` must not be 'map' for fields of shape"),
        (None, "film", "`kind` must be one of 'auto', 'map'.*, got 'film'"),
        ((5, 5), "auto", r"features, 30, got \(5, 5\), which has 25 sites"),
    ],
)
def test_what_cannot_be_shown_is_refused(shape, kind, message):
    with pytest.raises(ValueError, match=message):
        ReceptiveFieldDisplay.from_fields(bumps(2), shape, kind=kind)


@each_lattice
def test_film_strip_shows_first_and_last_snapshots_on_one_scale(shape):
    *_, net = small_net(shape, 400, n_hidden=6, record=9, max_epochs=30)
    display = FilmStripDisplay.from_estimator(net, n_frames=3)
    assert len(display.axes_) == 3
    assert display.axes_[0].get_title() == "step 0"
    assert display.axes_[-1].get_title() == f"step {net.n_steps_:,}"
    assert len({ax.images[0].get_clim() for ax in display.axes_}) == 1
    np.testing.assert_allclose(
        shown(display.axes_[-1].images[0]), np.sort(net.receptive_fields_.ravel())
    )
    last = np.vstack([modes((2, 3)), bumps(4)])  # localized units come first and by place
    display = FilmStripDisplay([0.0 * last, last], [0, 10]).plot(n_frames=2)
    image = display.axes_[-1].images[0].get_array()
    assert np.all(np.diff(image[:4].argmax(axis=1)) > 0)
    np.testing.assert_array_equal(np.sort(image[4:], axis=0), np.sort(last[:2], axis=0))


@each_lattice
def test_film_shows_every_snapshot_on_the_scale_of_the_strip(shape):
    history = np.multiply.outer([0.1, 0.5, 0.2, 1.0], bumps(3))
    display = FilmStripDisplay(history, [0, 1, 10, 1000], shape).plot(n_frames=4)
    film = display.animate(interval=80, n_frames=3)
    assert film.to_jshtml(default_mode="once").count("data:image/png") == 3
    (ax, _) = mpl.pyplot.gcf().axes
    assert ax.get_title() == "step 1,000"
    assert ax.images[0].get_clim() == display.axes_[0].images[0].get_clim() == (-1.0, 1.0)
    last = (np.ma.getdata(axes.images[0].get_array()) for axes in (ax, display.axes_[-1]))
    np.testing.assert_array_equal(*last)


def test_net_without_snapshots_and_histories_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="FCNet has no receptive_field_history_; train it with"):
        FilmStripDisplay.from_estimator(small_net((12,), 60, n_hidden=2, max_epochs=1)[2])
    with pytest.raises(ValueError, match=r"must have shapes .*, got \(3, 2, 4\) and \(2,\)"):
        FilmStripDisplay(np.zeros((3, 2, 4)), [0, 1])


def test_localization_display_counts_every_living_unit_once():
    fields = np.vstack([bumps(9), modes(range(2, 9)), np.zeros((2, 30))])
    display = LocalizationDisplay.from_fields(fields, random_state=0)
    heights = sum(bar.get_height() for group in display.ax_.containers for bar in group)
    assert heights == 16
    _, labels = display.ax_.get_legend_handles_labels()
    assert set(labels) == {"localized (9)", "oscillating (7)", "random phases"}
    assert np.nanmax(display.null_ipr) < display.ipr[0]
    one = LocalizationDisplay.from_fields(bumps(9), random_state=0)
    assert one.ax_.get_legend_handles_labels()[1] == ["localized (9)", "random phases"]
    assert not LocalizationDisplay.from_fields(np.zeros((3, 8)), random_state=0).ax_.containers


def test_matching_display_shows_the_matrix_by_best_reference():
    rng = np.random.default_rng(0)
    references = rng.standard_normal((3, 20))
    fields = np.vstack([np.roll(references[[2, 0, 1, 0]], 5, axis=1), np.zeros(20)])
    display = MatchingDisplay.from_fields(fields, references)
    image = display.image_.get_array()
    assert image.argmax(axis=1).tolist() == [0, 0, 1, 2]
    np.testing.assert_allclose(image.max(axis=1), 1.0)
    matrix = match_matrix(fields, references)
    assert np.isnan(matrix[-1]).all()
    np.testing.assert_allclose(shown(display.image_), np.sort(matrix[:-1], axis=None))


@each_lattice
def test_comparison_display_has_a_panel_per_method_and_a_dot_per_unit(shape):
    X, y, net = small_net(shape, 2000, (1.0, 2.0), n_hidden=12, max_epochs=20)
    comparison = TensorComparison(
        3, target=1, references=("cp", "pca", ("own", net)), shape=shape, random_state=0
    ).fit(X, y)
    display = TensorComparisonDisplay.from_estimator(comparison, net)
    assert len(display.field_axes_) == 3
    assert display.field_axes_[2].get_title() == "own\nmatch 1.00"
    assert sum(len(dots.get_offsets()) for dots in display.match_ax_.collections) == 3 * 12


@each_lattice
def test_random_phases_keep_the_spectrum_and_lose_the_bump(shape):
    fields = bumps(3)
    surrogates = random_phase_fields(fields, shape, random_state=0)
    axes = tuple(range(1, 1 + len(shape)))
    images = (rows.reshape(-1, *shape) for rows in (fields, surrogates))
    spectra = (np.abs(np.fft.rfftn(image, axes=axes)) for image in images)
    np.testing.assert_allclose(*spectra, atol=1e-12)
    assert np.abs(fields - surrogates).max() > 0.1


@pytest.mark.parametrize("shape", [40, (8, 9)])
def test_input_display_shows_samples_covariance_and_spectrum(shape):
    task = make_nlgp(2, shape, correlation_length=(1.0, 2.0), return_X_y=False).task
    display = InputDisplay.from_task(task, random_state=0)
    *_, covariance_ax, spectrum_ax = display.axes_
    for model, line in zip(task.models, covariance_ax.lines, strict=True):
        expected = np.atleast_2d(model.autocovariance())[0]
        np.testing.assert_allclose(line.get_ydata(), expected[: len(line.get_ydata())], atol=1e-12)
    assert covariance_ax.get_xlabel() == "distance (sites)"
    assert spectrum_ax.get_xlabel() == "frequency (cycles/site)"


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
    display = InputDisplay.from_task(make().task, random_state=0)
    for autocovariance in display.autocovariance:
        assert autocovariance.flat[0] == pytest.approx(1.0, abs=5 * np.sqrt(2 / 2000))


def test_cumulant_display_shows_the_entries_of_the_tensor():
    model = NLGP(10, correlation_length=1.5, gain=3.0)
    display = CumulantDisplay.from_source(model, site=4)
    np.testing.assert_allclose(display.entries, cumulant(model).tensor()[4, 4], atol=1e-10)
    C = model.covariance()
    np.testing.assert_allclose(display.gaussian, C[4, 4] * C + 2 * np.outer(C[4], C[4]))
    low, high = display.axes_[0].images[0].get_clim()
    assert -low == high


@pytest.mark.parametrize("kind", ["samples", "difference"])
def test_slice_of_any_cumulant_is_that_of_its_tensor(kind):
    X = np.random.default_rng(0).standard_exponential((500, 6))
    kappa = cumulant(X) if kind == "samples" else cumulant(X) - cumulant(X[:100])
    entries = kappa.pair_contract(np.eye(6)[2], np.eye(6))
    np.testing.assert_allclose(entries, kappa.tensor()[2, 2], atol=1e-10)
    with pytest.raises(ValueError, match="`site` must be from 0 to 5, got 6"):
        CumulantDisplay.from_source(X, site=6)
    with pytest.raises(ValueError, match="must be of order 4, got order 3"):
        cumulant(X, 3).pair_contract(np.eye(6)[0], np.eye(6))


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    rows = [
        {
            "gain": gain,
            "length_ratio": ratio,
            "inputs": inputs,
            "ipr_positive": rng.normal(gain, 0.1),
            "ipr_negative": 0.5 * gain,
        }
        for gain in (0.1, 1.0, 10.0)
        for ratio in (1.5, 2.0)
        for inputs in ("nlgp", "control")
        for _ in range(4)
    ]
    return pd.DataFrame(rows)


def test_bands_are_intervals_of_95_percent_confidence(table):
    lines = SweepDisplay.from_sweep(table, "gain", "ipr_positive", "inputs").lines_
    assert list(lines) == [("ipr_positive", "nlgp"), ("ipr_positive", "control")]
    for gain, mean, half in lines["ipr_positive", "nlgp"]:
        values = table["ipr_positive"][(table["gain"] == gain) & (table["inputs"] == "nlgp")]
        low, high = scipy.stats.t.interval(0.95, 7, values.mean(), scipy.stats.sem(values))
        assert (mean - half, mean + half) == pytest.approx((low, high))


def test_what_is_drawn_are_the_means(table):
    display = SweepDisplay.from_sweep(table, "gain", ["ipr_positive", "length_ratio"], "inputs")
    drawn = display.axes_[0].lines[0].get_xydata()
    np.testing.assert_allclose(drawn, display.lines_["ipr_positive", "nlgp"][:, :2])
    labels = "mean IPR, initial bias b > 0", r"ratio of correlation lengths $\xi_1/\xi_0$"
    assert tuple(ax.get_ylabel() for ax in display.axes_) == labels
    assert display.axes_[0].get_xscale() == "log"
    (legend,) = display.figure_.legends
    names = [text.get_text() for text in (legend.get_title(), *legend.get_texts())]
    assert names == ["trained on", "NLGP", "Gaussian control"]
    part = pd.concat(
        [table[table["inputs"] == "nlgp"], table.query("inputs == 'control' and gain == 1")]
    )
    display = SweepDisplay.from_sweep(part, "gain", "ipr_positive", "inputs")
    assert len(display.axes_[0].containers) == 1  # an error bar of the single point
    assert len(display.lines_["ipr_positive", "control"]) == 1


def test_a_map_has_the_mean_of_each_cell_where_its_parameters_are(table):
    display = PhaseDiagramDisplay.from_sweep(table, "gain", "length_ratio", "ipr_positive")
    expected = table.pivot_table("ipr_positive", "length_ratio", "gain")
    np.testing.assert_allclose(display.values_, expected)
    np.testing.assert_allclose(display.image_.get_array().reshape(2, 3), expected)
    edges = display.image_.get_coordinates()
    np.testing.assert_allclose(edges[0, :, 0], [0.1 / 10**0.5, 10**-0.5, 10**0.5, 10 * 10**0.5])
    np.testing.assert_allclose(edges[:, 0, 1], [1.25, 1.75, 2.25])


def test_a_missing_cell_is_left_open_and_one_row_of_cells_can_be_drawn(table):
    part = table.query("gain < 5 or length_ratio < 1.8")
    display = PhaseDiagramDisplay.from_sweep(part, "gain", "length_ratio", "ipr_positive")
    assert np.isnan(display.values_[1, 2])
    assert display.image_.get_array().mask.sum() == 1
    row = table[table["length_ratio"] == 2.0]
    display = PhaseDiagramDisplay.from_sweep(row, "gain", "length_ratio", "ipr_positive")
    assert display.values_.shape == (1, 3)


def test_the_boundary_runs_where_the_second_quantity_crosses_its_level(table):
    table["index"] = np.log10(table["gain"])
    display = PhaseDiagramDisplay.from_sweep(
        table, "gain", "length_ratio", "ipr_positive", boundary="index", level=0.5,
    )  # fmt: skip
    contours = [c for c in display.ax_.collections if c is not display.image_]
    (path,) = contours[0].get_paths()
    # Half way between the gains 1 and 10, as the axis shows them.
    np.testing.assert_allclose(path.vertices[:, 0], 10**0.5, rtol=1e-3)
    assert display.ax_.get_legend().get_texts()[0].get_text() == "localization index 0.5"


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        (np.geomspace(0.1, 10, 12).round(3), ["0.1", "0.3", "1", "3", "10"]),
        (np.geomspace(1.25, 5, 12).round(2), ["2", "3", "5"]),
        ([4, 8, 16, 32, 64, 128], ["4", "8", "16", "32", "64", "128"]),
        ([0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0], ["0.5", "1", "2", "5"]),
        ([1.125, 1.25, 1.3889], ["1.15", "1.2", "1.25", "1.3", "1.35"]),
    ],
)
def test_ticks_are_at_round_values(values, ticks):
    display = SweepDisplay.from_sweep({"gain": values, "ipr": values}, "gain", "ipr")
    axis = display.axes_[0].xaxis
    assert [label.get_text() for label in axis.get_ticklabels()] == ticks
    np.testing.assert_allclose(axis.get_ticklocs(), [float(tick) for tick in ticks])


def test_the_colours_of_inputs_and_control_do_not_depend_on_their_order(table):
    for rows in (table, table[::-1]):
        display = SweepDisplay.from_sweep(rows, "gain", ["ipr_positive", "ipr_negative"], "inputs")
        lines = {line.get_label(): line.get_color() for line in display.axes_[0].lines}
        assert lines == {"NLGP": INPUT, "Gaussian control": CONTROL}
        assert display.axes_[0].get_ylim() == display.axes_[1].get_ylim()
        assert display.axes_[0].get_ylim()[0] == 0.0


def test_columns_that_are_not_there_or_cannot_be_drawn_are_named(table):
    with pytest.raises(ValueError, match=r"There is no column 'ipr'. The columns are \['gain'"):
        SweepDisplay.from_sweep(table, "gain", "ipr")
    with pytest.raises(ValueError, match=r"There is no column 'ratio'"):
        PhaseDiagramDisplay.from_sweep(table, "gain", "ratio", "ipr_positive")
    with pytest.raises(ValueError, match="column 'inputs' must contain numbers, got 'nlgp'"):
        SweepDisplay.from_sweep(table, "inputs", "ipr_positive")
    with pytest.raises(ValueError, match="The column 'gain' must not contain NaN"):
        SweepDisplay.from_sweep(table.assign(gain=np.nan), "gain", "ipr_positive")
    some = table.assign(inputs=table["inputs"].where(table["inputs"] == "nlgp", None))
    assert len(SweepDisplay.from_sweep(some, "gain", "ipr_positive", "inputs").lines_) == 2


def test_averaging_over_a_parameter_is_warned_of(table):
    table.attrs["parameters"] = ["gain", "length_ratio", "inputs"]
    with pytest.warns(UserWarning, match=r"the parameters \['length_ratio'\]. Select rows"):
        SweepDisplay.from_sweep(table, "gain", "ipr_positive", "inputs")
    part = table[table["length_ratio"] == 2.0]
    SweepDisplay.from_sweep(part, "gain", "ipr_positive", "inputs")
