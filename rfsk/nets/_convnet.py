"""ConvNet, a convolutional net on a ring or torus."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._core._types import Array
from .._core._validation import check_option, check_positive, entries_of
from ._backend import Convolutional, NetClassifier
from ._docs import with_shared_entries
from ._fcnet import FCNet


@with_shared_entries
class ConvNet(NetClassifier):
    r"""Convolutional two-layer net on a ring or torus.

    Every filter is applied at all sites. With the mean readout, the output is

    .. math::
        \phi(x) = \frac{1}{C D} \sum_{c=1}^C \sum_{i=1}^D
        \sigma ( \frac{1}{\sqrt{T}} \sum_t f_{ct} x_{i+t} + b_c )

    The net has C filters f with T taps each, and the inputs have D sites. The net is trained in the
    same way as `FCNet`, with channels in place of hidden units. The receptive fields of an `FCNet`
    trained on the same inputs resemble the filters (Ingrosso and Goldt, PNAS 2022).

    Parameters
    ----------
    n_channels : int, default=4
        C, the number of filters.
    @image_shape
    kernel_size : int, (int, int) or None, default=None
        Number of taps of a filter along each axis, which must be odd and at most the number of
        sites along the axis. None stands for the largest odd number up to three quarters of the
        number of sites. Filters that are narrower than the fields of an `FCNet` have spikes at
        their ends.
    stride : int or (int, int), default=1
        Distance, in sites, between successive positions of a filter along each axis. The first
        position of a filter is site 0.
    boundary : {"periodic", "zero"}, default="periodic"
        Values beyond the border: those at the opposite side of the lattice, or zeros.
    activation : {"erf", "tanh", "relu", "linear"} or callable, default="erf"
        sigma, as in `FCNet`.
    pooling : {"mean", "max"}, optional
        Pooling of the activations of a channel over all sites before the readout.
    readout : {"auto", "mean", "sqrt", "sum", "linear"}, default="auto"
        Readout, as in `FCNet` with C in place of K. "mean" averages over channels and sites.
        "linear" trains one weight per class and channel or, without pooling, one weight per class,
        channel and site.
    @bias_init @train_bias @loss @class_weight
    learning_rate : float, default=5.0
        Learning rate. A step changes f by -learning_rate C dLoss/df and b by
        -(learning_rate / D) C dLoss/db.
    @batch_size
    max_epochs : int, default=20
        Number of passes over the data in `fit`.
    readout_rate : float, default=0.2
        Learning rate of the linear readout relative to that of the filters.
    @init_scale
    weight_decay : float, default=2e-4
        Weight decay: each step shrinks the filters by the fraction learning_rate x weight_decay.
    @optimizer @validation_fraction @record @callbacks @device @warm_start @verbose @random_state
    @options

    Attributes
    ----------
    filters_ : ndarray of shape (n_channels,) + kernel_size
        Filters f, which are cross-correlated with the inputs.
    receptive_fields_ : ndarray of shape (n_channels, n_features)
        f / sqrt(taps) at the central site of the lattice (side // 2), zero elsewhere;
        ``X @ receptive_fields_.T + biases_`` is the input of the units at that site.
    @biases_ @classes_ @net_ @history_ @loss_curve_ @n_steps_ @time_ @receptive_field_history_
    @snapshot_steps_ @evaluation_ @shape_ @seed_ @n_features_in_

    Examples
    --------
    >>> from rfsk import ConvNet, make_nlgp
    >>> X, y = make_nlgp(1000, 40, correlation_length=(2.0, 4.0), random_state=0)
    >>> net = ConvNet(n_channels=2, max_epochs=2, random_state=0).fit(X, y)
    >>> net.filters_.shape, net.receptive_fields_.shape
    ((2, 29), (2, 40))
    """

    _module = Convolutional

    def __init__(
        self,
        n_channels: int = 4,
        *,
        image_shape: tuple[int, ...] | None = None,
        kernel_size: int | tuple[int, int] | None = None,
        stride: int | tuple[int, int] = 1,
        boundary: str = "periodic",
        activation: str | Callable = "erf",
        pooling: str | None = None,
        readout: str = "auto",
        bias_init: float | str = "auto",
        train_bias: bool = True,
        loss: str = "auto",
        class_weight: str | dict | None = None,
        learning_rate: float = 5.0,
        readout_rate: float = 0.2,
        batch_size: int = 500,
        max_epochs: int = 20,
        init_scale: float = 0.1,
        weight_decay: float = 2e-4,
        optimizer: str | type = "sgd",
        validation_fraction: float = 0.0,
        record: int | None = None,
        callbacks: list | None = None,
        device: str = "auto",
        warm_start: bool = False,
        verbose: int = 0,
        random_state: Any = None,
        **options: Any,
    ) -> None:
        self._store(locals())

    def _check_parameters(self, *, has_validation: bool = False) -> None:
        check_positive(self.n_channels, "n_channels", integer=True)
        for name in ("kernel_size", "stride"):
            sizes = getattr(self, name)
            for size in () if sizes is None else entries_of(sizes, name):
                check_positive(size, name, integer=True)
                if name == "kernel_size" and size % 2 == 0:
                    raise ValueError(
                        f"`kernel_size` must be odd, so that filters have a central tap, got "
                        f"{sizes!r}. Use {size - 1} or {size + 1}."
                    )
        check_option(self.boundary, "boundary", ("periodic", "zero"))
        if self.pooling is not None:
            check_option(self.pooling, "pooling", ("mean", "max"))
        super()._check_parameters(has_validation=has_validation)

    def _per_axis(self, name: str, sides: tuple[int, ...], expected: str) -> tuple[int, ...]:
        """Return one size per axis from a parameter that can be a single number for all axes."""
        sizes = entries_of(getattr(self, name), name)
        if len(sizes) == 1:
            sizes = sizes * len(sides)
        if len(sizes) != len(sides) or np.any(np.greater(sizes, sides)):
            raise ValueError(
                f"`{name}` must be {expected} of the lattice {sides}, got {getattr(self, name)!r}."
            )
        return sizes

    def _module_params(self, shape: tuple[int, ...]) -> dict[str, Any]:
        kernel = tuple(max(1, (3 * side // 4 - 1) // 2 * 2 + 1) for side in shape)
        if self.kernel_size is not None:
            kernel = self._per_axis("kernel_size", shape, "one odd size per axis, at most the side")
        stride = self._per_axis("stride", shape, "one size per axis, at most the side")
        own = {name: getattr(self, name) for name in ("n_channels", "boundary", "pooling")}
        return {"shape": shape, "kernel_size": kernel, "stride": stride, **own}

    def _fields_of(self, weight: Array) -> Array:
        kernel = weight.shape[2:]
        pairs = list(zip(self.shape_, kernel, strict=True))
        first = [side // 2 - taps // 2 for side, taps in pairs]
        last = [side - taps - start for (side, taps), start in zip(pairs, first, strict=True)]
        fields = np.pad(weight[:, 0], [(0, 0), *zip(first, last, strict=True)])
        return fields.reshape(len(weight), -1) / math.sqrt(math.prod(kernel))

    def _set_fields(self, weight: Array) -> None:
        self.filters_ = weight[:, 0].copy()

    def release(self) -> FCNet:
        """Return a fully-connected net that computes the same function.

        The fully-connected net has one unit per channel and position of the filters. Further
        training of the fully-connected net can remove its convolutional structure (d'Ascoli et al.,
        NeurIPS 2019).

        Returns
        -------
        net : FCNet
            Fitted net with ``warm_start=True``, without callbacks and otherwise with the parameters
            of the `ConvNet`. If filters have S positions, unit c * S + i of the fully-connected net
            has filter c at position i. The learning rates of the fully-connected net scale with its
            number of units.

        Raises
        ------
        ValueError
            If the readout is "sqrt" or "sum", or if pooling is "max".
        """
        check_is_fitted(self, "receptive_fields_")
        module, n_features = self.net_.module_, self.n_features_in_
        if module.readout_scale != 1.0:
            raise ValueError(
                "`readout` must be 'mean' or 'linear' to release the net, because other readouts "
                f"scale with the number of units, got {self.readout!r}."
            )
        if module.pooling == "max":
            raise ValueError(
                "`pooling` must be 'mean' or None to release the net, because a fully-connected "
                "layer cannot compute a maximum, got 'max'."
            )
        fields = module.laid_on_sites()
        own = self.get_params()
        shared = {name: own[name] for name in FCNet().get_params() if name in own}
        shared.update(warm_start=True, readout=module.readout, callbacks=None)
        net = FCNet(len(fields), **shared)
        state = dict(module.state_dict())
        state["weight"] = fields * math.sqrt(n_features)
        state["bias"] = state["bias"].repeat_interleave(len(fields) // module.n_units)
        if module.readout == "linear" and module.pooling:
            weights = state["readout_weight"]
            state["readout_weight"] = weights.repeat_interleave(len(fields) // module.n_units, 1)
        names = getattr(self, "feature_names_in_", None)
        net._adopt(self.classes_, n_features, names, state)
        return net
