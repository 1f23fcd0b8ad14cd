"""The page itself: HTML with the settings that it shares with the rest of the package."""

import json
from functools import cache
from importlib.resources import files

from ..plotting._style import BLUE, FIELD_COLORS, GREEN, GREY, ORANGE
from ._parameters import N_SITES, Parameters

_PLACE = "/* settings */"


def document(defaults: Parameters) -> str:
    """Make the HTML of the page.

    Parameters
    ----------
    defaults : Parameters
        Where the sliders start, but for what the query of the address says.

    Returns
    -------
    html : str
    """
    settings = {
        "defaults": defaults.as_dict(),
        "n_sites": N_SITES,
        "field_colors": field_colors(),
        "colors": {"positive": BLUE, "negative": GREEN, "clone": ORANGE, "reference": GREY},
    }
    page = files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    return page.replace(_PLACE, json.dumps(settings))


@cache
def field_colors() -> list[str]:
    """Colours of fields as displays have them, from the most negative to the most positive."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return [to_hex(color) for color in colormaps[FIELD_COLORS](range(256))]
