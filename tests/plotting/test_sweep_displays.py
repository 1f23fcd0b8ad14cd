import numpy as np
import pandas as pd
import pytest
import scipy.stats

from rfsk.plotting import PhaseDiagramDisplay, SweepDisplay

pytestmark = pytest.mark.usefixtures("_close_figures")


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    rows = [
        {"gain": gain, "length_ratio": ratio, "law": law, "ipr_positive": rng.normal(gain, 0.1)}
        for gain in (0.1, 1.0, 10.0)
        for ratio in (1.5, 2.0)
        for law in ("nlgp", "clone")
        for _ in range(4)
    ]
    return pd.DataFrame(rows)


def test_bands_are_intervals_of_95_percent_confidence(table):
    lines = SweepDisplay.from_sweep(table, "gain", "ipr_positive", "law").lines_
    assert list(lines) == [("ipr_positive", "nlgp"), ("ipr_positive", "clone")]
    for gain, mean, half in lines["ipr_positive", "nlgp"]:
        values = table["ipr_positive"][(table["gain"] == gain) & (table["law"] == "nlgp")]
        low, high = scipy.stats.t.interval(0.95, 7, values.mean(), scipy.stats.sem(values))
        assert (mean - half, mean + half) == pytest.approx((low, high))


def test_what_is_drawn_are_the_means(table):
    display = SweepDisplay.from_sweep(table, "gain", ["ipr_positive", "length_ratio"], "law")
    drawn = display.axes_[0].lines[0].get_xydata()
    np.testing.assert_allclose(drawn, display.lines_["ipr_positive", "nlgp"][:, :2])
    assert [ax.get_ylabel() for ax in display.axes_] == [
        "mean IPR, b > 0",
        r"ratio of correlation lengths $\xi_1/\xi_0$",
    ]
    assert display.axes_[0].get_xscale() == "log"
    names = [text.get_text() for text in display.axes_[-1].get_legend().get_texts()]
    assert names == ["NLGP", "Gaussian clone"]


def test_a_single_point_has_an_error_bar(table):
    part = pd.concat([table[table["law"] == "nlgp"], table.query("law == 'clone' and gain == 1")])
    display = SweepDisplay.from_sweep(part, "gain", "ipr_positive", "law")
    assert len(display.axes_[0].containers) == 1
    assert len(display.lines_["ipr_positive", "clone"]) == 1


def test_a_map_has_the_mean_of_each_cell_where_its_parameters_are(table):
    display = PhaseDiagramDisplay.from_sweep(table, "gain", "length_ratio", "ipr_positive")
    expected = table.pivot_table("ipr_positive", "length_ratio", "gain")
    np.testing.assert_allclose(display.values_, expected)
    np.testing.assert_allclose(display.image_.get_array().reshape(2, 3), expected)
    edges = display.image_.get_coordinates()
    np.testing.assert_allclose(edges[0, :, 0], [0.1 / 10**0.5, 10**-0.5, 10**0.5, 10 * 10**0.5])
    np.testing.assert_allclose(edges[:, 0, 1], [1.25, 1.75, 2.25])


def test_a_missing_cell_is_left_open(table):
    part = table.query("gain < 5 or length_ratio < 1.8")
    display = PhaseDiagramDisplay.from_sweep(part, "gain", "length_ratio", "ipr_positive")
    assert np.isnan(display.values_[1, 2])
    assert display.image_.get_array().mask.sum() == 1


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


def test_one_row_of_cells_can_be_drawn(table):
    part = table[table["length_ratio"] == 2.0]
    display = PhaseDiagramDisplay.from_sweep(part, "gain", "length_ratio", "ipr_positive")
    assert display.values_.shape == (1, 3)


def test_columns_that_are_not_there_are_named(table):
    with pytest.raises(ValueError, match=r"There is no column 'ipr'; expected one of \['gain'"):
        SweepDisplay.from_sweep(table, "gain", "ipr")
    with pytest.raises(ValueError, match=r"There is no column 'ratio'"):
        PhaseDiagramDisplay.from_sweep(table, "gain", "ratio", "ipr_positive")


def test_axes_are_of_numbers_and_lines_of_anything(table):
    with pytest.raises(ValueError, match="column 'law' holds other things than numbers, such as"):
        SweepDisplay.from_sweep(table, "law", "ipr_positive")
    with pytest.raises(ValueError, match="The column 'gain' has rows without a value"):
        SweepDisplay.from_sweep(table.assign(gain=np.nan), "gain", "ipr_positive")
    some = table.assign(law=table["law"].where(table["law"] == "nlgp", None))
    assert len(SweepDisplay.from_sweep(some, "gain", "ipr_positive", "law").lines_) == 2


def test_averaging_over_a_parameter_is_warned_of():
    from rfsk.experiments import sweep

    grid = {"gain": [1.0, 3.0], "kind": ["a", "b"]}
    found = sweep(lambda gain, kind, random_state: {"ipr": gain}, grid, 2, n_jobs=1)
    with pytest.warns(UserWarning, match=r"over \['kind'\] as well as over repeats; select"):
        SweepDisplay.from_sweep(found, "gain", "ipr")
    SweepDisplay.from_sweep(found, "gain", "ipr", "kind")
