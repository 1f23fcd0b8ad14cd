"""Exercise 6: predict from the index which inputs localize."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from rfsk import localization_index

from ._grading import Unanswered, Wrong, call, checked, mistake_in


@checked
def check_rule(localizes: Any, tasks: Any) -> str:
    """Check localizes(classes), which predicts whether the field localizes.

    Parameters
    ----------
    localizes : callable
        The student's function.
    tasks : dict of str to list of input models
        Both classes of each task, the short-range class first.
    """
    predicted = []
    for name, classes in tasks.items():
        answer = call(localizes, list(classes), on=f"the two classes of {name!r}")
        if np.asarray(answer).shape != () or answer not in (True, False):
            raise Wrong(
                f"Got {str(answer)[:60]!r} for {name!r}; expected True or False: compare the "
                "index with a number."
            )
        predicted.append(bool(answer))
    got = np.array(predicted)
    index = np.array(
        [localization_index(classes, random_state=0).index for classes in tasks.values()]
    )
    if (got == (index > 1.0)).all():
        return f"You predict localized fields on {got.sum()} of {len(got)} tasks."
    missed = [name for name, is_off in zip(tasks, got != (index > 1.0), strict=True) if is_off]
    raise mistake_in(
        got.astype(float),
        _mistakes(tasks, index),
        0.5,
        f"Wrong on {', '.join(missed)}. Compare the index with the value at which a Fourier mode "
        "on the uniform field neither grows nor decays.",
    )


def _mistakes(tasks: dict[str, Any], index: Any) -> Iterator[tuple[Any, str]]:
    kurtosis = np.array([classes[1].excess_kurtosis() for classes in tasks.values()])
    sign = "That is the sign of the kurtosis. It uses one number of the marginal distribution, and "
    sign += "is not reliable near zero: use the index."
    yield (kurtosis < 0.0).astype(float), sign
    inverted = "That is the sign of the kurtosis, inverted: with heavy tails fields stay uniform."
    yield (kurtosis > 0.0).astype(float), inverted
    yield (
        (np.abs(kurtosis) > 1e-6).astype(float),
        "Not all non-Gaussian inputs localize: it depends on how they differ from a Gaussian.",
    )
    yield (
        np.ones(len(index)),
        "You answer True for all tasks. The index is always positive. Compare it with 1, the value "
        "at which the uniform field becomes unstable, and not with 0.",
    )
    yield (
        np.zeros(len(index)),
        "You answer False for all tasks. Print the index. If it is NaN, the classes are in the "
        "wrong order: the short-range class comes first. If it is a number, compare it with 1.",
    )
    inverted = "The rule is inverted: the uniform field is unstable if the index is above 1."
    yield (index < 1.0).astype(float), inverted


@checked
def check_exceptions(exceptions: Any, tasks: Any) -> str:
    """Check on which tasks the sign of the kurtosis is wrong.

    Parameters
    ----------
    exceptions : set of str
        The names of tasks that the student gave.
    tasks : dict of str to list of input models
        Both classes of each task, the short-range class first.
    """
    if exceptions is ... or (isinstance(exceptions, set | list | tuple) and ... in exceptions):
        raise Unanswered
    if isinstance(exceptions, str):
        exceptions = {exceptions}
    names = set(exceptions)
    unknown = sorted(str(name)[:40] for name in names - set(tasks))
    if unknown:
        raise Wrong(f"There is no task {unknown[0]!r}; expected names from {list(tasks)}.")
    wrong_on, negative = set(), set()
    for name, classes in tasks.items():
        kurtosis = classes[1].excess_kurtosis()
        negative |= {name} if kurtosis < 0.0 else set()
        localizes = localization_index(classes, random_state=0).localizes
        wrong_on |= {name} if (kurtosis < 0.0) != localizes else set()
    if names == wrong_on:
        return (
            "On a ring of finite length, tails that are slightly lighter than those of a Gaussian "
            "are not enough. On the shell, the drive of a neuron is linear in its overlap with an "
            "input, as for Gaussian inputs."
        )
    if names == set(tasks) - wrong_on:
        raise Wrong("Those are the tasks on which the sign of the kurtosis is right.")
    if names == negative:
        raise Wrong("Those have a negative kurtosis. On which of them does the field not localize?")
    if names < wrong_on:
        raise Wrong(f"{len(names)} of {len(wrong_on)}: the sign is wrong once more.")
    wrong = ", ".join(sorted(names - wrong_on)) or "none"
    raise Wrong(
        f"Not among them: {wrong}. For each task, compare the sign of the kurtosis with whether "
        "the index is above 1."
    )
