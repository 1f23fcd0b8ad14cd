"""Nets saved and loaded: nothing is lost, nothing runs, and faults are told."""

import json
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


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_truncated_file_is_told(path, share):
    rfsk.save(FCNet(3, max_epochs=1, random_state=0).fit(X, Y), path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ValueError, match="is not a net saved by rfsk, or is damaged"):
        rfsk.load(path)


def test_foreign_files_are_told(path):
    path.write_text("not a net")
    with pytest.raises(ValueError, match="is not a net saved by rfsk"):
        rfsk.load(path)
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match="is not a net saved by rfsk"):
        rfsk.load(path)
    save_file({"weight": torch.zeros(2)}, path, {"rfsk": json.dumps({"class": "Popen"})})
    with pytest.raises(ValueError, match="is not a net saved by rfsk"):
        rfsk.load(path)


def test_weights_of_another_shape_are_told(path):
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
