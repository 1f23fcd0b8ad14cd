"""Each check of an exercise passes right answers and names the mistake in wrong ones.

Whatever a student passes, it returns a verdict and raises nothing.
"""

import functools
import math
import re
import sys
from types import SimpleNamespace

import checks
import numpy as np
import pytest
from numpy.linalg import norm
from numpy.random import default_rng
from scipy.special import erf

import rfsk
from rfsk.analysis import cumulant, match_matrix
from rfsk.datasets import Algebraic, EllipticalField, TransformedField
from rfsk.theory import localization_index

ROOT = math.sqrt(2.0)


def pair(model, n_sites=40, **parameters):
    return [model(n_sites, correlation_length=xi, **parameters) for xi in (1.0, 3.0)]


# Exercise 1: draw an NLGP.


def z_of(gain):
    return math.sqrt(2.0 / math.pi * math.asin(gain**2 / (1.0 + gain**2)))


def saturated(z, gain):
    return erf(gain * z / ROOT) / z_of(gain)


def shortest_distance(d):
    return np.minimum(np.arange(d), d - np.arange(d))[None]


def nlgp(
    *,
    distances=lambda d: np.arange(d) + d * np.arange(-5, 6)[:, None],
    power=lambda spectrum: np.sqrt(np.maximum(spectrum, 0.0)),
    noise=lambda n, d, rng: rng.standard_normal((n, d)),
    pointwise=saturated,
    after=lambda fields: fields,
):
    """An answer of which one step may be replaced."""

    def draw(n, d, xi, gain, rng):
        kernel = np.exp(-((distances(d) / xi) ** 2)).sum(axis=0)
        filtered = np.fft.rfft(noise(n, d, rng)) * power(np.fft.rfft(kernel / kernel[0]).real)
        return after(pointwise(np.fft.irfft(filtered, n=d), gain))

    return draw


