"""Rows of the table."""

Row = dict[str, object]


def ratio_row(what: str, reference: str, ratio: float, limit: float | None, seconds: float) -> Row:
    """One row of the table."""
    return {
        "what": what,
        "reference": reference,
        "ratio": ratio,
        "limit": limit,
        "seconds": seconds,
    }
