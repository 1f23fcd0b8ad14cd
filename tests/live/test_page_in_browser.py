"""The page in a real browser: fields form, sliders change them, and errors are shown in words."""

import shutil

import pytest

from rfsk.live import LivePage

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
_NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, _NAMES)), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"needs one of {_NAMES} on the path")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
# Faster and shorter than in a lecture; fields have nevertheless formed after FORMED.
FAST = "speed=64&steps=60"
FORMED = "speed=64&steps=300"
CANVASES = ("nlgp-inputs", "clone-inputs", "nlgp-fields", "clone-fields", "course")
COUNT_COLORS = """name => {
    const canvas = document.getElementById(name);
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(pixels.data.buffer)).size;
}"""
TOO_WIDE = """() => [...document.querySelectorAll('header, section, table, h2, h3, p, label')]
    .filter((part) => part.getBoundingClientRect().right > innerWidth
        || part.scrollWidth > part.clientWidth + 1)
    .map((part) => part.textContent)"""
NOTE_STEPS = """window.seen = new Set();
    setInterval(() => {
        const time = document.getElementById('time');
        if (time) seen.add(Number(time.value));
    }, 5)"""


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def live():
    with LivePage() as live:
        yield live


def open_tab(browser, live):
    """Open a tab that must ask for nothing but the page, and in which nothing may go wrong."""
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.faults, tab.asked = [], []

    def note_failure(request):
        is_given_up = "/run?" in request.url and request.failure == "net::ERR_ABORTED"
        if not is_given_up:  # by the page, for another run
            tab.faults.append(f"{request.url}: {request.failure}")

    tab.on("pageerror", lambda error: tab.faults.append(str(error)))
    tab.on("console", lambda message: tab.faults.append(message.text))
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("requestfailed", note_failure)
    yield tab
    tab.close()
    assert [url for url in tab.asked if not url.startswith((live.url, "data:"))] == []
    assert tab.faults == []


@pytest.fixture
def tab(browser, live):
    yield from open_tab(browser, live)


@pytest.fixture(scope="module")
def ended(browser, live):
    """A tab that shows the end of a run at gain 3, with its theory."""
    for tab in open_tab(browser, live):
        run(tab, live, "gain=3", FORMED)
        wait_for_theory(tab)
        yield tab


def wait_for(tab, state, run=1):
    tab.wait_for_selector(f"body[data-state={state}][data-run='{run}']", timeout=60_000)


def wait_for_theory(tab):
    tab.wait_for_selector("body[data-theory=both]", timeout=60_000)


def run(tab, live, query, pace=FAST):
    """Go to the end of a run and return its numbers."""
    tab.goto(f"{live.url}?{pace}&{query}")
    wait_for(tab, "done")
    return numbers(tab)


def numbers(tab):
    """Mean IPR: NLGP of b > 0 and b < 0, then the same of its clone."""
    return [float(tab.text_content(f"#now-{row}")) for row in range(4)]


def picture(tab, name="nlgp-fields"):
    return tab.evaluate(f"document.getElementById('{name}').toDataURL()")


def test_fields_localize_on_the_inputs_and_not_on_their_clone(ended):
    found = numbers(ended)
    assert found[0] > 2.0 * found[2]
    assert float(ended.text_content("#theory-0")) == pytest.approx(found[0], rel=0.5)
    assert ended.text_content("#verdict") == "Index 1.07: above 1, fields localize"
    kurtosis = "Excess kurtosis of a pixel: \N{MINUS SIGN}1.76 (Gaussian: 0)."
    assert kurtosis in ended.text_content("#kurtosis")
    assert all(ended.evaluate(COUNT_COLORS, name) > 10 for name in CANVASES)


def test_a_slider_moved_by_the_keyboard_and_a_new_seed_train_new_nets(tab, live):
    weak = run(tab, live, "gain=0.1&seed=4", FORMED)
    assert weak[0] == pytest.approx(weak[2], rel=0.15)  # nearly Gaussian: as its clone
    assert tab.text_content("#verdict") == "Index 0.98: below 1, fields do not localize"
    shown = {name: picture(tab, name) for name in CANVASES}
    tab.focus("#gain")
    tab.keyboard.press("End")
    assert tab.text_content("#gain-value") == "10"
    wait_for(tab, "done", run=2)
    assert numbers(tab)[0] > 1.5 * weak[0]
    assert all(picture(tab, name) != shown[name] for name in CANVASES)
    shown = picture(tab)
    tab.click("text=New seed")
    wait_for(tab, "done", run=3)
    assert "gain=10&" in tab.url  # the address can be kept
    assert "seed=5&" in tab.url
    assert picture(tab) != shown


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("short=5&long=4", "the first class must be the short-range one"),
        ("short=much", "short='much'; expected a number."),
    ],
)
def test_a_parameter_that_is_not_valid_is_reported_and_mended_by_a_slider(
    tab, live, query, problem
):
    tab.goto(f"{live.url}?{FAST}&{query}")
    wait_for(tab, "problem")
    alert = tab.get_by_role("alert")
    assert problem in alert.text_content()
    tab.locator("#short").fill("1")
    assert tab.text_content("#short-value") == "1 site"
    assert tab.get_attribute("#short", "aria-valuetext") == "1 site"
    wait_for(tab, "done", run=2)
    assert not alert.is_visible()
    (fault,) = tab.faults  # the browser itself notes the answer
    assert "400 (Bad Request)" in fault
    tab.faults.clear()


