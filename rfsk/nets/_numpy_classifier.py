"""Base class of the classifiers where torch is not installed, for example in a browser."""

import math
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._core._mistakes import note_few_rows
from .._core._random import generator_and_seed
from .._core._types import Array, Integers
from .._core._validation import check_image_shape, check_option, check_positive, validate_inputs
from ..datasets import Discrimination, as_task
from ._advice import advise_on_data, advise_on_task
from ._coding import Coding
from ._divergence import check_loss
from ._estimator import ONLINE_EPOCHS, FieldClassifier
from ._numpy_modules import ACTIVATIONS, FixedReadout
from ._snapshots import FieldRecorder, Snapshots

Batch = tuple[Array, Integers, NDArray[Any] | None]  # inputs, classes and weights


class _Training(NamedTuple):
    """Batches of each epoch, total number of steps, and size of all batches but the last."""

    epochs: Iterable[Iterator[Batch]]
    n_steps: int
    batch_size: int


# The only values of these parameters that need no torch.
_WITHOUT_TORCH: dict[str, tuple[Any, ...]] = {
    "readout": ("auto", "mean", "sqrt", "sum"),
    "loss": ("auto", "squared"),
    "optimizer": ("sgd",),
    "validation_fraction": (0, 0.0),
    "callbacks": (None, [], ()),
    "device": ("auto", "cpu"),
    "warm_start": (False, 0),
    "boundary": ("periodic",),
    "pooling": (None, "mean"),
}