MISTAKES_OF_NLGP = {
    "the division by Z is missing": nlgp(pointwise=lambda z, g: erf(g * z / ROOT)),
    "divided by Z\\^2; expected Z": nlgp(pointwise=lambda z, g: saturated(z, g) / z_of(g)),
    "multiplied by Z": nlgp(pointwise=lambda z, g: saturated(z, g) * z_of(g) ** 2),
    "expected gain z / sqrt 2": nlgp(pointwise=lambda z, g: erf(g * z) / z_of(g)),
    "Some papers omit sqrt 2": nlgp(pointwise=lambda z, g: erf(g * z) / z_of(ROOT * g)),
    "Gaussian: gain and erf are missing": nlgp(pointwise=lambda z, g: z),
    "Gaussian and scaled by the gain": nlgp(pointwise=lambda z, g: g * z),
    "The gain has no effect": nlgp(pointwise=lambda z, g: saturated(z, 1.0)),
    "The map is tanh": nlgp(pointwise=lambda z, g: np.tanh(g * z) / np.tanh(g * z).std()),
    "noise is not filtered": nlgp(power=np.ones_like),
    "expected its square root": nlgp(power=lambda spectrum: spectrum),
    "The filter is the spectrum": nlgp(
        power=lambda spectrum: spectrum, pointwise=lambda z, g: saturated(z / z.std(), g)
    ),
    "square root.* And the division by Z is missing": nlgp(
        power=lambda spectrum: spectrum, pointwise=lambda z, g: erf(g * z / ROOT)
    ),
    "Check the filter, and then the map": nlgp(
        power=lambda spectrum: spectrum, pointwise=lambda z, g: g * z
    ),
    "in one direction only": nlgp(distances=lambda d: np.arange(d)[None], power=np.sqrt),
    "the boundary is open": lambda n, d, xi, gain, rng: rfsk.NLGP(
        d, correlation_length=xi, gain=gain, boundary="open"
    ).sample(n, rng),
    "Is the noise normal": nlgp(noise=lambda n, d, rng: rng.random((n, d))),
    "transposed. Rows are samples": nlgp(after=np.transpose),
    "that is a single input": nlgp(after=lambda fields: fields[0]),
    "Pass the number of sites": nlgp(after=lambda f: f[:, : f.shape[1] // 2 * 2]),
    ": one row per sample": nlgp(after=lambda fields: fields[:-1]),
    "is complex": nlgp(after=lambda fields: fields + 0j),
    "a single row of noise was drawn": nlgp(after=lambda fields: fields[[0] * len(fields)]),
    "All values are equal": nlgp(after=np.ones_like),
    "Draw all numbers with the argument rng": nlgp(
        noise=lambda n, d, _: default_rng().standard_normal((n, d))
    ),
    "a generator with a fixed seed": nlgp(
        noise=lambda n, d, _: default_rng(0).standard_normal((n, d))
    ),
    "its own standard deviation": nlgp(after=lambda f: f / f.std(axis=1, keepdims=True)),
    "right for .* its spectrum is negative somewhere": nlgp(distances=shortest_distance),
    "Some values are NaN": nlgp(after=lambda fields: fields * np.nan),
    "variance 4.00 .expected 0.99.* the map": nlgp(after=lambda fields: 2.0 * fields),
}

# Exercise 2: measure receptive fields.


def total(fields, power, axis=1):
    return (fields**power).sum(axis=axis)


MISTAKES_OF_IPR = {
    "participation ratio, a number of sites": lambda f: 1.0 / rfsk.ipr(f),
    "is not divided by anything": lambda f: total(f, 4),
    "square the sum of squares": lambda f: total(f, 4) / total(f, 2),
    "not a sum of fourth powers": lambda f: total(f, 4) / total(f, 4),
    "powers are 2 and 1": lambda f: total(f, 2) / total(f, 1) ** 2,
    "powers are 2 and 1; expected 4 in": lambda f: total(f, 2) / total(np.abs(f), 1) ** 2,
    "40 times too large": lambda f: 40.0 * rfsk.ipr(f),
    "40 times too small": lambda f: rfsk.ipr(f) / 40.0,
    "the sum runs over units. Rows": lambda f: total(f, 4, 0) / total(f, 2, 0) ** 2,
    "The mean of each field is subtracted": lambda f: rfsk.ipr(f - f.mean(axis=1, keepdims=True)),
    "over units as well": lambda f: (f**4).sum() / (f**2).sum() ** 2,
    "expected .4,., one number per field": lambda f: rfsk.ipr(f)[:, None],
    "4 numbers are NaN or infinite": lambda f: rfsk.ipr(f) / 0.0,
    "one site 2 .expected 1.; uniform": lambda f: 2.0 * rfsk.ipr(f),
    "without parentheses": np.ones(4),
}
SITES = np.arange(40)
BUMPS = [np.exp(-0.5 * ((SITES - center) / 2.0) ** 2) for center in (8, 16, 24, 32)]
MODES = [np.cos(2.0 * np.pi * k * SITES / 40) for k in (3, 4, 5, 6)]
FIELDS = np.array(BUMPS + MODES)
INPUTS = default_rng(0).standard_normal((500, 40))
NET = SimpleNamespace(receptive_fields_=FIELDS, transform=lambda X: np.tanh(X @ FIELDS.T))
VALUES, ANSWERS = rfsk.ipr(FIELDS), NET.transform(INPUTS)
MISTAKES_OF_SITES = {
    "That is the mean IPR": VALUES[:4].mean(),
    "not a number of sites. Both groups": VALUES.mean(),
    "relative to a uniform field": 40 * VALUES[:4].mean(),
    "Both groups are in this mean": 1.0 / VALUES.mean(),
    "Both groups are in": (1.0 / VALUES).mean(),
    "That is the other group": 1.0 / VALUES[4:].mean(),
    "the IPR of the activations": 1.0 / rfsk.ipr(ANSWERS).mean(),
    "net.transform.X.. Receptive fields are": 1.0
    / (total(ANSWERS, 4, 0) / total(ANSWERS, 2, 0) ** 2).mean(),
    "The fields are transposed": 1.0 / (total(FIELDS, 4, 0) / total(FIELDS, 2, 0) ** 2).mean(),
    "Got 35; expected a number of sites between 1 and 40": 35.0,
    "expected one number, for example a mean": 1.0 / VALUES[:4],
}

# Exercise 3: find the cause.


def moments(rows):
    return rows.mean(axis=0), np.cov(rows, rowvar=False)


def clone(moments_of=moments, *, of=lambda label: label):
    """An answer that draws the class `of(label)` for each label."""

    def control(X, y, rng):
        control = np.empty_like(X)
        for label in (0, 1):
            rows = y == label
            control[rows] = rng.multivariate_normal(
                *moments_of(X[np.isin(y, of(label))]), rows.sum()
            )
        return control

    return control


gaussian, BARE = clone(), pair(rfsk.GaussianField, 20)


def other_rows(X, y, rng):
    control = np.empty_like(X)
    for label in (0, 1):
        control[y == label] = rng.permutation(X[y == label])
    return control


MISTAKES_OF_CONTROL = {
    "Both classes have the same covariance": clone(of=lambda label: (0, 1)),
    "Shuffling does the opposite": lambda X, y, rng: rng.permuted(X, axis=1),
    "covariance between sites is lost. Sh": lambda X, y, rng: rng.permuted(X, axis=0),
    "its rows are only permuted": other_rows,
    "That is X itself": lambda X, y, rng: X,
    "Sites are independent": clone(lambda rows: (rows.mean(axis=0), np.diag(rows.var(axis=0)))),
    "The classes are exchanged": clone(of=lambda label: 1 - label),
    "the mean of each class is missing": clone(lambda rows: (np.zeros(20), np.cov(rows.T))),
    "the correlation matrix was used": clone(lambda rows: (rows.mean(axis=0), np.corrcoef(rows.T))),
    "1.* And the mean of each": clone(lambda rows: (np.zeros(20), np.corrcoef(rows.T))),
    "with the kernel of z": lambda X, y, rng: np.stack([BARE[k].sample(1, rng)[0] for k in y]),
    "without subtracting the mean": clone(lambda X: (X.mean(axis=0), X.T @ X / len(X))),
    "sorted by class": lambda X, y, rng: gaussian(X, y, rng)[np.argsort(y, kind="stable")],
    "not with NumPy's global generator": lambda X, y, rng: gaussian(X, y, default_rng()),
    "Two different seeds gave the same numbers": lambda X, y, rng: gaussian(X, y, default_rng(0)),
    "returned a tuple": lambda X, y, rng: (gaussian(X, y, rng), y),
    "expected that of X, .8000, 20.": lambda X, y, rng: gaussian(X, y, rng)[y == 0],
    "control: 8000 of 160000": lambda X, y, rng: X * np.where(np.arange(20) == 3, np.nan, 1.0),
    "class 0: variance .* own rows": lambda X, y, rng: 3.0 * gaussian(X, y, rng),
    "LinAlgError|ValueError": clone(lambda rows: (rows.mean(axis=0), np.cov(rows))),
}
MISTAKES_OF_NO_BIASES = {
    "The net with biases reaches": (0.85, "b"),
    "if you invert its answers": (0.0, "b"),
    "not a percentage": (50, "b"),
    "Inputs x and -x are equally frequent": (0.63, "b"),
    "whatever the weights are": (0.5, "a"),
    "ten times as many steps": (0.5, "c"),
    "expected one of 'a', 'b', 'c'": (0.5, "d"),
}
MISTAKES_OF_SWAP = {
    "usual order": "all",
    "form one group": "half",
    "expected one of 'all'": 3,
}

# Exercise 4: compare with convolution.


def products(field, other):
    """At every shift, of any sign."""
    return np.stack([np.roll(other, shift) for shift in range(len(other))]) @ field


def cosines(field, other):
    return products(field, other) / norm(field) / norm(other)


MISTAKES_OF_MATCH = {
    "may both change sign": lambda f, o: cosines(f, o).max(),
    "try every shift": lambda f, o: abs(cosines(f, o)[0]),
    "divide by the lengths of both": lambda f, o: np.abs(products(f, o)).max(),
    "lengths of both.* And a match has no sign": lambda f, o: products(f, o).max(),
    "this field must match equally": lambda f, o: np.abs(products(f, o)).max() / len(f),
    "twice by the length of the first field": lambda f, o: np.abs(products(f, o)).max() / (f @ f),
    "length is the square root": lambda f, o: np.abs(products(f, o)).max() / (f @ f) / (o @ o),
    "The means are subtracted": lambda f, o: np.abs(cosines(f - f.mean(), o - o.mean())).max(),
    "The means are subtracted.* And: a bump": lambda f, o: abs(np.corrcoef(f, o)[0, 1]),
    "That is the mean over shifts": lambda f, o: np.abs(cosines(f, o)).mean(),
    "One of the fields is mirrored": lambda f, o: np.abs(cosines(f, o[::-1])).max(),
    "not circular": lambda f, o: np.abs(np.correlate(f, o, "full")).max() / norm(f) / norm(o),
    "Got 24 numbers, one per shift": cosines,
    "minus itself 0.500 .expected 1.000": lambda f, o: np.abs(cosines(f, o)).max() / 2.0,
    "The match is nan": lambda f, o: np.nan,
}
MEDIANS = np.sort(default_rng(0).normal(0.75, 0.05, 99))
MISTAKES_OF_CHANCE = {
    "median of the medians": np.median(MEDIANS),
    "(median|mean) of the medians": MEDIANS.mean(),
    "only 1 in 100 exceeds it": MEDIANS[-1],
    "the lower end": MEDIANS[4],
    "That is the level": 0.05,
    "That is the fraction": 0.95,
    "never 0": 0.0,
    "Sort the medians": 0.5,
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


contraction = along(lambda m4, m2: m4 - 3.0 * m2**2)
MISTAKES_OF_CONTRACTION = {
    "That is the fourth moment, which Gaussian inputs have too": along(lambda m4, m2: m4),
    "The mean is not subtracted: a cumulant": along(lambda m4, m2: m4 - 3.0 * m2**2, center=False),
    "3 ways to pair four factors": along(lambda m4, m2: m4 - m2**2),
    "The second moment is not squared": along(lambda m4, m2: m4 - 3.0 * m2),
    "That is the excess kurtosis": along(lambda m4, m2: m4 / m2**2 - 3.0),
    "right only if the variance is 1": along(lambda m4, m2: m4 - 3.0),
    "Those are sums; expected means": along(lambda m4, m2: 500 * (m4 - 3.0 * m2**2)),
    "sums; expected means": along(lambda m4, m2: 500 * m4 - 3.0 * (500 * m2) ** 2),
    "The sign is wrong": along(lambda m4, m2: 3.0 * m2**2 - m4),
    "the third cumulant": lambda X, a: np.mean((X @ a - (X @ a).mean()) ** 3),
    "The first term is the cube": lambda X, a: (
        np.mean((h := X @ a - (X @ a).mean()) ** 3) - 3.0 * np.mean(h**2) ** 2
    ),
    "Compute the sum x.a first": per_site,
    "Got 500 numbers, one per sample": lambda X, a: (X @ a) ** 4,
    "Along a single site .*; along a slope": along(lambda m4, m2: m4 - 2.0 * m2**2),
}
CONTROL, LABELS = rfsk.make_gp(4000, 20, correlation_length=(1.0, 3.0), random_state=0)
UNIFORM = np.ones(20) / np.sqrt(20.0)
SHORT, LONG = CONTROL[LABELS == 0], CONTROL[LABELS == 1]
MISTAKES_ON_CONTROL = {
    "A mixture of two Gaussians with different covariances": contraction(CONTROL, UNIFORM),
    "That is class 0": contraction(SHORT, UNIFORM),
    "That is the fourth moment": along(lambda m4, m2: m4)(LONG, UNIFORM),
    "expected contraction.X_control": 1e3,
}

# Exercise 6: predict which inputs localize.


def index_of(classes, random_state=0):
    """Localization index, computed once for all answers that take it."""
    return _index_of(*classes, random_state)


@functools.cache
def _index_of(first, second, random_state):
    return localization_index([first, second], random_state=random_state)


@pytest.fixture(autouse=True)
def _indices_are_computed_once(monkeypatch):
    monkeypatch.setattr("checks._prediction.localization_index", index_of)


TASKS = {
    "saturated": pair(rfsk.NLGP, gain=3.0),
    "nearly Gaussian": pair(rfsk.NLGP, gain=0.14),
    "heavy": pair(TransformedField, marginal=Algebraic(5.0)),
    "light": pair(TransformedField, marginal=Algebraic(6.0)),
    "shell": pair(EllipticalField),
    "Gaussian": pair(rfsk.GaussianField),
}
MISTAKES_OF_RULE = {
    "the sign of the kurtosis. It uses one": lambda c: c[1].excess_kurtosis() < 0.0,
    "inverted: with heavy tails": lambda c: c[1].excess_kurtosis() > 0.0,
    "Not all non-Gaussian inputs": lambda c: c[1].excess_kurtosis() != 0.0,
    "Compare it with 1, .* and not with 0": lambda c: index_of(c).index > 0.0,
    "If it is NaN, the classes are in": lambda c: localization_index(c[::-1]).index > 1.0,
    "unstable if the index is above 1": lambda c: index_of(c).index < 1.0,
    "Wrong on light": lambda c: index_of(c).index > 1.03,
    "expected True or False": lambda c: index_of(c).index,
}
MISTAKES_OF_EXCEPTIONS = {
    "have a negative kurtosis": {"saturated", "nearly Gaussian", "light", "shell"},
    "the sign of the kurtosis is right": {"saturated", "heavy", "light", "Gaussian"},
    "1 of 2: the sign is wrong once more": {"shell"},
    "1 of 2": "shell",
    "Not among them: light": {"light", "shell"},
    "no task 'sphere'": {"sphere"},
}

# Of each check: what is passed with the answer, wrong answers and right ones.
TABLES = {
    "draw_nlgp": ((), MISTAKES_OF_NLGP, [nlgp()]),
    "ipr": (
        *((), MISTAKES_OF_IPR),
        # The second changes what it is given.
        [rfsk.ipr, lambda f: total(np.square(f, out=f), 2) / total(f, 1) ** 2],
    ),
    "sites": (
        *((NET, INPUTS), MISTAKES_OF_SITES),
        [1.0 / VALUES[:4].mean(), (1.0 / VALUES[:4]).mean()],
    ),
    "gaussian_control": (
        *((), MISTAKES_OF_CONTROL),
        [gaussian, lambda X, y, rng: rfsk.make_gaussian_clone(X, y, random_state=rng)[0]],
    ),
    "no_biases": (("b",), {}, [0.5]),
    "swapped_classes": ((), MISTAKES_OF_SWAP, ["none"]),
    "match": (
        *((), MISTAKES_OF_MATCH),
        [lambda f, o: match_matrix([f], [o])[0, 0], lambda f, o: np.abs(cosines(f, o)).max()],
    ),
    "chance": ((MEDIANS,), MISTAKES_OF_CHANCE, [MEDIANS[94], np.quantile(MEDIANS, 0.95)]),
    "contraction": (
        *((), MISTAKES_OF_CONTRACTION),
        [contraction, lambda X, a: cumulant(X).along(a[None])[0]],
    ),
    "control": ((CONTROL, LABELS, UNIFORM), MISTAKES_ON_CONTROL, [contraction(LONG, UNIFORM)]),
    "rule": ((TASKS,), MISTAKES_OF_RULE, [lambda classes: index_of(classes).localizes]),
    "exceptions": ((TASKS,), MISTAKES_OF_EXCEPTIONS, [["shell", "nearly Gaussian"]]),
}
WRONG = [
    (name, (answer, *given), reason)
    for name, (given, mistakes, _) in TABLES.items()
    for reason, answer in mistakes.items()
]
WRONG += [("no_biases", both, why) for why, both in MISTAKES_OF_NO_BIASES.items()]
RIGHT = [(name, answer) for name, (*_, answers) in TABLES.items() for answer in answers]
OF_FUNCTIONS = ("draw_nlgp", "ipr", "gaussian_control", "match", "contraction", "rule")
GARBAGE = (
    *(None, "text", object(), [], np.nan, np.inf, -1e308, 1e308, np.array([np.inf, 1.0])),
    *(np.zeros((3, 4, 5)), np.array([1j, 2.0]), np.array(["a", None], dtype=object)),
    *([[1.0], [2.0, 3.0]], {"a": 1}, np.ones),
)


def verdict_on(name, *answers):
    return getattr(checks, f"check_{name}")(*answers)


def assert_wrong(verdict, reason):
    assert verdict.status == "wrong"
    assert re.search(reason, verdict.message), verdict.message


@pytest.mark.parametrize(("name", "answers", "reason"), WRONG)
def test_a_mistake_is_named(name, answers, reason):
    assert_wrong(verdict_on(name, *answers), reason)


@pytest.mark.parametrize(("name", "answer"), RIGHT)
def test_a_right_answer_passes(name, answer):
    verdict = verdict_on(name, answer, *TABLES[name][0])
    assert verdict.passed, verdict


@pytest.mark.parametrize("name", TABLES)
def test_garbage_is_wrong_and_a_blank_is_unanswered(name):
    given = TABLES[name][0]
    for value in GARBAGE:
        answer = (lambda *_, value=value: value) if name in OF_FUNCTIONS else value
        assert verdict_on(name, answer, *given).status == "wrong", value
    blanks = [..., lambda *_: ..., lambda *_: 2.0 * ...]
    for blank in blanks if name in OF_FUNCTIONS else blanks[:1]:
        assert verdict_on(name, blank, *given).status == "unanswered"


def test_a_blank_among_other_answers_is_unanswered():
    assert checks.check_no_biases(0.5, ...).status == "unanswered"
    assert checks.check_exceptions({...}, {}).status == "unanswered"


@pytest.mark.parametrize(
    ("name", "error", "usually"),
    [
        *(
            (name, NameError("no a"), "NameError: no a when called .* misspelt")
            for name in OF_FUNCTIONS
        ),
        ("ipr", ValueError("operands could not be broadcast together"), "Print both"),
        ("ipr", TypeError("missing 1 required positional argument"), "too many or too few"),
        ("ipr", IndexError("axis 2 is out of bounds"), "larger than the array allows"),
        ("ipr", np.linalg.LinAlgError("Singular"), "not square, or singular"),
        ("ipr", OSError(), "OSError: no message when called with"),
        ("ipr", RuntimeError("boom"), "by hand on a small input"),
    ],
)
def test_what_a_function_raises_is_shown_with_its_input_and_usual_cause(name, error, usually):
    def answer(*_):
        raise error

    assert_wrong(verdict_on(name, answer, *TABLES[name][0]), usually)


def test_a_slider_appears_in_notebooks_with_ipywidgets_alone(monkeypatch):
    calls = []
    widgets = SimpleNamespace(SelectionSlider=lambda options: options)
    widgets.interact = lambda show, **sliders: calls.append((show, sliders))
    for get_ipython, installed in ((lambda: None, widgets), (object, None), (object, widgets)):
        assert not calls
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=get_ipython))
        monkeypatch.setitem(sys.modules, "ipywidgets", installed)
        checks.slider(print, gain=(1.0, 3.0))
    assert calls == [(print, {"gain": [1.0, 3.0]})]


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
