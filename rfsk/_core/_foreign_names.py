"""Names that other libraries and the literature give to parameters of this package."""

from collections.abc import Collection
from difflib import get_close_matches

_FOREIGN = {
    "n_hidden": ("hidden_layer_sizes", "hidden_size", "n_units", "n_neurons", "n_components", "K"),
    "n_channels": ("n_filters", "filters", "out_channels", "n_units", "n_hidden"),
    "learning_rate": ("learning_rate_init", "lr", "eta", "eta0"),
    "max_epochs": ("max_iter", "n_iter", "epochs", "n_epochs"),
    "weight_decay": ("alpha", "l2"),
    "optimizer": ("solver",),
    "loss": ("criterion",),
    "random_state": ("seed",),
    "image_shape": ("shape",),
    "shape": ("n_features", "dim", "size", "image_shape", "D", "L"),
    "n_samples": ("n", "P"),
    "correlation_length": ("length_scale", "xi"),
    "gain": ("g",),
}


def suggestion(name: str, known: Collection[str]) -> str:
    """Question, with a leading space, whether `name` means a known parameter; '' if none fits."""
    meant = [own for own, foreign in _FOREIGN.items() if name in foreign and own in known]
    meant = meant or get_close_matches(name, known, n=1)
    return f" Did you mean {meant[0]!r}?" if meant else ""
