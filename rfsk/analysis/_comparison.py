"""TensorComparison: match of the fields of a net with the components of other methods."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.decomposition import PCA, FastICA, MiniBatchDictionaryLearning
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils.validation import check_is_fitted

from .._core._random import as_generator, spawn_seeds
from .._core._types import Array
from .._core._validation import (
    check_features,
    check_image_shape,
    check_labels,
    check_option,
    check_positive,
    rows_of_class,
    validate_inputs,
)
from ._cumulant_cp import CumulantCP
from ._groups import GROUPS, GroupSplit, group_split
from ._hebbian import NonlinearHebbian
from ._matching import bump_match, chance_match, match_matrix
from ._receptive_fields import receptive_fields

_MOST_ROWS = 10_000  # for dictionary learning, which is slow
_METHODS: dict[str, Callable[[int, int], Any]] = {
    "cp": lambda n, seed: CumulantCP(n, random_state=seed),
    "ica": lambda n, seed: FastICA(n, max_iter=500, random_state=seed),
    "pca": lambda n, seed: PCA(n, random_state=seed),
    # With a penalty of three standard deviations of a feature, each input has few active atoms.
    "dictionary": lambda n, seed: MiniBatchDictionaryLearning(
        n, alpha=3.0, fit_algorithm="cd", max_iter=20, random_state=seed
    ),
    "hebbian": lambda n, seed: NonlinearHebbian(n, n_whitened=n, random_state=seed),
}


class TensorComparison(BaseEstimator):
    """Compare receptive fields with the CP factors of the inputs' cumulant and with other methods.

    Each field is matched, over shifts and signs, with the components of each method. The localized
    fields of nets trained on non-Gaussian inputs match the CP factors of the fourth cumulant
    (Ingrosso and Goldt, PNAS 2022).

    Parameters
    ----------
    n_components : int, default=8
        Number of components per method, for the methods that are given by their name. If
        `n_components` exceeds the rank of the inputs, the rank is used instead.
    references : sequence of str or pairs, default=("cp", "ica", "pca", "dictionary", "hebbian")
        Methods with which the fields are compared. The name "cp" stands for `CumulantCP`, "ica" for
        the filters of scikit-learn's FastICA, "pca" for PCA, "dictionary" for
        MiniBatchDictionaryLearning (fitted to at most 10,000 rows), and "hebbian" for
        `NonlinearHebbian`. In a pair (name, reference), the reference is an unfitted estimator or
        anything that `receptive_fields` accepts.
    target : label, optional
        Label of the class whose inputs the methods are fitted to; by default, the methods are
        fitted to all rows.
    shape : int or tuple of int, optional
        Lattice of the features, a ring by default.
    n_null : int, default=99
        Number of sets of surrogate fields with random phases, from which the chance level is
        computed.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the fits of all methods and of the surrogate fields.

    Attributes
    ----------
    references_ : dict of str to ndarray of shape (n_references, n_features)
        Components that each method found, by name of the method.
    converged_ : dict of str to bool
        Whether each fitted method converged. FastICA does not converge on Gaussian inputs.
    shape_ : tuple of int
    n_features_in_ : int

    Examples
    --------
    >>> from rfsk import FCNet, TensorComparison, make_nlgp
    >>> X, y = make_nlgp(20_000, 30, correlation_length=(1.5, 3.0), random_state=0)
    >>> comparison = TensorComparison(4, target=1, references=("cp", "pca"), random_state=0)
    >>> table = comparison.fit(X, y).compare(FCNet(20, random_state=0).fit(X, y))
    >>> (table.match[table.group == "localized"] > 0.95).tolist()  # "cp", "pca"
    [True, False]
    """

    def __init__(
        self,
        n_components: int = 8,
        *,
        references: Sequence[Any] = ("cp", "ica", "pca", "dictionary", "hebbian"),
        target: Any = None,
        shape: int | tuple[int, ...] | None = None,
        n_null: int = 99,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.references = references
        self.target = target
        self.shape = shape
        self.n_null = n_null
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> "TensorComparison":
        """Fit each method to the inputs, and return the comparison.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), optional
            Labels of the rows; required if `target` is given.
        """
        check_positive(self.n_components, "n_components", integer=True)
        check_positive(self.n_null, "n_null", integer=True)
        references = self._named_references()
        rows = data = validate_inputs(self, X, dtype=np.float64, ensure_min_samples=2)
        self.shape_ = check_image_shape(self.shape, self.n_features_in_)
        found = {
            name: self._fields_of(reference, name)
            for name, reference in references.items()
            if not _is_to_be_fitted(reference)
        }
        methods = [name for name in references if name not in found]
        if self.target is not None:
            rows = rows_of_class(data, check_labels(y, data, self.target), self.target)
        rows = rows - rows.mean(axis=0)
        rank = int(np.linalg.matrix_rank(rows.T @ rows, hermitian=True))
        if rank == 0:
            raise ValueError("`X` must not be constant. Pass inputs that vary.")
        rows /= rows.std()
        *seeds, self._null_seed = spawn_seeds(as_generator(self.random_state), len(methods) + 1)
        self.converged_ = {}
        for name, seed in zip(methods, seeds, strict=True):
            n_components = min(self.n_components, rank)
            fitted, self.converged_[name] = _fitted(references[name], rows, n_components, seed)
            found[name] = self._fields_of(fitted, name)
        self.references_ = {name: found[name] for name in references}
        self._n_null = self.n_null
        return self

    def _named_references(self) -> dict[str, Any]:
        """Dictionary of references; a method that is given only by its name is kept as a string."""
        entries = self.references if isinstance(self.references, list | tuple) else ()
        pairs = [(entry, entry) if isinstance(entry, str) else entry for entry in entries]
        if not pairs or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
            raise ValueError(
                "`references` must be a sequence of names, such as ('cp', 'pca'), and of pairs "
                f"(name, fields or estimator), got {self.references!r}."
            )
        for _, reference in pairs:
            if isinstance(reference, str):
                check_option(reference, "references", _METHODS)
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            raise ValueError(f"`references` must not repeat a name, got the names {names}.")
        return dict(pairs)

    def _fields_of(self, source: Any, name: str) -> Array:
        """Fields of a reference or a net, after a check of the number of features."""
        fields = receptive_fields(source)
        check_features(fields, self.n_features_in_, name)
        return fields

    def match(self, fields: ArrayLike) -> Array:
        """Best match of each field with each method, (n_units, n_methods), NaN for fields of zeros.

        Parameters
        ----------
        fields : array-like of shape (n_units, n_features)
        """
        check_is_fitted(self)
        matches = [match_matrix(fields, found, self.shape_) for found in self.references_.values()]
        return np.column_stack([match.max(axis=1) for match in matches])

    def split(self, fields: ArrayLike) -> GroupSplit:
        """Classify units by `group_split`, as `compare` does.

        Parameters
        ----------
        fields : array-like of shape (n_units, n_features)
        """
        check_is_fitted(self)
        return group_split(fields, self.shape_, random_state=self._null_seed)

    def compare(self, fields: Any) -> Any:
        """Match the fields of one or more nets with the components of all references.

        Parameters
        ----------
        fields : array-like of shape (n_units, n_features), fitted estimator, or dict of such
            Anything that `receptive_fields` accepts, or a dict from names to such objects.

        Returns
        -------
        table : pandas.DataFrame
            One row per net, group of units and reference. The groups are those of `group_split`,
            except "unchanged" and "dead". Columns: net, group, n_units, reference, n_references,
            match (median over the units), chance (95 % quantile of this median for fields with
            random phases), p_value (of the median match), and bump (largest match of a Gaussian
            bump with one of the components, see `bump_match`).
        """
        import pandas as pd

        check_is_fitted(self)
        nets = fields if isinstance(fields, Mapping) else {"fields": fields}
        rows: list[dict[str, Any]] = []
        bumps = {name: bump_match(found, self.shape_) for name, found in self.references_.items()}
        for net, entry in nets.items():
            weights = self._fields_of(entry, net)
            groups = self.split(weights).groups
            if np.all(groups == "dead"):
                raise ValueError(f"All fields of {net!r} are zero. Train the net for longer.")
            match = self.match(weights)
            null_of = partial(chance_match, n_null=self._n_null, random_state=self._null_seed)
            # Unchanged and dead units, the last two groups, are left out.
            for group in [name for name in GROUPS[:-2] if name in groups]:
                units = groups == group
                for name, reached in zip(self.references_, np.median(match[units], 0), strict=True):
                    found = self.references_[name]
                    null = null_of(weights[units], found, self.shape_)
                    row = {
                        "net": net,
                        "group": group,
                        "n_units": int(units.sum()),
                        "reference": name,
                        "n_references": len(found),
                        "match": reached,
                        "chance": np.quantile(null, 0.95, method="higher"),
                        "p_value": (1 + int((null >= reached).sum())) / (1 + len(null)),
                        "bump": np.nanmax(bumps[name]),
                    }
                    rows.append(row)
        return pd.DataFrame(rows)


def _is_to_be_fitted(reference: Any) -> bool:
    """Whether a reference is the name of a method or an unfitted estimator."""
    try:
        if hasattr(reference, "fit"):
            check_is_fitted(reference)
    except NotFittedError:
        return True
    return isinstance(reference, str)


def _fitted(reference: Any, rows: Array, n_components: int, seed: int) -> tuple[Any, bool]:
    """Fit a reference method to the inputs; return the estimator, and whether it converged."""
    if isinstance(reference, str):
        if reference == "dictionary" and len(rows) > _MOST_ROWS:
            rows = np.random.default_rng(seed).permutation(rows)[:_MOST_ROWS]
        estimator = _METHODS[reference](n_components, seed)
    else:
        estimator = clone(reference)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimator.fit(rows)
    converged = not any(issubclass(found.category, ConvergenceWarning) for found in caught)
    return estimator, converged
