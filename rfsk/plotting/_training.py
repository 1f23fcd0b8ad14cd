"""TrainingDisplay: loss on inputs and control, and localization, during training."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..analysis import ipr
from ._display import Display
from .style import CONTROL, GREY, INPUT, OUTCOME, tidy


class TrainingDisplay(Display):
    """Loss on the inputs and on the control, and localization of the fields, by training step.

    The loss on the control equals the loss on the inputs as long as a net uses only second-order
    statistics. Fields become localized when the losses on the inputs and on the control begin to
    differ. The loss on the control minus the loss on the inputs is the Gaussian-equivalence gap.

    Parameters
    ----------
    evaluation : EvaluationCurve
    steps, fields : ndarray of shape (n_snapshots,) and (n_snapshots, n_units, n_features), optional
        Training steps of the snapshots, and the receptive fields at these steps.

    Attributes
    ----------
    axes_, figure_ : ndarray of matplotlib Axes, and Figure

    Examples
    --------
    >>> from rfsk import FCNet, make_nlgp
    >>> from rfsk.plotting import TrainingDisplay
    >>> task = make_nlgp(2, 20, correlation_length=(1.0, 2.0), return_X_y=False).task
    >>> net = FCNet(8, record=10, random_state=0).fit_online(task, 50_000, n_eval=1000)
    >>> display = TrainingDisplay.from_estimator(net)
    """

    def __init__(
        self, evaluation: Any, steps: NDArray[Any] | None = None, fields: NDArray[Any] | None = None
    ) -> None:
        self.evaluation, self.steps, self.fields = evaluation, steps, fields

    @classmethod
    def from_estimator(cls, estimator: Any) -> Self:
        """Draw the loss of a net on inputs and control, and the IPR of its fields, during training.

        Parameters
        ----------
        estimator : FCNet or ConvNet
            Net fitted by ``fit_online(task, n_eval=...)``, where `task` may be data (X, y). If the
            net was fitted with `record`, the localization of its fields is drawn as well.
        """
        if not hasattr(estimator, "evaluation_"):
            raise ValueError(
                f"{type(estimator).__name__} has no evaluation_; train it with "
                "fit_online(task, n_eval=10_000), where the task may be your data, (X, y)."
            )
        names = "evaluation_", "snapshot_steps_", "receptive_field_history_"
        return cls(*(getattr(estimator, name, None) for name in names)).plot()

    def plot(self) -> Self:
        """Draw the loss on inputs and control and, if recorded, the IPR of every unit."""
        has_fields = self.steps is not None and bool((self.steps > 0).any())
        n_rows = 1 + has_fields
        self._make_panels(n_rows, 1, figsize=(5.6, 2.6 * n_rows), sharex=True)
        self._plot_losses(self.axes_[0])
        if has_fields:
            self._plot_localization(self.axes_[1])
        self.axes_[-1].set(xlabel="steps")
        return self

    def _plot_losses(self, ax: Any) -> None:
        curve = self.evaluation
        later = curve.steps > 0
        steps, loss, control_loss = curve.steps[later], curve.loss[later], curve.control_loss[later]
        ax.fill_between(steps, loss, control_loss, color=GREY, alpha=0.25, linewidth=0)
        ax.semilogx(
            steps, control_loss, color=CONTROL, linestyle="--", label="on the Gaussian control"
        )
        ax.semilogx(steps, loss, color=INPUT, label="on the inputs")
        ax.set(ylabel="loss")
        ax.legend(frameon=False, fontsize=8)
        tidy(ax)

    def _plot_localization(self, ax: Any) -> None:
        """Draw the IPR of each unit, in green if its last IPR exceeds that of white noise."""
        assert self.fields is not None and self.steps is not None  # noqa: PT018
        later = self.steps > 0
        localization = np.stack([ipr(snapshot) for snapshot in self.fields[later]])
        noise = 3.0 / self.fields.shape[2]
        is_localized = localization[-1] > noise
        for members, color, dash, label in (
            (is_localized, OUTCOME, "-", "localized at the end"),
            (~is_localized, GREY, "--", "others"),
        ):
            lines = ax.semilogx(
                self.steps[later], localization[:, members], dash, color=color, linewidth=0.7
            )
            if lines:
                lines[0].set_label(label)
        ax.axhline(noise, color="black", linewidth=1.0, linestyle=":", label="white noise, 3/D")
        ax.set(ylabel="IPR of each unit", ylim=(0.0, 1.25 * np.nanmax(localization)))
        ax.legend(frameon=False, fontsize=8, loc="upper left", ncols=3)
        tidy(ax)