def test_a_page_whose_program_has_ended_says_so(tab):
    with LivePage() as gone:
        tab.goto(f"{gone.url}?steps=20000")
        wait_for(tab, "running")
    wait_for(tab, "problem")
    assert "This run was stopped" in tab.text_content("#problem")
    tab.click("text=Start again")
    wait_for(tab, "problem", run=2)
    assert "The program behind this page does not answer" in tab.text_content("#problem")
    tab.faults.clear()
    tab.asked.clear()


def test_a_run_that_breaks_off_is_reported(tab, live, monkeypatch):
    def broken(parameters, stop):
        yield {"event": "frame", "net": "nlgp", "n_frames": 2, "order": [], "fields": ""}

    monkeypatch.setattr("rfsk.live._events.events", broken)
    tab.goto(live.url)
    wait_for(tab, "problem")
    assert "The run broke off" in tab.text_content("#problem")


def test_pausing_holds_the_show(tab, live):
    def shown():
        return tab.input_value("#time"), picture(tab), picture(tab, "course")

    tab.goto(f"{live.url}?speed=1&steps=60")
    wait_for(tab, "running")
    tab.click("text=Pause")
    wait_for_theory(tab)  # it comes nevertheless
    tab.wait_for_timeout(50)
    before = shown()
    tab.wait_for_timeout(400)
    assert shown() == before
    tab.focus("#speed")
    tab.keyboard.press("End")
    tab.click("text=Go on")
    wait_for(tab, "done")
    assert tab.input_value("#time") == tab.get_attribute("#time", "max")


def test_one_can_look_back_and_replay_without_another_training(ended):
    found, shown, asked = numbers(ended), picture(ended), list(ended.asked)
    ended.locator("#time").fill("0")
    ended.wait_for_timeout(100)
    assert numbers(ended)[0] < found[0]
    assert picture(ended) != shown
    ended.locator("#time").fill(ended.get_attribute("#time", "max"))
    ended.wait_for_timeout(100)
    assert numbers(ended) == found
    ended.click("text=Go on")  # at the end: from the start
    wait_for(ended, "done")
    assert (numbers(ended), picture(ended), ended.asked) == (found, shown, asked)


def test_every_control_has_a_name_and_every_picture_a_description(ended):
    for name in ("Gain of the inputs", "Short correlation length", "Long correlation length"):
        assert ended.get_by_role("slider", name=name).count() == 1
    for name in ("Start again", "Replay", "New seed"):
        assert ended.get_by_role("button", name=name).count() == 1
    for name in CANVASES:
        assert len(ended.get_attribute(f"#{name}", "aria-label")) > 40
    assert ended.text_content("#news").startswith("Training done. Mean IPR: NLGP, b > 0 0.")


@pytest.mark.parametrize("size", [(1024, 768), (1920, 1080), (1280, 800)])
def test_the_page_fits_screens_and_projectors(ended, size):
    ended.set_viewport_size({"width": size[0], "height": size[1]})
    ended.wait_for_timeout(100)
    assert ended.evaluate(TOO_WIDE) == []
    assert ended.evaluate("document.documentElement.scrollHeight") <= size[1]


def test_a_notebook_shows_the_page_in_its_frame(tab, live):
    tab.set_content(live._repr_html_())
    frame = tab.frame_locator("iframe[title='Receptive fields, live']")
    frame.locator("body[data-state=running]").wait_for(timeout=60_000)


def test_a_browser_set_to_less_motion_shows_every_tenth_step(browser, live):
    tab = browser.new_page(reduced_motion="reduce")
    tab.add_init_script(NOTE_STEPS)
    tab.goto(f"{live.url}?speed=8&steps=60")
    wait_for(tab, "done")
    last = int(tab.get_attribute("#time", "max"))
    seen = tab.evaluate("[...seen]")
    tab.close()
    assert len(seen) > 2
    assert {step % 10 for step in seen if step not in (1, last)} == {0}
