"""What becomes of claims that hold, fail, cannot be measured or are interrupted."""

import json
import math

import matplotlib.pyplot as plt
import numpy as np
import pytest

from rfsk import FCNet
from rfsk.__main__ import main
from rfsk.claims import CLAIMS, Bench, Claim, Quantity, Training, reproduce
from rfsk.datasets import NLGP, Discrimination

pytestmark = pytest.mark.usefixtures("_close_figures")


def claim(name="Q", value=1.0, quantities=None, draw=None):
    """One that measures `value`, or calls it."""

    def measure(bench, number):
        return {"number": value(bench, number) if callable(value) else value}

    quantities = quantities or (Quantity.between("number", 0.5, 1.5, "folklore", 2),)
    return Claim(name, "a number", "It is about one.", quantities, measure, draw)


def small_task():
    return Discrimination([NLGP(20, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)])


def test_a_quantity_holds_only_if_every_seed_is_within_its_bounds():
    near = Quantity.near("x", -2.0, 0.1, "")
    assert (near.low, near.high, near.expected) == (-2.2, -1.8, "-2.000 ± 10 %")
    assert near.holds([-2.1, -1.9])
    assert not near.holds([-2.1, -1.7])
    assert not near.holds([-2.1, math.nan])
    assert not near.holds([])
    assert not Quantity.at_least("x", 1.0, "").holds([math.inf])
    with pytest.raises(ValueError, match="expected numbers other than 0"):
        Quantity.near("x", 0.0, 0.1, "")
    assert Quantity.at_least("x", 1.0, "").holds([1.0, 5.0])
    assert not Quantity.at_least("x", 1.0, "").holds([0.999, 5.0])
    assert not Quantity.at_most("x", 1.0, "").holds(1.001)


@pytest.mark.parametrize(("low", "high"), [(1.0, 0.0), (math.nan, 1.0), (-math.inf, math.inf)])
def test_a_quantity_that_could_not_fail_or_could_not_hold_is_refused(low, high):
    with pytest.raises(ValueError, match="two bounds, the lower one first"):
        Quantity("x", low, high, "", "")


def test_claims_without_or_with_equal_quantities_are_refused():
    with pytest.raises(ValueError, match="has no quantity"):
        Claim("Q", "", "", (), lambda bench, number: {})
    twice = (Quantity.at_least("x", 1.0, ""),) * 2
    with pytest.raises(ValueError, match="two quantities of one name"):
        Claim("Q", "", "", twice, lambda bench, number: {})


def test_verdicts_and_spread_are_in_table_markdown_and_json(tmp_path):
    claims = [
        claim("holds", lambda bench, number: 1.0 + 0.1 * number),
        claim("fails", lambda bench, number: 1.0 + 0.4 * number, draw=lambda bench: plt.figure()),
        claim("breaks", lambda bench, number: 1 / 0),
    ]
    found = reproduce(claims=claims, n_seeds=3, out=tmp_path)
    assert not found.holds
    assert [result.verdict for result in found.results] == ["holds", "fails", "error"]
    row = found.rows()[0]
    assert row["values"] == pytest.approx([1.0, 1.1, 1.2])
    assert (row["mean"], row["sd"]) == pytest.approx((1.1, 0.1))
    for text in (found.table(), found.markdown()):
        assert "1.10 ± 0.10" in text
        assert "1.40 ± 0.40" in text
        assert "ZeroDivisionError: division by zero" in text
    assert "1 / 0" in found.results[2].traceback
    for result in found.results:
        kept = json.loads((tmp_path / f"{result.claim.name}.json").read_text(encoding="utf-8"))
        assert kept["claim"] == json.loads(json.dumps(result.as_dict()))
        assert kept["settings"]["seeds"] == found.settings["seeds"]
        text = (tmp_path / f"{result.claim.name}.md").read_text(encoding="utf-8")
        assert text == result.markdown()
    assert (tmp_path / "fails.png").stat().st_size > 0
    assert not (tmp_path / "holds.png").exists()
    assert found.draw("Fails") is not None
    with pytest.raises(ValueError, match="no figure of 'holds'; expected one of fails"):
        found.draw("holds")


def test_a_number_that_does_not_exist_fails_and_is_none_in_json(tmp_path):
    found = reproduce(claims=[claim(value=math.nan)], n_seeds=2, out=tmp_path)
    assert not found.holds
    assert "not a number" in found.table()
    kept = json.loads((tmp_path / "Q.json").read_text(encoding="utf-8"))
    assert kept["claim"]["quantities"][0]["values"] == [None, None]


def test_measuring_anything_but_the_quantities_is_an_error():
    other = (Quantity.at_least("another", 1.0, ""),)
    (result,) = reproduce(claims=[claim(quantities=other)]).results
    assert result.verdict == "error"
    assert "Only in one of the two: ['another', 'number']" in result.error


def test_an_interrupt_keeps_the_finished_claims(tmp_path):
    def interrupt(bench, number):
        raise KeyboardInterrupt

    claims = [claim("first"), claim("second", interrupt), claim("third")]
    with pytest.warns(UserWarning, match="1 of 3 claims are finished"):
        found = reproduce(claims=claims, out=tmp_path)
    assert [result.claim.name for result in found.results] == ["first"]
    assert found.settings["missing"] == ["second", "third"]
    assert not found.holds
    assert "interrupted before second, third" in found.table()
    assert [path.name for path in tmp_path.glob("*.json")] == ["first.json"]


