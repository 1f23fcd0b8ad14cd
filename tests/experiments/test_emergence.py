import json
import re
from dataclasses import replace

import numpy as np
import pytest

from rfsk.__main__ import main
from rfsk.experiments import _emergence, emergence
from rfsk.plotting import EmergenceDisplay

pytestmark = pytest.mark.usefixtures("_close_figures")


@pytest.fixture(scope="module")
def study():
    return emergence(quick=True, random_state=0)


def test_study_finds_localized_fields_and_what_they_match(study):
    found = study.summary()
    nlgp, clone = found["nets"]["nlgp"], found["nets"]["control"]
    assert nlgp["fraction_localized_positive"] >= 0.9
    assert clone["fraction_localized"] <= 0.2
    assert nlgp["median_ipr_positive"] > 2 * clone["median_ipr_positive"]
    assert nlgp["population"]["tiling"]["arrangement"] in ("regular", "random")
    assert found["match"]["filters"]["localized_median"] >= 0.93
    assert found["match"]["factors"]["localized_median"] >= 0.95
    assert found["match"]["factors"]["other_median"] < 0.3


@pytest.mark.slow
def test_same_seed_same_study(study):
    first, again = study.summary(), emergence(quick=True, random_state=np.int64(0)).summary()
    assert again | {"seconds": None} == first | {"seconds": None}


def test_table_and_figure_show_what_the_summary_holds(study):
    table = study.table()
    for row, net in zip(table.to_dict("records"), study.summary()["nets"].values(), strict=True):
        assert row["accuracy"] == net["accuracy"]
        assert row["IPR b>0"] == net["median_ipr_positive"]
    axes = EmergenceDisplay(study).plot().axes_
    assert len(axes) == 6
    assert all(ax.get_title(loc="left") for ax in axes.values())
    assert all(axes[name].get_xlabel() for name in ("nlgp", "control", "growth", "match"))
    scales = {axes[name].images[0].get_clim() for name in ("nlgp", "control")}
    assert len(scales) == 1


def test_tiny_study_in_two_dimensions_runs_to_its_figure(monkeypatch):
    small = {"shape": (8, 8), "n_steps": 20, "conv_steps": 5, "cp_samples": 500}
    plan = replace(_emergence._PLANS[2, True], **small)
    monkeypatch.setitem(_emergence._PLANS, (2, True), plan)
    study = emergence(dim=2, quick=True, n_hidden=2, random_state=0)
    EmergenceDisplay(study).plot()
    json.dumps(study.summary(), allow_nan=False)
    assert "ConvNet, NLGP" in study.table().index


def test_command_line_writes_table_figure_and_numbers(tmp_path, capsys, monkeypatch):
    small = {"n_steps": 20, "conv_steps": 5, "cp_samples": 500}
    plan = replace(_emergence._PLANS[1, True], **small)
    monkeypatch.setitem(_emergence._PLANS, (1, True), plan)
    assert main(["--quick", "--seed", "3", "--n-hidden", "10", "--out", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert "FCNet, Gaussian control" in shown.out
    assert re.search(
        r"\n\d of 5 units .* localized; \d of 5 on the Gaussian control\.\n$", shown.out
    )
    numbers = json.loads((tmp_path / "emergence-1d.json").read_text())
    assert numbers["parameters"]["n_hidden"] == 10
    assert (tmp_path / "emergence-1d.png").stat().st_size > 50_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--gain", "0"], "rfsk: --gain must be positive and finite, got 0.0"),
        (["--shape", "8", "8"], "--shape is not an option of the main study; it needs --data"),
        (["--gain", "-1"], "rfsk: --gain must be positive and finite, got -1.0"),
        (["--correlation-length", "10", "5"], "--correlation-length must increase"),
        (["--n-hidden", "1"], "--n-hidden must be at least 2"),
        (["--device", "tpu"], "--device tpu is not available (torch has no device of this"),
        (["--seed", "-1"], "--seed must be a non-negative integer, got -1."),
    ],
)
def test_command_line_explains_bad_arguments(tmp_path, capsys, arguments, message):
    assert main([*arguments, "--out", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err


def test_command_line_names_the_subcommand_of_a_mistake(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["reproduce", "--gain", "3"])
    assert "rfsk reproduce: error: unrecognized arguments: --gain" in capsys.readouterr().err
    for arguments, message in (
        (["--dta", "x"], "rfsk: error: there is no option --dta. Did you mean --data?"),
        (["--shape", "8x8"], "expected integers, such as --shape 8 8, got '8x8'"),
    ):
        with pytest.raises(SystemExit, match="2"):
            main(arguments)
        assert message in capsys.readouterr().err
    assert main(["reproduce", "--n-seeds", "0"]) == 2
    error = capsys.readouterr().err
    assert "rfsk reproduce: --n-seeds must be a positive integer, got 0." in error
    assert "`rfsk reproduce --help` lists the options" in error
