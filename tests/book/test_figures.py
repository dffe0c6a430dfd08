"""The live figures in the page, with no Python behind them.

What the page shows is compared with what `lifcore` computes here for the same parameters: the same 64 bits.

A page is opened once wide and once as on a phone, and the tests of its figures share it. A simulation is waited for
only where its numbers or its picture are looked at: the next change ends it.
"""

import base64
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import lifcore.live
from lifcore.live import (
    Anytime, BalancePole, BalancedNetwork, Bombardment, Calibration, Cloud, DeadGradient, DeadZone, DrawDigit,
    EnergyClaim, EulerStability, EventStream, FICurve, FalseSpike, FirstSpike, FiveMachines, GradientThroughTime,
    HiddenSignal, HiddenVelocity, Intervals, LearningCurve, LightResponse, MembraneTrace, MissedCrossings,
    NyquistCurve, Overflow, PhasePlane, RateResponse, RealisedTimeConstant, RefractoryPhase, ResonanceCurve,
    SelfConsistency, SiliconMembrane, SlowInput, SpikeShift, StationaryDensity, StrengthDuration, Surrogates,
    ThreeLosses, ThreeWays, TradeOff,
)

FIGURES = [
    FirstSpike,
    MembraneTrace, FICurve, StrengthDuration, LightResponse, Bombardment, Intervals, MissedCrossings, Cloud,
    StationaryDensity, RateResponse, HiddenSignal, ResonanceCurve, RefractoryPhase,
    SiliconMembrane, Calibration,
    DeadZone, Overflow, FalseSpike,
    FiveMachines, TradeOff,
    RealisedTimeConstant, SpikeShift, EulerStability,
    EventStream, DrawDigit, Anytime, EnergyClaim,
    DeadGradient, Surrogates, GradientThroughTime, ThreeLosses,
    BalancePole, LearningCurve, HiddenVelocity,
    SelfConsistency, BalancedNetwork,
    SlowInput, PhasePlane,
    ThreeWays, NyquistCurve,
]
ROOT = Path(__file__).parents[2]
NAMES = [figure.__name__ for figure in FIGURES]
MODULES = list(dict.fromkeys(lifcore.live.HOMES[name] for name in NAMES))
WIDE = {"color_scheme": "light", "permissions": ["clipboard-read", "clipboard-write"]}
PHONE = {"width": 390, "height": 844, "has_touch": True}
# Resolves to the card's height when the figure has answered, and if asked for when nothing is left to simulate.
REST = """async (card, toTheEnd) => {
    const frame = () => new Promise(done => requestAnimationFrame(done));
    const start = performance.now();
    await frame();
    await frame();
    while (toTheEnd && card.dataset.busy) {
        if (performance.now() - start > 30000) throw new Error("the figure is still busy after 30 s");
        await frame();
    }
    return card.getBoundingClientRect().height;
}"""


@pytest.fixture(scope="session")
def where(built_book, pages):
    """The page on which each figure first stands."""
    found = {}
    for name in pages:
        text = (built_book / name).read_text(encoding="utf-8")
        for figure in NAMES:
            if f'class="live-figure" id="{figure}"' in text:
                found.setdefault(figure, name)
        if 'class="live-figure"' in text:
            assert name in found.values(), f"the figures of {name} stand on another page first, and none opens it"
    assert sorted(found) == sorted(NAMES), "every figure of the chapter stands on a page of the book"
    return found


