"""The page's server, over real connections and without a browser."""

import base64
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from urllib.error import HTTPError
from urllib.request import urlopen

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex

from rfsk import NLGP, Discrimination, FCNet, ipr, localization_index, predict_fields
from rfsk.__main__ import main
from rfsk.analysis import field_center
from rfsk.live import LivePage

SHORT, LONG = 60, 20_000  # steps
TASK = Discrimination([NLGP(40, correlation_length=xi, gain=3.0) for xi in (2.0, 4.0)])
KNOWN_PATHS = "expected / (the page) or /run"


@pytest.fixture(scope="module")
def page():
    with LivePage() as page:
        yield page


@pytest.fixture(scope="module")
def events(page):
    return run(page, f"gain=3&short=2&long=4&seed=5&steps={SHORT}")


def run(page, query):
    with urlopen(f"{page.url}run?{query}") as answer:
        return [json.loads(line) for line in answer]


def of_net(events, kind, net):
    return [event for event in events if event["event"] == kind and event["net"] == net]


def fields_of(frame):
    values = np.frombuffer(base64.b64decode(frame["fields"]), dtype="<f4")
    return values.astype(np.float64).reshape(20, 40)


@contextmanager
def long_run(page):
    """A run of many steps, of which nothing has been read yet."""
    with closing(HTTPConnection("127.0.0.1", page.port)) as connection:
        connection.request("GET", f"/run?steps={LONG}")
        with closing(connection.getresponse()) as answer:
            yield answer


def trainings():
    return [thread for thread in threading.enumerate() if "_train" in thread.name]


def wait_until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def html_of(page):
    with urlopen(page.url) as answer:
        return answer.read().decode()


def settings_of(page):
    (settings,) = re.findall(r'<script id="settings"[^>]*>(.*?)</script>', html_of(page))
    return json.loads(settings)


def test_a_run_sends_inputs_then_frames_of_both_nets_then_theory(events):
    kinds = [event["event"] for event in events]
    assert kinds[0] == "inputs"
    assert kinds[-3:] == ["theory", "theory", "done"]
    assert set(kinds[1:-3]) == {"frame"}


@pytest.mark.parametrize("name", ["nlgp", "clone"])
def test_streamed_fields_are_those_of_a_plain_net_of_the_same_seed(events, name):
    task = TASK if name == "nlgp" else TASK.gaussian_clone()
    net = FCNet(20, batch_size=200, weight_decay=0.0, record=120, random_state=5)
    net.fit_online(task, 200 * SHORT)
    frames = of_net(events, "frame", name)
    assert [frame["step"] for frame in frames] == net.snapshot_steps_.tolist()
    assert {frame["n_frames"] for frame in frames} == {len(frames)}
    streamed = np.stack([fields_of(frame) for frame in frames])
    np.testing.assert_array_equal(streamed, net.receptive_field_history_.astype(np.float32))
    for frame, fields in zip(frames, net.receptive_field_history_, strict=True):
        expected = [ipr(fields)[:10].mean(), ipr(fields)[10:].mean()]
        assert frame["ipr"] == pytest.approx(expected, rel=1e-12)
    error = 5.0 * np.sqrt(0.25 / 2000 + 0.25 / 4000)  # they are tested on other samples
    accuracy = net.score(*task.sample(4000, random_state=0))
    assert frames[-1]["accuracy"] == pytest.approx(accuracy, abs=error)


def test_units_come_in_the_order_of_their_centres_within_each_group(events):
    last = of_net(events, "frame", "nlgp")[-1]
    centers = field_center(fields_of(last))[last["order"], 0]
    assert sorted(last["order"][:10]) == list(range(10))
    assert (np.diff(centers[:10]) > 0).all()
    assert (np.diff(centers[10:]) > 0).all()


def test_theory_and_statistics_are_those_of_the_package(events):
    assert events[0]["index"] == localization_index(TASK, random_state=0).index
    assert events[0]["kurtosis"] == TASK.models[0].excess_kurtosis()
    drawn = np.array(events[0]["samples"]["nlgp"][1])
    assert np.allclose(drawn, TASK.models[1].sample(2, random_state=5), atol=1e-4)
    start = fields_of(of_net(events, "frame", "nlgp")[0])
    expected = predict_fields(TASK, start=start, end=5.0 * SHORT / 40)
    (prediction,) = of_net(events, "theory", "nlgp")
    assert prediction["ipr"][0][-1] == pytest.approx(expected.ipr[:10].mean(), abs=1e-5)
    assert prediction["times"][-1] == pytest.approx(5.0 * SHORT)


