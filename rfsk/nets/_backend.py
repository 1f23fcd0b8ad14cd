"""Base class and modules of the classifiers, which use torch if installed and NumPy otherwise."""

try:
    from ._classifier import NetClassifier
    from ._convolution import Convolutional
    from ._modules import FullyConnected
except ModuleNotFoundError as error:
    if error.name not in ("torch", "skorch"):
        raise
    from ._numpy_classifier import NetClassifier
    from ._numpy_modules import Convolutional, FullyConnected  # type: ignore[assignment]

__all__ = ["Convolutional", "FullyConnected", "NetClassifier"]
