"""Claims that hold, fail, cannot be measured or are interrupted, and the files they leave."""

import json
import math
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest

from rfsk import FCNet, papers
from rfsk.__main__ import main
from rfsk.datasets import NLGP, Discrimination
from rfsk.papers import Bench, Claim, Quantity, reproduce

pytestmark = pytest.mark.usefixtures("_close_figures")


def claim(name="Q", value=1.0, quantities=None, draw=None):
    """One that measures `value`, or calls it."""

    def measure(bench, number):
        return {"number": value(bench, number) if callable(value) else value}

    quantities = quantities or (Quantity("number", "inequality", 0.5, 1.5, digits=2),)
    return Claim(name, "a number", "It is about one.", quantities, measure, draw)


def interrupt(bench, number):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("bounds", "expected", "inside", "outside"),
    [
        ({"value": -2.0, "tolerance": 0.1}, "-2.000 ± 10 %", [-2.1, -1.9], [-2.1, -1.7]),
        ({"low": 1.0}, ">= 1.000", [1.0, 5.0], [0.999, 5.0]),
        ({"low": 1.0}, ">= 1.000", [1.0], [math.inf]),
        ({"high": 1.0}, "<= 1.000", [1.0], [1.001]),
        ({"low": 0.5, "high": 1.0}, "0.500 to 1.000", [0.5, 1.0], [0.4]),
        ({"low": 0.5, "high": 1.0}, "0.500 to 1.000", [0.7], [0.7, math.nan]),
        ({"low": 0.5, "high": 1.0}, "0.500 to 1.000", [0.7], []),
    ],
)
def test_a_quantity_holds_only_if_every_seed_is_within_its_bounds(
    bounds, expected, inside, outside
):
    quantity = Quantity("x", "inequality", **bounds)
    assert quantity.expected == expected
    assert quantity.holds(inside)
    assert not quantity.holds(outside)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"low": 1.0, "high": 0.0}, "must not exceed `high`, and at least one must be finite"),
        ({"low": math.nan, "high": 1.0}, "must not exceed `high`, and at least one must be finite"),
        ({}, "must not exceed `high`, and at least one must be finite"),
        ({"evidence": "report", "low": 1.0}, "none for evidence='report'"),
        (
            {"value": 0.0, "tolerance": 0.1},
            "`value` of 'x' must not be 0, and `tolerance` must be positive",
        ),
        ({"value": 1.0}, "`value` of 'x' must not be 0, and `tolerance` must be positive"),
        ({"evidence": "hearsay", "low": 1.0}, "hearsay"),
    ],
)
def test_a_quantity_that_could_not_fail_or_could_not_hold_is_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        Quantity("x", **{"evidence": "inequality", **parameters})


def test_claims_without_or_with_equal_quantities_or_names_for_no_file_are_refused():
    with pytest.raises(ValueError, match="must not be empty"):
        Claim("Q", "", "", (), interrupt)
    with pytest.raises(ValueError, match="must have distinct names"):
        claim(quantities=(Quantity("x", "inequality", low=1.0),) * 2)
    with pytest.raises(ValueError, match="letters, digits"):
        claim("a/b")


def test_verdicts_and_spread_are_in_table_markdown_and_json(tmp_path):
    other = (Quantity("another", "inequality", low=1.0),)
    claims = [
        claim("holds", lambda bench, number: 1.0 + 0.1 * number),
        claim("fails", lambda bench, number: 1.0 + 0.4 * number, draw=lambda bench: plt.figure()),
        claim("breaks", lambda bench, number: 1 / 0),
        claim("reports", 7.0, (Quantity("number", "report", digits=2),)),
        claim("lacks", math.nan),
        claim("differs", quantities=other),
    ]
    found = reproduce(claims=claims, n_seeds=3, out=tmp_path)
    assert not found.holds
    verdicts = ["holds", "fails", "error", "holds", "fails", "error"]
    assert [result.verdict for result in found.results] == verdicts
    assert found.results[0].values["number"] == pytest.approx([1.0, 1.1, 1.2])
    for text in (found.table(), "".join(result.markdown() for result in found.results)):
        numbers = "1.10 ± 0.10", "1.40 ± 0.40", "not a number"
        for words in (*numbers, "ZeroDivisionError: division by zero"):
            assert words in text
    row = found.results[3].table().to_numpy().tolist()[0]
    assert row == ["number", "not judged", "report", "7.00 ± 0.00", "reported"]
    assert "1 / 0" in found.results[2].traceback
    assert found.results[4].as_dict()["quantities"][0]["values"] == [None] * 3
    assert "The names ['another', 'number'] differ" in found.results[5].error
    for result in found.results:
        kept = json.loads((tmp_path / f"{result.claim.name}.json").read_text(encoding="utf-8"))
        assert kept["claim"] == json.loads(json.dumps(result.as_dict()))
        assert kept["settings"]["seeds"] == found.settings["seeds"]
        text = (tmp_path / f"{result.claim.name}.md").read_text(encoding="utf-8")
        assert text == result.markdown()
    assert (tmp_path / "fails.png").stat().st_size > 0
    assert not (tmp_path / "holds.png").exists()


