"""Make the tables of docs/theory/sample-size.md: how many samples factors and fields need.

Run from the root: ``python docs/theory/sample_size_tables.py``; about ten minutes on two cores.
"""

import math

import numpy as np

from rfsk import NLGP, FCNet, symmetric_cp
from rfsk.analysis import cumulant, match_matrix
from rfsk.datasets import Discrimination
from rfsk.theory import localization_sample_size

LEVEL = 0.9  # median match that counts as found
RINGS = ((30, 3.0), (45, 3.0), (64, 3.0), (100, 3.0), (45, 4.5), (64, 6.4), (100, 10.0))
NET_RINGS = ((30, 3.0), (64, 3.0), (100, 3.0), (100, 10.0))


def factor_match(model: NLGP, exact: np.ndarray, n: int) -> float:
    """Median match of the leading factor of n samples with that of the model, eight seeds."""
    found = [
        symmetric_cp(model.sample(n, seed), 1, random_state=seed).components[0] for seed in range(8)
    ]
    return float(np.median(match_matrix(found, exact)))


def net_match(model: NLGP, exact: np.ndarray, n: int) -> float:
    """Median match of the fields of positive bias of nets on n samples per class, three seeds."""
    short = NLGP(model.shape, correlation_length=0.5 * model.correlation_length, gain=model.gain)
    batch = min(500, 2 * n)
    found = []
    for seed in range(3):
        X, y = Discrimination([short, model]).sample(2 * n, random_state=seed)
        epochs = math.ceil(1500 * batch / (2 * n))
        net = FCNet(16, learning_rate=5.0, batch_size=batch, max_epochs=epochs, random_state=seed)
        found.append(np.median(match_matrix(net.fit(X, y).receptive_fields_[:8], exact)))
    return float(np.median(found))


def crossing(sizes: list[int], measure: object) -> float:
    """Number of samples at which a match reaches the level, between sizes in the logarithm."""
    before = (0, 0.0)
    for n in sizes:
        value = measure(n)  # type: ignore[operator]
        if value >= LEVEL:
            if not before[0]:
                return float(n)
            fraction = (LEVEL - before[1]) / (value - before[1])
            return float(before[0] * (n / before[0]) ** fraction)
        before = (n, value)
    return math.nan


def main() -> None:
    """Print both tables as Markdown."""
    print("| D | xi | gain | predicted | n* of the factor | n* of the net |")
    print("|---|---|---|---|---|---|")
    for gain in (3.0, 1.0):
        for sites, length in RINGS:
            model = NLGP(sites, correlation_length=length, gain=gain)
            exact = symmetric_cp(cumulant(model), 1, tol=1e-10, random_state=0).components
            sizes = [50 * 2**power for power in range(11)]
            factor = crossing(sizes, lambda n: factor_match(model, exact, n))  # noqa: B023
            net = ""
            if gain == 3.0 and (sites, length) in NET_RINGS:
                sizes = [400 * 2**power for power in range(7)]
                net = f"{crossing(sizes, lambda n: net_match(model, exact, n)):.0f}"  # noqa: B023
            predicted = localization_sample_size(model)
            print(
                f"| {sites} | {length:g} | {gain:g} | {predicted:.0f} | {factor:.0f} | {net} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
