"""Safe files of nets: tensors are stored as safetensors, and everything else as JSON."""

import glob
import hashlib
import json
import os
import re
from importlib.metadata import version
from typing import Any

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from .._core._files import remove_leftovers, replace_file
from ._autoencoder import Autoencoder
from ._base import NetEstimator
from ._convnet import ConvNet
from ._engine import resolve_device
from ._fcnet import FCNet

_CLASSES: Any = {cls.__name__: cls for cls in (Autoencoder, ConvNet, FCNet)}
_FORMAT = 2
_ENTRIES: dict[str, Any] = {  # entries of the metadata, with their types
    **dict.fromkeys(("format", "n_features", "n_steps"), int),
    **dict.fromkeys(("class", "version"), str),
    **dict.fromkeys(("feature_names", "history"), list),
    "parameters": dict,
    "classes_dtype": str | None,
    "seed": int | None,
}
_SNAPSHOTS = {"snapshot_steps_": torch.int64, "receptive_field_history_": torch.float64}
_LARGEST = 2**24  # largest number of entries of derived arrays, unless the file has more


def save(net: NetEstimator, path: str | os.PathLike[str]) -> None:
    """Write a fitted net to a file.

    The file contains weights, parameters, classes, history and snapshots, but no code. Unlike a
    pickle, the file is safe to open even if it comes from an untrusted source. `save` replaces an
    existing file at `path` as a whole. If `save` fails or is killed, an existing file at `path`
    remains unchanged.

    Parameters
    ----------
    net : FCNet, ConvNet or Autoencoder
        Fitted net. Callbacks are not saved, and `random_state` is saved only if it is an int.
    path : path-like
        File to write, usually with the suffix .safetensors.

    Raises
    ------
    ValueError
        If the activation or the optimizer is not given by name, if labels are objects, or if
        parameters were changed after the fit and no longer agree with the weights.

    Examples
    --------
    >>> import tempfile
    >>> import rfsk
    >>> net = rfsk.FCNet(4, max_epochs=1, random_state=0).fit(*rfsk.make_nlgp(500, 20))
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     rfsk.save(net, file.name)
    """
    if type(net).__name__ not in _CLASSES or not isinstance(net, NetEstimator):
        raise TypeError(
            f"`net` must be a fitted net of rfsk, got an instance of {type(net).__name__}."
        )
    check_is_fitted(net, "receptive_fields_")
    parameters = {k: v for k, v in net.get_params().items() if not k.startswith("callbacks")}
    mask = parameters.pop("mask", None)
    if isinstance(parameters.get("class_weight"), dict):  # JSON would turn its keys into strings
        parameters["class_weight"] = list(parameters["class_weight"].items())
    for name in ("activation", "optimizer"):
        if not isinstance(parameters[name], str):
            raise ValueError(
                f"`{name}` must be given by name, because code is not saved, got "
                f"{parameters[name]!r}. Pickle the net instead."
            )
    if not isinstance(parameters["random_state"], int | np.integer):
        parameters["random_state"] = None
    tensors = {name: value.detach().cpu() for name, value in net.net_.module_.state_dict().items()}
    classes = getattr(net, "classes_", None)  # an autoencoder has none
    if classes is not None:
        if classes.dtype.kind not in "biufU":
            raise ValueError(f"Labels must be strings or numbers, got dtype {classes.dtype}.")
        tensors["classes"] = torch.from_numpy(classes[:, np.newaxis].copy().view(np.uint8))
    about = {
        "format": _FORMAT,
        "version": version("rfsk"),
        "class": type(net).__name__,
        "parameters": parameters,
        "classes_dtype": None if classes is None else classes.dtype.str,
        "n_features": net.n_features_in_,
        "feature_names": getattr(net, "feature_names_in_", np.array([])).tolist(),
        "n_steps": net.n_steps_,
        "seed": net.seed_,
        "history": [
            {key: value for key, value in row.items() if isinstance(value, int | float)}
            for row in net.history_
        ],
    }
    for name, dtype in _SNAPSHOTS.items():
        if hasattr(net, name):
            tensors[name] = torch.as_tensor(getattr(net, name), dtype=dtype)
    if mask is not None:
        tensors["mask"] = torch.from_numpy(np.ascontiguousarray(mask))
    tensors = {name: value.contiguous() for name, value in tensors.items()}
    text = json.dumps(about, default=_as_number)
    is_short = len(text) < 8 * 10**7  # the format allows 10^8 bytes
    _require(is_short, f"The history of {len(net.history_)} epochs is too long to save.")
    _checked(json.loads(text), dict(tensors))
    metadata = {"rfsk": text, "sha256": _digest(text, tensors)}
    target = replace_file(path, safetensors.torch.save(tensors, metadata))
    remove_leftovers(target.parent, glob.escape(target.name))


def _as_number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise ValueError(f"Parameters must be numbers, strings or tuples to be saved, got {value!r}.")


