"""Whatever a student passes, a check says so and raises nothing."""

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
VALUES = (
    None,
    "text",
    object(),
    [],
    np.nan,
    np.inf,
    -1e308,
    1e308,
    np.array([np.inf, 1.0]),
    np.zeros((3, 4, 5)),
    np.array([1j, 2.0]),
    np.array(["a", None], dtype=object),
    [[1.0], [2.0, 3.0]],
    {"a": 1},
    np.ones,
)


def name_of(check):
    return check.__name__


@pytest.mark.parametrize("check", OF_FUNCTIONS, ids=name_of)
def test_a_function_that_returns_garbage_is_wrong(check):
    for value in VALUES:
        verdict = check(lambda *_, value=value: value, *OF_FUNCTIONS[check])
        assert verdict.status == "wrong", (value, verdict)


@pytest.mark.parametrize("check", OF_VALUES, ids=name_of)
def test_a_garbage_value_is_wrong(check):
    for value in VALUES:
        verdict = check(value, *OF_VALUES[check])
        assert verdict.status == "wrong", (value, verdict)


@pytest.mark.parametrize("check", OF_FUNCTIONS, ids=name_of)
def test_what_a_function_raises_is_told_with_its_input_and_usual_cause(check):
    def misspelt(*_):
        return undefined_name  # noqa: F821

    verdict = check(misspelt, *OF_FUNCTIONS[check])
    assert verdict.status == "wrong"
    assert "raised NameError: name 'undefined_name' is not defined" in verdict.message
    assert "called with" in verdict.message
    assert "misspelt, or the cell that defines it has not been run" in verdict.message


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
def test_errors_are_explained(error, usually):
    def answer(fields):
        raise error

    assert usually in checks.check_ipr(answer).message


@pytest.mark.parametrize("check", OF_FUNCTIONS, ids=name_of)
def test_blanks_are_told_from_wrong_answers(check):
    more = OF_FUNCTIONS[check]
    assert check(..., *more).status == "unanswered"
    assert check(lambda *_: ..., *more).status == "unanswered"
    assert check(lambda *_: 2.0 * ..., *more).status == "unanswered"


@pytest.mark.parametrize("check", OF_VALUES, ids=name_of)
def test_a_blank_value_is_unanswered(check):
    assert check(..., *OF_VALUES[check]).status == "unanswered"
    assert checks.check_no_biases(0.5, ...).status == "unanswered"
    assert checks.check_exceptions({...}, {}).status == "unanswered"


def test_a_function_is_asked_for_where_its_result_was_passed():
    assert "without parentheses" in checks.check_ipr(np.ones(4)).message


def test_an_answer_that_changes_its_input_harms_nobody():
    def answer(fields):
        squares = np.square(fields, out=fields)
        return (squares**2).sum(axis=1) / squares.sum(axis=1) ** 2

    assert checks.check_ipr(answer).passed