class LivePage:
    """A page opened at one of its figures."""

    def __init__(self, page, figure):
        self.page = page
        self.figure = figure
        self.place = page.locator(f"#{figure.__name__}")
        self.card = self.place.locator(".live-card")
        self.card.wait_for()
        self.place.evaluate("place => place.scrollIntoView({ block: 'center', behavior: 'instant' })")
        self.height = self.card.evaluate("card => card.getBoundingClientRect().height")
        self.glance()

    def settle(self):
        """Until the figure shows what its controls say; a simulation may take a while. The card keeps its height."""
        assert self.card.evaluate(REST, True) == self.height, self.values()

    def glance(self):
        """Until the figure has answered; a simulation may still run. The card keeps its height."""
        assert self.card.evaluate(REST, False) == self.height, self.values()

    def reset(self):
        """Back to the first state, without waiting for it."""
        self.card.locator('[data-action="reset"]').click()
        self.glance()

    def input(self, control):
        """What has the keyboard's focus: of a choice, the button that is chosen; of a drawing, the pixel of the cursor."""
        if self.kind(control) == "drawing":
            return self.card.locator(f'[role="grid"][data-control="{control}"] [tabindex="0"]')
        return self.card.locator(f'input[data-control="{control}"]:not([type="radio"]:not(:checked))')

    def next_key(self, control):
        """The key that changes a control."""
        return "Space" if self.kind(control) in ("toggle", "drawing") else "ArrowRight"

    def kind(self, control):
        return self.figure.controls()[control].described()["kind"]

    @property
    def first_slider(self):
        return next(name for name in self.figure.controls() if self.kind(name) == "slider")

    def values(self):
        """Parameters as the page has them."""
        read = """card => Object.fromEntries(
            [...card.querySelectorAll('[data-control]:not([type="radio"]:not(:checked))')].map(input => [
                input.dataset.control,
                input.role === "grid" ? input.dataset.value
                    : input.type === "checkbox" ? input.checked
                    : input.type === "radio" ? input.value
                    : Number(card.querySelector(`output[for="${input.id}"]`).dataset.value)]))"""
        found = self.card.evaluate(read)
        return {name: float(value) if self.kind(name) == "slider" else value for name, value in found.items()}

    def readouts(self):
        """Numbers as the page has them, in full."""
        read = """card => Object.fromEntries(
            [...card.querySelectorAll("[data-readout]")].map(
                output => [output.dataset.readout, output.dataset.value]))"""
        return {name: parse(text) for name, text in self.card.evaluate(read).items()}

    def picture(self):
        """What is drawn, as text that differs when the picture does."""
        return self.card.evaluate(
            """card => [...card.querySelectorAll("canvas")].map(canvas => canvas.toDataURL()).join() +
               [...card.querySelectorAll(".live-handle")].map(handle => handle.style.transform).join()""")

    def boxes(self, selector):
        """Where the card's parts are that a selector finds: x, y, width and height."""
        return self.card.evaluate(
            """(card, selector) => [...card.querySelectorAll(selector)].map(
                part => part.getBoundingClientRect().toJSON())""", selector)

    def attributes(self, selector, name):
        """An attribute of each of the card's parts that a selector finds."""
        return self.card.evaluate(
            "(card, [selector, name]) => [...card.querySelectorAll(selector)].map(part => part.getAttribute(name))",
            [selector, name])

    def assert_equal_to_python(self):
        expected = self.figure(**self.values()).readouts()
        assert self.readouts() == expected

    def drag(self, x0, y0, x1, y1):
        self.page.mouse.move(x0, y0)
        self.page.mouse.down()
        for k in range(1, 6):
            self.page.mouse.move(x0 + (x1 - x0) * k / 5, y0 + (y1 - y0) * k / 5)
        self.page.mouse.up()
        self.glance()


def pages_of(module, where):
    """The pages on which the figures of a module stand, and which stand on each."""
    found = {}
    for figure in FIGURES:
        if lifcore.live.HOMES[figure.__name__] == module:
            found.setdefault(where[figure.__name__], []).append(figure)
    return found


def parse(text):
    """A number as JavaScript writes it."""
    if text in ("true", "false"):
        return text == "true"
    return float(text.replace("Infinity", "inf"))


@pytest.fixture
def live(open_page, where):
    """Opens the page of a figure for one test: `live(FICurve, query="?FICurve.I=0.3", width=390)`."""

    def open_figure(figure, query="", **options):
        view = LivePage(open_page(where[figure.__name__] + query, wait=False, **options), figure)
        view.settle()
        return view

    return open_figure


