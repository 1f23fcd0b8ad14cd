"""Each check of an exercise passes right answers and names the mistake in wrong ones.

Whatever a student passes, it returns a verdict and raises nothing.
"""

import math
import re
from types import SimpleNamespace

import checks
import numpy as np
import pytest
from scipy.special import erf

import rfsk
from rfsk.analysis import cumulant, match_matrix
from rfsk.datasets import Algebraic, EllipticalField, TransformedField
from rfsk.theory import localization_index

ROOT = math.sqrt(2.0)

# Exercise 1: draw an NLGP.


def ring_kernel(d, xi):
    images = np.arange(-5, 6)[:, None] * d
    values = np.exp(-(((np.arange(d) + images) / xi) ** 2)).sum(axis=0)
    return values / values[0]


def shortest_distance(d, xi):
    return np.exp(-((np.minimum(np.arange(d), d - np.arange(d)) / xi) ** 2))


def one_way(d, xi):
    return np.exp(-((np.arange(d) / xi) ** 2))


def z_of(gain):
    return math.sqrt(2.0 / math.pi * math.asin(gain**2 / (1.0 + gain**2)))


def positive_root(spectrum):
    return np.sqrt(np.maximum(spectrum, 0.0))


def saturated(z, gain):
    return erf(gain * z / ROOT) / z_of(gain)


def nlgp(
    *,
    kernel=ring_kernel,
    power=positive_root,
    noise=lambda n, d, rng: rng.standard_normal((n, d)),
    pointwise=saturated,
    after=lambda fields: fields,
):
    """An answer of which one step may be replaced."""

    def draw(n, d, xi, gain, rng):
        filtered = np.fft.rfft(noise(n, d, rng)) * power(np.fft.rfft(kernel(d, xi)).real)
        return after(pointwise(np.fft.irfft(filtered, n=d), gain))

    return draw


def complex_nlgp(n, d, xi, gain, rng):
    power = np.sqrt(np.fft.fft(ring_kernel(d, xi)).astype(complex))
    return np.fft.ifft(np.fft.fft(rng.standard_normal((n, d))) * power) / z_of(gain)


def open_boundary(n, d, xi, gain, rng):
    return rfsk.NLGP(d, correlation_length=xi, gain=gain, boundary="open").sample(n, rng)


def of_seed(seed):
    return nlgp(noise=lambda n, d, rng: np.random.default_rng(seed).standard_normal((n, d)))


def mapped(function):
    return nlgp(pointwise=function)


def then(function):
    return nlgp(after=function)


