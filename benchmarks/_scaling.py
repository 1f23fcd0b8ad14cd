"""How the cost of a fit grows with samples, features and units."""

import math
from collections.abc import Callable, Iterator

from rfsk import FCNet, make_nlgp

from ._rows import Row, ratio_row
from ._timing import best_of

SIZES = {
    "samples": (10_000, 20_000, 40_000, 80_000),
    "features": (100, 200, 400, 800),
    "units": (64, 128, 256, 512),
}


def rows() -> Iterator[Row]:
    """A curve for each, and the exponent over its last doubling."""
    for what, sizes in SIZES.items():
        seconds = best_of({str(n): a_fit(what, n) for n in sizes}, rounds=3)
        times = list(seconds.values())
        exponent = math.log2(times[-1] / times[-2])
        row = ratio_row(
            f"exponent of FCNet.fit's cost in {what}, {sizes[-2]} to {sizes[-1]}",
            "1",
            exponent,
            1.25,
            times[-1],
        )
        yield {**row, "curve": {what: list(sizes), "seconds": times}}


def a_fit(what: str, n: int) -> Callable[[], object]:
    """One epoch, with everything else at its smallest size."""
    size = {name: sizes[0] for name, sizes in SIZES.items()} | {what: n}
    X, y = make_nlgp(size["samples"], size["features"], random_state=0)
    net = FCNet(size["units"], batch_size=1000, max_epochs=1, random_state=0)
    return lambda: net.fit(X, y)
