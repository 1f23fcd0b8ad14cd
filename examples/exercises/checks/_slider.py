"""Sliders in notebooks, where ipywidgets is installed."""

import sys
from collections.abc import Callable, Sequence


def slider(show: Callable[..., None], **options: Sequence[float]) -> None:
    """Call a function again whenever a slider moves; do nothing without ipywidgets or a notebook.

    Parameters
    ----------
    show : callable
        A function that draws or prints.
    **options : sequence of float
        The values that the slider of each argument offers.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        return
    try:
        from ipywidgets import SelectionSlider, interact
    except ImportError:
        return
    sliders = {name: SelectionSlider(options=list(values)) for name, values in options.items()}
    interact(show, **sliders)