def _digest(text: str, tensors: dict[str, Tensor]) -> str:
    """Checksum of the metadata and of the names, types, shapes and values of the tensors."""
    digest = hashlib.sha256(text.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def load(path: str | os.PathLike[str], *, device: str | None = None) -> NetEstimator:
    """Read a net from a file written by `save`.

    Parameters
    ----------
    path : path-like
        File to read. A file that is damaged or was changed after `save` raises a ValueError.
    device : str, optional
        Device of the net; by default, the value of `device` that was saved with the net.

    Returns
    -------
    net : FCNet, ConvNet or Autoencoder
        Fitted net. To continue the training of the net, set ``warm_start=True``.

    Examples
    --------
    >>> import tempfile
    >>> import rfsk
    >>> net = rfsk.FCNet(4, max_epochs=1).fit(*rfsk.make_nlgp(500, 20))
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     rfsk.save(net, file.name)
    ...     rfsk.load(file.name, device="cpu")
    FCNet(device='cpu', max_epochs=1, n_hidden=4)
    """
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path} is a folder; pass the path of a file written by save.")
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        about = json.loads(metadata["rfsk"])
        writer = (
            f"rfsk {about['version']!s:.9} wrote it in another format; load it with that version"
        )
        _require(about.get("format") == _FORMAT, writer)
        digest = _digest(metadata["rfsk"], tensors)
        _require(metadata["sha256"] == digest, "its contents were changed")
        net, classes = _checked(about, tensors)
        net.set_params(device=net.device if device is None else device)
        try:
            resolve_device(net.device)
        except ValueError as error:
            raise ValueError(f"{error} Open the file by load(path, device='cpu')") from error
        snapshots = {name: tensors.pop(name).numpy() for name in _SNAPSHOTS if name in tensors}
        names = np.array(about["feature_names"], dtype=object)
        net._adopt(classes, about["n_features"], names if len(names) else None, tensors)
        net.history_.extend(about["history"])
        net.net_.n_steps_, net.seed_ = about["n_steps"], about["seed"]
        net._export(None)
    except OSError:
        raise
    except Exception as error:  # a malicious file can cause any error in the libraries
        reason = f"{type(error).__name__}: {str(error)[:500]}"
        raise ValueError(f"{path} cannot be loaded as a net of rfsk ({reason}).") from error
    vars(net).update(snapshots)
    return net


def _require(is_met: bool, fault: str) -> None:
    if not is_met:
        raise ValueError(fault)


def _checked(about: Any, tensors: dict[str, Tensor]) -> tuple[Any, NDArray[Any] | None]:
    """Return a net that has no weights yet, and the class labels of the net.

    The mask and the class labels are removed from `tensors`.
    """
    _require(about.keys() == _ENTRIES.keys(), "its entries are not those of a net")
    for name, kind in _ENTRIES.items():
        is_kind = isinstance(about[name], kind) and not isinstance(about[name], bool)
        _require(is_kind, f"{name} must be {kind}, got {about[name]!r:.99}")
    names, n_features = about["feature_names"], about["n_features"]
    is_named = len(names) in (0, n_features) and all(isinstance(name, str) for name in names)
    _require(is_named, f"feature_names must be {n_features} strings, got {names!s:.99}")
    for row in about["history"]:
        is_row = "epoch" in row and all(isinstance(value, int | float) for value in row.values())
        _require(is_row, "its history has a row with values that are not numbers")
        row["batches"] = []
    cls, given = _CLASSES[about["class"]], about["parameters"]
    own = {n for n, v in given.items() if not (n.startswith("optimizer__") or isinstance(v, dict))}
    is_own = own == cls().get_params().keys() - {"callbacks", "mask"}
    _require(is_own, f"its parameters are not those of {cls.__name__}")
    parameters = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
    if isinstance(parameters.get("class_weight"), tuple):
        parameters["class_weight"] = dict(parameters["class_weight"])
    net = cls(**parameters)
    if "mask" in tensors:
        net.set_params(mask=tensors.pop("mask").numpy())
    classes, dtype = None, about["classes_dtype"]
    if dtype is not None:
        is_dtype = bool(re.fullmatch("[<>|][biufU][0-9]+", dtype))
        _require(is_dtype, f"classes_dtype is not valid: {dtype!r:.99}")
        classes = tensors["classes"].numpy().view(dtype).squeeze(1)
        labels = classes.tolist()
        _require(labels == sorted(set(labels)), "its classes are not in order")
    _check_tensors(net, classes, n_features, tensors)
    tensors.pop("classes", None)
    return net, classes


def _check_tensors(net: Any, classes: Any, n_features: int, tensors: dict[str, Tensor]) -> None:
    """Check that the tensors of a file are finite and have the shapes of the tensors of `net`."""
    _require(np.size(getattr(net, "n_hidden", 1)) <= len(tensors), "it has too few weights")
    trial = clone(net).set_params(device="cpu")
    trial._check_parameters(has_validation=True)
    trial._device = torch.device("meta")  # gives shapes without allocating memory
    with trial._device:
        trial._start(classes, n_features, is_warm=False)
        expected, n_units = trial.net_.module_.state_dict(), trial.net_.module_.n_units
        if classes is not None:
            expected["classes"] = torch.empty(*classes.shape, classes.itemsize, dtype=torch.uint8)
        if tensors.keys() & _SNAPSHOTS.keys():
            n, fields = len(tensors["snapshot_steps_"]), (n_units, n_features)
            expected["snapshot_steps_"] = torch.empty(n, dtype=torch.int64)
            expected["receptive_field_history_"] = torch.empty(n, *fields, dtype=torch.float64)
    both = [{(name, v.shape, v.dtype) for name, v in each.items()} for each in (expected, tensors)]
    odd = sorted({name for name, *_ in both[0] ^ both[1]})
    _require(not odd, f"the tensors {odd!s:.200} do not agree with its parameters")
    n_derived = max(n_units * n_features, 0 if classes is None else len(classes) ** 2)
    is_large = n_derived > max(_LARGEST, sum(value.numel() for value in tensors.values()))
    _require(not is_large, f"its arrays must have at most {_LARGEST} entries, got {n_derived}")
    for name, value in tensors.items():
        _require(bool(torch.isfinite(value).all()), f"{name} is not finite")
