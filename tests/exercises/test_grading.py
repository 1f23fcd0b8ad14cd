"""Whatever a student passes, a check returns a verdict that says so, and raises nothing."""

from types import SimpleNamespace

import checks
import numpy as np
import pytest

OF_FUNCTIONS = {
    checks.check_draw_nlgp: (),
    checks.check_ipr: (),
    checks.check_gaussian_control: (),
    checks.check_match: (),
    checks.check_contraction: (),
    checks.check_rule: ({"a world": [1, 2]},),
}
NET = SimpleNamespace(receptive_fields_=np.eye(4), transform=lambda X: X)
OF_VALUES = {
    checks.check_sites: (NET, np.eye(4)),
    checks.check_no_biases: ("b",),
    checks.check_swapped_classes: (),
    checks.check_chance: (np.linspace(0.5, 0.9, 99),),
    checks.check_clone: (np.eye(4), np.array([0, 0, 1, 1]), np.ones(4)),
    checks.check_exceptions: ({"a world": [1, 2]},),
}
OF_BOTH = OF_FUNCTIONS | OF_VALUES
GARBAGE = (
    *(None, "text", object(), [], np.nan, np.inf, -1e308, 1e308, np.array([np.inf, 1.0])),
    *(np.zeros((3, 4, 5)), np.array([1j, 2.0]), np.array(["a", None], dtype=object)),
    *([[1.0], [2.0, 3.0]], {"a": 1}, np.ones),
)


def raises(error):
    def answer(*_):
        raise error

    return answer


@pytest.mark.parametrize("check", OF_BOTH, ids=lambda check: check.__name__)
def test_garbage_is_wrong_and_a_blank_is_unanswered(check):
    for value in GARBAGE:
        answer = (lambda *_, value=value: value) if check in OF_FUNCTIONS else value
        assert check(answer, *OF_BOTH[check]).status == "wrong", value
    blanks = [..., lambda *_: ..., lambda *_: 2.0 * ...]
    for blank in blanks if check in OF_FUNCTIONS else blanks[:1]:
        assert check(blank, *OF_BOTH[check]).status == "unanswered"


def test_a_blank_among_other_answers_is_unanswered():
    assert checks.check_no_biases(0.5, ...).status == "unanswered"
    assert checks.check_exceptions({...}, {}).status == "unanswered"


@pytest.mark.parametrize("check", OF_FUNCTIONS, ids=lambda check: check.__name__)
def test_what_a_function_raises_is_shown_with_its_input_and_usual_cause(check, assert_wrong):
    verdict = check(raises(NameError("name 'a' is not defined")), *OF_FUNCTIONS[check])
    assert_wrong(verdict, "raised NameError: name 'a' is not defined, called with .* misspelt, or")


@pytest.mark.parametrize(
    ("error", "usually"),
    [
        (ValueError("operands could not be broadcast together"), "print their shapes"),
        (TypeError("missing 1 required positional argument"), "too many or too few"),
        (IndexError("axis 2 is out of bounds"), "larger than the array"),
        (np.linalg.LinAlgError("Singular"), "not square, or singular"),
        (OSError(), "OSError: no message, called with"),
        (RuntimeError("boom"), "by hand on a small input"),
    ],
)
def test_errors_are_explained(error, usually, assert_wrong):
    assert_wrong(checks.check_ipr(raises(error)), usually)


def test_a_function_is_asked_for_where_its_result_was_passed(assert_wrong):
    assert_wrong(checks.check_ipr(np.ones(4)), "without parentheses")


def test_an_answer_that_changes_its_input_does_no_harm():
    def answer(fields):
        squares = np.square(fields, out=fields)
        return (squares**2).sum(axis=1) / squares.sum(axis=1) ** 2

    assert checks.check_ipr(answer).passed


@pytest.mark.parametrize(
    ("status", "head"),
    [("passed", "Right."), ("wrong", "Not yet."), ("unanswered", "Not answered yet.")],
)
def test_a_verdict_is_shown_as_text_and_as_html_that_runs_nothing(status, head, capsys):
    verdict = checks.Verdict(status, "NameError: <b>")
    assert str(verdict) == f"{head} NameError: <b>"
    assert f"{head}</b> NameError: &lt;b&gt;" in verdict._repr_html_()
    assert bool(verdict) == verdict.passed == (status == "passed")
    verdict.show()
    assert capsys.readouterr().out == f"{head} NameError: <b>\n"
    assert max(map(len, str(checks.Verdict(status, "word " * 100)).splitlines())) <= 88
