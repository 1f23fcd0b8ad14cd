"""The live page in a browser: training as in FCNet, description of the fields, and controls."""

import re
import shutil

import numpy as np
import pytest
import torch

from rfsk import NLGP, Discrimination, FCNet, ipr
from rfsk.__main__ import main
from rfsk.live import _page, show

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
PAGE = _page._PAGE
# Sides, correlation lengths and learning rate on each lattice.
LATTICES = {"torus": ((8, 8), (1.0, 2.0), 60.0), "ring": ((1, 20), (1.5, 3.0), 20.0)}
AFTER_100 = r"At step \d{3,}"  # or later
SPREAD = "are spread over the whole"
TOO_WIDE = """() => [...document.querySelectorAll('header, section, h1, h2, h3, p, label')]
    .filter((part) => part.getBoundingClientRect().right > innerWidth
        || part.scrollWidth > part.clientWidth + 1).map((part) => part.textContent)"""
NOTE_STEPS = """window.seen = new Set();
    setInterval(() => seen.add(10 * document.querySelector('polyline').points.length - 10), 5)"""


@pytest.fixture(scope="module")
def browser():
    if BROWSER is None:
        pytest.skip("needs Chromium on the path")
    with sync_api.sync_playwright() as playwright:
        options = {"executable_path": BROWSER, "args": ["--no-sandbox", "--disable-gpu"]}
        with playwright.chromium.launch(**options) as browser:
            yield browser


@pytest.fixture
def open_tab(browser):
    """Open tabs that request nothing except the page and in which no error occurs."""
    faults, asked = [], []

    def open_page(**options):
        tab = browser.new_page(**{"viewport": {"width": 1280, "height": 800}, **options})
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("console", lambda message: faults.append(message.text))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(PAGE.as_uri())
        return tab

    yield open_page
    for context in browser.contexts:
        context.close()
    assert faults == []
    assert set(asked) == {PAGE.as_uri()}


@pytest.fixture
def tab(open_tab):
    return open_tab()


def wait_for_sentence(page, pattern):
    page.locator("#sentence", has_text=re.compile(pattern)).wait_for(timeout=60_000)
    return page.locator("#sentence").text_content()


def pictures(tab):
    return tab.locator("canvas").evaluate_all("all => all.map((one) => one.toDataURL())")


def values(page, names=("fine", "coarse")):
    shown = [page.locator(f"#{name}-value").text_content() for name in names]
    return [text.removesuffix(" px") for text in shown]


