"""EmergenceDisplay: one emergence study in six panels."""

from typing import Any, Self

import numpy as np

from ..analysis import ipr
from ._display import Display
from ._fields import ReceptiveFieldDisplay
from ._inputs import plot_samples
from .style import BLUE, GREEN, GREY, ORANGE, aligned, centered, show_row, tidy

_MOSAIC_UNITS = 25
_NETS = ("nlgp", "NLGP", BLUE), ("control", "Gaussian control", ORANGE)
_TITLES = {
    "inputs": "inputs, gain {gain:g}",
    "nlgp": "fields on the inputs, b > 0",
    "control": "fields on the control, b > 0",
    "growth": "localization during training",
    "match": "a field and its matches",
    "ipr": "localization of every unit",
}


class EmergenceDisplay(Display):
    """Inputs, fields, control, growth, matches and localization of one emergence study.

    Parameters
    ----------
    study : rfsk.experiments.Emergence
        Result of `rfsk.experiments.emergence`.

    Attributes
    ----------
    axes_, figure_ : dict of str to matplotlib Axes, and Figure
        The keys are "inputs", "nlgp", "control", "growth", "match" and "ipr".
    """

    def __init__(self, study: Any) -> None:
        self.study = study

    def plot(self) -> Self:
        """Draw the six panels."""
        panels = self._make_panels(2, 3, figsize=(10.5, 6.2))
        self.axes_ = dict(zip(_TITLES, panels, strict=True))
        self._inputs()
        self._fields("nlgp")
        self._fields("control")
        self._growth()
        self._match()
        self._ipr()
        for letter, (panel, title) in zip("abcdef", _TITLES.items(), strict=True):
            title = title.format(**self.study.parameters)
            self.axes_[panel].set_title(rf"$\bf{{{letter}}}$  {title}", loc="left", fontsize=11)
        return self

    def _inputs(self) -> None:
        study, ax = self.study, self.axes_["inputs"]
        lengths = [f"$\\xi$ = {xi:g}" for xi in study.parameters["correlation_length"]]
        plot_samples(ax, study.samples, study.shape)
        axis = ax.yaxis if len(study.shape) == 1 else ax.xaxis
        axis.set_ticks(axis.get_ticklocs(), lengths)

    def _fields(self, name: str) -> None:
        net, ax = self.study.nets[name], self.axes_[name]
        fields = net.receptive_fields_[self.study.is_positive[name]]
        if len(self.study.shape) == 2:
            fields = fields[:_MOSAIC_UNITS]
        display = ReceptiveFieldDisplay.from_fields(fields, self.study.shape, ax=ax)
        self.figure_.colorbar(display.image_, ax=ax, label="weight", shrink=0.8)

    def _growth(self) -> None:
        ax = self.axes_["growth"]
        for name, label, color in _NETS:
            net, positive = self.study.nets[name], self.study.is_positive[name]
            curves = np.array([ipr(fields) for fields in net.receptive_field_history_])
            steps = net.learning_rate * np.maximum(net.snapshot_steps_, 0.5)
            for group, dash, sign in ((positive, "-", ">"), (~positive, "--", "<")):
                median = np.median(curves[:, group], axis=1)
                ax.plot(steps, median, dash, color=color, label=f"{label}, b {sign} 0")
        ax.set(xscale="log", xlabel="learning rate x steps", ylabel="median IPR", ylim=(0, None))
        ax.legend(frameon=False, fontsize="small", loc="upper left")
        tidy(ax)

    def _match(self) -> None:
        study, ax = self.study, self.axes_["match"]
        best = study.example_unit
        field = study.nets["nlgp"].receptive_fields_[best]
        filters, factors = study.nets["conv"].receptive_fields_, study.cp.components_
        trio = {"field": centered(field, field, study.shape)}
        for label, references in (("filter", filters), ("CP factor", factors)):
            trio[label] = centered(aligned(field, references, study.shape), field, study.shape)
        if len(study.shape) == 1:
            center = study.shape[0] // 2
            styles = ((BLUE, "-"), (ORANGE, "--"), (GREEN, ":"))
            for (label, curve), (color, dash) in zip(trio.items(), styles, strict=True):
                sites = np.arange(len(curve)) - center
                ax.plot(sites, curve, color=color, linestyle=dash, linewidth=2, label=label)
            ax.set(xlabel="distance from centre (sites)", ylabel="weight (unit norm)")
            ax.legend(frameon=False, fontsize="small", loc="upper left")
            tidy(ax)
        else:
            middle = tuple(slice(side // 4, side - side // 4) for side in study.shape)
            parts = {label: curve.reshape(study.shape)[middle] for label, curve in trio.items()}
            show_row(ax, parts, parts["field"].shape)

    def _ipr(self) -> None:
        study, ax = self.study, self.axes_["ipr"]
        rng = np.random.default_rng(0)  # jitter of the dots only
        labels: list[str] = []
        for name, label, color in _NETS:
            localization = ipr(study.nets[name].receptive_fields_)
            positive = study.is_positive[name]
            for sign, select in ((">", positive), ("<", ~positive)):
                place, values = len(labels), localization[select]
                jitter = place + rng.uniform(-0.2, 0.2, len(values))
                ax.plot(jitter, values, ".", color=color, alpha=0.6)
                ax.plot([place - 0.3, place + 0.3], [np.median(values)] * 2, color="black")
                labels.append(f"{label}\nb {sign} 0")
        sinusoids = 1.5 ** len(study.shape)
        for level, label, side in ((sinusoids, "sinusoids", "top"), (3.0, "noise", "bottom")):
            height = level / np.prod(study.shape)
            ax.axhline(height, color=GREY, linestyle=":", linewidth=1, zorder=0)
            where = {"xy": (0.01, height), "xycoords": ("axes fraction", "data"), "va": side}
            ax.annotate(label, **where, color=GREY, fontsize="small")
        ax.set_xticks(range(len(labels)), labels)
        ax.set(ylabel="IPR", ylim=(0, None))
        tidy(ax)
