"""Damaged and malicious files raise a ValueError that names the file, or give the saved net."""

import json
import math

import numpy as np
import pytest
import safetensors.torch
import torch

import rfsk
from rfsk import Autoencoder, ConvNet, FCNet, make_nlgp
from rfsk.nets._persistence import _digest

X, Y = make_nlgp(100, (4, 5), correlation_length=(0.7, 1.5), random_state=0)
SHORT = {"max_epochs": 2, "batch_size": 50, "random_state": 0}
NETS = [
    FCNet((4, 3), record=3, **SHORT).fit(X, Y),
    FCNet(4, mask=np.arange(80).reshape(4, 20) % 3 > 0, **SHORT).fit(X, Y == 1),
    FCNet(4, readout="linear", class_weight={"a": 1.0, "b": 3.0}, **SHORT).fit(
        X, np.array(["a", "b"])[Y]
    ),
    ConvNet(2, image_shape=(4, 5), kernel_size=3, **SHORT).fit(X, Y),
    Autoencoder(4, tied=False, record=2, **SHORT).fit(X),
]
VALUES = [None, True, 0, -1, 7, 10**9, 10**30, 10**400, 0.5, 1e308, math.nan, "", "x", "cuda"]
VALUES += ["meta", "x" * 10**5, [], [[]], [3], [10**9] * 2, [4] * 10**5, {}, {"x": 1}]
VALUES += [np.zeros([1] * 30).tolist(), "O", "<U500000000", "i4,O", "|V8"]
LONG = 10**4
SIZES = {
    "n_hidden": [3 * 10**7, [4] * LONG, 10**18],
    "n_channels": [10**9],
    "kernel_size": [10**9 + 1, [10**5 + 1] * 2],
    "image_shape": [[10**9, 10**9], [-1, 10**9]],
    "readout": ["linear"],
}
FAMILIES = ("bits", "bytes", "entries", "tensors", "sizes", "nested", "doubled")


def parts(contents):
    """Header and data of a file."""
    end = 8 + int.from_bytes(contents[:8], "little")
    return json.loads(contents[8:end]), contents[end:]


def joined(header, data):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def signed(text, tensors):
    """Write a file with a correct checksum, as somebody who knows the format could."""
    tensors = {name: value.contiguous() for name, value in tensors.items()}
    return safetensors.torch.save(tensors, {"rfsk": text, "sha256": _digest(text, tensors)})


def places(node):
    """All containers in JSON data, with their keys."""
    if isinstance(node, dict | list):
        for key in node if isinstance(node, dict) else range(len(node)):
            yield node, key
            yield from places(node[key])


def damaged(contents, family, rng):
    """Damage the contents of a file."""

    def any_of(options):
        return options[int(rng.integers(len(options)))]

    header, data = parts(contents)
    text = header["__metadata__"]["rfsk"]
    about, tensors = json.loads(text), safetensors.torch.load(contents)
    name = any_of(sorted(tensors))
    tensor = tensors[name]
    if family == "bits":
        changed = bytearray(contents)
        changed[int(rng.integers(len(changed)))] ^= 1 << int(rng.integers(8))
        return bytes(changed)
    if family == "bytes":
        first, last = sorted(rng.integers(len(contents), size=2).tolist())
        middle = any_of([b"", bytes(last - first), rng.bytes(last - first), contents[:last]])
        return contents[:first] + middle + any_of([contents[last:], b""])
    if family == "entries":
        node, key = any_of([*places(about)])
        if rng.random() < 0.2:
            del node[key]
        else:
            node[key] = any_of(VALUES)
        return signed(json.dumps(about), tensors)
    if family == "tensors":
        changes = [
            {name: tensor * any_of([math.nan, math.inf])},
            {name: tensor.to(any_of([torch.float64, torch.float16, torch.int8, torch.bool]))},
            {name: tensor.reshape(-1)},
            {name: tensor.unsqueeze(0)},
            {name: tensor[:-1]},
            {name: torch.zeros(any_of([(0, 2**40), (0,), (), (1,)]))},
            {any_of(["mask", "classes", "snapshot_steps_", "weights", "bias"]): tensor.clone()},
        ]
        kept = {k: v for k, v in tensors.items() if k != name or rng.random() < 0.8}
        return signed(text, kept | any_of(changes))
    if family == "sizes":
        own = about["parameters"]
        about["n_features"] = any_of([about["n_features"], 10**9, 10**13])
        about["classes_dtype"] = any_of([about["classes_dtype"], "<U500000000", "<f16"])
        about["history"] *= any_of([1, LONG // 10])
        own |= {key: any_of([own[key], *SIZES[key]]) for key in SIZES if key in own}
        if rng.random() < 0.3:
            own["image_shape"] = None
        return signed(json.dumps(about), tensors)
    if family == "nested":
        depth = any_of([50, 10**4, 10**6])
        odd = any_of(["[" * depth, "[" * depth + "]" * depth, '{"a":' * depth, "9" * depth])
        if rng.random() < 0.3:
            return joined(odd.encode(), data)
        return signed(any_of([odd, text[:-1] + f', "more": {odd}}}']), tensors)
    if rng.random() < 0.5:
        entries = [value for key, value in header.items() if key != "__metadata__"]
        double = f', "{name}": {json.dumps(any_of(entries))}}}'
        return joined((json.dumps(header)[:-1] + double).encode(), data)
    double = f', "{any_of(sorted(about))}": {json.dumps(any_of(VALUES))}}}'
    return signed(text[:-1] + double, tensors)


def content(path):
    """Metadata of the net, as text, and tensors of a file."""
    contents = path.read_bytes()
    about = json.loads(parts(contents)[0]["__metadata__"]["rfsk"])
    del about["version"]
    return json.dumps(about, sort_keys=True), safetensors.torch.load(contents)


def is_refused(path, contents):
    """Whether a file is refused; otherwise it must contain the net that it describes."""
    path.write_bytes(contents)
    try:
        net = rfsk.load(path)
    except ValueError as error:
        message = str(error)
    else:
        (text, tensors), _ = content(path), rfsk.save(net, path)
        again, found = content(path)
        assert again == text
        torch.testing.assert_close(found, tensors, rtol=0, atol=0)
        return False
    assert path.name in message
    assert len(message) < 1000
    return True


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "net.safetensors"
    return [(rfsk.save(net, path), path.read_bytes())[1] for net in NETS]


@pytest.mark.parametrize("family", FAMILIES)
def test_damaged_files_are_refused_or_give_the_net_of_their_metadata(family, originals, tmp_path):
    rng, n_refused = np.random.default_rng(0), 0
    for contents in originals * 2:
        assert not is_refused(tmp_path / "net.st", contents)
        n_refused += is_refused(tmp_path / "net.st", damaged(contents, family, rng))
    assert n_refused >= 5
