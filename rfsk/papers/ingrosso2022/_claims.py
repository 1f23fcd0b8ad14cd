"""Claims of the paper, with their quantities and bounds.

The abstract of the paper states the claims in words; we set the bounds of the quantities. Expected
values with the evidence "independent code" are from `benchmarks/reference_numpy.py`. The `source`
of a `Quantity` with this evidence names the part of that program that gives the value.
"""

from itertools import product

from .._claim import Claim, Quantity
from . import _figures, _measures
from ._nets import GAINS

_EARLIER, _CODE = "earlier measurement", "independent code"


def _near(name: str, value: float, tolerance: float, source: str, digits: int = 2) -> Quantity:
    return Quantity(name, _CODE, value=value, tolerance=tolerance, source=source, digits=digits)


def _at_least(name: str, low: float, evidence: str = "inequality", digits: int = 2) -> Quantity:
    return Quantity(name, evidence, low=low, digits=digits)


def _at_most(name: str, high: float, evidence: str = "control", digits: int = 2) -> Quantity:
    return Quantity(name, evidence, high=high, digits=digits)


def _tiles(name: str, high: float | None = None) -> tuple[Quantity, Quantity]:
    """Make quantities: coverage of the lattice, and p-value of a test for regular positions."""
    p_value = f"{name}: p-value of random positions, against regular ones"
    return (
        _at_least(f"{name}: coverage, relative to random positions", 1.0),
        Quantity(p_value, "report" if high is None else "inequality", high=high),
    )


def _matches(name: str) -> tuple[Quantity, ...]:
    """Make quantities: match of fields with references; field width divided by reference width."""
    ratio = f"{name}width over that of the match, b > 0"
    return (
        _at_least(f"{name}match, b > 0", 0.9, digits=3),
        _at_least(f"{name}match above chance, b > 0", 0.0, digits=3),
        _at_most(f"{name}match above chance, b < 0", 0.0, digits=3),
        Quantity(ratio, "inequality", 2.0**-0.5, 2.0**0.5, digits=2),
        Quantity(f"{name}match of a fitted bump, b > 0", "report"),
        Quantity(f"{name}match minus that of a fitted bump, b > 0", "report"),
    )