@pytest.fixture
def phone(shared_page, where):
    """A figure on a narrow page that the figures beside it use too, with what the test before has left."""

    def open_figure(figure):
        return LivePage(shared_page(where[figure.__name__], **PHONE), figure)

    return open_figure


@pytest.fixture(scope="module")
def opened(request, shared_page, where):
    """A figure on a wide page that several tests use one after the other."""
    view = LivePage(shared_page(where[request.param.__name__], **WIDE), request.param)
    if view.values() != view.figure().values:
        view.reset()
    view.settle()
    view.first = view.picture()
    return view


@pytest.fixture
def view(opened):
    """The open figure with its first values; what they give is not waited for."""
    if opened.values() != opened.figure().values:
        opened.reset()
    opened.page.report.errors.clear()
    yield opened
    assert opened.page.report.errors == []


each_figure = pytest.mark.parametrize("opened", FIGURES, indirect=True)


@each_figure
def test_first_view_equals_python(view):
    view.settle()
    assert len(view.readouts()) == len(view.figure.shown)
    view.assert_equal_to_python()
    assert view.picture() == view.first


@each_figure
def test_theme(view):
    view.settle()
    paper = view.card.evaluate("card => getComputedStyle(card).backgroundColor")
    view.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    view.settle()
    assert view.card.evaluate("card => getComputedStyle(card).backgroundColor") != paper
    assert view.picture() != view.first
    view.page.evaluate("document.documentElement.dataset.theme = 'light'")
    view.settle()
    assert view.picture() == view.first


@each_figure
def test_reset(view):
    for name in view.figure.controls():
        view.input(name).press("PageUp" if view.kind(name) == "slider" else view.next_key(name))
    # No need to wait for a simulation: a reader does not.
    view.glance()
    assert view.values() != view.figure().values
    view.reset()
    view.settle()
    assert view.values() == view.figure().values and view.picture() == view.first


@each_figure
def test_keyboard(view):
    """A key changes one value; what the page then shows is looked at when the mouse and the ends have changed it."""
    for name in view.figure.controls():
        before = view.values()
        view.input(name).focus()
        view.page.keyboard.press(view.next_key(name))
        view.glance()
        assert view.values()[name] != before[name]
        assert {k: v for k, v in view.values().items() if k != name} == {k: v for k, v in before.items() if k != name}


@each_figure
def test_mouse(view):
    picture = view.first
    for name, control in view.figure.controls().items():
        if view.kind(name) == "slider":
            continue
        if view.kind(name) == "toggle":
            view.input(name).click()
        elif view.kind(name) == "choice":
            view.card.locator(f'input[data-control="{name}"]:not(:checked)').last.click()
        else:
            sheet = view.card.locator(f'[role="grid"][data-control="{name}"]')
            sheet.scroll_into_view_if_needed()
            box, before = sheet.bounding_box(), view.values()[name]
            x, y, side = box["x"], box["y"], box["width"] / control.columns
            view.drag(x + 0.5 * side, y + 0.5 * side, x + 2.5 * side, y + 0.5 * side)
            # Full ink along the stroke, and nothing a pixel away from it.
            assert view.values()[name] == "fff" + before[3:]
        view.settle()
        before, picture = picture, view.picture()
        assert picture != before, f"{name} changes nothing"
        view.assert_equal_to_python()
    for name in view.figure.controls():
        if view.kind(name) == "slider":
            view.input(name).scroll_into_view_if_needed()
            box = view.input(name).bounding_box()
            middle = box["y"] + box["height"] / 2
            view.drag(box["x"] + 0.2 * box["width"], middle, box["x"] + 0.83 * box["width"], middle)
            low, high, step, value = view.input(name).evaluate(
                "input => [input.min, input.max, input.step, input.value].map(Number)")
            # The thumb has a width, and stands on a step.
            assert (value - low) / (high - low) == pytest.approx(0.83, abs=0.05 + 0.5 * step / (high - low))
    view.settle()
    view.assert_equal_to_python()


