"""Make the table of docs/theory/localization-index.md: index, effective flow and SGD of each model.

Run from the root: ``python docs/theory/localization_index_table.py``; about five minutes on two
cores. The closure of the index must predict where the flow of `RectifiedFlow` ends, and the index
the field that one ReLU neuron develops by stochastic gradient descent on fresh samples.
"""

import math
import sys
from collections.abc import Callable, Iterator
from typing import Any

from scipy import stats

from rfsk import FCNet, Ising, ipr, localization_index
from rfsk.datasets import (
    NLGP,
    Algebraic,
    Discrimination,
    EllipticalField,
    GaussianField,
    Phi4,
    Pulses,
    StudentT,
    TransformedField,
)
from rfsk.theory import RectifiedFlow

SITES, LENGTHS = 40, (1.0, 3.0)
FLOW_TIME, FLOW_STEPS = 6000.0, 6000
# Batches so large that the noise of the steps does not look like structure.
SGD_TIME, SGD_RATE, SGD_BATCH = 300.0, 0.2, 10_000
ABOVE = 1.2  # D x IPR beyond which a field is not uniform
RIPPLE = 1.6  # up to which it is the uniform field and one Fourier mode, no bump yet
Pair = list[Any]


def pair(make: Callable[..., Any], **parameters: Any) -> Pair:
    """Both classes of an input model, short range first."""
    return [make(SITES, correlation_length=xi, **parameters) for xi in LENGTHS]


def input_models() -> Iterator[tuple[str, Pair, bool]]:
    """Name, classes, and whether SGD is run."""
    for factor in (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0):
        by_sgd = factor in (0.1, 0.5, 1.0, 3.0)
        yield f"erf({factor:g} z)", pair(NLGP, gain=factor * 2**0.5), by_sgd
    for gain in (0.5, 1.0, 3.0):
        yield f"tanh({gain:g} z)", pair(NLGP, gain=gain, nonlinearity="tanh"), False
    yield "sign(z)", pair(NLGP, gain=1.0, nonlinearity="sign"), True
    yield "uniform", pair(TransformedField, marginal="uniform"), True
    for k in (3.0, 4.5, 5.0, 5.5, 5.8, 5.89, 6.0, 6.5, 7.0, 8.0, 10.0, 20.0):
        yield f"algebraic({k:g})", pair(TransformedField, marginal=Algebraic(k)), k in (3, 7, 10)
    yield "Laplace", pair(TransformedField, marginal="laplace"), True
    others: dict[str, Any] = {
        "logistic": stats.logistic(),
        "t(5) pixels": stats.t(5.0),
        "t(10) pixels": stats.t(10.0),
        "generalized normal, 1.5": stats.gennorm(1.5),
        "generalized normal, 2.5": stats.gennorm(2.5),
        "generalized normal, 4": stats.gennorm(4.0),
        "generalized normal, 8": stats.gennorm(8.0),
        "arcsine": stats.arcsine(),
        "semicircle": stats.semicircular(),
        "triangle": stats.triang(0.5),
        "beta(3, 3)": stats.beta(3.0, 3.0),
    }
    for name, marginal in others.items():
        yield name, pair(TransformedField, marginal=marginal), name in ("arcsine", "logistic")
    yield "Gaussian", pair(GaussianField), True
    yield "shell", pair(EllipticalField), True
    for df in (5.0, 12.0):
        yield f"elliptical t({df:g})", pair(EllipticalField, radial=StudentT(df)), df == 5.0
    yield "Ising", [Ising.from_correlation_length(SITES, xi) for xi in LENGTHS], True
    yield (
        "phi^4",
        [Phi4(SITES, coupling=k, mass_squared=-3.0, quartic=3.0) for k in (0.3, 1.0)],
        False,
    )
    yield "pulses", [Pulses(SITES, length=lengths) for lengths in ((2, 5), (8, 14))], False


def flow_end(classes: Pair) -> float:
    """Largest D x IPR of two fields at the end of the effective flow."""
    flow = RectifiedFlow(classes)
    fields = flow.integrate(2, FLOW_TIME, n_steps=FLOW_STEPS, random_state=0).fields
    return SITES * float(ipr(fields).max())


def sgd_end(classes: Pair) -> float:
    """D x IPR of one ReLU neuron without bias, trained on fresh samples; seed 0."""
    net = FCNet(
        1,
        activation="relu",
        train_bias=False,
        bias_init=0.0,
        learning_rate=SGD_RATE * SITES,
        batch_size=SGD_BATCH,
        weight_decay=0.0,
        random_state=0,
    )
    n_steps = int(SGD_TIME / SGD_RATE)
    net.fit_online(Discrimination(classes), n_steps * SGD_BATCH)
    return SITES * float(ipr(net.receptive_fields_)[0])


def main() -> None:
    """Print the table as Markdown, and how often index and closure are right."""
    print("| inputs | excess kurtosis | closure | index | effective flow | SGD | |")
    print("|---|---|---|---|---|---|---|")
    n, hits, by_sgd, sgd_hits, kurtosis_hits = 0, 0, 0, 0, 0
    for name, classes, with_sgd in input_models():
        found = localization_index(classes, n_samples=100_000, random_state=0)
        index, closure, end = found.index, found.closure, flow_end(classes)
        kurtosis = classes[1].excess_kurtosis()
        if math.isnan(index):
            print(f"| {name} | {kurtosis:.3f} | | none | {end:.2f} | | not uniform first |")
            continue
        is_hit = (closure > 1.0) == (end > ABOVE)
        n, hits = n + 1, hits + is_hit
        kurtosis_hits += (kurtosis < 0.0) == (end > ABOVE)
        sgd, remark = "", "" if is_hit else "flow missed"
        if end > ABOVE and end < RIPPLE:
            remark += "ripple"
        if with_sgd:
            trained = sgd_end(classes)
            sgd, by_sgd = f"{trained:.2f}", by_sgd + 1
            sgd_hits += (index > 1.0) == (trained > ABOVE)
            remark += "" if (index > 1.0) == (trained > ABOVE) else " SGD missed"
        both = f"{closure:.3f} | {index:.4f} ± {found.standard_error:.4f}"
        print(f"| {name} | {kurtosis:.3f} | {both} | {end:.2f} | {sgd} | {remark.strip()} |")
        sys.stdout.flush()
    print(
        f"\nClosure against the effective flow: {hits} of {n}; index against SGD: {sgd_hits} of "
        f"{by_sgd}; sign of the kurtosis against the flow: {kurtosis_hits} of {n}."
    )


if __name__ == "__main__":
    main()
