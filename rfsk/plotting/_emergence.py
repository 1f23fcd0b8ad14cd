"""EmergenceDisplay: one emergence study in six panels."""

from typing import Any, Self

import numpy as np

from ..analysis import ipr
from ._display import Display
from ._fields import ReceptiveFieldDisplay
from ._inputs import plot_samples
from .style import (
    CONTROL,
    FIELD_COLORS,
    GREY,
    INPUT,
    OUTCOME,
    aligned,
    centered,
    color_bar,
    limit,
    show_row,
    tidy,
)

_MOSAIC_UNITS = 25
_NETS = ("nlgp", "NLGP", INPUT, "o"), ("control", "control", CONTROL, "s")
_TITLES = {
    "inputs": "inputs (NLGP, gain {gain:g})",
    "nlgp": "fields on the inputs",
    "control": "fields on the Gaussian control",
    "growth": "median IPR during training",
    "match": "a field and its best matches",
    "ipr": "IPR of every unit",
}


class EmergenceDisplay(Display):
    """Six panels of one emergence study, on a ring or on a torus.

    The panels show an input of each class; the fields of the net trained on the inputs; the fields
    of the net trained on the control (Gaussian inputs with the same mean and covariance); the
    median IPR during training; a field with the filter and the CP factor that match it best; and
    the IPR of every unit. Only fields of units with a positive initial bias are shown, at most 25
    of them on a torus. The fields of the net trained on the inputs and of the net trained on the
    control have the same colour scale.

    Parameters
    ----------
    study : rfsk.experiments.Emergence
        Result of `rfsk.experiments.emergence`.

    Attributes
    ----------
    axes_, figure_ : dict of str to matplotlib Axes, and Figure
        The keys of `axes_` are "inputs", "nlgp", "control", "growth", "match" and "ipr".
    """

    def __init__(self, study: Any) -> None:
        self.study = study

    def plot(self, cmap: str = FIELD_COLORS) -> Self:
        """Draw the six panels.

        Parameters
        ----------
        cmap : str, default="RdBu_r"
            Colour map of fields, white at zero by default. `style.limit` computes the ends of the
            colour scale from the fields of the nets that were trained on the inputs and on the
            control.
        """
        panels = self._make_panels(2, 3, figsize=(10.5, 6.2))
        self.axes_ = dict(zip(_TITLES, panels, strict=True))
        self._inputs()
        self._fields(cmap)
        self._growth()
        self._match(cmap)
        self._ipr()
        for letter, (panel, title) in zip("abcdef", _TITLES.items(), strict=True):
            title = title.format(**self.study.parameters)
            self.axes_[panel].set_title(rf"$\bf{{{letter}}}$  {title}", loc="left", fontsize=11)
        return self

    def _inputs(self) -> None:
        study, ax = self.study, self.axes_["inputs"]
        lengths = [f"$\\xi$ = {xi:g}" for xi in study.parameters["correlation_length"]]
        plot_samples(ax, study.samples, study.shape)
        ax.set_anchor("N")
        axis = ax.yaxis if len(study.shape) == 1 else ax.xaxis
        axis.set_ticks(axis.get_ticklocs(), lengths)

    def _fields(self, cmap: str) -> None:
        study, n_units = self.study, _MOSAIC_UNITS if len(self.study.shape) == 2 else None
        fields = {
            name: study.nets[name].receptive_fields_[study.is_positive[name]][:n_units]
            for name in ("nlgp", "control")
        }
        bound = limit(*fields.values())
        for name, shown in fields.items():
            ax = self.axes_[name]
            ReceptiveFieldDisplay(shown, study.shape).plot(ax=ax, bound=bound, cmap=cmap)
            ax.set_ylabel("unit with initial bias b > 0")
        color_bar([self.axes_[name] for name in fields], "weight")

    def _growth(self) -> None:
        ax = self.axes_["growth"]
        for name, label, color, marker in _NETS:
            net, positive = self.study.nets[name], self.study.is_positive[name]
            curves = np.array([ipr(fields) for fields in net.receptive_field_history_])
            steps = net.learning_rate * np.maximum(net.snapshot_steps_, 0.5)
            for group, dash, sign in ((positive, "-", ">"), (~positive, "--", "<")):
                median = np.median(curves[:, group], axis=1)
                style = {"color": color, "marker": marker, "markersize": 4, "markevery": 4}
                ax.plot(steps, median, dash, label=f"{label}, b {sign} 0", **style)
        ax.set(xscale="log", xlabel="learning rate x steps", ylabel="median IPR", ylim=(0, None))
        look = {
            "frameon": False,
            "fontsize": "small",
            "title_fontsize": "small",
            "loc": "upper left",
        }
        ax.legend(title="net and initial bias b", alignment="left", **look)
        tidy(ax)

    def _match(self, cmap: str) -> None:
        study, ax = self.study, self.axes_["match"]
        best = study.example_unit
        field = study.nets["nlgp"].receptive_fields_[best]
        filters, factors = study.nets["conv"].receptive_fields_, study.cp.components_
        trio = {"field": centered(field, field, study.shape)}
        for label, references in (("filter", filters), ("CP factor", factors)):
            trio[label] = centered(aligned(field, references, study.shape), field, study.shape)
        if len(study.shape) == 1:
            center = study.shape[0] // 2
            styles = ((INPUT, "-"), ("black", "--"), (OUTCOME, ":"))
            for (label, curve), (color, dash) in zip(trio.items(), styles, strict=True):
                sites = np.arange(len(curve)) - center
                ax.plot(sites, curve, color=color, linestyle=dash, linewidth=2, label=label)
            ax.set(xlabel="distance from centre (sites)", ylabel="weight (unit norm)")
            ax.legend(frameon=False, fontsize="small", loc="upper left")
            tidy(ax)
        else:
            middle = tuple(slice(side // 4, side - side // 4) for side in study.shape)
            parts = {label: curve.reshape(study.shape)[middle] for label, curve in trio.items()}
            show_row(ax, parts, parts["field"].shape, cmap)
            ax.set(xlabel="weights of unit norm, one scale", anchor="N")

    def _ipr(self) -> None:
        study, ax = self.study, self.axes_["ipr"]
        rng = np.random.default_rng(0)  # used only to jitter the dots
        labels: list[str] = []
        for name, label, color, marker in _NETS:
            localization = ipr(study.nets[name].receptive_fields_)
            positive = study.is_positive[name]
            for sign, select in ((">", positive), ("<", ~positive)):
                place, values = len(labels), localization[select]
                jitter = place + rng.uniform(-0.2, 0.2, len(values))
                ax.plot(
                    jitter, values, marker, color=color, alpha=0.6, markersize=4, markeredgewidth=0
                )
                ax.plot([place - 0.3, place + 0.3], [np.median(values)] * 2, color="black")
                labels.append(f"{label}\nb {sign} 0")
        sinusoids = 1.5 ** len(study.shape)
        for level, label, side in ((sinusoids, "sinusoids", "top"), (3.0, "noise", "bottom")):
            height = level / np.prod(study.shape)
            ax.axhline(height, color=GREY, linestyle=":", linewidth=1, zorder=0)
            where = {"xy": (0.01, height), "xycoords": ("axes fraction", "data"), "va": side}
            ax.annotate(label, **where, color=GREY, fontsize="small")
        ax.set_xticks(range(len(labels)), labels)
        ax.set(xlabel="net and initial bias b", ylabel="IPR", ylim=(0, None))
        tidy(ax)