@pytest.mark.parametrize("name", LATTICES)
def test_a_step_of_the_page_is_a_step_of_fcnet(tab, name):
    shape, lengths, rate = LATTICES[name]
    options = {"shape": shape, "lengths": lengths, "gain": 3.0, "learningRate": rate, "seed": 0}
    before, _, X, after = tab.evaluate(
        """(options) => {
            const net = new rfsk.Net(options), copy = () => [[...net.weights], [...net.biases]];
            return [copy(), net.step(), [...net.X], copy()];
        }""",
        options,
    )
    X, y = np.reshape(X, (200, -1)), np.repeat([0, 1], 100)
    options = {"batch_size": 200, "weight_decay": 0.0, "max_epochs": 1, "warm_start": True}
    net = FCNet(20, learning_rate=rate, **options, random_state=0).fit(X, y)
    module = net.net_.module_
    for parameter, initial in zip((module.weight, module.bias), before, strict=True):
        parameter.data = torch.tensor(initial, dtype=parameter.dtype).view_as(parameter)
    net.fit(X, y)
    assert np.abs(np.subtract(before[0], after[0])).max() > 0.01
    weights = net.receptive_fields_.ravel() * np.sqrt(X.shape[1])
    np.testing.assert_allclose(weights, after[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(net.biases_, after[1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "gain"),
    [
        pytest.param("torus", 0.3, marks=pytest.mark.slow),
        ("torus", 3.0),
        ("ring", 1.0),
        pytest.param("ring", 10.0, marks=pytest.mark.slow),
    ],
)
def test_ipr_of_network_and_control_is_that_of_fcnet(tab, name, gain):
    shape, lengths, rate = LATTICES[name]
    seeds, options = range(6), {"shape": shape, "lengths": lengths, "learningRate": rate}
    options |= {"gain": gain, "steps": 300}
    on_page = [tab.evaluate("rfsk.train", {**options, "seed": seed}) for seed in seeds]
    sides = tuple(side for side in shape if side > 1)
    task = Discrimination([NLGP(sides, correlation_length=xi, gain=gain) for xi in lengths])

    def train(task, seed):
        options = {"learning_rate": rate, "batch_size": 200, "weight_decay": 0.0}
        net = FCNet(20, **options, random_state=seed).fit_online(task, n_samples=200 * 300)
        return ipr(net.receptive_fields_)[:10].mean()

    in_python = [[train(inputs, s) for inputs in (task, task.gaussian_clone())] for s in seeds]
    means = np.mean([on_page, in_python], axis=1)
    errors = np.std([on_page, in_python], axis=1, ddof=1) / np.sqrt(len(seeds))
    # With ten degrees of freedom, chance exceeds four standard errors in 1 of 400 comparisons.
    assert (np.abs(means[0] - means[1]) < 4.0 * np.hypot(*errors)).all()
    ratio = means[:, 0] / means[:, 1]
    assert (ratio > 1.2).all() if gain >= 1.0 else (np.abs(ratio - 1.0) < 0.1).all()


def test_network_localizes_and_control_does_not(tab):
    network, control = wait_for_sentence(tab, AFTER_100).split(";")
    assert "are spots about" in network
    assert SPREAD in control
    assert tab.locator("#network-fields canvas").count() == 10
    assert len(set(pictures(tab))) == 28


def test_a_gain_set_by_the_keyboard_and_a_new_seed_train_new_nets(tab):
    shown = pictures(tab)
    tab.focus("#gain")
    tab.keyboard.press("Home")
    assert tab.text_content("#gain-value") == tab.get_attribute("#gain", "aria-valuetext") == "0.1"
    assert "The inputs are nearly Gaussian" in tab.text_content("#nets")
    wait_for_sentence(tab, f"At step [^01].* of both the network and the control {SPREAD}")
    for old in (shown, pictures(tab)):
        tab.locator("#seed").fill(str(len(set(old))))
        tab.click("text=Restart")
        assert set(old).isdisjoint(pictures(tab))


def test_the_fine_length_stays_below_the_coarse_one(tab):
    tab.locator("#fine").fill("4")
    assert values(tab) == ["4", "4.5"]
    tab.locator("#coarse").fill("2")
    assert values(tab) == ["1.5", "2"]
    tab.select_option("#lattice", "ring")
    assert values(tab) == ["2", "4"]
    wait_for_sentence(tab, "bumps about . pixels wide; .* the whole ring")
    assert tab.get_by_text("of the torus").is_hidden()
    assert tab.get_by_text("of the ring are joined").is_visible()


@pytest.mark.parametrize("seed", ["-3", "", "2.5"])
def test_an_invalid_seed_is_marked_and_changes_nothing(tab, seed):
    tab.fill("#seed", "7")
    assert tab.get_by_text("0 to 9999").is_hidden()
    tab.fill("#seed", seed)
    assert tab.get_by_text("0 to 9999").is_visible()
    tab.focus("#gain")
    assert tab.input_value("#seed") == "7"


def test_each_position_of_the_gain_has_one_value(tab):
    tab.focus("#gain")
    shown = {"ArrowLeft": [], "ArrowRight": []}
    assert values(tab, ["gain"]) == ["3"]
    for key in ("ArrowLeft", "ArrowRight"):
        tab.keyboard.press(key)
        shown[key] = values(tab, ["gain"])
    assert shown == {"ArrowLeft": ["2"], "ArrowRight": ["3"]}


def test_pausing_holds_the_training_and_restarting_repeats_it(tab):
    tab.select_option("#lattice", "ring")
    wait_for_sentence(tab, "whole ring")
    tab.click("text=Pause")
    shown = pictures(tab)
    tab.wait_for_timeout(300)
    assert pictures(tab) == shown
    tab.click("text=Continue")
    wait_for_sentence(tab, "At step 1500")
    found = pictures(tab)
    tab.click("text=Restart")
    assert pictures(tab) != found
    wait_for_sentence(tab, "At step 1500")
    assert pictures(tab) == found


def test_every_control_has_a_name_and_every_picture_a_description(tab):
    for label in (
        "Pixels on a",
        "Gain (edges)",
        "Fine length",
        "Coarse length",
        "Seed",
    ):
        assert tab.get_by_label(label).count() == 1
    described = tab.get_by_role("img").evaluate_all("all => all.map((one) => one.ariaLabel)")
    assert len(described) == 5
    assert all(len(text) > 25 for text in described)
    assert tab.get_by_role("status").text_content().startswith("At step")


@pytest.mark.parametrize("size", [(390, 844), (1024, 768), (1920, 1080)])
def test_the_page_fits_phones_screens_and_projectors(open_tab, size):
    tab = open_tab(viewport={"width": size[0], "height": size[1]})
    for lattice, place in {"torus": "image", "ring": "ring"}.items():
        tab.select_option("#lattice", lattice)
        wait_for_sentence(tab, f"{AFTER_100}.*{place}")
        assert tab.evaluate(TOO_WIDE) == []
        assert size[0] < 600 or tab.evaluate("document.documentElement.scrollHeight") <= size[1]


def test_less_motion_shows_milestones_only_and_dark_mode_has_a_dark_background(open_tab):
    tab = open_tab(reduced_motion="reduce", color_scheme="dark")
    tab.evaluate(NOTE_STEPS)
    wait_for_sentence(tab, AFTER_100)
    assert set(tab.evaluate("[...seen]")) <= {0, 50, 100, 200, 400, 800}
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 21, 26)"


def test_a_notebook_shows_the_page_with_its_own_values(tab):
    tab.goto("about:blank")
    tab.set_content(show(gain=0.6, correlation_length=(1.0, 3.0)).data)
    frame = tab.frame_locator("iframe")
    wait_for_sentence(frame, AFTER_100)
    assert values(frame, ("gain", "fine", "coarse")) == ["0.6", "1", "3"]


def test_the_frame_of_a_notebook_follows_the_height_of_the_page(tab):
    tab.goto("about:blank")
    tab.set_content(show().data)
    frame = tab.frame_locator("iframe")
    wait_for_sentence(frame, AFTER_100)
    for width in (390, 768, 1280):
        tab.set_viewport_size({"width": width, "height": 800})
        tab.wait_for_timeout(300)
        height = tab.locator("iframe").bounding_box()["height"]
        content = frame.locator("body").bounding_box()["height"]
        assert content <= height < content + 1
    tab.set_content(show(height=500).data)
    wait_for_sentence(frame, AFTER_100)
    assert tab.locator("iframe").bounding_box()["height"] == 500


def test_values_that_the_sliders_lack_are_refused():
    with pytest.raises(ValueError, match=r"`gain` must be from 0.1 to 10, got 20.0"):
        show(20.0)
    with pytest.raises(ValueError, match="`correlation_length` must have the shorter length first"):
        show(correlation_length=(2.0, 1.0))
    with pytest.raises(ValueError, match="`height` must be a positive integer, got 0"):
        show(height=0)


def test_the_command_opens_the_page(monkeypatch, capsys):
    monkeypatch.setattr("webbrowser.open", lambda address: print("opened", address))
    assert main(["live"]) == 0
    assert capsys.readouterr().out == f"The live page is {PAGE}\nopened {PAGE.as_uri()}\n"
    assert main(["--gain", "3", "live"]) == 2
    assert "--gain is not an option of live" in capsys.readouterr().err
