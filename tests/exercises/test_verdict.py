"""How a verdict is shown."""

import pytest
from checks import Verdict


@pytest.mark.parametrize(
    ("status", "head"),
    [("passed", "Right."), ("wrong", "Not yet."), ("unanswered", "Not answered yet.")],
)
def test_the_head_tells_right_from_wrong_from_unanswered(status, head):
    verdict = Verdict(status, "so it is")
    assert str(verdict) == f"{head} so it is"
    assert f"{head}</b> so it is" in verdict._repr_html_()
    assert bool(verdict) == verdict.passed == (status == "passed")


def test_html_shows_what_students_wrote_and_does_not_run_it():
    assert "&lt;b&gt;" in Verdict("wrong", "NameError: <b>")._repr_html_()


def test_in_a_script_a_verdict_is_printed(capsys):
    Verdict("passed", "so it is").show()
    assert capsys.readouterr().out == "Right. so it is\n"


def test_lines_fit_a_terminal():
    assert max(map(len, str(Verdict("wrong", "word " * 100)).splitlines())) <= 88