_LOCALIZED_FIELDS = (
    _near("ring: IPR, b > 0", 0.0600, 0.1, "ring, gain 3", 4),
    _near("ring: D x IPR, b < 0", 2.28, 0.15, "ring, gain 3"),
    _near("ring: width, b > 0 (sites)", 14.0, 0.1, "ring, gain 3", 1),
    _at_least("ring: fraction localized, b > 0", 0.9),
    *_tiles("ring"),
    _near("ring: accuracy", 0.867, 0.02, "ring, gain 3", 3),
    _near("torus: IPR, b > 0", 0.0653, 0.1, "torus", 4),
    _near("torus: D x IPR, b < 0", 2.96, 0.15, "torus"),
    _at_least("torus: fraction localized, b > 0", 0.9),
    *_tiles("torus", 0.025),
    _at_least("torus: accuracy", 0.95, digits=3),
)
_GAUSSIAN_CONTROL = (
    _near("ring: D x IPR, b > 0", 2.04, 0.15, "ring, control"),
    _near("ring: D x IPR, b < 0", 2.26, 0.15, "ring, control"),
    _at_least("ring: IPR, b > 0, NLGP over control", 2.0),
    *(
        _near(f"ring: IPR, b > 0, NLGP of gain {gain:g}", ipr, 0.1, f"ring, gain {gain:g}", 4)
        for gain, ipr in zip(GAINS, (0.0204, 0.0402, 0.0656), strict=True)
    ),
    _at_most("ring: fraction localized", 0.1),
    _at_least("ring: fraction of power in two modes", 0.75),
    _near("ring: accuracy", 0.823, 0.02, "ring, control", 3),
    _at_most("torus: D x IPR, b > 0", 3.0, "derivation"),
    _near("torus: D x IPR, b < 0", 3.0, 0.15, "torus, control"),
    _at_least("torus: IPR, b > 0, NLGP over control", 2.0),
    _at_most("torus: fraction localized", 0.1),
    _at_least("torus: accuracy", 0.8, "control"),
)
_REDUCED_MODEL = (
    *(
        Quantity(f"gain {gain}: IPR, flow of {form}", _EARLIER, value=ipr, tolerance=0.02)
        for form, iprs in (("a committee machine", (0.143, 0.205)), ("one neuron", (0.146, 0.220)))
        for gain, ipr in zip((1, 3), iprs, strict=True)
    ),
    _near("gain 1: IPR, nets, b > 0", 0.132, 0.1, "30 sites, gain 1", 3),
    _near("gain 3: IPR, nets, b > 0", 0.198, 0.1, "30 sites, gain 3", 3),
    *(Quantity(f"gain {gain}: match of nets and flow", _EARLIER, low=0.97) for gain in (1, 3)),
    *(
        _at_least(f"gain {gain}: match minus that of a flow of other {other}", 0.0, digits=3)
        for gain, other in product((1, 3), ("gain", "lengths"))
    ),
    Quantity("control: D x IPR, flow", "derivation", value=1.0, tolerance=0.02, digits=2),
    _near("control: D x IPR, nets, b > 0", 1.82, 0.15, "30 sites, control"),
    *(
        _at_least(f"t = 3, {inputs}: fraction of {group}", 0.9)
        for inputs, group in product(
            ("NLGP", "control"), ("low frequencies, b > 0", "high frequencies, b < 0")
        )
    ),
    _at_least("t = 3: cosine of nets and flow", 0.95),
)
_CUMULANT_FACTORS = (
    _near("exact, gain 1: size of the weight", 16.3, 0.05, "cumulant, gain 1"),
    _near("exact, gain 3: size of the weight", 20.3, 0.05, "cumulant, gain 3"),
    _near("exact, gain 1: IPR of the factor", 0.158, 0.05, "cumulant, gain 1", 3),
    _near("exact, gain 3: IPR of the factor", 0.167, 0.05, "cumulant, gain 3", 3),
    _at_least("sample: fraction of factors localized", 0.9),
    *_tiles("sample", 0.025),
    _at_most("sample: weight of the weakest factor", 0.0, "derivation", 1),
    _at_most("control's sample: median IPR of the factors", 0.04, digits=3),
    *_matches(""),
    _at_most("match to the control's factors above chance, b > 0", 0.0, digits=3),
)
_OTHER_INPUTS = (
    *(
        quantity
        for name, groups in _measures.INPUTS.values()
        for quantity in (
            *(_at_least(f"{name}: IPR, {group}, over control", 2.0) for group in groups),
            _at_least(f"{name}: fraction localized, {groups[0]}", 0.9),
            _at_most(f"{name}: fraction localized on the control", 0.1),
        )
    ),
    Quantity("Ising spins: fraction localized, b < 0", "report", digits=2),
    _at_least("phi^4 field: fraction localized, b < 0", 0.5),
    _near("ReLU units: IPR, all", 0.0515, 0.1, "relu", 4),
    _near("ReLU units: IPR on the control", 0.0237, 0.15, "relu, control", 4),
    _near("Ising spins: IPR, b > 0", 0.109, 0.1, "ising", 3),
    _near("Ising spins: accuracy", 0.836, 0.02, "ising", 3),
    _near("Ising spins: accuracy on the control", 0.748, 0.02, "ising, control", 3),
)
_GAUSSIAN_EQUIVALENCE = (
    _near("t = 30: loss", 0.971, 0.02, "course", 3),
    _near("t = 30: loss on the control", 0.975, 0.02, "course", 3),
    _at_most("t <= 30: largest gap", 0.01, "inequality", 3),
    _near("t = 1000: loss", 0.794, 0.02, "course", 3),
    _near("t = 1000: loss on the control", 0.824, 0.02, "course", 3),
    *(
        _near(f"t = {t}: fraction of the gap that random phases keep", kept, 0.25, "course")
        for t, kept in ((94, 0.65), (200, 0.46), (1000, 0.42), (4000, 0.36))
    ),
    _near("t = 4000: excess kurtosis of w.x, class 1, b > 0", -1.35, 0.05, "course"),
    _at_most("loss on the control against the Gaussian theory", 0.01, "derivation", 3),
    _at_most("net on the control: largest gap", 0.01, digits=3),
)
_TRANSLATION_INVARIANCE = (
    *_tiles("even"),
    *_tiles("shifted"),
    *(_at_least(f"{inputs}: fraction localized, b > 0", 0.5) for inputs in ("even", "shifted")),
    _at_least("uneven: IPR, b > 0, over control", 2.0),
    *(
        Quantity(
            f"{inputs}: fraction of centres in the dense third", "control", 0.17, 0.5, digits=2
        )
        for inputs in ("even", "shifted")
    ),
    _at_most("uneven: fraction of centres in the dense third", 0.17, "inequality"),
)