class NetClassifier(FieldClassifier):
    """Base class of the classifiers that NumPy trains: two classes, two layers, a fixed readout.

    Most parameters have the same effects as with torch, but other random numbers are drawn, nothing
    is printed, and an interrupt (Ctrl-C) leaves the net unchanged and raises KeyboardInterrupt.
    """

    _module: ClassVar[type[FixedReadout]]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train the net on labelled data and return it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Inputs, and labels of two classes.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the samples in the loss. Only ratios of weights matter; a sample of weight
            zero is not used.

        Raises
        ------
        ValueError
            If the data are invalid or the training diverges. After any error, and after an
            interrupt (Ctrl-C), the net is the same as before the call.
        """
        return self._fit(lambda: self._prepare_fit(X, y, sample_weight))

    def fit_online(
        self, task: Discrimination | tuple[Any, Any], n_samples: int = 2_000_000, *, n_eval: int = 0
    ) -> Self:
        """Train on fresh samples of a task, each used once, and return the net.

        Parameters
        ----------
        task : Discrimination, or data (X, y) with labels 0 and 1
            Source of the samples.
        n_samples : int, default=2_000_000
            Number of samples to draw, in `n_samples` / `batch_size` steps.
        n_eval : int, default=0
            Must be 0, because the evaluation on the control needs torch.
        """
        check_positive(n_eval, "n_eval", integer=True, zero=True)
        if n_eval:
            raise self._needs_torch(f"n_eval={n_eval!r}")
        return self._fit(lambda: self._prepare_online(task, n_samples))

    def _prepare_fit(self, X: Any, y: Any, sample_weight: Any) -> _Training:
        X, y, sample_weight = self._checked(X, y, sample_weight, is_warm=False)
        if sample_weight is not None:
            kept = sample_weight > 0.0
            X, y, sample_weight = X[kept], y[kept], sample_weight[kept]
        X = X.astype(np.float64)
        classes, index = np.unique(y, return_inverse=True)
        self._start(classes, X.shape[1])
        note_few_rows(X)
        advise_on_data(self, X, index)
        size = min(self.batch_size, len(X))
        weight = self._weight_of_rows(index, sample_weight)

        def batches_of_epoch() -> Iterator[Batch]:
            order = self._rng.permutation(len(X))
            for first in range(0, len(X), size):
                rows = order[first : first + size]
                yield X[rows], index[rows], None if weight is None else weight[rows]

        n_steps = self.max_epochs * -(-len(X) // size)
        return _Training((batches_of_epoch() for _ in range(self.max_epochs)), n_steps, size)

    def _prepare_online(self, task: Any, n_samples: int) -> _Training:
        task = as_task(task)
        check_positive(n_samples, "n_samples", integer=True)
        self.__dict__.pop("feature_names_in_", None)
        self.n_features_in_ = task.n_features
        self._start(np.arange(task.n_classes), task.n_features)
        advise_on_task(self, task)
        weight = self._weight_in_task(task)
        n_steps = self._n_batches(n_samples)
        last = n_samples - (n_steps - 1) * self.batch_size
        ends = np.linspace(0, n_steps, min(ONLINE_EPOCHS, n_steps) + 1).round().astype(int)

        def batches_of_epoch(first: int, end: int) -> Iterator[Batch]:
            for step in range(first, end):
                size = last if step == n_steps - 1 else self.batch_size
                X, y = task.sample(size, self._rng)
                yield X, y, None if weight is None else weight[y]

        pairs = zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
        return _Training((batches_of_epoch(*pair) for pair in pairs), n_steps, self.batch_size)

    def _check_parameters(self, *, has_validation: bool = False) -> None:
        super()._check_parameters(has_validation=has_validation)
        if isinstance(self.optimizer, str):
            check_option(self.optimizer, "optimizer", ("sgd", "adam"))
        for name, allowed in _WITHOUT_TORCH.items():
            value = getattr(self, name, allowed[0])
            if not any(type(value) is type(one) and value == one for one in allowed):
                raise self._needs_torch(f"{name}={value!r}")
        if self._options:
            raise self._needs_torch(f"{next(iter(self._options))!r}")
        if callable(self.activation):
            raise self._needs_torch("An activation that is a function")
        if np.size(getattr(self, "n_hidden", 1)) > 1:
            raise self._needs_torch(f"n_hidden={self.n_hidden!r}")
        check_option(self.activation, "activation", ACTIVATIONS)

    @staticmethod
    def _needs_torch(what: str) -> ImportError:
        return ImportError(
            f"{what} needs torch and skorch, which are not both installed. Install them by "
            "pip install torch skorch."
        )

    def _start(self, classes: NDArray[Any], n_features: int) -> None:
        """Build the net."""
        self._check_classes(classes)
        if len(classes) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is multiclass. "
                f"A net for {len(classes)} classes needs torch and skorch."
            )
        self.shape_ = check_image_shape(self.image_shape, n_features, "image_shape")
        self._rng, self.seed_ = generator_and_seed(self.random_state)
        default_bias = ACTIVATIONS[self.activation].default_bias
        self.classes_ = classes
        parameters = self._module_params(self.shape_)
        parameters.pop("boundary", None)
        module = self._module(
            **parameters,
            activation=self.activation,
            readout="mean" if self.readout == "auto" else self.readout,
            init_scale=self.init_scale,
            bias_init=default_bias if self.bias_init == "auto" else self.bias_init,
            train_bias=self.train_bias,
            rng=self._rng,
        )
        module.mask = self._mask_of(n_features)
        criterion = _Criterion(nonnegative=self.activation == "relu")
        # The counterpart of the skorch net.
        self.net_ = SimpleNamespace(module_=module, criterion_=criterion, n_steps_=0)

    def _fit(self, prepare: Callable[[], _Training]) -> Self:
        """Prepare and run a training; if this raises an error, restore the estimator's state."""
        self._check_parameters()
        with self._restored_after_errors():
            self._train(prepare())
        return self

    def _train(self, training: _Training) -> None:
        net, recorder, losses = self.net_, _Recorder(), []
        module = net.module_
        if module.mask is not None:
            module.weight *= module.mask
        snapshots = Snapshots([recorder], self.record or 2, 0, training.n_steps)
        snapshots.take(0, module)
        targets = np.array(net.criterion_.targets_of_two())
        penalties = {
            n: getattr(self, n) for n in ("weight_decay", "l1", "l1_cut") if n in vars(self)
        }
        for batches in training.epochs:
            total, n_samples = 0.0, 0
            for X, index, weight in batches:
                rate = self.learning_rate * len(X) / training.batch_size
                with np.errstate(over="ignore", invalid="ignore"):  # the net may diverge
                    loss = module.step(X, targets[index], rate, sample_weight=weight, **penalties)
                total, n_samples = total + loss * len(X), n_samples + len(X)
                net.n_steps_ += 1
                snapshots.take(net.n_steps_, module)
            losses.append(total / n_samples if np.isfinite(module.weight).all() else math.nan)
            check_loss(losses[-1:], net.n_steps_)
        # The last step may have made the net diverge.
        with np.errstate(over="ignore", invalid="ignore"):
            errors = (module(X) - targets[index]) ** 2
        last = float(np.mean(errors if weight is None else weight * errors))
        check_loss([*losses, last], net.n_steps_, at_end=True)
        recorded = recorder if self.record else None
        self._set_results(module.weight.copy(), module.bias.copy(), losses, recorded)

    def _refuse_blocks(self) -> bool:
        raise self._needs_torch("partial_fit")

    @available_if(_refuse_blocks)
    def partial_fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Not available without torch."""
        return self

    def _outputs(self, X: ArrayLike, **options: Any) -> Array:
        check_is_fitted(self, "receptive_fields_")
        data = validate_inputs(self, X, dtype=np.float64, reset=False)
        return np.asarray(self.net_.module_(data, **options))


class _Criterion(Coding):
    n_classes, loss = 2, "squared"

    def __init__(self, *, nonnegative: bool) -> None:
        self.nonnegative = nonnegative


class _Recorder(FieldRecorder):
    def measure(self, step: int, module: Any) -> None:
        self.append((step, module.weight.copy()))
