"""Saved and loaded nets are equal, no code is run, and faults are reported."""

import json
import multiprocessing
import os
import signal
import stat
from unittest.mock import MagicMock

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from sklearn.base import clone
from skorch.callbacks import EarlyStopping

import rfsk
from rfsk import Autoencoder, ConvNet, FCNet, make_nlgp

X, Y = make_nlgp(300, (4, 5), correlation_length=(0.7, 1.5), random_state=0)
SHORT = {"max_epochs": 3, "batch_size": 50, "random_state": 0}
NETS = {
    "fcnet": (FCNet(6, record=4, **SHORT), Y),
    "three classes": (FCNet(6, readout="linear", **SHORT), np.array(list("abc"))[Y + Y % 3]),
    "convnet": (ConvNet(2, image_shape=(4, 5), kernel_size=(3, 5), **SHORT), Y == 1),
    "masked": (FCNet(6, mask=np.arange(120).reshape(6, 20) % 3 > 0, l1=1e-3, **SHORT), Y),
    "momentum": (FCNet(3, optimizer__momentum=0.9, learning_rate=0.5, **SHORT), Y),
    "weighted": (FCNet(3, class_weight={0: 1.0, 1: 3.0}, validation_fraction=0.25, **SHORT), Y),
    "callbacks": (
        FCNet(
            3,
            callbacks=[("stop", EarlyStopping("train_loss"))],
            callbacks__stop__patience=7,
            **SHORT,
        ),
        Y,
    ),
    "wide labels": (FCNet(3, **SHORT), np.array(["a", "b"], dtype="U9")[Y]),
    "tied": (Autoencoder(6, record=2, **SHORT), Y),
    "untied": (Autoencoder(6, tied=False, **SHORT), Y),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.safetensors"


@pytest.fixture(scope="module")
def net():
    return FCNet(3, max_epochs=1, random_state=0).fit(X, Y)


def content(path):
    """Metadata and tensors of a file."""
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["rfsk"])
        return about, {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118


@pytest.mark.parametrize("name", NETS)
def test_loaded_net_is_the_saved_one_and_can_be_trained_on(name, path):
    fitted, labels = NETS[name]
    inputs = pd.DataFrame(X).add_prefix("pixel ") if name == "fcnet" else X
    fitted.fit(inputs, labels)
    rfsk.save(fitted, path)
    again = rfsk.load(path)
    assert type(again) is type(fitted)
    kept = {k: v for k, v in fitted.get_params().items() if not k.startswith("callbacks__")}
    np.testing.assert_equal(again.get_params(), {**kept, "callbacks": None})
    for method in ("decision_function", "predict", "reconstruct", "transform"):
        assert hasattr(again, method) == hasattr(fitted, method)
        if hasattr(fitted, method):
            expected = getattr(fitted, method)(inputs)
            np.testing.assert_array_equal(getattr(again, method)(inputs), expected)
    learned = {name for name in vars(fitted) if name.endswith("_")} - {"net_", "history_"}
    assert learned | {"net_", "history_"} == {name for name in vars(again) if name.endswith("_")}
    for attribute in learned:
        expected = getattr(fitted, attribute)
        np.testing.assert_array_equal(getattr(again, attribute), expected, strict=True)
    for column in set(fitted.history_[0]) - {"batches"}:
        assert again.history_[:, column] == fitted.history_[:, column]
    groups, expected = (each.net_.optimizer_.param_groups for each in (again, fitted))
    assert groups[0].get("momentum") == expected[0].get("momentum")
    again.set_params(warm_start=True).fit(inputs, labels)
    assert again.n_steps_ == 2 * fitted.n_steps_
    assert not np.array_equal(again.receptive_fields_, fitted.receptive_fields_)


def test_full_disk_leaves_the_older_file_unchanged(net, path, monkeypatch):
    rfsk.save(net, path)
    before = path.read_bytes()
    with pytest.raises(FileNotFoundError):
        rfsk.save(net, path.parent / "nowhere" / "net.safetensors")
    full = MagicMock(side_effect=OSError(28, "No space left on device"))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        rfsk.save(net, path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_foreign_files_and_those_of_other_versions_are_refused(net, path):
    rfsk.save(net, path)
    about, tensors = content(path)
    for metadata in (None, {"rfsk": json.dumps({"format": 2, "class": "Popen"})}):
        save_file({"weight": torch.zeros(2)}, path, metadata)
        with pytest.raises(ValueError, match=r"net\.safetensors cannot be loaded as a net of rfsk"):
            rfsk.load(path)
    for number in ({}, {"format": 3}):
        entries = {name: value for name, value in about.items() if name != "format"}
        entries |= {"version": "0.1.0", **number}
        save_file(tensors, path, {"rfsk": json.dumps(entries)})
        with pytest.raises(
            ValueError, match=r"rfsk 0\.1\.0 wrote it in another format; load it with"
        ):
            rfsk.load(path)
    with pytest.raises(
        IsADirectoryError, match="is a folder; pass the path of a file written by save"
    ):
        rfsk.load(path.parent)


def test_one_flipped_bit_of_the_weights_is_noticed(net, path):
    rfsk.save(net, path)
    contents, weight = bytearray(path.read_bytes()), content(path)[1]["weight"].numpy().tobytes()
    contents[contents.index(weight) + 3] ^= 1
    path.write_bytes(contents)
    with pytest.raises(ValueError, match=r"net\.safetensors cannot be .* contents were changed"):
        rfsk.load(path)


def test_objects_that_cannot_be_saved_are_refused_and_nothing_is_written(path):
    with pytest.raises(
        TypeError, match="`net` must be a fitted net of rfsk, got an instance of dict"
    ):
        rfsk.save({}, path)
    own = FCNet(3, max_epochs=1, activation=torch.sin, random_state=0).fit(X, Y)
    with pytest.raises(
        ValueError, match=r"`activation` must be given by name, because code is not saved"
    ):
        rfsk.save(own, path)
    changed = FCNet(3, max_epochs=1, random_state=0).fit(X, Y).set_params(n_hidden=4)
    with pytest.raises(ValueError, match=r"'bias', 'weight'\] do not agree with its parameters"):
        rfsk.save(changed, path)
    with pytest.raises(IsADirectoryError, match="is a folder; pass the path of a file"):
        rfsk.save(changed.set_params(n_hidden=3), path.parent)
    assert list(path.parent.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        rfsk.load(path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_error_of_an_unavailable_device_names_a_remedy_that_works(net, path):
    rfsk.save(clone(net).fit(X, Y).set_params(device="cuda"), path)
    message = r"device='cuda' is not available.*Open the file by load\(path, device='cpu'\)"
    with pytest.raises(ValueError, match=message):
        rfsk.load(path)
    with pytest.raises(ValueError, match="device='cuda:99' is not available"):
        rfsk.load(path, device="cuda:99")
    again = rfsk.load(path, device="cpu")
    assert again.device == "cpu"
    np.testing.assert_array_equal(again.decision_function(X), net.decision_function(X))


@pytest.mark.skipif(os.name != "posix", reason="needs permissions of POSIX")
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_saved_file_has_the_permissions_of_the_umask_and_a_replaced_one_its_own(net, path, umask):
    before = os.umask(umask)
    try:
        rfsk.save(net, path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    path.chmod(0o640)
    rfsk.save(net, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.skipif(os.name != "posix", reason="needs fork")
@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_killed_save_leaves_the_old_file_and_the_next_save_cleans_up(net, path, moment):
    rfsk.save(net, path)
    before = path.read_bytes()
    fork = multiprocessing.get_context("fork")
    process = fork.Process(target=save_and_die, args=(net, path, moment))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 2
    rfsk.save(net, path)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def save_and_die(net, path, moment):
    setattr(os, moment, lambda *arguments: os.kill(os.getpid(), signal.SIGKILL))
    rfsk.save(net, path)


def test_saving_keeps_the_temporary_file_that_another_call_is_writing(net, path, monkeypatch):
    sync, calls = os.fsync, []

    def interrupting(descriptor):
        calls.append(descriptor)
        if len(calls) == 1:
            rfsk.save(net, path)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", interrupting)
    rfsk.save(net, path)
    assert len(calls) == 2
    assert [file.name for file in path.parent.iterdir()] == [path.name]