#: The claims C1 to C8.
CLAIMS: tuple[Claim, ...] = (
    Claim(
        "C1",
        "fields localize and tile",
        "A fully-connected net that is trained to discriminate two classes of "
        "translation-invariant inputs develops localized receptive fields that tile space, on a "
        "ring and on a torus.",
        _LOCALIZED_FIELDS,
        _measures.localized_fields,
        _figures.localized_fields,
        ("Gaussian inputs", "permuted pixels", "swapped classes"),
    ),
    Claim(
        "C2",
        "fields match convolutional filters",
        "The localized fields are bumps of the same width as the filters that a convolutional net "
        "learns on the same task. The oscillating fields do not match the filters of the "
        "convolutional net better than fields with random phases do.",
        _matches("ring: ") + _matches("torus: "),
        _measures.convolutional_match,
        _figures.convolutional_match,
        ("Gaussian inputs", "permuted pixels", "swapped classes"),
    ),
    Claim(
        "C3",
        "a Gaussian control does not localize",
        "On Gaussian inputs with the same mean and covariance in each class, fields oscillate and "
        "do not localize: localization requires the higher-order statistics of non-Gaussian "
        "inputs.",
        _GAUSSIAN_CONTROL,
        _measures.gaussian_control,
        _figures.gaussian_control,
        ("Gaussian inputs", "inputs in place of the control", "permuted pixels"),
    ),
    Claim(
        "C4",
        "a reduced model forms the same patterns",
        "In a reduced model, second-order statistics alone divide the units into a low-frequency "
        "and a high-frequency group, and do not localize the fields. Fourth-order statistics "
        "localize the fields.",
        _REDUCED_MODEL,
        _measures.reduced_model,
        _figures.reduced_model,
        ("Gaussian inputs", "swapped classes", "other gain"),
    ),
    Claim(
        "C5",
        "fields resemble factors of the fourth cumulant",
        "The CP factors of the fourth-order cumulant of the inputs are localized and tile space, "
        "and the localized fields are bumps of about the same width.",
        _CUMULANT_FACTORS,
        _measures.cumulant_factors,
        _figures.cumulant_factors,
        ("Gaussian inputs", "permuted pixels", "swapped classes"),
    ),
    Claim(
        "C6",
        "it holds for other units and inputs",
        "Fields also localize with other activation functions, and on other non-Gaussian inputs: "
        "Ising spins and phi^4 fields. The IPR of the fields is compared with the IPR of the same "
        "units on the control.",
        _OTHER_INPUTS,
        _measures.other_inputs,
        _figures.other_inputs,
        ("Gaussian inputs", "permuted pixels"),
    ),
    Claim(
        "C7",
        "Gaussian equivalence breaks when fields form",
        "Early in training, the loss of a net on the Gaussian control equals that on its inputs. "
        "As fields form, a gap opens between the loss on the control and the loss on the inputs, "
        "and fields with the same spectra and random phases keep a decreasing fraction of this "
        "gap.",
        _GAUSSIAN_EQUIVALENCE,
        _measures.gaussian_equivalence,
        _figures.gaussian_equivalence,
        ("Gaussian inputs", "random phases"),
    ),
    Claim(
        "C8",
        "tiling needs translation-invariant inputs",
        "Higher-order statistics localize fields, and translation invariance makes these fields "
        "tile space. On unevenly spaced sites, fields localize, but few are centred where the "
        "sites are close together. If the inputs on unevenly spaced sites are shifted at random, "
        "fields tile space.",
        _TRANSLATION_INVARIANCE,
        _measures.translation_invariance,
        _figures.translation_invariance,
        ("Gaussian inputs", "permuted pixels", "even sites"),
    ),
)
