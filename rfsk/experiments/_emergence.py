"""emergence: study of a fully-connected net that learns convolution."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .._core._random import spawn_seeds
from .._core._trained_nets import check_trained, starts_positive
from .._core._types import Array
from .._core._validation import check_one_per_class, check_positive
from ..analysis import (
    CumulantCP,
    PopulationSummary,
    bump_match,
    ipr,
    match_matrix,
    population_summary,
)
from ..datasets import NLGP, Discrimination
from ..nets import ConvNet, FCNet, fit_many_online


@dataclass(frozen=True)
class _Plan:
    """Sizes of a study."""

    shape: tuple[int, ...]
    correlation_length: tuple[float, float]
    n_hidden: int
    learning_rate: float
    n_steps: int
    conv_steps: int
    cp_samples: int
    batch_size: int = 500
    conv_batch_size: int = 200


_PLANS = {
    (1, False): _Plan((100,), (5.0, 10.0), 40, 5.0, 4000, 2000, 50_000, 200, 100),
    (1, True): _Plan((100,), (5.0, 10.0), 40, 20.0, 600, 600, 20_000),
    (2, False): _Plan((20, 20), (1.0, 2.0), 100, 100.0, 1600, 1600, 50_000),
    (2, True): _Plan((20, 20), (1.0, 2.0), 40, 100.0, 500, 500, 20_000),
}


@dataclass(frozen=True)
class Emergence:
    """Results of `emergence`.

    Attributes
    ----------
    shape : tuple of int
        Lattice of the inputs.
    parameters : dict
        Parameters of the study, including its seed.
    samples : ndarray of shape (2, n_features)
        Two inputs, one of each class.
    nets : dict of str to fitted net
        Fully-connected nets trained on the inputs ("nlgp") and on the control ("control"), and a
        convolutional net trained on the inputs ("conv"). The control consists of Gaussian inputs
        with the same mean and covariance as the inputs.
    cp : CumulantCP
        CP factors of the fourth cumulant of the long-range class.
    accuracy : dict of str to float
        Accuracy of each net on new samples of its training task.
    is_positive : dict of str to ndarray of bool
        Whether the initial bias is positive, for each unit of each net.
    population : dict of str to PopulationSummary
        For each net, the groups of its units and the tiling of the lattice by its localized fields.
    match : dict of str to ndarray of shape (n_hidden,)
        Best match of each field of the net "nlgp" with the "filters" of the convolutional net, and
        with the CP "factors" of the fourth cumulant.
    seconds : float
        Duration of the study in seconds.
    """

    shape: tuple[int, ...]
    parameters: dict[str, Any]
    samples: Array = field(repr=False)
    nets: dict[str, FCNet | ConvNet] = field(repr=False)
    cp: CumulantCP = field(repr=False)
    accuracy: dict[str, float]
    is_positive: dict[str, NDArray[np.bool_]] = field(repr=False)
    population: dict[str, PopulationSummary] = field(repr=False)
    match: dict[str, Array] = field(repr=False)
    seconds: float

    @property
    def is_localized(self) -> dict[str, NDArray[np.bool_]]:
        """Localized units of each net."""
        return {name: found.split.groups == "localized" for name, found in self.population.items()}

    @property
    def example_unit(self) -> int:
        """Index of the localized unit that has the median match with the CP factors.

        If no unit is localized, the median match is taken over all units of the net.
        """
        localized = np.flatnonzero(self.is_localized["nlgp"])
        units = localized if len(localized) else np.arange(len(self.match["factors"]))
        ranked = units[np.argsort(self.match["factors"][units])]
        return int(ranked[len(ranked) // 2])

    @property
    def verdict(self) -> str:
        """Sentence with the numbers of localized units of the nets on inputs and on the control."""
        counts = {}
        for name in ("nlgp", "control"):
            localized = self.is_localized[name][self.is_positive[name]]
            counts[name] = f"{localized.sum()} of {localized.size}"
        return (
            f"{counts['nlgp']} units with positive initial bias (b > 0) localized; "
            f"{counts['control']} on the Gaussian control."
        )

    def summary(self) -> dict[str, Any]:
        """Return the results as a dictionary that JSON can encode; undefined numbers are None."""
        nets: dict[str, dict[str, Any]] = {}
        for name, net in self.nets.items():
            ratio, localized = ipr(net.receptive_fields_), self.is_localized[name]
            positive = self.is_positive[name]
            nets[name] = {
                "accuracy": self.accuracy[name],
                "fraction_localized": float(localized.mean()),
                "population": self.population[name].as_dict(),
            }
            for group, units in {"positive": positive, "negative": ~positive}.items():
                nets[name] |= {
                    f"median_ipr_{group}": _median(ratio[units]),
                    f"fraction_localized_{group}": float(localized[units].mean()),
                }
        localized = self.is_localized["nlgp"]
        groups = {"localized_median": localized, "other_median": ~localized}
        targets = {"filters": self.nets["conv"].receptive_fields_, "factors": self.cp.components_}
        match = {
            references: {
                **{name: _median(values[units]) for name, units in groups.items()},
                "bump": float(bump_match(targets[references], self.shape).max()),
            }
            for references, values in self.match.items()
        }
        return {
            "parameters": self.parameters,
            "shape": list(self.shape),
            "nets": nets,
            "match": match,
            "cp": {
                "weights": self.cp.weights_.tolist(),
                "ipr": ipr(self.cp.components_).tolist(),
                "relative_error": self.cp.relative_error_,
            },
            "seconds": self.seconds,
        }

    def table(self) -> pd.DataFrame:
        """Return a table of accuracy, median IPR, fraction localized and tiling of the nets."""
        labels = {
            "nlgp": "FCNet, NLGP",
            "control": "FCNet, Gaussian control",
            "conv": "ConvNet, NLGP",
        }
        rows = {}
        for name, net in self.summary()["nets"].items():
            # Tiling is not defined for filters, because all of them are at the same site.
            tiling = {} if name == "conv" else net["population"]["tiling"]
            rows[labels[name]] = {
                "accuracy": net["accuracy"],
                "IPR b>0": net["median_ipr_positive"],
                "IPR b<0": net["median_ipr_negative"],
                "localized": net["fraction_localized"],
                "p regular": tiling.get("p_regular"),
                "p clustered": tiling.get("p_clustered"),
                "coverage": tiling.get("coverage"),
            }
        return pd.DataFrame.from_dict(rows, orient="index", dtype=float)


def emergence(
    *,
    dim: int = 1,
    gain: float = 3.0,
    correlation_length: Sequence[float] | None = None,
    n_hidden: int | None = None,
    device: str = "auto",
    quick: bool = False,
    verbose: bool = False,
    random_state: int | None = None,
) -> Emergence:
    """Train a fully-connected net on NLGP inputs, and compare it with a control and a ConvNet.

    An `FCNet` is trained online on two classes of NLGP inputs. Another `FCNet` is trained on the
    control (Gaussian inputs with the same mean and covariance), and a `ConvNet` on the inputs. The
    fields of the first `FCNet` are compared with the filters of the `ConvNet` and with the CP
    factors of the fourth cumulant of the long-range class (claims 1, 2, 3 and 5 of Ingrosso and
    Goldt, PNAS 2022). The study takes about ten seconds on two cores.

    Parameters
    ----------
    dim : {1, 2}, default=1
        Dimension of the lattice: a ring of 100 sites, or a torus of 20 x 20 sites.
    gain : float, default=3.0
        Gain of the NLGP.
    correlation_length : (float, float), optional
        Correlation lengths of the classes in sites, the shorter one first. By default, (5, 10) on
        the ring and (1, 2) on the torus.
    n_hidden : int, optional
        Number of units of the fully-connected nets. By default, 40 on the ring and 100 on the
        torus.
    device : str, default="auto"
        Torch device for the training.
    quick : bool, default=False
        Whether to train for a shorter time, with less accurate results.
    verbose : bool, default=False
        Whether to show a progress bar.
    random_state : int or None, default=None
        Seed of the study.

    Returns
    -------
    study : Emergence

    Examples
    --------
    >>> from rfsk.experiments import emergence
    >>> emergence(dim=3)
    Traceback (most recent call last):
        ...
    ValueError: `dim` must be 1 (a ring) or 2 (a torus), got 3.
    """
    started = time.perf_counter()
    if dim not in (1, 2):
        raise ValueError(f"`dim` must be 1 (a ring) or 2 (a torus), got {dim!r}.")
    plan = _PLANS[dim, bool(quick)]
    shape = plan.shape
    lengths = plan.correlation_length if correlation_length is None else correlation_length
    lengths = check_one_per_class(lengths, "correlation_length", 2)
    n_hidden = plan.n_hidden if n_hidden is None else n_hidden
    check_positive(n_hidden, "n_hidden", integer=True)
    if n_hidden < 2:
        raise ValueError("`n_hidden` must be at least 2, one for each sign of the bias, got 1.")
    if not lengths[0] < lengths[1]:
        raise ValueError(f"`correlation_length` must increase, got {lengths!r}.")
    if random_state is not None:
        random_state = int(random_state)
    task = Discrimination([NLGP(shape, correlation_length=xi, gain=gain) for xi in lengths])
    control = task.gaussian_clone()
    seeds = spawn_seeds(random_state, 8)

    options: dict[str, Any] = {
        "learning_rate": plan.learning_rate,
        "weight_decay": 0.0,
        "image_shape": shape if dim == 2 else None,
        "device": device,
    }
    of_fcnet = {**options, "batch_size": plan.batch_size, "record": 40}
    trained: list[FCNet | ConvNet] = [
        *(FCNet(n_hidden, random_state=seed, **of_fcnet) for seed in seeds[:2]),
        ConvNet(4, batch_size=plan.conv_batch_size, random_state=seeds[2], **options),
    ]
    n_samples = plan.n_steps * plan.batch_size
    sizes = [n_samples, n_samples, plan.conv_steps * plan.conv_batch_size]
    fit_many_online(trained, [task, control, task], sizes, verbose=int(verbose))
    for net in trained:
        check_trained(net)
    nets = dict(zip(("nlgp", "control", "conv"), trained, strict=True))
    cp = CumulantCP(8, random_state=seeds[3])
    cp.fit(task.models[1].sample(plan.cp_samples, seeds[4]))  # samples of the long-range class
    trained_on = {"nlgp": task, "control": control, "conv": task}
    accuracy, is_positive, population = {}, {}, {}
    for (name, net), seed in zip(nets.items(), spawn_seeds(seeds[5], 3), strict=True):
        X, y = trained_on[name].sample(20_000, seed)
        accuracy[name] = net.score(X, y)
        fields = net.receptive_fields_
        is_positive[name] = starts_positive(fields)
        population[name] = population_summary(fields, shape, inputs=X, random_state=seeds[6])
    references = {"filters": nets["conv"].receptive_fields_, "factors": cp.components_}
    match = {
        name: match_matrix(nets["nlgp"].receptive_fields_, targets, shape).max(axis=1)
        for name, targets in references.items()
    }
    return Emergence(
        shape=shape,
        parameters={
            "dim": dim,
            "gain": float(gain),
            "correlation_length": [float(xi) for xi in lengths],
            "n_hidden": int(n_hidden),
            **{name: getattr(plan, name) for name in ("learning_rate", "batch_size", "n_steps")},
            "quick": bool(quick),
            "random_state": random_state,
        },
        samples=np.concatenate(
            [m.sample(1, s) for m, s in zip(task.models, spawn_seeds(seeds[7], 2), strict=True)]
        ),
        nets=nets,
        cp=cp,
        accuracy=accuracy,
        is_positive=is_positive,
        population=population,
        match=match,
        seconds=time.perf_counter() - started,
    )


def _median(values: Array) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None