def test_a_theory_that_runs_away_is_reported(page):
    (theory,) = of_net(run(page, "gain=10&short=8&long=12&steps=400"), "theory", "nlgp")
    assert "ran away" in theory["problem"]


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("run?short=4&long=4", 400, "expected short < long: the first class must be the"),
        ("run?short=5&long=4", 400, "Lower the short correlation length or raise the long one."),
        ("run?gain=0", 400, "gain=0.0; expected a finite number > 0."),
        ("run?gain=nan", 400, "gain=nan; expected a finite number > 0."),
        ("run?gain=1e9", 400, "gain=1e+09; expected a number from 0.01 to 100."),
        ("run?gain=", 400, "gain=''; expected a number."),
        ("run?long=21", 400, "long=21; expected a number from 0.25 to 20."),
        ("run?seed=-1", 400, "seed=-1; expected an integer >= 0."),
        ("run?seed=1.5", 400, "seed='1.5'; expected an integer."),
        ("run?steps=0", 400, "steps=0; expected an integer > 0."),
        ("run?steps=20001", 400, "steps=20001; expected at most 20000."),
        ("run?gian=3", 400, "'gian' is unknown; expected one of gain, short, long, seed, steps."),
        ("page.html", 404, KNOWN_PATHS),
        ("../setup.cfg", 404, KNOWN_PATHS),
        ("run/", 404, KNOWN_PATHS),
    ],
)
def test_unknown_paths_and_parameters_that_are_not_valid_are_refused(page, path, status, message):
    with pytest.raises(HTTPError) as caught:
        urlopen(page.url + path)
    with closing(caught.value) as answer:
        assert answer.status == status
        assert message in answer.read().decode()


def test_a_client_that_goes_away_stops_its_training():
    with LivePage() as page:
        with long_run(page) as answer:
            kinds = [json.loads(answer.readline())["event"] for _ in range(3)]
            assert kinds == ["inputs", "frame", "frame"]
            assert page.n_running == 1
        wait_until(lambda: page.n_running == 0, seconds=2.0)
        assert trainings() == []


def test_of_more_than_four_runs_the_oldest_is_stopped():
    with LivePage() as page, ExitStack() as stack:
        oldest, *_ = [stack.enter_context(long_run(page)) for _ in range(5)]
        assert json.loads(oldest.readlines()[-1])["event"] == "stopped"
        wait_until(lambda: page.n_running == 4)


def test_closing_ends_trainings_and_frees_the_port():
    page = LivePage()
    with long_run(page):
        page.close()
    assert not page.is_open
    assert page.n_running == 0
    assert trainings() == []
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the old one may linger
        free.bind(("127.0.0.1", page.port))
    page.close()
    assert repr(page) == "<LivePage closed>"
    assert page._repr_html_() == "<p>This page is closed.</p>"


def test_a_page_has_the_height_and_the_defaults_it_is_given():
    options = {"gain": 0.5, "correlation_length": (1.0, 3.0), "random_state": 7, "height": 700}
    with LivePage(**options) as page:
        html, defaults = page._repr_html_(), settings_of(page)["defaults"]
        assert repr(page) == f"<LivePage {page.url}>"
    assert html.startswith(f'<iframe src="{page.url}" title="Receptive fields, live"')
    assert 'height="700"' in html
    assert defaults == {"gain": 0.5, "short": 1.0, "long": 3.0, "seed": 7, "steps": 2000}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": -1}, r"port=-1; expected an integer >= 0\."),
        ({"height": 0}, r"height=0; expected an integer > 0\."),
        ({"correlation_length": (4.0, 2.0)}, "the first class must be the short-range one"),
        ({"correlation_length": 4.0}, r"correlation_length=4\.0 has 1 value\(s\); expected 2"),
        ({"random_state": None}, "seed=None; expected an integer >= 0"),
    ],
)
def test_a_page_with_parameters_that_are_not_valid_is_not_served(options, message):
    with pytest.raises(ValueError, match=message):
        LivePage(**options)


def test_a_page_listens_on_this_machine_alone_and_on_a_port_of_its_own(page):
    assert page._server.server_address[0] == "127.0.0.1"
    with pytest.raises(OSError, match="in use"):
        LivePage(page.port)


def test_the_page_has_matplotlibs_colours_and_may_fetch_nothing_from_elsewhere(page):
    expected = [to_hex(color) for color in mpl.colormaps["cividis"].colors]
    assert settings_of(page)["field_colors"] == expected
    with urlopen(page.url) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert not re.search(r"https?:|//[a-z]|@import|url\(", html_of(page))
    assert policy.startswith("default-src 'none'; ")
    assert "connect-src 'self'" in policy


@pytest.mark.parametrize("option", ["--gain=2", "--quick", "--out=there", "--dim=2"])
def test_options_of_other_commands_are_refused(option, capsys):
    assert main([option, "live"]) == 2
    name = option.split("=")[0]
    assert f"{name} is no option of live." in capsys.readouterr().err


def test_the_command_serves_the_page_until_it_is_interrupted():
    command = [sys.executable, "-m", "rfsk", "live", "--no-browser", "--seed", "3"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        url = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())[0]
        with urlopen(url) as answer:
            assert '"seed": 3' in answer.read().decode()
        process.send_signal(signal.SIGINT)
        _, shown = process.communicate(timeout=20)
    assert (process.returncode, shown) == (0, "")


def test_the_command_opens_the_browser_at_the_page(monkeypatch, capsys):
    opened = []

    def fetch(url):
        with urlopen(url) as answer:
            opened.append((url, answer.status))
        raise KeyboardInterrupt

    monkeypatch.setattr(webbrowser, "open", fetch)
    assert main(["live"]) == 0
    ((url, status),) = opened
    assert status == 200
    assert f"The page is at {url}; Ctrl-C ends it." in capsys.readouterr().out
