"""Display: the figure and the axes that every display draws on."""

from typing import Any


class Display:
    """Mixin that makes the axes of a display; matplotlib is imported when something is drawn."""

    figure_: Any

    def _use_axes(self, ax: Any, **options: Any) -> Any:
        """Keep the axes given, or those of a new figure, as ``ax_``."""
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(layout="constrained", **options)
        self.ax_, self.figure_ = ax, ax.figure
        return ax

    def _make_panels(self, n_rows: int, n_columns: int, **options: Any) -> Any:
        """Make a figure of several panels and keep these, row by row, as ``axes_``."""
        import matplotlib.pyplot as plt

        options |= {"layout": "constrained", "squeeze": False}
        self.figure_, axes = plt.subplots(n_rows, n_columns, **options)
        self.axes_: Any = axes.ravel()
        return self.axes_