@each_figure
def test_ends_of_every_slider(view):
    """All go to the one end, one after the other, and then to the other; each changes the picture."""
    sliders = {name: control for name, control in view.figure.controls().items() if view.kind(name) == "slider"}
    changes, picture = set(), view.first
    for end in ("Home", "End"):
        for name, control in sliders.items():
            view.input(name).press(end)
            view.settle()
            assert view.values()[name] == (control.minimum if end == "Home" else control.maximum)
            view.assert_equal_to_python()
            before, picture = picture, view.picture()
            if picture != before:
                changes.add(name)
    # Where the others are at their ends one may have no say.
    for name in sliders.keys() - changes:
        view.reset()
        view.input(name).press(view.next_key(name))
        view.settle()
        assert view.picture() != view.first, f"{name} changes nothing"


@pytest.mark.parametrize("opened", [MembraneTrace, FICurve, StrengthDuration], indirect=True)
def test_point_that_can_be_dragged(view):
    handle = view.card.locator(".live-handle").first
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box["width"] >= 40 and box["height"] >= 40
    before = view.values()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    view.drag(x, y, x + 60, y - 40)
    view.settle()
    assert view.values() != before
    view.assert_equal_to_python()


@pytest.mark.parametrize("opened", [FICurve], indirect=True)
def test_magnified_point_goes_between_the_steps(view):
    view.input("zoom").click()
    view.settle()
    box = view.card.locator(".live-handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    view.drag(x, y, x - 250, y)
    view.settle()
    assert 0 < view.values()["I"] / view.readouts()["rheobase"] - 1 < 1e-2
    view.assert_equal_to_python()


@pytest.mark.parametrize("module", MODULES)
def test_page_does_not_move_when_its_figures_come_to_life(shared_page, where, module):
    """On a phone none does: tests/book/test_pages.py. Google's bound for a good page is 0.1."""
    for name in pages_of(module, where):
        moved = shared_page(name, **WIDE).report.moved
        print(f"{name}: layout shift {moved:.3f}")
        assert moved < 0.1, name


@pytest.mark.parametrize("module", MODULES)
def test_print_has_the_stills(shared_page, where, module):
    for name, figures in pages_of(module, where).items():
        page = shared_page(name, **WIDE)
        page.locator(f"#{figures[-1].__name__} .live-card").wait_for()
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.wait_for_function(
            "[...document.querySelectorAll('img.live-still')].every(still => still.complete && still.naturalWidth)")
        for media in ("print", "screen"):
            page.emulate_media(media=media)
            for figure in figures:
                assert page.locator(f"#{figure.__name__} img.live-still").is_visible() == (media == "print")
                assert page.locator(f"#{figure.__name__} .live-card").is_visible() == (media == "screen")


def python_code(view):
    """The Python program that the page gives for a figure as it stands; it is on the clipboard too."""
    view.card.locator('[data-action="python"]').click()
    dialog = view.page.get_by_role("dialog")
    dialog.get_by_text("Copied to the clipboard.").wait_for()
    code = dialog.locator("code").inner_text()
    assert view.page.evaluate("navigator.clipboard.readText()").strip() == code.strip()
    view.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    return code


def run(code, folder, monkeypatch, capsys):
    """The figure that a program of the page makes, what it prints, and the picture that it writes."""
    names = {}
    with monkeypatch.context() as patch:
        patch.chdir(folder)
        exec(compile(code, "page", "exec"), names)
    return names["figure"], capsys.readouterr().out, (folder / f"{type(names['figure']).__name__}.png").read_bytes()


def test_stills_come_for_print_when_the_page_is_read(open_page, where):
    """Those out of sight are not part of what a page needs at first; later all of them are there."""
    page = open_page(where["MembraneTrace"], height=400, prepare=lambda page: page.clock.install())
    stills = page.locator("img.live-still")
    assert stills.last.evaluate("still => still.naturalWidth") == 0
    page.clock.fast_forward(11_000)
    page.wait_for_function(
        "[...document.querySelectorAll('img.live-still')].every(still => still.complete && still.naturalWidth)")


@pytest.mark.parametrize("module", MODULES)
def test_link_and_code_restore_the_state(shared_page, open_page, where, module, tmp_path, monkeypatch, capsys):
    """A link keeps what the reader has made of every figure of a page, and so does the code of each in Python."""
    # To draw forty pictures takes long; that of one program is drawn below, and each figure's in tests/test_live.py.
    monkeypatch.setattr(lifcore.live.LiveFigure, "still", lambda figure: repr(figure).encode())
    for name, figures in pages_of(module, where).items():
        views = [LivePage(shared_page(name, **WIDE), figure) for figure in figures]
        for view in views:
            view.reset()
            for control in view.figure.controls():
                view.input(control).press("ArrowLeft" if view.kind(control) == "slider" else view.next_key(control))
            view.glance()
            view.card.locator('[data-action="link"]').click()
            address = view.page.evaluate("navigator.clipboard.readText()")
            assert address == view.page.url and address.endswith(f"#{view.figure.__name__}")
            view.code = python_code(view)
        # Out of sight they rest.
        view.page.evaluate("window.scrollTo(0, 0)")
        page = open_page(f"{name}?{address.partition('?')[2]}", wait=False)
        for view in views:
            restored = LivePage(page, view.figure)
            restored.settle()
            assert restored.values() == view.values()
            figure, printed, picture = run(view.code, tmp_path, monkeypatch, capsys)
            assert isinstance(figure, view.figure) and figure.values == view.values()
            numbers, _, source = printed.partition("\n")
            assert eval(numbers, {"inf": float("inf")}) == restored.readouts() and "def readouts(self)" in source
            assert picture == repr(figure).encode()
            restored.reset()
            assert restored.values() == view.figure().values != view.values()
        assert page.report.errors == []


def test_code_has_what_differs_from_the_defaults(live, tmp_path, monkeypatch, capsys):
    """A whole program of the page, with its picture; expected values are those that the address sets."""
    view = live(FICurve, query="?FICurve.zoom=true&FICurve.I=0.2003#FICurve", permissions=WIDE["permissions"])
    code = python_code(view)
    assert "figure = live.FICurve(I=0.2003, zoom=True)\n" in code
    figure, _, picture = run(code, tmp_path, monkeypatch, capsys)
    assert picture == figure.still() != FICurve().still()
    view.reset()
    assert "figure = live.FICurve()\n" in python_code(view)


def test_code_without_a_clipboard(live):
    """It is selected, so that the reader's own keys copy it; the keyboard opens and closes it."""
    view = live(MembraneTrace, prepare=lambda page: page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', { value: undefined })"))
    button = view.card.locator('[data-action="python"]')
    button.press("Enter")
    dialog = view.page.get_by_role("dialog")
    dialog.get_by_text("Selected").wait_for()
    assert dialog.locator("code").inner_text().strip() == view.page.evaluate("getSelection().toString()").strip()
    dialog.get_by_role("button", name="Close").press("Enter")
    dialog.wait_for(state="hidden")
    assert button.evaluate("button => button === document.activeElement")
    assert view.page.report.errors == []


def test_notebook_of_a_figure_runs(live, tmp_path):
    """The notebook that the page makes is valid, and shows the page's numbers and the figure's picture."""
    view = live(FICurve, query="?FICurve.zoom=true&FICurve.I=0.2003#FICurve")
    with view.page.expect_download() as waiting:
        view.card.locator('[data-action="notebook"]').click()
    assert waiting.value.suggested_filename == "FICurve.ipynb"
    waiting.value.save_as(tmp_path / "FICurve.ipynb")
    notebook = nbformat.read(tmp_path / "FICurve.ipynb", as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    first = nbformat.read(ROOT / "chapters" / "physicist" / "neuron.ipynb", as_version=4).cells[0].source
    assert next(cell for cell in notebook.cells if cell.cell_type == "code").source == first
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()
    output = {cell.id: cell.outputs[-1] for cell in notebook.cells if cell.cell_type == "code" and cell.outputs}
    assert output["figure"].data["text/plain"] == repr(FICurve(zoom=True, I=0.2003))
    assert output["numbers"].data["text/plain"].replace("\n ", " ") == repr(view.readouts())
    assert base64.b64decode(output["picture"].data["image/png"]) == FICurve(zoom=True, I=0.2003).still()
    assert "def readouts(self)" in output["source"].text


@pytest.mark.parametrize("figure", FIGURES)
def test_narrow_screen(phone, figure):
    view = phone(figure)
    assert view.page.evaluate("document.documentElement.scrollWidth") <= 390
    for box in view.boxes("input, button, output, .live-plot, label, .live-caption"):
        assert box["width"] > 0 and box["x"] >= 0 and box["x"] + box["width"] <= 390
    for box in view.boxes('input[type="range"]'):
        assert box["height"] >= 40
    for box in view.boxes('[role="gridcell"]'):
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["width"] >= 24 and box["height"] >= 24


@pytest.mark.parametrize("figure", FIGURES)
def test_for_readers_who_do_not_see(phone, figure):
    """The page is one where nothing has been touched, so that no figure has spoken."""
    view = phone(figure)
    view.settle()
    names = """card => [...card.querySelectorAll("input, button")].map(element =>
        (element.labels?.[0] ?? element).textContent.trim() || element.getAttribute("aria-label"))"""
    assert all(view.card.evaluate(names))
    assert all(view.attributes('input[type="range"]', "aria-valuetext"))
    # Without it JupyterLab takes the arrow keys (Lumino looks for it on the element that has the focus).
    for part in ('input[type="range"]', '[role="gridcell"]'):
        assert set(view.attributes(part, "data-lm-suppress-shortcuts")) <= {"true"}
    for label in view.attributes('[role="grid"]', "aria-labelledby"):
        assert view.page.locator(f"#{label}").inner_text()
    assert all(text.startswith("row ") for text in view.attributes('[role="gridcell"]', "aria-label"))
    plot = view.card.locator('.live-plot[role="img"]').first
    before = plot.get_attribute("aria-label")
    assert before
    announcement = view.card.locator('[aria-live="polite"]')
    assert announcement.inner_text() == ""
    for _ in range(6):
        view.input(view.first_slider).press("ArrowRight")
    assert announcement.inner_text() == ""
    view.settle()
    view.page.wait_for_function(
        "id => document.querySelector(`#${id} [aria-live=polite]`).textContent", arg=figure.__name__)
    assert announcement.inner_text() == plot.get_attribute("aria-label") != before


@pytest.mark.parametrize("figure", FIGURES)
def test_card_keeps_its_height_on_a_phone(phone, figure):
    """On a wide screen every other test sees to it, whenever the figure settles."""
    view = phone(figure)
    for name in figure.controls():
        for key in ["Home", "End"] if view.kind(name) == "slider" else 2 * [view.next_key(name)]:
            view.input(name).press(key)
            view.glance()
        view.settle()


def test_value_between_the_steps_is_kept(live):
    view = live(MembraneTrace, query="?MembraneTrace.I=0.2003#MembraneTrace")
    assert view.values()["I"] == 0.2003
    view.assert_equal_to_python()


def test_junk_in_the_address_is_ignored(live):
    plain = live(MembraneTrace).values()
    for junk in ("I=abc", "I=", "I=7", "I=NaN", "I=%00", "R=%"):
        view = live(MembraneTrace, query=f"?MembraneTrace.{junk}&=&%&tau_m=7")
        assert view.values() == plain and view.page.report.errors == [], junk


def test_theme_button_of_the_page(live):
    view = live(MembraneTrace, color_scheme="light")
    light = view.picture()
    button = view.page.locator(".theme-switch-button").first
    for _ in range(3):
        button.click()
        view.settle()
        if view.page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert view.picture() != light


def test_touch(live):
    view = live(MembraneTrace, width=390, height=844, has_touch=True)
    box = view.input("I").bounding_box()
    view.page.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + box["height"] / 2)
    view.settle()
    assert view.values()["I"] == pytest.approx(0.45, abs=0.02)
    view.assert_equal_to_python()


@pytest.mark.parametrize("figure", FIGURES)
def test_still_without_javascript(shared_page, where, figure):
    page = shared_page(where[figure.__name__], java_script_enabled=False)
    still = page.locator(f"#{figure.__name__} img.live-still")
    still.scroll_into_view_if_needed()
    assert still.is_visible() and still.bounding_box()["width"] > 300
    assert page.locator(f"#{figure.__name__} .live-card").count() == 0
    # No room is kept free for a figure that will not come.
    place = page.locator(f"#{figure.__name__}").bounding_box()
    assert place["height"] < still.bounding_box()["height"] + 60


def test_failure_says_so_and_keeps_the_still(open_page, where):
    page = open_page(
        where["MembraneTrace"], prepare=lambda page: page.route("**/live-*.js", lambda route: route.abort()))
    place = page.locator("#MembraneTrace")
    place.locator(".live-error").wait_for()
    assert "could not come to life" in place.locator(".live-error").inner_text()
    still = place.locator("img.live-still")
    still.scroll_into_view_if_needed()
    still.wait_for()


def test_figures_out_of_sight_rest(live):
    view = live(LightResponse, height=500)
    view.page.evaluate("window.scrollTo(0, 0)")
    page_top = view.card.bounding_box()["y"]
    if page_top < 900:
        view.page.evaluate("document.querySelector('#LightResponse').style.marginTop = '2000px'")
    view.page.wait_for_timeout(200)
    picture = view.picture()
    move = "input => { input.value = 0.5; input.dispatchEvent(new Event('input')); }"
    view.input("light").evaluate(move)
    view.page.wait_for_timeout(200)
    assert view.picture() == picture and view.card.get_attribute("data-busy") == "true"
    view.place.evaluate("place => place.scrollIntoView({ behavior: 'instant' })")
    view.page.wait_for_timeout(200)
    assert view.picture() != picture
    view.assert_equal_to_python()


MEASURE = """async ([id, name]) => {
    const input = document.querySelector(`#${id} input[data-control="${name}"]`);
    const readouts = () => [...document.querySelectorAll(`#${id} [data-readout]`)].map(o => o.dataset.value).join();
    const frame = () => new Promise(done => requestAnimationFrame(done));
    const [low, high] = [Number(input.min), Number(input.max)];
    const move = share => {
        input.value = low + share * (high - low);
        input.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const answers = [];
    for (let k = 0; k < 8; k += 1) {
        const before = readouts(), start = performance.now();
        move(k % 2 ? 0.9 : 0.35);
        while (readouts() === before && performance.now() - start < 3000) await frame();
        answers.push(performance.now() - start);
    }
    let frames = 0;
    const start = performance.now();
    while (performance.now() - start < 1000) { move(0.5 + 0.4 * Math.sin(frames / 5)); await frame(); frames += 1; }
    return [answers.sort((a, b) => a - b)[4], answers.at(-1), frames / (performance.now() - start) * 1000];
}"""


@each_figure
def test_fast_enough(view):
    # The best of three: other tests share the machine.
    for _ in range(3):
        median, worst, frames = view.page.evaluate(MEASURE, [view.figure.__name__, view.first_slider])
        print(f"{view.figure.__name__}: answers in {median:.0f} ms (worst {worst:.0f} ms), drags at {frames:.0f} frames/s")
        # The aims are 100 ms and 30 frames/s; the bounds leave room for a busy machine without a graphics card.
        if median < 500 and frames > 10:
            return
    assert median < 500 and frames > 10


def test_first_life(open_page, where):
    start = time.perf_counter()
    page = open_page(where["MembraneTrace"], wait=False)
    page.locator("#MembraneTrace .live-card").wait_for()
    print(f"from the request to the first live figure: {1000 * (time.perf_counter() - start):.0f} ms")


def test_every_figure_is_tested():
    assert sorted(set(lifcore.live.__all__) - {"LiveFigure", "use_style"}) == sorted(NAMES)