def test_an_interrupt_keeps_the_finished_claims(tmp_path):
    claims = [claim("first"), claim("second", interrupt), claim("third")]
    with pytest.warns(UserWarning, match="1 of 3 claims are finished"):
        found = reproduce(claims=claims, out=tmp_path)
    assert [result.claim.name for result in found.results] == ["first"]
    assert found.settings["missing"] == ["second", "third"]
    assert not found.holds
    assert "interrupted before second, third" in found.table()
    assert [path.name for path in tmp_path.glob("*.json")] == ["first.json"]


def test_claims_are_chosen_by_name_and_others_in_the_folder_left_alone(tmp_path):
    claims = [claim("A1"), claim("A2"), claim("A3")]
    reproduce(claims=claims, out=tmp_path)
    before = (tmp_path / "A2.json").read_text(encoding="utf-8")
    found = reproduce(["a3", "A1"], claims=claims, n_seeds=1, out=tmp_path)
    assert [result.claim.name for result in found.results] == ["A1", "A3"]
    assert (tmp_path / "A2.json").read_text(encoding="utf-8") == before
    assert len(json.loads((tmp_path / "A3.json").read_text())["settings"]["seeds"]) == 1
    assert "obtained: one seed" in found.table()


def test_figures_and_files_that_cannot_be_made_cost_no_numbers(tmp_path):
    (result,) = reproduce(claims=[claim(draw=lambda bench: 1 / 0)], out=tmp_path).results
    assert (result.verdict, result.figure_error) == ("holds", "ZeroDivisionError: division by zero")
    (tmp_path / "P.json").mkdir()
    with pytest.warns(UserWarning, match=r"P could not be written"):
        assert reproduce(claims=[claim("P")], out=tmp_path).holds
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        reproduce(claims=[claim(value=lambda *_: pytest.fail("ran"))], out=tmp_path / "file")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"names": "A4"}, "no claim 'A4'; expected some of A1, A2"),
        ({"names": []}, "No claim"),
        ({"claims": [claim("A"), claim("a")]}, "Two claims have one name"),
        ({"n_seeds": 0}, "n_seeds"),
        ({"random_state": -1}, "random_state"),
    ],
)
def test_arguments_are_checked_before_any_work(parameters, message):
    claims = [claim(name, lambda *_: pytest.fail("ran")) for name in ("A1", "A2")]
    with pytest.raises(ValueError, match=message):
        reproduce(**{"claims": claims, **parameters})


def make_small_net(seed, **options):
    options = {"learning_rate": 5.0, "batch_size": 50, "weight_decay": 0.0, **options}
    return FCNet(4, random_state=seed, **options)


def test_nets_of_the_bench_are_those_of_fit_online_trained_once_and_none_that_diverged():
    task = Discrimination([NLGP(20, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)])
    tasks, steps = {"nlgp": task, "control": task.gaussian_clone()}, {"nlgp": 100, "control": 60}
    bench = Bench(2, random_state=0)
    nets = bench.nets("small", make_small_net, tasks, steps)
    assert bench.under("Gaussian inputs").nets("small", make_small_net, tasks, steps) is nets
    for name in tasks:
        for seed, net in zip(bench.seeds, nets[name], strict=True):
            alone = make_small_net(seed).fit_online(tasks[name], steps[name] * 50)
            assert net.n_steps_ == steps[name]
            fields = net.receptive_fields_
            np.testing.assert_allclose(fields, alone.receptive_fields_, rtol=1e-3, atol=1e-5)
    wild = partial(make_small_net, learning_rate=1e12, activation="relu")
    diverged = pytest.raises(ValueError, match="The training of a net diverged")
    with pytest.warns(UserWarning, match="diverge"), diverged:
        bench.nets("wild", wild, {"nlgp": task}, 50)


@pytest.mark.parametrize(
    ("value", "status", "words"),
    [
        (1.0, 0, "1 of 1 claims hold"),
        (9.0, 1, "do not hold: Q"),
        (interrupt, 130, "interrupted before Q"),
    ],
)
def test_the_command_ends_as_the_claims_do(value, status, words, tmp_path, monkeypatch, capsys):
    def replaced(names, **options):
        return reproduce(names, **{**options, "claims": [claim(value=value)]})

    monkeypatch.setattr(papers, "reproduce", replaced)
    arguments = ["reproduce", "--quick", "--n-seeds", "2", "--out", str(tmp_path)]
    arguments += ["--paper", "all"] if status == 130 else []  # the interrupt ends all papers
    assert main(arguments) == status
    printed = capsys.readouterr().out
    assert words in printed
    assert printed.count("obtained: mean ± standard deviation over 2 seeds") == 1
    assert (tmp_path / "ingrosso2022" / "Q.json").exists() == (status != 130)


def test_the_command_lists_claims_and_refuses_unknown_ones(tmp_path, capsys):
    assert main(["reproduce", "C9", "--out", str(tmp_path)]) == 2
    assert "There is no claim 'C9'" in capsys.readouterr().err
    assert main(["reproduce", "h1"]) == 2
    assert "h1 is a claim of harsh2020: add --paper harsh2020." in capsys.readouterr().err
    for option in ("--device", "--data", "--max-steps"):
        assert main([option, "0", "reproduce"]) == 2
        assert f"{option} is not an option of reproduce" in capsys.readouterr().err
    assert main(["reproduce", "--paper", "nobody1999"]) == 2
    assert "expected one of ingrosso2022" in capsys.readouterr().err
    assert main(["reproduce", "--paper", "all", "--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed[0] == "ingrosso2022  C1  fields localize and tile"
    assert len(listed) == sum(map(len, papers.PAPERS.values()))