def test_other_claims_in_the_folder_are_left_alone(tmp_path):
    claims = [claim("first"), claim("second")]
    reproduce(claims=claims, out=tmp_path)
    before = (tmp_path / "first.json").read_text(encoding="utf-8")
    reproduce("second", claims=claims, n_seeds=1, out=tmp_path)
    assert (tmp_path / "first.json").read_text(encoding="utf-8") == before
    assert len(json.loads((tmp_path / "second.json").read_text())["settings"]["seeds"]) == 1


def test_a_figure_that_cannot_be_drawn_costs_no_numbers(tmp_path):
    (result,) = reproduce(claims=[claim(draw=lambda bench: 1 / 0)], out=tmp_path).results
    assert result.verdict == "holds"
    assert result.values == {"number": [1.0] * 3}
    assert result.figure_error == "ZeroDivisionError: division by zero"


def test_files_that_cannot_be_written_cost_no_numbers(tmp_path):
    (tmp_path / "Q.json").mkdir()
    with pytest.warns(UserWarning, match=r"Q could not be written"):
        found = reproduce(claims=[claim()], out=tmp_path)
    assert found.holds
    occupied = tmp_path / "file"
    occupied.write_text("")
    with pytest.raises(OSError, match="file"):
        reproduce(claims=[claim(value=lambda bench, number: pytest.fail("ran"))], out=occupied)


def test_a_diverged_or_interrupted_net_is_no_result():
    from rfsk.claims._bench import check_trained

    net = FCNet(4, max_epochs=1, random_state=0)
    with pytest.raises(ValueError, match="diverged"):
        check_trained(net, 1)
    net.fit(*small_task().sample(100, random_state=0))
    check_trained(net, net.n_steps_)
    with pytest.raises(KeyboardInterrupt):
        check_trained(net, net.n_steps_ + 1)


def test_one_seed_has_no_spread():
    found = reproduce(claims=[claim()], n_seeds=1)
    assert found.rows()[0]["sd"] is None
    assert "obtained: one seed" in found.table()


def test_claims_are_chosen_by_name_in_their_own_order():
    claims = [claim("A1"), claim("A2"), claim("A3")]
    found = reproduce(["a3", "A1"], claims=claims, n_seeds=1)
    assert [result.claim.name for result in found.results] == ["A1", "A3"]
    for names, message in (("A4", "no claim 'A4'; expected some of A1, A2, A3"), ([], "No claim")):
        with pytest.raises(ValueError, match=message):
            reproduce(names, claims=claims)
    with pytest.raises(ValueError, match="Two claims have one name"):
        reproduce(claims=[claim("A"), claim("a")])
    with pytest.raises(ValueError, match="n_seeds"):
        reproduce(claims=claims, n_seeds=0)
    with pytest.raises(ValueError, match="random_state"):
        reproduce(claims=claims, random_state=-1)
    with pytest.raises(ValueError, match="letters, digits"):
        claim("a/b")


def test_nets_of_the_bench_are_those_of_fit_online_and_trained_once():
    bench = Bench(2, random_state=0)
    training = Training(5.0, 50, 500.0, n_hidden=4)
    tasks = {"nlgp": small_task(), "clone": small_task().gaussian_clone()}
    nets = bench.nets("small", tasks, training)
    assert bench.nets("small", tasks, training) is nets
    for law, task in tasks.items():
        for seed, net in zip(bench.seeds, nets[law], strict=True):
            alone = FCNet(
                4, learning_rate=5.0, batch_size=50, weight_decay=0.0, random_state=seed
            ).fit_online(task, 100 * 50)
            np.testing.assert_allclose(
                net.receptive_fields_, alone.receptive_fields_, rtol=1e-3, atol=1e-5
            )
            assert net.n_steps_ == 100


def test_the_first_seeds_do_not_depend_on_their_number():
    assert Bench(2, random_state=5).seeds == Bench(4, random_state=5).seeds[:2]


def test_claims_of_the_paper_name_their_sources():
    assert [c.name for c in CLAIMS] == [f"C{k}" for k in range(1, 9)]
    for c in CLAIMS:
        assert c.draw is not None
        assert all(quantity.source for quantity in c.quantities)


def test_command_line_tells_of_claims_that_fail_or_do_not_exist(tmp_path, monkeypatch, capsys):
    from rfsk import claims

    for value, status, words in ((1.0, 0, "1 of 1 claims hold"), (9.0, 1, "do not hold: Q")):

        def replaced(names, value=value, **options):
            return reproduce(names, claims=[claim(value=value)], **options)

        monkeypatch.setattr(claims, "reproduce", replaced)
        assert main(["reproduce", "--quick", "--n-seeds", "2", "--out", str(tmp_path)]) == status
        printed = capsys.readouterr().out
        assert words in printed
        assert "obtained: mean ± standard deviation over 2 seeds" in printed
    assert (tmp_path / "Q.json").exists()
    assert main(["reproduce", "C9", "--out", str(tmp_path)]) == 2
    assert "There is no claim 'C9'" in capsys.readouterr().err
    assert main(["--device", "cpu", "reproduce"]) == 2
    assert "--device is no option of reproduce" in capsys.readouterr().err


def test_an_interrupted_command_says_so(tmp_path, monkeypatch, capsys):
    from rfsk import claims

    def interrupt(bench, number):
        raise KeyboardInterrupt

    def replaced(names, **options):
        return reproduce(names, claims=[claim(value=interrupt)], **options)

    monkeypatch.setattr(claims, "reproduce", replaced)
    assert main(["reproduce", "--out", str(tmp_path)]) == 130
    assert "interrupted before Q" in capsys.readouterr().out


@pytest.mark.slow
def test_the_claims_of_the_paper_hold_at_small_size():
    found = reproduce(quick=True, random_state=1)
    assert found.holds, found.table()
