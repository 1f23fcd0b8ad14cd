"""Nets saved and loaded: nothing is lost, no code runs, and faults are reported."""

import json
import os
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file
from sklearn.exceptions import NotFittedError

import rfsk
from rfsk import ConvNet, FCNet, make_nlgp

X, Y = make_nlgp(300, (4, 5), correlation_length=(0.7, 1.5), random_state=0)
NETS = {
    "fcnet": (FCNet(6, record=4, random_state=0), Y),
    "three classes": (FCNet(6, readout="linear", random_state=1), np.array(list("abc"))[Y + Y % 3]),
    "convnet": (ConvNet(2, image_shape=(4, 5), kernel_size=(3, 5), random_state=2), Y == 1),
    "penalised": (FCNet(6, l1=1e-3, activation="tanh", optimizer="adam", learning_rate=0.01), Y),
}


@pytest.fixture(params=NETS)
def fitted(request):
    net, labels = NETS[request.param]
    return net.set_params(max_epochs=3, batch_size=50).fit(X, labels)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.safetensors"


def test_loaded_net_is_the_saved_one(fitted, path):
    rfsk.save(fitted, path)
    again = rfsk.load(path)
    assert type(again) is type(fitted)
    assert again.get_params() == {**fitted.get_params(), "callbacks": None}
    np.testing.assert_array_equal(again.decision_function(X), fitted.decision_function(X))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    assert again.classes_.dtype == fitted.classes_.dtype
    for name in ("receptive_fields_", "biases_", "loss_curve_", "n_steps_", "shape_"):
        np.testing.assert_array_equal(getattr(again, name), getattr(fitted, name))
    for name in ("snapshot_steps_", "receptive_field_history_", "filters_"):
        assert hasattr(again, name) == hasattr(fitted, name)
        if hasattr(fitted, name):
            np.testing.assert_array_equal(getattr(again, name), getattr(fitted, name))


@pytest.mark.parametrize("name", NETS)
def test_loaded_net_can_be_trained_on(name, path):
    net, labels = NETS[name]
    rfsk.save(net.set_params(max_epochs=3, batch_size=50).fit(X, labels), path)
    again = rfsk.load(path).set_params(warm_start=True)
    start, steps = again.receptive_fields_.copy(), again.n_steps_
    again.fit(X, labels)
    assert again.n_steps_ == steps + 18
    assert not np.array_equal(again.receptive_fields_, start)


def test_feature_names_are_kept(path):
    frame = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(20)])
    net = FCNet(3, max_epochs=1, random_state=0).fit(frame, Y)
    rfsk.save(net, path)
    np.testing.assert_array_equal(rfsk.load(path).feature_names_in_, net.feature_names_in_)
    rfsk.load(path).predict(frame)


def test_full_disk_leaves_the_older_file(path, monkeypatch):
    net = FCNet(3, max_epochs=1, random_state=0).fit(X, Y)
    rfsk.save(net, path)
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rfsk.nets._persistence.save_file", full)
    with pytest.raises(OSError, match="No space left"):
        rfsk.save(net.fit(X, 1 - Y), path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert net.predict(X).shape == (300,)


@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.9])
def test_truncated_file_is_refused(path, fraction):
    rfsk.save(FCNet(3, max_epochs=1, random_state=0).fit(X, Y), path)
    data = path.read_bytes()
    path.write_bytes(data[: int(fraction * len(data))])
    with pytest.raises(ValueError, match="is not a net saved by rfsk, or is damaged"):
        rfsk.load(path)


def test_foreign_files_are_refused(path):
    path.write_text("not a net")
    with pytest.raises(ValueError, match="is not a net saved by rfsk"):
        rfsk.load(path)
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match="is not a net saved by rfsk"):
        rfsk.load(path)
    save_file({"weight": torch.zeros(2)}, path, {"rfsk": json.dumps({"class": "Popen"})})
    with pytest.raises(ValueError, match="is not a net saved by rfsk"):
        rfsk.load(path)


def test_weights_of_another_shape_are_refused(path):
    from safetensors import safe_open

    rfsk.save(FCNet(3, max_epochs=1, random_state=0).fit(X, Y), path)
    with safe_open(path, "pt") as file:
        metadata, bias = file.metadata(), file.get_tensor("bias")
    save_file({"weight": torch.zeros(2, 20), "bias": bias}, path, metadata)
    with pytest.raises(ValueError, match="holds weights that do not fit its parameters"):
        rfsk.load(path)


