"""study_data: control test for any data, with a report."""

import base64
import datetime
import html
import io
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from .. import __version__
from .._core._mistakes import collected_mistakes
from .._core._random import as_generator, draw_seed
from .._core._trained_nets import mean_of_known
from .._core._types import Array, Shape
from .._core._validation import (
    check_array,
    check_image_shape,
    check_labels,
    check_option,
    check_positive,
    plain,
)
from ..analysis import (
    chance_match,
    compactness,
    cumulant,
    match_matrix,
    symmetric_cp,
    why_not_testable,
)
from ..nets import ConvNet, FCNet, fit_many
from ..theory import LocalizationIndex, localization_index
from ._control_test import GROWN, ControlTest, control_test

_LEARNING_TIME = 20_000.0  # learning rate times number of steps
_LEARNING_RATE = 5.0
_ROWS_PER_FEATURE = 5  # with fewer rows, a net probably fits the noise of the sample
_FEW_ROWS = 1000
_FEWEST_CONTROLS = 19
_COMPACT = 0.55  # fraction of the energy, as in `LocalizationAnalyzer`
_COPY = 0.98  # cosine above which two fields are called copies
_OUT_OF_SCALE = 30.0  # relative standard deviation above which a feature is suspicious
_REMOVABLE = ("brightness", "contrast", "class_means")
_STILL_FALLS = 0.05  # relative decrease of the loss, in the last fifth of a training, to report
_FEWEST_EPOCHS, _FEWEST_STEPS = 5, 100  # with fewer, the loss does not show convergence
_FAR_BELOW = 0.8  # ratio to the mean of the controls below which a note is added
_N_OTHER_SEEDS = 2  # nets with other seeds, to which fields are matched
_N_REFERENCES = 4  # numbers of convolutional filters and of factors of the cumulant

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui; max-width: 60rem; margin: 1rem auto; padding: 0 1rem }}
.verdict {{ font-size: 1.25rem; font-weight: bold }}
.figure {{ overflow-x: auto }}
img {{ width: 100%; min-width: 45rem }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; margin: 1rem 0 }}
td, th {{ padding: .2rem .5rem; text-align: right; border-bottom: 1px solid #ddd }}
</style>
</head>
<body>
<h1>{title}</h1>
<p class="verdict">{verdict}</p>
<p>The null hypothesis is that the data are Gaussian given the class. The controls are Gaussian data
with exactly the mean and covariance of the data in each class. The IPR (inverse participation
ratio) of a field is the inverse of the number of features that the field occupies: {levels[0]} for
a uniform field, {levels[1]} for a sinusoid, {levels[2]} for noise. A field has grown if its norm
exceeds {grown} times its initial norm. All means are over fields that have grown. Units with
b &gt; 0 have a positive initial bias, units with b &lt; 0 a negative one. The match of two fields
is their largest cosine over shifts and signs. A match is significant if it exceeds the chance
level.</p>
{units}
{matches}
<p class="figure"><img alt="Fields on the data and on a control, and IPR of both"
src="data:image/png;base64,{image}"></p>
<h2>Processing, settings and limitations</h2>
<ul>
{notes}
</ul>
<p>rfsk {version}, {date}</p>
</body>
</html>
"""


@dataclass(frozen=True)
class DataStudy:
    """Results of `study_data`.

    Attributes
    ----------
    test : ControlTest
        Net trained on the data, nets trained on Gaussian controls, and the test that compares their
        fields.
    shape : tuple of int
        Lattice of the inputs.
    matches : dict of str to (float, float)
        Matches of the fields with the filters of a convolutional net, with the CP factors of the
        fourth cumulant, and with the fields of nets with other seeds. Each value of `matches`
        consists of the median of the best matches of the fields, and the 5 % critical value for
        fields with random phases (`chance_match`). `matches` is computed for localized fields or,
        if there are none, for all fields that have grown (`test.has_grown`). `matches` is empty if
        no field has grown.
    index : LocalizationIndex or None
        Localization index of the data for a ReLU neuron; None if the index is not defined.
    notes : list of str
        Changes to the data, settings of the training, and limitations of the verdict.

    Examples
    --------
    >>> from rfsk import make_nlgp
    >>> from rfsk.experiments import study_data
    >>> X, y = make_nlgp(500, 20, correlation_length=(1.0, 2.0), random_state=0)
    >>> study_data(X, y, n_hidden=4, max_steps=50, random_state=0).shape
    (20,)
    """

    test: ControlTest = field(repr=False)
    shape: Shape
    matches: dict[str, tuple[float, float]]
    index: LocalizationIndex | None
    notes: list[str]

    @property
    def is_compact(self) -> NDArray[np.bool_]:
        """Fields with more than 55 % of their squared weights in a disc that has 1 / IPR sites."""
        fields = self.test.net.receptive_fields_
        return np.asarray(compactness(fields, self.shape) > _COMPACT)

    @property
    def verdict(self) -> str:
        """Verdict of the control test, and how many of the localized fields are compact."""
        verdict, n_localized = self.test.verdict, int(self.test.is_localized.sum())
        if not n_localized:
            return verdict
        n_compact = int((self.test.is_localized & self.is_compact).sum())
        compact = f"{n_compact} of these {n_localized} fields are compact"
        if 2 * n_compact >= n_localized:
            return f"{verdict} {compact}."
        comparison = verdict.removeprefix("Localized: ")
        return f"Not compact: {comparison} But {compact}; the others are spread over distant sites."

    def plot(self) -> Any:
        """Draw the fields of the net and of a control, and the IPR of all units, in one figure."""
        import matplotlib.pyplot as plt

        from ..plotting import ReceptiveFieldDisplay
        from ..plotting.style import CONTROL, INPUT, color_bar, limit, tidy

        figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
        nets = {"the data": self.test.net, "a Gaussian control": self.test.controls[0]}
        bound = limit(*(net.receptive_fields_ for net in nets.values()))
        for ax, (name, net) in zip(axes, nets.items(), strict=False):
            display = ReceptiveFieldDisplay(net.receptive_fields_, self.shape)
            display.plot(ax=ax, sort=False, bound=bound)
            ax.set_title(f"fields on {name}")
            if "b > 0" in self.test.groups:
                _draw_border(ax, int(self.test.groups["b > 0"].sum()), self.shape)
                ax.set_ylabel("unit (b > 0 above the line)")
        color_bar(axes[:2], "weight")
        ax = axes[2]
        for place, (name, members) in enumerate(self.test.groups.items()):
            values = self.test.unit_values[members & self.test.has_grown]
            of_controls = self.test.control_statistic[name]
            beside = place + np.linspace(-0.32, -0.08, len(values))
            ax.plot(beside, values, "o", color=INPUT, markersize=4)
            mean = [self.test.statistic[name]] * 2
            ax.plot([place - 0.36, place - 0.04], mean, color="black", linewidth=1.5)
            beside = place + np.linspace(0.08, 0.32, len(of_controls))
            ax.plot(beside, of_controls, "s", color=CONTROL, markersize=4)
        ax.set_xticks(range(len(self.test.groups)), list(self.test.groups))
        ax.set(ylabel="IPR", title="IPR, data and controls")
        ax.set_ylim(0.0, 1.4 * ax.get_ylim()[1])  # space for the legend
        labels = ["units, data", "mean of these units", "means of the controls"]
        ax.legend(ax.lines[:3], labels, frameon=False, fontsize="small", loc="upper right")
        tidy(ax)
        return figure

    def to_html(self, path: str | Path, *, title: str = "Receptive fields") -> None:
        """Write a report with the verdict, tables, a figure and notes to one HTML file.

        Parameters
        ----------
        path : path-like
            File to write.
        title : str, default="Receptive fields"
            Heading of the report.
        """
        import matplotlib.pyplot as plt

        test, figure, png = self.test, self.plot(), io.BytesIO()
        figure.savefig(png, dpi=130)
        plt.close(figure)
        controls = {n: mean_of_known(values) for n, values in test.control_statistic.items()}
        columns = {
            "grown": {
                n: f"{(of & test.has_grown).sum()} of {of.sum()}" for n, of in test.groups.items()
            },
            "mean IPR": test.statistic,
            "mean IPR of the controls": controls,
            "ratio": test.ratio,
        }
        units = pd.DataFrame(columns).rename_axis(columns="units")
        matches = pd.DataFrame(self.matches, index=["median", "chance level"], dtype=float).T
        matches = matches.rename_axis(columns="match of the fields with")
        page = _PAGE.format(
            title=html.escape(title),
            verdict=html.escape(self.verdict),
            levels=[f"{level / test.net.n_features_in_:.2g}" for level in (1.0, 1.5, 3.0)],
            grown=GROWN,
            version=__version__,
            date=datetime.date.today(),
            units=units.to_html(border=0, float_format="{:.3g}".format),
            matches=matches.to_html(border=0, float_format="{:.2f}".format),
            image=base64.b64encode(png.getvalue()).decode("ascii"),
            notes="\n".join(f"<li>{html.escape(note)}</li>" for note in self.notes),
        )
        Path(path).write_text(page, encoding="utf-8")


def _draw_border(ax: Any, n_above: int, shape: Shape) -> None:
    """Draw a line between the first `n_above` fields of a map or mosaic and the others."""
    width = ax.images[0].get_array().shape[1]
    down, right = (1, width) if len(shape) == 1 else (shape[0] + 1, shape[1] + 1)
    row, column = divmod(n_above, -(-width // right))
    x, y = column * right - 1, row * down - (0.5 if len(shape) == 1 else 1)
    options: dict[str, Any] = {"color": "black", "linewidth": 1.5, "scalex": False, "scaley": False}
    ax.plot([-0.5, x, x, width], [y + down, y + down, y, y], **options)


def study_data(
    X: ArrayLike,
    y: ArrayLike,
    shape: int | Shape | None = None,
    *,
    remove: str | Sequence[str] = (),
    n_controls: int = 19,
    n_hidden: int = 32,
    max_steps: int | None = None,
    n_jobs: int | None = -1,
    verbose: int = 0,
    random_state: Any = None,
) -> DataStudy:
    """Test whether fields learned from any data are localized because the data are not Gaussian.

    The mean of all values is subtracted from the data, and the result is divided by its standard
    deviation. An `FCNet` is then trained on the data and on Gaussian controls (`control_test`). The
    rows of the data must be independent. For overlapping windows of a recording or neighbouring
    patches of a photograph, the p-value is too small.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features) or (n_samples, rows, columns[, channels])
        Inputs. Colour channels are averaged, and an alpha channel is ignored.
    y : array-like of shape (n_samples,)
        Labels of two or more classes.
    shape : int or tuple of int, optional
        Lattice of the features. By default, the lattice is that of the images, or, if `X` has two
        axes, a ring of all features.
    remove : {"brightness", "contrast", "class_means"} or sequence of them, default=()
        Properties of the data to remove: the mean of each row ("brightness"), the standard
        deviation of each row, by division ("contrast"), and the mean of each class ("class_means").
        Brightness is removed first, then contrast, and the class means last. Removing a property
        can change the verdict, because a net first learns the properties that separate the classes
        most easily, and because a varying contrast alone makes data non-Gaussian.
    n_controls : int, default=19
        Number of controls, at least 19. The smallest possible p-value is 1 / (n_controls + 1).
    n_hidden : int, default=32
        Number of hidden units.
    max_steps : int, optional
        Number of training steps, 4000 by default. The learning rate is 5.
    n_jobs : int, default=-1
        Number of parallel trainings, as in `control_test`.
    verbose : int, default=0
        Verbosity, as in `control_test`.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the nets and of the controls.

    Returns
    -------
    study : DataStudy

    Examples
    --------
    >>> from rfsk import make_nlgp
    >>> from rfsk.experiments import study_data
    >>> X, y = make_nlgp(2000, 30, correlation_length=(1.5, 3.0), random_state=0)
    >>> study_data(X, y, n_hidden=8, max_steps=400, random_state=0).verdict.partition(":")[0]
    'Localized'
    """
    remove = [remove] if isinstance(remove, str) else remove
    for name in remove:
        check_option(name, "remove", _REMOVABLE)
    check_positive(n_controls, "n_controls", integer=True)
    if n_controls < _FEWEST_CONTROLS:
        raise ValueError(
            f"`n_controls` must be at least {_FEWEST_CONTROLS}, because with fewer controls no "
            f"result is significant at the 5 % level, got {n_controls}."
        )
    if max_steps is not None:
        check_positive(max_steps, "max_steps", integer=True)
    rows, sides, notes = _rows_of(X, shape)
    labels = check_labels(y, rows)
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        raise ValueError(f"`y` must have at least 2 classes, got only {classes.tolist()[0]!r}.")
    data = _prepared(rows, labels, remove, notes)
    if len(data) < max(_FEW_ROWS, _ROWS_PER_FEATURE * data.shape[1]):
        notes.append(
            f"{len(data)} rows of {data.shape[1]} features are few. A net may fit the noise of the "
            "sample, so that the verdict can be negative although fields would localize with more "
            "rows."
        )
    if counts.max() > 3 * counts.min():
        notes.append(f"The sizes of the classes differ: {counts.min()} to {counts.max()} rows.")
    rng = as_generator(random_state)
    n_steps = int(_LEARNING_TIME / _LEARNING_RATE) if max_steps is None else max_steps
    batch_size = min(100, max(1, len(data) // 4))
    n_epochs = max(1, math.ceil(n_steps * batch_size / len(data)))
    net = FCNet(
        n_hidden,
        learning_rate=_LEARNING_RATE,
        batch_size=batch_size,
        max_epochs=n_epochs,
        image_shape=sides if len(sides) == 2 else None,
        random_state=draw_seed(rng),
    )
    with collected_mistakes() as mistakes:
        options: dict[str, Any] = {"n_jobs": n_jobs, "verbose": verbose, "random_state": rng}
        test = control_test(net, data, labels, n_controls=n_controls, **options)
        matches = _matches(test, data, labels, sides, n_jobs, notes)
    notes += mistakes
    reason = why_not_testable(data, sides, data)
    if reason is not None:
        notes.append(
            f"The data are not translation-invariant: {reason}. The verdict is valid nevertheless."
        )
    index = _index(data, labels, sides, reason, notes)
    notes.append(
        f"Nets of {n_hidden} units were trained for {test.net.n_steps_} steps (epochs: {n_epochs}) "
        f"in batches of {batch_size}, with a learning rate of {_LEARNING_RATE:g} and the seed "
        f"{random_state!r}. The net has an accuracy of {test.net.score(data, labels):.2f} on its "
        f"training data; the most frequent class has {counts.max() / len(data):.2f} of the rows."
    )
    notes += _warnings_of(test)
    return DataStudy(test, sides, matches, index, notes)


def _warnings_of(test: ControlTest) -> list[str]:
    """Notes on fields that are copies, wide or less localized than controls, and on training."""
    notes = []
    fields = test.net.receptive_fields_[test.has_grown]
    units = fields / np.linalg.norm(fields, axis=1, keepdims=True)
    is_copy = np.any(np.tril(np.abs(units @ units.T) > _COPY, -1), axis=1)  # up to sign and scale
    if 0 < np.sum(~is_copy) <= len(fields) / 4:
        notes.append(
            f"The {len(fields)} fields that have grown are copies of {np.sum(~is_copy)} distinct "
            "fields up to sign. Count the distinct fields, not the localized units."
        )
    noise = 3.0 / test.net.n_features_in_
    largest = max(test.statistic.values(), key=np.nan_to_num)
    if test.p_value <= test.alpha and largest < noise:
        notes.append(
            f"The mean IPR, {largest:.3g}, is below that of white noise, {noise:.3g}: the fields "
            "are more localized than those of the controls, but they are not narrow."
        )
    for name, ratio in test.ratio.items():
        if ratio < _FAR_BELOW and test.statistic[name] < np.nanmin(test.control_statistic[name]):
            notes.append(
                f"The ratio for {name} is {ratio:.2f}: on average, these fields are less localized "
                "than those of each control."
            )
    losses = test.net.loss_curve_
    before, end = losses[-max(1, len(losses) // 5)], losses[-1]
    if len(losses) < _FEWEST_EPOCHS or test.net.n_steps_ < _FEWEST_STEPS:
        notes.append(
            f"The training of {test.net.n_steps_} steps (epochs: {len(losses)}) was too short to "
            "show that it had converged. The fields may still change with a larger `max_steps`."
        )
    elif before - end > _STILL_FALLS * abs(before):
        notes.append(
            "The training had not converged: over the last fifth of the training, the loss fell "
            f"from {before:.3g} to {end:.3g}. The fields may still change with a larger "
            "`max_steps`."
        )
    return notes


def _matches(
    test: ControlTest,
    data: Array,
    labels: NDArray[Any],
    sides: Shape,
    n_jobs: int | None,
    notes: list[str],
) -> dict[str, tuple[float, float]]:
    """Median match with filters, CP factors and fields of other nets, and its critical value.

    Unreliable CP factors are reported in `notes`.
    """
    units = test.is_localized if test.is_localized.any() else test.has_grown
    fields = test.net.receptive_fields_[units]
    if not len(fields):
        return {}
    seed = test.net.random_state
    others = [clone(test.net).set_params(random_state=seed + 1 + i) for i in range(_N_OTHER_SEEDS)]
    conv = ConvNet(
        _N_REFERENCES,
        batch_size=test.net.batch_size,
        max_epochs=max(1, test.net.max_epochs // 4),
        image_shape=test.net.image_shape,
        random_state=seed,
    )
    fit_many([*others, conv], data, labels, n_jobs=n_jobs)
    members = [labels == label for label in np.unique(labels)]
    within = sum(cumulant(data[m]) * (m.sum() / len(data)) for m in members if m.sum() > 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        factors = symmetric_cp(within, min(_N_REFERENCES, data.shape[1]), random_state=seed)
    if caught:
        notes.append(
            "CP factors of the fourth cumulant nearly cancel each other, so that the match of the "
            "fields with them means little. More rows make the factors more reliable."
        )
    references = {
        "filters of a convolutional net": conv.receptive_fields_,
        "CP factors of the fourth cumulant": factors.components,
        "fields of nets of other seeds": np.concatenate([n.receptive_fields_ for n in others]),
    }
    found = {}
    for name, targets in references.items():
        median = float(np.nanmedian(match_matrix(fields, targets, sides).max(axis=1)))
        # The second largest of 39 values is the critical value of a test at the 5 % level.
        chance = chance_match(fields, targets, sides, n_null=39, random_state=seed)
        found[name] = median, float(chance[-2])
    return found


def _index(
    data: Array, labels: NDArray[Any], sides: Shape, reason: str | None, notes: list[str]
) -> LocalizationIndex | None:
    """Localization index, or None if undefined; add its value, or the reason, to `notes`."""
    classes = np.unique(labels)
    if len(classes) != 2:
        reason = f"it requires two classes, and these data have {len(classes)}"
    if reason is None:
        pair = [data[labels == label] for label in classes]
        pair.sort(key=lambda rows: np.square(rows.sum(axis=1)).mean() / np.square(rows).mean())
        try:
            with collected_mistakes() as mistakes:
                found = localization_index(pair, shape=sides)
            reason = found.reason or "".join(mistakes[:1])
        except ValueError as error:  # the brightness was removed
            reason = str(error)
        if not reason:
            notes.append(
                f"The localization index of a ReLU neuron is {found.index:.3f} ± "
                f"{found.standard_error:.3f}. Localized fields are expected above 1 only."
            )
            return found
    notes.append(f"The localization index is not defined: {reason.rstrip('.')}.")
    return None


def _rows_of(X: ArrayLike, shape: int | Shape | None) -> tuple[Array, Shape, list[str]]:
    """Inputs with one row per sample, their lattice, and notes on the conversion."""
    notes: list[str] = []
    names = [str(name) for name in getattr(X, "columns", ())]
    X = plain(X, "X")
    array: Any = X if hasattr(X, "ndim") else np.asarray(X)
    if array.ndim == 4:
        n_channels = array.shape[3]
        kept = n_channels - (n_channels in (2, 4))
        array = np.asarray(array, dtype=np.float64)[..., :kept].mean(axis=3)
        dropped = ", without the alpha channel" if kept < n_channels else ""
        notes.append(f"Images of {n_channels} channels were averaged over colours{dropped}.")
    if array.ndim == 3:
        shape = tuple(array.shape[1:]) if shape is None else shape
        array = np.asarray(array).reshape(len(array), -1)
    rows: Array = check_array(array, "X", ensure_min_samples=4)
    sides = check_image_shape(shape, rows.shape[1])
    listed = f" ({names[0]} to {names[-1]})" if names else ""
    lattice = f"images of {sides[0]} x {sides[1]} pixels" if len(sides) == 2 else "a ring of sites"
    notes.append(f"The data are {len(rows)} rows of {rows.shape[1]} features{listed}: {lattice}.")
    deviation = rows.std(axis=0)
    typical = np.median(deviation[deviation > 0.0]) if deviation.any() else 0.0
    if deviation.max() > _OUT_OF_SCALE * typical:
        odd = int(deviation.argmax())
        name = names[odd] if names else f"number {odd}"
        notes.append(
            f"Feature {name} has {deviation[odd] / typical:.0f} times the standard deviation of "
            "a typical feature. If this feature is an index or a time, leave it out."
        )
    return rows, sides, notes


def _prepared(rows: Array, labels: NDArray[Any], remove: Sequence[str], notes: list[str]) -> Array:
    """Remove the properties in `remove`, standardize the data, and add notes on the changes."""
    data = rows.copy()
    members = [labels == label for label in np.unique(labels)]
    if "brightness" in remove:
        data -= data.mean(axis=1, keepdims=True)
        notes.append("The mean of each row (its brightness) was subtracted.")
    if "contrast" in remove:
        contrast = data.std(axis=1, keepdims=True)
        data /= np.where(contrast > 1e-10 * contrast.max(), contrast, 1.0)
        notes.append("Each row was divided by its standard deviation (its contrast).")
    if "class_means" in remove:
        for of_class in members:
            data[of_class] -= data[of_class].mean(axis=0)
        notes.append("The mean of each class was subtracted.")
    mean, scale = float(data.mean()), float(data.std())
    if scale == 0.0:
        raise ValueError("`X` must not be constant. Pass inputs that vary.")
    is_constant = np.ptp(data, axis=0) == 0.0
    if is_constant.any():
        notes.append(
            f"{int(is_constant.sum())} of {data.shape[1]} features are constant, in the data and "
            "in the controls."
        )
    of_classes = np.all([np.ptp(rows[of_class], axis=0) == 0.0 for of_class in members], axis=0)
    if np.any(of_classes & (np.ptp(rows, axis=0) > 0.0)):
        notes.append(
            f"Feature number {int(np.argmax(of_classes))} is constant in each class. If this "
            "feature is a label, leave it out."
        )
    notes.append(
        f"The mean of all values, {mean if abs(mean) > 1e-9 * scale else 0.0:.3g}, was subtracted, "
        f"and the result was divided by its standard deviation, {scale:.3g}."
    )
    left = [name for name in _REMOVABLE if name not in remove]
    if left:
        notes.append(
            f"Not removed: {', '.join(left)}. If rows or classes differ in these properties, their "
            "removal by `remove` can change the verdict."
        )
    return (data - mean) / scale
