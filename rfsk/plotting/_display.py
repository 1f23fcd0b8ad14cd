"""Display: mixin that makes the figure and the axes of every display."""

from typing import Any


class Display:
    """Mixin that makes the axes of a display and imports matplotlib only when it draws."""

    figure_: Any

    def _use_axes(self, ax: Any, **options: Any) -> Any:
        """Store the given axes, or the axes of a new figure, as ``ax_``."""
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(layout="constrained", **options)
        self.ax_, self.figure_ = ax, ax.figure
        return ax

    def _make_panels(self, n_rows: int, n_columns: int, **options: Any) -> Any:
        """Make a figure of several panels, and store the panels, row by row, as ``axes_``."""
        import matplotlib.pyplot as plt

        options |= {"layout": "constrained", "squeeze": False}
        self.figure_, axes = plt.subplots(n_rows, n_columns, **options)
        self.axes_: Any = axes.ravel()
        return self.axes_
