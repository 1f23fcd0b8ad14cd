"""Running named checks one after another, and what they come to."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .._core._validation import check_option

ON_FAIL = ("raise", "warn")  # or None: only list
_HOLDS = ("passed", "noted")


class NotApplicable(Exception):  # noqa: N818
    """A check that the subject gives no occasion for; the message says why."""


class Remark(Exception):  # noqa: N818
    """Something worth saying about the subject that is no fault."""


class Check(NamedTuple):
    """A named check: a function of what is checked, and the checks it builds on."""

    name: str
    function: Callable[[Any], None]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckResult:
    """What one check came to.

    Attributes
    ----------
    name : str
        Of the check.
    status : {"passed", "failed", "xfail", "skipped", "noted"}
        ``"xfail"`` failed and was expected to; ``"noted"`` is no fault, but worth knowing.
    reason : str
        Why it did not simply pass: what was got, what was expected, and what to do.

    Examples
    --------
    >>> from rfsk import NLGP
    >>> from rfsk.testing import check_input_model
    >>> model = NLGP(12, correlation_length=2.0, gain=3.0)
    >>> results = check_input_model(model, n_samples=2000)
    >>> print(results[0])
    passed   shape
    """

    name: str
    status: str
    reason: str = ""

    def __str__(self) -> str:
        line = f"{self.status:8} {self.name}"
        return f"{line}: {self.reason}" if self.reason else line


def run_checks(
    checks: Sequence[Check],
    subject: Any,
    *,
    expected_failed_checks: Mapping[str, str] | None,
    on_fail: str | None,
) -> list[CheckResult]:
    """Run each check whose needs have passed; raise, warn of or only list what fails."""
    if on_fail is not None:
        check_option(on_fail, "on_fail", ON_FAIL)
    expected = dict(expected_failed_checks or {})
    names = [check.name for check in checks]
    for name in expected:
        check_option(name, "expected_failed_checks", names)
    results: dict[str, CheckResult] = {}
    for check in checks:
        missing = [name for name in check.needs if results[name].status not in _HOLDS]
        if missing:
            was = "was skipped" if results[missing[0]].status == "skipped" else "failed"
            why = f"builds on {missing[0]}, which {was}."
            results[check.name] = CheckResult(check.name, "skipped", why)
            continue
        status, reason, error = _outcome(check, subject)
        if status == "failed" and check.name in expected:
            status, reason = "xfail", f"{expected[check.name]} ({reason})"
        results[check.name] = CheckResult(check.name, status, reason)
        if status == "failed" and on_fail == "raise":
            raise AssertionError(f"{check.name}: {reason}") from error
        if status == "failed" and on_fail == "warn":
            warnings.warn(f"{check.name}: {reason}", UserWarning, stacklevel=3)
    return list(results.values())


def _outcome(check: Check, subject: Any) -> tuple[str, str, Exception | None]:
    try:
        check.function(subject)
    except NotApplicable as why:
        return "skipped", str(why), None
    except Remark as remark:
        return "noted", str(remark), None
    except AssertionError as failure:
        cause = failure.__cause__
        return "failed", str(failure), cause if isinstance(cause, Exception) else None
    except Exception as error:
        return "failed", f"raised {type(error).__name__}: {error}", error
    return "passed", "", None
