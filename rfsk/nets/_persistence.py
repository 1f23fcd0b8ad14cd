"""Nets in files that are safe to open: tensors as safetensors, everything else as JSON."""

import json
import os
import shutil
import uuid
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from sklearn.utils.validation import check_is_fitted

from ._autoencoder import Autoencoder
from ._base import NetEstimator
from ._convnet import ConvNet
from ._engine import resolve_device
from ._fcnet import FCNet

_CLASSES: Any = {cls.__name__: cls for cls in (Autoencoder, ConvNet, FCNet)}
# Parameters of earlier versions: of training only, and one that must not have been set.
_REMOVED = {"schedule", "patience", "scaling"}
_UNSET = ("pool_size", None)
_SNAPSHOTS = ("snapshot_steps_", "receptive_field_history_")


def save(net: NetEstimator, path: str | os.PathLike[str]) -> None:
    """Write a fitted net to a file.

    The file holds weights, parameters, classes, history and snapshots but no code. Unlike a pickle,
    it is safe to open even if it comes from a stranger, and later versions can read it.

    Parameters
    ----------
    net : FCNet, ConvNet or Autoencoder
        Fitted net. Its callbacks are not saved, and its `random_state` only if it is an int.
    path : path-like
        File to write, usually with the suffix .safetensors.

    Raises
    ------
    ValueError
        If the activation or optimizer is not given by name, or if labels are objects.

    Examples
    --------
    >>> import tempfile
    >>> import rfsk
    >>> net = rfsk.FCNet(4, max_epochs=1, random_state=0).fit(*rfsk.make_nlgp(500, 20))
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     rfsk.save(net, file.name)
    """
    if type(net).__name__ not in _CLASSES or not isinstance(net, NetEstimator):
        raise TypeError(f"Got a {type(net).__name__}; expected a fitted net of rfsk.")
    check_is_fitted(net, "receptive_fields_")
    parameters = dict(net.get_params(), callbacks=None)
    mask = parameters.pop("mask", None)
    if isinstance(parameters.get("class_weight"), dict):  # JSON would turn its keys into strings
        parameters["class_weight"] = list(parameters["class_weight"].items())
    for name in ("activation", "optimizer"):
        if not isinstance(parameters[name], str):
            raise ValueError(
                f"{name}={parameters[name]!r} is code, which is not saved; pickle the net instead."
            )
    if not isinstance(parameters["random_state"], int | np.integer):
        parameters["random_state"] = None
    classes = getattr(net, "classes_", np.array([]))  # an autoencoder has none
    if classes.dtype.kind not in "biufU":
        raise ValueError(f"Labels of dtype {classes.dtype} are not saved; use str or numbers.")
    about = {
        "class": type(net).__name__,
        "version": version("rfsk"),
        "parameters": parameters,
        "classes": classes.tolist(),
        "classes_dtype": classes.dtype.str,
        "n_features": net.n_features_in_,
        "feature_names": getattr(net, "feature_names_in_", np.array([])).tolist(),
        "n_steps": net.n_steps_,
        "seed": net.seed_,
        "history": [
            {key: value for key, value in row.items() if isinstance(value, int | float)}
            for row in net.history_
        ],
    }
    tensors = {name: value.detach().cpu() for name, value in net.net_.module_.state_dict().items()}
    for name in _SNAPSHOTS:
        if hasattr(net, name):
            tensors[name] = torch.from_numpy(getattr(net, name))
    if mask is not None:
        tensors["mask"] = torch.from_numpy(np.ascontiguousarray(mask))
    target = Path(path)
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    metadata = {"rfsk": json.dumps(about, default=_as_number)}
    contents = safetensors.torch.save({k: v.contiguous() for k, v in tensors.items()}, metadata)
    try:
        beside.write_bytes(contents)
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _as_number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise ValueError(f"{value!r} cannot be saved; expected plain numbers, strings and tuples.")


def load(path: str | os.PathLike[str], *, device: str | None = None) -> NetEstimator:
    """Read a net from a file written by `save`.

    Parameters
    ----------
    path : path-like
        File to read. A damaged file raises a ValueError.
    device : str, optional
        Device of the net; by default the one in its parameters.

    Returns
    -------
    net : FCNet, ConvNet or Autoencoder
        Fitted net. With ``warm_start=True`` its training can continue.

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
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {})["rfsk"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        cls = _CLASSES[about["class"]]
        parameters = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in about["parameters"].items()
            if name not in _REMOVED and (name, value) != _UNSET
        }
        if isinstance(parameters.get("class_weight"), tuple):
            parameters["class_weight"] = dict(parameters["class_weight"])
        net = cls(**parameters)
        if "mask" in tensors:
            net.set_params(mask=tensors.pop("mask").numpy())
        if device is not None:
            net.set_params(device=device)
        snapshots = {name: tensors.pop(name).numpy() for name in _SNAPSHOTS if name in tensors}
        classes = np.array(about["classes"], dtype=np.dtype(about["classes_dtype"]))
    except (SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{path} is not a net saved by rfsk, or is damaged ({type(error).__name__}: {error})."
        ) from error
    names = np.array(about["feature_names"], dtype=object)
    try:
        resolve_device(net.device)
    except ValueError as error:
        raise ValueError(f"{error} Open the file by load(path, device='cpu').") from error
    try:
        net._adopt(classes, about["n_features"], names if len(names) else None, tensors)
    except RuntimeError as error:
        raise ValueError(f"{path} holds weights that do not fit its parameters.") from error
    net.history_.extend({"batches": [], **row} for row in about["history"])
    net.net_.n_steps_ = about["n_steps"]
    net.seed_ = about.get("seed")
    net._export(None)
    for name, snapshot in snapshots.items():
        setattr(net, name, snapshot)
    return net