MISTAKES_OF_NLGP = {
    "the division by Z is missing": mapped(lambda z, g: erf(g * z / ROOT)),
    "divided by Z\\^2; expected Z": mapped(lambda z, g: saturated(z, g) / z_of(g)),
    "multiplied by Z": mapped(lambda z, g: saturated(z, g) * z_of(g) ** 2),
    "argument is divided by sqrt 2": mapped(lambda z, g: erf(g * z) / z_of(g)),
    "another convention": mapped(lambda z, g: erf(g * z) / z_of(ROOT * g)),
    "convention.* And the division by Z": mapped(lambda z, g: erf(g * z)),
    "Gaussian: gain and erf are missing": mapped(lambda z, g: z),
    "Gaussian and scaled by the gain": mapped(lambda z, g: g * z),
    "The gain does nothing": mapped(lambda z, g: saturated(z, 1.0)),
    "The map is tanh": mapped(lambda z, g: np.tanh(g * z) / np.tanh(g * z).std()),
    "noise is not filtered": nlgp(power=np.ones_like),
    "expected its square root": nlgp(power=lambda spectrum: spectrum),
    "The filter is the spectrum": nlgp(
        power=lambda spectrum: spectrum, pointwise=lambda z, g: saturated(z / z.std(), g)
    ),
    "in one direction only": nlgp(kernel=one_way, power=np.sqrt),
    "the boundary is open": open_boundary,
    "Is the noise normal": nlgp(noise=lambda n, d, rng: rng.random((n, d))),
    "transposed. A row is a sample": then(np.transpose),
    "that is one field": then(lambda fields: fields[0]),
    "tell it how many there are": then(lambda fields: fields[:, : fields.shape[1] // 2 * 2]),
    "a row for every sample": then(lambda fields: fields[:-1]),
    "is complex": complex_nlgp,
    "one noise was drawn for all samples": then(lambda fields: fields[[0] * len(fields)]),
    "All values are the same": then(np.ones_like),
    "not drawn from the rng that is passed": of_seed(None),
    "generator with a seed of its own": of_seed(0),
    "its own standard deviation": then(lambda fields: fields / fields.std(axis=1, keepdims=True)),
    "its spectrum is negative somewhere": nlgp(kernel=shortest_distance, power=np.sqrt),
    "Right at .* wrong with n_sites=16": nlgp(kernel=shortest_distance),
    "Some values are NaN": then(lambda fields: fields * np.nan),
    "variance 4.00 .expected 0.99.* the map": then(lambda fields: 2.0 * fields),
}

# Exercise 2: grow fields.


def by(numerator, denominator):
    """An answer made of sums of powers over sites."""
    return lambda fields: (fields**numerator).sum(axis=1) / denominator(fields)


def second(fields):
    return (fields**2).sum(axis=1)


def transposed(fields):
    return (fields**4).sum(axis=0) / (fields**2).sum(axis=0) ** 2


MISTAKES_OF_IPR = {
    "participation ratio, the number of sites": lambda fields: 1.0 / rfsk.ipr(fields),
    "is not divided by anything": lambda fields: (fields**4).sum(axis=1),
    "square the sum of squares": by(4, second),
    "not a sum of squares of squares": by(4, lambda fields: (fields**4).sum(axis=1)),
    "powers are 2 and 1": by(2, lambda fields: fields.sum(axis=1) ** 2),
    "powers are 2 and 1; expected 4 above": by(2, lambda f: np.abs(f).sum(axis=1) ** 2),
    "40 times too large": lambda f: (f**4).mean(axis=1) / (f**2).mean(axis=1) ** 2,
    "40 times too small": lambda f: (f**4).mean(axis=1) / second(f) ** 2,
    "the sum runs over units. A row": transposed,
    "The mean of each field is subtracted": lambda f: rfsk.ipr(f - f.mean(axis=1, keepdims=True)),
    "over units as well": lambda fields: (fields**4).sum() / (fields**2).sum() ** 2,
    "expected .4,., one number a field": lambda fields: rfsk.ipr(fields)[:, None],
    "4 numbers are NaN or infinite": lambda fields: rfsk.ipr(fields) / 0.0,
    "one site 2 .expected 1.; uniform": lambda fields: 2.0 * rfsk.ipr(fields),
}
SITES = np.arange(40)
BUMPS = [np.exp(-0.5 * ((SITES - center) / 2.0) ** 2) for center in (8, 16, 24, 32)]
MODES = [np.cos(2.0 * np.pi * k * SITES / 40) for k in (3, 4, 5, 6)]
FIELDS = np.array(BUMPS + MODES)
INPUTS = np.random.default_rng(0).standard_normal((500, 40))
NET = SimpleNamespace(receptive_fields_=FIELDS, transform=lambda X: np.tanh(X @ FIELDS.T))
VALUES, ACTIVATIONS = rfsk.ipr(FIELDS), NET.transform(INPUTS)
MISTAKES_OF_SITES = {
    "That is the IPR itself": VALUES[:4].mean(),
    "not a number of sites. Both groups": VALUES.mean(),
    "how much more local than uniform": 40 * VALUES[:4].mean(),
    "Both groups are in this mean": 1.0 / VALUES.mean(),
    "Both groups are in": (1.0 / VALUES).mean(),
    "That is the other group": 1.0 / VALUES[4:].mean(),
    "what units answer to inputs": 1.0 / rfsk.ipr(ACTIVATIONS).mean(),
    "net.transform.X.. Fields are weights": 1.0 / transposed(ACTIVATIONS).mean(),
    "The fields are transposed": 1.0 / transposed(FIELDS).mean(),
    "Got 35; expected a number of sites between 1 and 40": 35.0,
    "expected one number, say a mean": 1.0 / VALUES[:4],
}

# Exercise 3: break them.


def moments(rows):
    return rows.mean(axis=0), np.cov(rows, rowvar=False)


def clone(moments_of=moments, *, of=lambda label: label):
    """An answer that draws the class `of(label)` for each label."""

    def control(X, y, rng):
        control = np.empty_like(X)
        for label in (0, 1):
            center, covariance = moments_of(X[y == of(label)])
            size = int((y == label).sum())
            control[y == label] = rng.multivariate_normal(center, covariance, size)
        return control

    return control


gaussian = clone()


def other_rows(X, y, rng):
    control = np.empty_like(X)
    for label in (0, 1):
        control[y == label] = rng.permutation(X[y == label])
    return control


def bare_kernel(X, y, rng):
    models = [rfsk.GaussianField(X.shape[1], correlation_length=xi) for xi in (1.0, 3.0)]
    return np.stack([models[label].sample(1, rng)[0] for label in y])


def without_mean(scatter):
    return clone(lambda rows: (np.zeros(rows.shape[1]), scatter(rows, rowvar=False)))


MISTAKES_OF_CONTROL = {
    "Both classes have the same covariance": lambda X, y, rng: rng.multivariate_normal(
        *moments(X), len(X)
    ),
    "shuffling pixels keeps what should go": lambda X, y, rng: rng.permuted(X, axis=1),
    "covariance between sites is gone": lambda X, y, rng: rng.permuted(X, axis=0),
    "its rows are moved, nothing is drawn": other_rows,
    "That is X itself": lambda X, y, rng: X,
    "Sites are independent": clone(lambda rows: (rows.mean(axis=0), np.diag(rows.var(axis=0)))),
    "The classes are exchanged": clone(of=lambda label: 1 - label),
    "the mean of each class is gone": without_mean(np.cov),
    "the matrix of correlations was taken": clone(
        lambda rows: (rows.mean(axis=0), np.corrcoef(rows, rowvar=False))
    ),
    "variance is 1.* And the mean of each class": without_mean(np.corrcoef),
    "Gaussian field of the bare kernel": bare_kernel,
    "inputs that are not centred": clone(lambda X: (X.mean(axis=0), X.T @ X / len(X))),
    "sorted by class, and y is not": lambda X, y, rng: gaussian(X, y, rng)[
        np.argsort(y, kind="stable")
    ],
    "but from NumPy's global generator": lambda X, y, rng: gaussian(X, y, np.random.default_rng()),
    "Two seeds gave the same numbers": lambda X, y, rng: gaussian(X, y, np.random.default_rng(0)),
    "returned a tuple": lambda X, y, rng: (gaussian(X, y, rng), y),
    "expected that of X, .8000, 20.": lambda X, y, rng: gaussian(X, y, rng)[y == 0],
    "The control: 8000 of 160000": lambda X, y, rng: np.where(
        np.arange(20) == 3, np.nan, gaussian(X, y, rng)
    ),
    "class 0: variance .* own rows": lambda X, y, rng: 3.0 * gaussian(X, y, rng),
    "LinAlgError|ValueError": clone(lambda rows: (rows.mean(axis=0), np.cov(rows))),
}
MISTAKES_OF_NO_BIASES = {
    "what the net with biases reaches": (0.85, "b"),
    "turn the answers over": (0.0, "b"),
    "not per cent": (50, "b"),
    "Inputs x and -x are equally frequent": (0.63, "b"),
    "whatever the weights": (0.5, "a"),
    "ten times the steps": (0.5, "c"),
    "expected one of 'a', 'b', 'c'": (0.5, "d"),
}
MISTAKES_OF_SWAP = {
    "usual order": "all",
    "they are one group": "half",
    "expected one of 'all'": 3,
}

# Exercise 4: compare with convolution.


def cosines(field, other):
    """At every shift, of any sign."""
    shifted = np.stack([np.roll(other, shift) for shift in range(len(other))])
    return shifted @ field / np.linalg.norm(field) / np.linalg.norm(other)


def products(field, other):
    return cosines(field, other) * np.linalg.norm(field) * np.linalg.norm(other)


def centered(field, other):
    return np.abs(cosines(field - field.mean(), other - other.mean())).max()


def pearson(field, other):
    return abs(np.corrcoef(field, other)[0, 1])


def linear(field, other):
    full = np.correlate(field, other, "full")
    return np.abs(full).max() / np.linalg.norm(field) / np.linalg.norm(other)


MISTAKES_OF_MATCH = {
    "may both change sign": lambda f, o: cosines(f, o).max(),
    "try every shift around the ring": lambda f, o: abs(cosines(f, o)[0]),
    "every shift.* And a match has no sign": lambda f, o: cosines(f, o)[0],
    "divide by the lengths of both": lambda f, o: np.abs(products(f, o)).max(),
    "lengths of both.* And a match has no sign": lambda f, o: products(f, o).max(),
    "match as the field does": lambda f, o: np.abs(products(f, o)).max() / len(f),
    "length of the first field twice": lambda f, o: np.abs(products(f, o)).max() / (f @ f),
    "Lengths are square roots": lambda f, o: np.abs(products(f, o)).max() / (f @ f) / (o @ o),
    "The means are subtracted": centered,
    "The means are subtracted.* And: a bump": pearson,
    "That is the mean over shifts": lambda f, o: np.abs(cosines(f, o)).mean(),
    "One of the fields is mirrored": lambda f, o: np.abs(cosines(f, o[::-1])).max(),
    "The shifts are not circular": linear,
    "Got 24 numbers, one a shift": cosines,
    "minus itself 0.500 .expected 1.000": lambda f, o: np.abs(cosines(f, o)).max() / 2.0,
    "The match is nan": lambda f, o: np.nan,
}
MEDIANS = np.sort(np.random.default_rng(0).normal(0.75, 0.05, 99))
MISTAKES_OF_CHANCE = {
    "median of chance": np.median(MEDIANS),
    "e(di)?an of chance": MEDIANS.mean(),
    "one in a hundred exceeds it": MEDIANS[-1],
    "the lower end": MEDIANS[4],
    "That is the level": 0.05,
    "That is the fraction": 0.95,
    "never 0": 0.0,
    "Sort the medians": 0.5,
    "expected one number": MEDIANS,
}

# Exercise 5: explain by the cumulant.


def along(formula, *, center=True):
    """An answer made of the fourth and second moments of x.a."""

    def of(X, a):
        h = X @ a - center * (X @ a).mean()
        return formula(np.mean(h**4), np.mean(h**2))

    return of


def per_site(X, a):
    X = X - X.mean(axis=0)
    return np.mean(X**4 @ a) - 3.0 * np.mean(X**2 @ a) ** 2


def cubed(X, a):
    h = X @ a - (X @ a).mean()
    return np.mean(h**3) - 3.0 * np.mean(h**2) ** 2


contraction = along(lambda m4, m2: m4 - 3.0 * m2**2)

MISTAKES_OF_CONTRACTION = {
    "That is the fourth moment, which Gaussians have too": along(lambda m4, m2: m4),
    "fourth moment.* And the mean is still in it": along(lambda m4, m2: m4, center=False),
    "The mean is still in it: a cumulant": along(lambda m4, m2: m4 - 3.0 * m2**2, center=False),
    "three ways to pair four factors": along(lambda m4, m2: m4 - m2**2),
    "three ways.* And the mean is": along(lambda m4, m2: m4 - m2**2, center=False),
    "The second moment is not squared": along(lambda m4, m2: m4 - 3.0 * m2),
    "That is the excess kurtosis": along(lambda m4, m2: m4 / m2**2 - 3.0),
    "3 is right at variance 1 only": along(lambda m4, m2: m4 - 3.0),
    "Sums; expected means": along(lambda m4, m2: 500 * (m4 - 3.0 * m2**2)),
    "Sums; expected": along(lambda m4, m2: 500 * m4 - 3.0 * (500 * m2) ** 2),
    "The sign is the other one": along(lambda m4, m2: 3.0 * m2**2 - m4),
    "the third cumulant": lambda X, a: np.mean((X @ a - (X @ a).mean()) ** 3),
    "One power off: the cube": cubed,
    "First the sum x.a, then its powers": per_site,
    "Got 500 numbers, one a sample": lambda X, a: (X @ a) ** 4,
    "Along a single site .*; along a slope": along(lambda m4, m2: m4 - 2.0 * m2**2),
}
CLONE, LABELS = rfsk.make_gp(4000, 20, correlation_length=(1.0, 3.0), random_state=0)
UNIFORM = np.ones(20) / np.sqrt(20.0)
SHORT, LONG = CLONE[LABELS == 0], CLONE[LABELS == 1]
MISTAKES_OF_CLONE = {
    "a mixture of two Gaussians of different covariance": contraction(CLONE, UNIFORM),
    "That is class 0": contraction(SHORT, UNIFORM),
    "That is the fourth moment": along(lambda m4, m2: m4)(LONG, UNIFORM),
    "expected contraction of the rows of X_clone of class 1": 1e3,
}

# Exercise 6: predict which inputs grow fields.


def world(law, **parameters):
    return [law(40, correlation_length=xi, **parameters) for xi in (1.0, 3.0)]


WORLDS = {
    "saturated": world(rfsk.NLGP, gain=3.0),
    "nearly Gaussian": world(rfsk.NLGP, gain=0.14),
    "heavy": world(TransformedField, marginal=Algebraic(5.0)),
    "light": world(TransformedField, marginal=Algebraic(6.0)),
    "shell": world(EllipticalField),
    "Gaussian": world(rfsk.GaussianField),
}

MISTAKES_OF_RULE = {
    "what the sign of the kurtosis says": lambda c: c[1].excess_kurtosis() < 0.0,
    "turned round: heavy tails": lambda c: c[1].excess_kurtosis() > 0.0,
    "Not every non-Gaussian world": lambda c: c[1].excess_kurtosis() != 0.0,
    "compared with 1, .* and not with 0": lambda c: localization_index(c).index > 0.0,
    "if it is NaN the classes are in the wrong order": lambda c: (
        localization_index(c[::-1]).index > 1.0
    ),
    "above 1, not below": lambda c: localization_index(c).index < 1.0,
    "Wrong on light": lambda c: localization_index(c).index > 1.03,
    "expected True or False": lambda c: localization_index(c).index,
    "expected True": lambda c: "yes",
}
MISTAKES_OF_EXCEPTIONS = {
    "have a negative kurtosis": {"saturated", "nearly Gaussian", "light", "shell"},
    "sign of the kurtosis is right": {"saturated", "heavy", "light", "Gaussian"},
    "1 of 2: the sign of the kurtosis errs once more": {"shell"},
    "1 of 2": "shell",
    "Not among them: light": {"light", "shell"},
    "no world 'sphere'": {"sphere"},
}

TABLES = {
    checks.check_draw_nlgp: (MISTAKES_OF_NLGP,),
    checks.check_ipr: (MISTAKES_OF_IPR,),
    checks.check_sites: (MISTAKES_OF_SITES, NET, INPUTS),
    checks.check_gaussian_control: (MISTAKES_OF_CONTROL,),
    checks.check_swapped_classes: (MISTAKES_OF_SWAP,),
    checks.check_match: (MISTAKES_OF_MATCH,),
    checks.check_chance: (MISTAKES_OF_CHANCE, MEDIANS),
    checks.check_contraction: (MISTAKES_OF_CONTRACTION,),
    checks.check_clone: (MISTAKES_OF_CLONE, CLONE, LABELS, UNIFORM),
    checks.check_rule: (MISTAKES_OF_RULE, WORLDS),
    checks.check_exceptions: (MISTAKES_OF_EXCEPTIONS, WORLDS),
}
WRONG = [
    (check, (answer, *given), reason)
    for check, (mistakes, *given) in TABLES.items()
    for reason, answer in mistakes.items()
]
WRONG += [(checks.check_no_biases, both, why) for why, both in MISTAKES_OF_NO_BIASES.items()]
RIGHT = [
    (checks.check_draw_nlgp, nlgp()),
    (checks.check_ipr, rfsk.ipr),
    (checks.check_ipr, by(4, lambda fields: second(fields) ** 2)),
    (checks.check_sites, 1.0 / VALUES[:4].mean()),
    (checks.check_sites, (1.0 / VALUES[:4]).mean()),
    (checks.check_gaussian_control, gaussian),
    (
        checks.check_gaussian_control,
        lambda X, y, rng: rfsk.make_gaussian_clone(X, y, random_state=rng)[0],
    ),
    (checks.check_no_biases, 0.5),
    (checks.check_swapped_classes, "none"),
    (checks.check_match, lambda f, o: match_matrix([f], [o])[0, 0]),
    (checks.check_match, lambda f, o: np.abs(cosines(f, o)).max()),
    (checks.check_chance, MEDIANS[94]),
    (checks.check_chance, np.quantile(MEDIANS, 0.95)),
    (checks.check_contraction, contraction),
    (checks.check_contraction, lambda X, a: cumulant(X).strength(a[None])[0]),
    (checks.check_clone, contraction(LONG, UNIFORM)),
    (checks.check_rule, lambda classes: localization_index(classes).localizes),
    (checks.check_exceptions, ["shell", "nearly Gaussian"]),
]


GIVEN = {check: given for check, (_, *given) in TABLES.items()} | {checks.check_no_biases: ("b",)}
OF_FUNCTIONS = (
    *(checks.check_draw_nlgp, checks.check_ipr, checks.check_gaussian_control, checks.check_match),
    *(checks.check_contraction, checks.check_rule),
)
GARBAGE = (
    *(None, "text", object(), [], np.nan, np.inf, -1e308, 1e308, np.array([np.inf, 1.0])),
    *(np.zeros((3, 4, 5)), np.array([1j, 2.0]), np.array(["a", None], dtype=object)),
    *([[1.0], [2.0, 3.0]], {"a": 1}, np.ones),
)


def assert_wrong(verdict, reason):
    assert verdict.status == "wrong"
    assert re.search(reason, verdict.message), verdict.message


def raises(error):
    def answer(*_):
        raise error

    return answer


@pytest.mark.parametrize(("check", "arguments", "reason"), WRONG)
def test_a_mistake_is_named(check, arguments, reason):
    assert_wrong(check(*arguments), reason)


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_a_right_answer_passes(check, answer):
    verdict = check(answer, *GIVEN[check])
    assert verdict.passed, verdict


@pytest.mark.parametrize("check", GIVEN, ids=lambda check: check.__name__)
def test_garbage_is_wrong_and_a_blank_is_unanswered(check):
    for value in GARBAGE:
        answer = (lambda *_, value=value: value) if check in OF_FUNCTIONS else value
        assert check(answer, *GIVEN[check]).status == "wrong", value
    blanks = [..., lambda *_: ..., lambda *_: 2.0 * ...]
    for blank in blanks if check in OF_FUNCTIONS else blanks[:1]:
        assert check(blank, *GIVEN[check]).status == "unanswered"


def test_a_blank_among_other_answers_is_unanswered():
    assert checks.check_no_biases(0.5, ...).status == "unanswered"
    assert checks.check_exceptions({...}, {}).status == "unanswered"


@pytest.mark.parametrize("check", OF_FUNCTIONS, ids=lambda check: check.__name__)
def test_what_a_function_raises_is_shown_with_its_input_and_usual_cause(check):
    verdict = check(raises(NameError("name 'a' is not defined")), *GIVEN[check])
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
def test_errors_are_explained(error, usually):
    assert_wrong(checks.check_ipr(raises(error)), usually)


def test_a_function_is_asked_for_where_its_result_was_passed():
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
