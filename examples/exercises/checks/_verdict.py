"""Verdict: the result of a check."""

import html
import sys
import textwrap
from dataclasses import dataclass

_HEADS = {"passed": "Right.", "wrong": "Not yet.", "unanswered": "Not answered yet."}
_COLORS = {"passed": "#009E73", "wrong": "#B2182B", "unanswered": "#6E6E6E"}


@dataclass(frozen=True, repr=False)
class Verdict:
    """Result of a check; true if the answer is right.

    Parameters
    ----------
    status : {"passed", "wrong", "unanswered"}
        Whether the answer is right, wrong or missing.
    message : str
        The mistake and where to look, or what the right answer means.

    Examples
    --------
    >>> print(Verdict("wrong", "The variance is 0.33; expected 1."))
    Not yet. The variance is 0.33; expected 1.
    """

    status: str
    message: str

    @property
    def passed(self) -> bool:
        """Whether the answer is right."""
        return self.status == "passed"

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        return textwrap.fill(f"{_HEADS[self.status]} {self.message}", 88)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        color, head = _COLORS[self.status], _HEADS[self.status]
        return (
            f'<div style="border-left: 4px solid {color}; padding: 0.3em 0.8em; max-width: 50em">'
            f'<b style="color: {color}">{head}</b> {html.escape(self.message)}</div>'
        )

    def show(self) -> None:
        """Display the verdict in a notebook, print it elsewhere."""
        ipython = sys.modules.get("IPython")
        if ipython is not None and ipython.get_ipython() is not None:
            ipython.display.display(self)
        else:
            print(self)