def test_what_cannot_be_saved_is_refused_and_nothing_written(path):
    with pytest.raises(NotFittedError):
        rfsk.save(FCNet(), path)
    with pytest.raises(TypeError, match="Got a dict; expected a fitted net of rfsk"):
        rfsk.save({}, path)
    own = FCNet(3, max_epochs=1, activation=torch.sin, random_state=0).fit(X, Y)
    with pytest.raises(ValueError, match=r"activation=.* is code, which is not saved"):
        rfsk.save(own, path)
    assert list(path.parent.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        rfsk.load(path)


def test_saving_into_a_missing_folder_is_an_error(tmp_path):
    net = FCNet(3, max_epochs=1, random_state=0).fit(X, Y)
    with pytest.raises(FileNotFoundError):
        rfsk.save(net, Path(tmp_path) / "nowhere" / "net.safetensors")


def test_device_can_be_chosen_at_loading(path):
    rfsk.save(FCNet(3, max_epochs=1, random_state=0).fit(X, Y), path)
    assert rfsk.load(path, device="cpu").device == "cpu"
    with pytest.raises(ValueError, match="device='cuda:99' is not available"):
        rfsk.load(path, device="cuda:99")


@pytest.fixture
def path_of_cuda(path):
    """File of a net that was trained with device="cuda"."""
    from safetensors import safe_open

    rfsk.save(FCNet(3, max_epochs=1, random_state=0).fit(X, Y), path)
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["rfsk"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    about["parameters"]["device"] = "cuda"
    save_file(tensors, path, {"rfsk": json.dumps(about)})
    return path


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_net_of_an_absent_device_names_the_remedy_and_opens_by_it(path_of_cuda):
    message = r"device='cuda' is not available.*Open the file by load\(path, device='cpu'\)"
    with pytest.raises(ValueError, match=message):
        rfsk.load(path_of_cuda)
    again = rfsk.load(path_of_cuda, device="cpu")
    assert again.device == "cpu"
    expected = FCNet(3, max_epochs=1, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(again.decision_function(X), expected.decision_function(X))
    again.set_params(warm_start=True).fit(X, Y)
    assert again.n_steps_ == 2 * expected.n_steps_


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(os.name != "posix", reason="needs permissions of POSIX")
def test_saved_file_has_the_permissions_of_the_umask_and_a_replaced_one_keeps_its_own(path):
    net = FCNet(3, max_epochs=1, random_state=0).fit(X, Y)
    for umask in (0o022, 0o077, 0o002):
        before = os.umask(umask)
        try:
            rfsk.save(net, path)
        finally:
            os.umask(before)
        assert mode_of(path) == 0o666 & ~umask
        path.unlink()
    rfsk.save(net, path)
    path.chmod(0o640)
    rfsk.save(net, path)
    assert mode_of(path) == 0o640
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_options_of_skorch_are_saved(path):
    net = FCNet(3, optimizer__momentum=0.9, max_epochs=1, random_state=0).fit(X, Y)
    rfsk.save(net, path)
    again = rfsk.load(path).set_params(warm_start=True)
    assert again.get_params()["optimizer__momentum"] == 0.9
    assert again.net_.optimizer_.param_groups[0]["momentum"] == 0.9


@pytest.mark.parametrize("class_weight", ["balanced", {0: 1.0, 1: 3.0}])
def test_class_weights_are_saved(path, class_weight):
    net = FCNet(3, class_weight=class_weight, max_epochs=1, random_state=0).fit(X, Y)
    rfsk.save(net, path)
    again = rfsk.load(path).set_params(warm_start=True)
    assert again.class_weight == class_weight
    assert again.fit(X, Y).n_steps_ == 2


@pytest.mark.parametrize("net", [FCNet(3), FCNet(3, readout="linear"), ConvNet(2)], ids=str)
def test_history_is_saved_with_the_columns_of_validation(path, net):
    net.set_params(max_epochs=3, validation_fraction=0.25, random_state=0).fit(X, Y)
    rfsk.save(net, path)
    again = rfsk.load(path)
    for name in ("epoch", "step", "train_loss", "valid_loss", "valid_acc", "dur"):
        assert again.history_[:, name] == net.history_[:, name]
