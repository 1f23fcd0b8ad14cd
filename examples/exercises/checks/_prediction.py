"""Exercise 6: predict from the index which world grows fields."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from rfsk import localization_index

from ._grading import Unanswered, Wrong, call, checked, mistake_in


@checked
def check_rule(grows_fields: Any, worlds: Any) -> str:
    """Check grows_fields(classes), which says whether fields will localize.

    Parameters
    ----------
    grows_fields : callable
        The student's function.
    worlds : dict of str to list of input models
        Both classes of each world, the short-range one first.
    """
    predicted = []
    for name, classes in worlds.items():
        answer = call(grows_fields, list(classes), on=f"the two classes of {name!r}")
        if np.asarray(answer).shape != () or answer not in (True, False):
            raise Wrong(
                f"Got {str(answer)[:60]!r} for {name!r}; expected True or False: compare the "
                "index with a number."
            )
        predicted.append(bool(answer))
    got = np.array(predicted)
    index = np.array(
        [localization_index(classes, random_state=0).index for classes in worlds.values()]
    )
    if (got == (index > 1.0)).all():
        return f"You say that {got.sum()} of {len(got)} worlds grow fields. See what grows."
    missed = [name for name, is_off in zip(worlds, got != (index > 1.0), strict=True) if is_off]
    raise mistake_in(
        got.astype(float),
        _mistakes(worlds, index),
        0.5,
        f"Wrong on {', '.join(missed)}. Ask whether the uniform field breaks up: the index of the "
        "two classes, against the value at which a Fourier mode neither grows nor decays.",
    )


def _mistakes(worlds: dict[str, Any], index: Any) -> Iterator[tuple[Any, str]]:
    kurtosis = np.array([classes[1].excess_kurtosis() for classes in worlds.values()])
    sign = "That is what the sign of the kurtosis says. It knows one number of the marginal "
    sign += "distribution, and errs near zero: take the index."
    yield (kurtosis < 0.0).astype(float), sign
    turned = "That is the sign of the kurtosis, and turned round: heavy tails make no fields."
    yield (kurtosis > 0.0).astype(float), turned
    yield (
        (np.abs(kurtosis) > 1e-6).astype(float),
        "Not every non-Gaussian world grows fields: it depends on how it differs from a Gaussian.",
    )
    yield (
        np.ones(len(index)),
        "All of them. The index is positive everywhere: it is to be compared with 1, the value at "
        "which the uniform field neither breaks up nor recovers, and not with 0.",
    )
    yield (
        np.zeros(len(index)),
        "None of them. Print the index: if it is NaN the classes are in the wrong order, the "
        "short-range class comes first; if not, compare it with 1.",
    )
    turned = "Turned round: the uniform field breaks up where the index is above 1, not below."
    yield (index < 1.0).astype(float), turned


@checked
def check_exceptions(exceptions: Any, worlds: Any) -> str:
    """Check in which worlds the sign of the kurtosis errs.

    Parameters
    ----------
    exceptions : set of str
        The student's names of worlds.
    worlds : dict of str to list of input models
        Both classes of each world, the short-range one first.
    """
    if exceptions is ... or (isinstance(exceptions, set | list | tuple) and ... in exceptions):
        raise Unanswered
    if isinstance(exceptions, str):
        exceptions = {exceptions}
    names = set(exceptions)
    unknown = sorted(str(name)[:40] for name in names - set(worlds))
    if unknown:
        raise Wrong(f"There is no world {unknown[0]!r}; expected names out of {list(worlds)}.")
    errs, negative = set(), set()
    for name, classes in worlds.items():
        kurtosis = classes[1].excess_kurtosis()
        negative |= {name} if kurtosis < 0.0 else set()
        localizes = localization_index(classes, random_state=0).localizes
        errs |= {name} if (kurtosis < 0.0) != localizes else set()
    if names == errs:
        return (
            "Slightly lighter tails than a Gaussian's are not enough on a ring of finite length, "
            "and on a shell the drive of a neuron is linear in its overlap, as for Gaussians."
        )
    if names == set(worlds) - errs:
        raise Wrong("Those are the worlds in which the sign of the kurtosis is right.")
    if names == negative:
        raise Wrong("Those have a negative kurtosis. In which of them do fields not localize?")
    if names < errs:
        raise Wrong(f"{len(names)} of {len(errs)}: the sign of the kurtosis errs once more.")
    wrong = ", ".join(sorted(names - errs)) or "none"
    raise Wrong(
        f"Not among them: {wrong}. Compare, world by world, the sign of the kurtosis with whether "
        "the index is above 1."
    )
