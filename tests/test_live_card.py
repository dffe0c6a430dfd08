"""What a figure's card can do, shown by a figure of its own in a page of its own: long work in pieces, a slider that
plays, a choice, a sheet to draw on, 32-bit arrays, every kind of series.

The dice are thrown by the xorshift generator of Marsaglia (2003), which is written out here with Python's integers.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import traitlets
from screenshots import serve

from lifcore.kernels import kernel
from lifcore.live._figure import Choice, Control, Drawing, LiveFigure, Play, Readout
from lifcore.live.identity import css_properties

PIECE, SEED = 100_000, 2463534242


@kernel("u4(u4[::1], i8, u4[::1])")
def throw_dice(state, throws, counts):
    x = state[0]
    for _ in range(throws):
        # Two 32-bit integers make a 64-bit one in numba.
        x = np.uint32(x ^ (x << 13))
        x = np.uint32(x ^ (x >> 17))
        x = np.uint32(x ^ (x << 5))
        counts[x % np.uint32(6)] += np.uint32(1)
    state[0] = x
    return x


class Dice(LiveFigure):
    """Dice."""

    title = "Dice"
    caption = "Throw more dice, or fewer."
    description = "The share of each face."
    entry = Path(__file__).with_name("live") / "probe.js"
    kernels = (throw_dice,)
    fixed = {"piece": PIECE, "seed": SEED, "neurons": 1_250_000}
    shown = (Readout("t", "time", "s", 2), Readout("sixes", "sixes"), Readout("thrown", "throws"))
    play = Play("t", speed=1.0)

    t = Control(0.0, 0.0, 2.0, 0.02, "time", "t", "s")
    pieces = Control(10.0, 1.0, 5000.0, 1.0, "pieces")
    shape = Choice("bars", {"bars": "bars", "points": "points", "area": "area", "line": "line", "raster": "raster_x"},
                   "drawn as")
    sheet = Drawing("000000000000", 3, 4, "sheet", {"bar": "0f000f000f00", "dot": "000000800000"})

    def readouts(self):
        counts = np.zeros(6, np.uint32)
        throw_dice(np.array([SEED], np.uint32), PIECE * int(self.pieces), counts)
        return {"t": self.t, "sixes": int(counts[5]), "thrown": int(counts.sum())}

    def draw(self, figure):
        figure.subplots().plot([1, 6], [1 / 6, 1 / 6])


def xorshift(throws):
    x, counts = SEED, [0] * 6
    for _ in range(throws):
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        counts[x % 6] += 1
    return x, counts


PAGE = """<!doctype html><html data-theme="light"><head><meta charset="utf-8"><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="live.css">
<script type="application/vnd.jupyter.widget-state+json">{state}</script></head>
<body style="margin: 8px"><div class="live-figure" id="Dice" style="--live-height-wide: 0; --live-height-narrow: 0">
<div class="live-stage"><script type="application/vnd.jupyter.widget-view+json">{{"model_id": "dice"}}</script></div></div>
<div style="height: 3000px"></div><script type="module" src="anywidget-static.js"></script></body></html>"""


@pytest.fixture(scope="module")
def address(root, tmp_path_factory):
    """A page with the figure and the host of the book's pages, served."""
    folder = tmp_path_factory.mktemp("page")
    state = Dice().get_state()
    (folder / "dice.js").write_text(state.pop("_esm"), encoding="utf-8")
    (folder / "dice.css").write_text(css_properties() + state.pop("_css"), encoding="utf-8")
    state = {name: value for name, value in state.items() if not name.startswith("_") and name != "layout"}
    state |= {"_esm_file": "dice.js", "_css_file": "dice.css"}
    for name in ("anywidget-static.js", "live.css"):
        shutil.copy(root / "assets" / name, folder)
    text = PAGE.format(state=json.dumps({"state": {"dice": {"state": state}}}))
    (folder / "index.html").write_text(text, encoding="utf-8")
    server, address = serve(folder)
    yield address
    server.shutdown()


class View:
    """The figure in a page."""

    def __init__(self, page):
        self.page = page
        self.card = page.locator(".live-card")
        self.card.wait_for()

    def rest(self):
        """Wait until nothing is left to do."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.page.wait_for_selector(".live-card:not([data-busy])")

    def busy(self):
        return self.card.get_attribute("data-busy")

    def slide(self, name, value):
        self.card.locator(f'input[data-control="{name}"]').evaluate(
            "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }", value)

    def value(self, name):
        return float(self.card.locator(f'.live-control:has(input[data-control="{name}"]) output').get_attribute(
            "data-value"))

    def readouts(self):
        read = "card => [...card.querySelectorAll('[data-readout]')].map(o => [o.dataset.readout, o.dataset.value])"
        return {name: float(text) for name, text in self.card.evaluate(read)}

    def log(self):
        return self.page.evaluate("({ ...probe })")

    def picture(self):
        return self.card.evaluate("card => card.querySelector('canvas').toDataURL()")

    @property
    def sheet(self):
        return self.card.get_by_role("grid", name="sheet")

    def drawn(self):
        """The drawing, after the next frame."""
        self.rest()
        return self.sheet.get_attribute("data-value")

    def pixel(self, row, column):
        """The middle of a pixel, counted from 0."""
        box = self.sheet.get_by_role("gridcell").nth(4 * row + column).bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    @property
    def player(self):
        return self.card.locator('[data-action="play"]')


@pytest.fixture
def view(chromium, address):
    """Opens the page: ``view(query, width=390)``; in the end no page may have logged an error."""
    pages, errors = [], []

    def open_view(query="", width=1000, height=900, **options):
        page = chromium.new_page(viewport={"width": width, "height": height}, **options)
        pages.append(page)
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}/index.html{query}")
        return View(page)

    yield open_view
    for page in pages:
        page.close()
    assert errors == []


def test_the_probe_throws_as_published():
    counts = np.zeros(6, np.uint32)
    state = np.array([SEED], np.uint32)
    last = throw_dice(state, 1000, counts)
    assert (int(last), counts.tolist()) == xorshift(1000) and state[0] == last


def test_numbers_of_the_work_are_those_of_python(view):
    shown = view()
    shown.rest()
    _, counts = xorshift(10 * PIECE)
    assert shown.readouts() == {"t": 0.0, "sixes": counts[5], "thrown": 10 * PIECE} == Dice().readouts()
    assert shown.log()["steps"] == 10


def test_what_is_not_known_yet_is_not_shown(view):
    shown = view()
    shown.rest()
    height = shown.card.bounding_box()["height"]
    shown.slide("pieces", 5000)
    shown.page.wait_for_function("probe.updates === 2")
    assert shown.busy() == "true"
    sixes = shown.card.locator('[data-readout="sixes"]')
    assert sixes.inner_text() == "…" and sixes.get_attribute("data-value") == ""
    assert shown.card.bounding_box()["height"] == height


def test_a_change_cancels_the_work_and_starts_it_again(view):
    shown = view()
    shown.rest()
    shown.slide("pieces", 5000)
    shown.page.wait_for_function("probe.steps > 30")
    shown.slide("pieces", 20)
    shown.rest()
    assert shown.readouts() == Dice(pieces=20.0).readouts() | {"t": 0.0}
    steps = shown.log()["steps"]
    assert steps < 10 + 5000
    shown.page.wait_for_timeout(100)
    assert shown.log()["steps"] == steps


def test_a_long_work_draws_as_it_goes_and_answers_meanwhile(view):
    shown = view()
    shown.rest()
    shown.slide("pieces", 5000)
    before = shown.log()
    pictures = set()
    while shown.busy() and len(pictures) < 3:
        pictures.add(shown.picture())
        shown.page.wait_for_timeout(20)
    assert len(pictures) == 3 and shown.log()["shows"] > before["shows"] + 2
    # The time is shown by a line only: the work goes on through a change of it.
    shown.slide("t", 0.5)
    shown.rest()
    assert shown.log()["steps"] == 10 + 5000
    assert shown.readouts() == Dice(t=0.5, pieces=5000.0).readouts()


def test_frames_go_on_under_work(view):
    shown = view()
    shown.slide("pieces", 5000)
    frames = shown.page.evaluate("""async () => {
        const start = performance.now();
        let frames = 0;
        while (performance.now() - start < 600) { await new Promise(requestAnimationFrame); frames += 1; }
        return frames / 0.6;
    }""")
    print(f"{frames:.0f} frames/s while a simulation runs")
    # The aim is 30; the bound leaves room for a busy machine.
    assert frames > 12 and shown.busy()


def test_work_rests_out_of_sight(view):
    shown = view()
    shown.rest()
    shown.page.evaluate("window.scrollTo(0, 2500)")
    shown.page.wait_for_timeout(200)
    steps = shown.log()["steps"]
    shown.slide("pieces", 40)
    shown.page.wait_for_timeout(200)
    assert shown.log()["steps"] == steps and shown.busy() == "true"
    shown.page.evaluate("window.scrollTo(0, 0)")
    shown.page.wait_for_function("probe.steps === 50")
    shown.rest()
    assert shown.readouts() == Dice(pieces=40.0).readouts()


def test_play_runs_with_the_clock_to_the_end(view):
    shown = view("?Dice.t=1.2")
    shown.rest()
    shown.page.wait_for_timeout(150)
    assert shown.value("t") == 1.2 and shown.player.inner_text() == "Play"
    shown.player.focus()
    start = shown.page.evaluate("performance.now()")
    shown.page.keyboard.press("Space")
    assert shown.player.inner_text() == "Pause" and shown.player.get_attribute("aria-label") == "Pause: time"
    shown.page.wait_for_function("document.querySelector('[data-readout=t]').dataset.value === '2'")
    taken = (shown.page.evaluate("performance.now()") - start) / 1000
    assert 0.7 < taken < 2.5
    assert shown.player.inner_text() == "Play" and shown.value("t") == 2.0
    # From its end it starts again.
    shown.page.keyboard.press("Enter")
    shown.page.wait_for_function("document.querySelector('[data-readout=t]').dataset.value < 1")


def test_play_pauses_on_the_steps_of_its_slider(view):
    shown = view()
    shown.rest()
    shown.player.click()
    shown.page.wait_for_function("document.querySelector('[data-readout=t]').dataset.value > 0.2")
    shown.player.click()
    shown.rest()
    t = shown.value("t")
    assert t / 0.02 == pytest.approx(round(t / 0.02), abs=1e-9)
    shown.page.wait_for_timeout(200)
    assert shown.value("t") == t == shown.readouts()["t"]
    assert shown.readouts() == Dice(t=t).readouts()


@pytest.mark.parametrize("hand", ["reset", "slider"])
def test_play_yields_to_the_reader(view, hand):
    shown = view()
    shown.rest()
    shown.player.click()
    shown.page.wait_for_function("document.querySelector('[data-readout=t]').dataset.value > 0.1")
    if hand == "reset":
        shown.card.locator('[data-action="reset"]').click()
    else:
        shown.slide("t", 0.4)
    shown.rest()
    shown.page.wait_for_timeout(200)
    assert shown.player.inner_text() == "Play" and shown.value("t") == (0.0 if hand == "reset" else 0.4)


def test_play_goes_on_when_something_else_changes(view):
    shown = view()
    shown.rest()
    shown.player.click()
    shown.slide("pieces", 60)
    shown.page.wait_for_function("document.querySelector('[data-readout=t]').dataset.value > 0.3")
    assert shown.player.inner_text() == "Pause"
    shown.player.click()
    shown.rest()
    assert shown.log()["steps"] == 70, "the work went on while the clock did"


def test_play_is_quiet_until_it_stops(view):
    shown = view()
    shown.rest()
    announcement = shown.card.locator('[aria-live="polite"]')
    plot = shown.card.locator('.live-plot[role="img"]')
    assert plot.get_attribute("aria-label") == "1000000 throws at 0 s."
    shown.player.click()
    shown.page.wait_for_timeout(1000)
    assert announcement.inner_text() == "" and shown.player.inner_text() == "Pause"
    shown.player.click()
    shown.page.wait_for_timeout(800)
    assert announcement.inner_text() == plot.get_attribute("aria-label") == f"1000000 throws at {shown.value('t'):g} s."


def test_a_long_work_is_announced_when_it_is_done(view):
    shown = view()
    shown.rest()
    shown.page.evaluate("""() => {
        window.said = [];
        const place = document.querySelector('[aria-live="polite"]');
        new MutationObserver(() => said.push(place.textContent)).observe(place, { childList: true });
    }""")
    shown.slide("pieces", 200)
    shown.rest()
    shown.page.wait_for_timeout(800)
    assert shown.page.evaluate("said") == [f"{200 * PIECE} throws at 0 s."]


def test_play_in_few_steps_where_motion_is_unwanted(view):
    shown = view(reduced_motion="reduce")
    shown.rest()
    updates = shown.log()["updates"]
    shown.player.click()
    shown.page.wait_for_function("document.querySelector('[data-readout=t]').dataset.value === '2'")
    # Two seconds, four steps in each.
    assert 4 <= shown.log()["updates"] - updates <= 9
    assert shown.player.inner_text() == "Play"


def test_choice_by_keyboard_and_in_the_address(view):
    shown = view("?Dice.shape=points")
    shown.rest()
    chosen = shown.card.locator('input[data-control="shape"]:checked')
    assert chosen.get_attribute("value") == "points"
    group = shown.card.get_by_role("radiogroup", name="drawn as")
    assert group.get_by_role("radio").count() == 5
    chosen.focus()
    shown.page.keyboard.press("ArrowRight")
    shown.rest()
    assert chosen.get_attribute("value") == "area" and chosen.evaluate("input => input === document.activeElement")
    shown.card.locator('[data-action="link"]').click()
    assert "Dice.shape=area" in shown.page.url and shown.page.url.endswith("#Dice")
    again = view(shown.page.url.partition("index.html")[2])
    again.rest()
    assert again.card.locator('input[data-control="shape"]:checked').get_attribute("value") == "area"
    again.card.locator('[data-action="reset"]').click()
    again.rest()
    assert again.card.locator('input[data-control="shape"]:checked').get_attribute("value") == "bars"
    junk = view("?Dice.shape=pie")
    junk.rest()
    assert junk.card.locator('input[data-control="shape"]:checked').get_attribute("value") == "bars"


def test_every_kind_of_series_in_both_themes_and_sizes(view):
    for theme, width in (("light", 1000), ("dark", 390)):
        shown = view(width=width)
        shown.page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        pictures = set()
        for name in ("bars", "points", "area", "line", "raster"):
            shown.card.locator(f'input[value="{name}"]').check()
            shown.rest()
            pictures.add(shown.picture())
        assert len(pictures) == 5
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
        for element in shown.card.locator("input, button, output, label").all():
            box = element.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width


# A picture of a narrow page is the same whether the page was narrow at first or became so.
def test_series_follow_the_width(view):
    for name in ("bars", "points", "raster"):
        narrow, other = view(f"?Dice.shape={name}", width=500), view(f"?Dice.shape={name}", width=1000)
        narrow.rest()
        other.rest()
        wide = other.picture()
        other.page.set_viewport_size({"width": 500, "height": 900})
        other.page.wait_for_timeout(200)
        assert other.picture() == narrow.picture() != wide


def test_arrays_of_every_type(view):
    """The room that a figure asks for is there, and not more; types have the names of signatures."""
    shown = view()
    shown.rest()
    source = """async (code) => {
        const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
        const { loadKernels } = await import(address);
        const kernels = await loadKernels(100);
        const errors = [];
        for (const attempt of [() => kernels.array(1e6), () => kernels.array(1, "c16"),
                               () => kernels.throw_dice(kernels.array(1), 1, kernels.array(6, "u4"))]) {
            try { attempt(); } catch (error) { errors.push(error.message); }
        }
        const state = kernels.array(1, "u4");
        state[0] = %d;
        const last = kernels.throw_dice(state, 3, kernels.array(6, "u4"));
        const names = ["f8", "f4", "i8", "u8", "i4", "u4", "i2", "u2", "i1", "u1", "b1"];
        return [names.map(name => kernels.array(2, name).constructor.name), errors, last, state[0]];
    }""" % SEED
    code = Dice()._esm.replace("export default", "export { loadKernels };\nconst unused =")
    names, errors, last, state = shown.page.evaluate(source, code)
    assert names == [
        "Float64Array", "Float32Array", "BigInt64Array", "BigUint64Array", "Int32Array", "Uint32Array", "Int16Array",
        "Uint16Array", "Int8Array", "Uint8Array", "Uint8Array"]
    assert errors == [
        "no room for 1000000 f8: floats of the figure, 100, must be larger",
        "type must be one of f8, f4, i8, u8, i4, u4, i2, u2, i1, u1, b1, got c16",
        "throw_dice: state must be a u4 array made by kernels.array()"]
    assert last == state == xorshift(3)[0]


# A pen leaves full ink within half a pixel of its stroke, none a pixel away, and in between in proportion.

def test_a_stroke_of_the_mouse(view):
    shown = view()
    before = shown.picture()
    shown.page.mouse.move(*shown.pixel(1, 0))
    shown.page.mouse.down()
    shown.page.mouse.move(*shown.pixel(1, 2), steps=3)
    assert shown.drawn() == "0000fff00000"
    assert shown.picture() != before
    shown.page.mouse.move(*shown.pixel(2, 3))
    shown.page.mouse.up()
    # The pixels beside a diagonal are 1/sqrt(2) from it: 15 (2 - sqrt(2)) = 8.8.
    assert shown.drawn() == "0000fff9009f"
    shown.page.mouse.move(*shown.pixel(0, 0))
    assert shown.drawn() == "0000fff9009f", "without a button down nothing is drawn"


def test_a_touch_is_one_pixel(view):
    shown = view(width=390, has_touch=True)
    x, y = shown.pixel(2, 1)
    shown.page.touchscreen.tap(x + 8, y - 9)
    assert shown.drawn() == "000000000f00"
    shown.card.get_by_role("button", name="Erase").tap()
    shown.page.touchscreen.tap(x - 5, y)
    assert shown.drawn() == "000000000000"


def test_eraser_examples_and_clear(view):
    shown = view()
    shown.card.get_by_role("button", name="Example: bar").click()
    assert shown.drawn() == "0f000f000f00"
    eraser = shown.card.get_by_role("button", name="Erase")
    assert eraser.get_attribute("aria-pressed") == "false"
    eraser.click()
    assert eraser.get_attribute("aria-pressed") == "true"
    shown.page.mouse.move(*shown.pixel(0, 1))
    shown.page.mouse.down()
    shown.page.mouse.move(*shown.pixel(1, 1), steps=2)
    shown.page.mouse.up()
    assert shown.drawn() == "000000000f00"
    shown.card.get_by_role("button", name="Example: dot").click()
    assert shown.drawn() == "000000800000"
    shown.card.get_by_role("button", name="Clear").click()
    assert shown.drawn() == "000000000000"


def test_drawing_by_keyboard(view):
    shown = view()
    pixel = shown.sheet.locator('[tabindex="0"]')
    assert pixel.count() == 1
    pixel.focus()
    for key, drawn in (("Space", "f00000000000"), ("ArrowRight", "f00000000000"), ("Enter", "ff0000000000"),
                       ("Shift+ArrowDown", "ff000f000000"), ("Space", "ff0000000000"), ("Home", "ff0000000000"),
                       ("ArrowLeft", "ff0000000000"), ("Space", "ff00f0000000"), ("End", "ff00f0000000"),
                       ("Shift+ArrowUp", "ff0ff00f0000")):
        shown.page.keyboard.press(key)
        assert shown.drawn() == drawn, key
    # The cursor is where the focus is, and a line says so.
    here = shown.page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert here == "row 1, column 4: full" and pixel.get_attribute("aria-label") == here
    assert shown.sheet.get_by_role("gridcell").nth(9).get_attribute("aria-label") == "row 3, column 2: empty"
    description = shown.sheet.get_attribute("aria-describedby")
    assert "space" in shown.page.locator(f"#{description}").inner_text()


def test_drawing_in_the_address(view):
    shown = view("?Dice.sheet=0123456789af")
    assert shown.drawn() == "0123456789af"
    assert shown.sheet.get_by_role("gridcell").nth(5).get_attribute("aria-label") == "row 2, column 2: 33 per cent"
    shown.card.locator('[data-action="link"]').click()
    assert "Dice.sheet=0123456789af" in shown.page.url
    shown.card.locator('[data-action="reset"]').click()
    assert shown.drawn() == "000000000000"
    for junk in ("0123", "0123456789aG", "0123456789AF", "0123456789af0", "%20"):
        assert view(f"?Dice.sheet={junk}").drawn() == "000000000000", junk


def test_pixels_are_large_enough_for_a_finger(view):
    """The least size of a target that WCAG 2.2 asks for is 24 by 24 CSS pixels (criterion 2.5.8)."""
    for width in (1000, 390):
        box = view(width=width).sheet.get_by_role("gridcell").first.bounding_box()
        assert box["width"] >= 24 and box["height"] == pytest.approx(box["width"], abs=0.1)


# The Python side.

@pytest.mark.parametrize("value, problem", [
    ("0" * 11, "got 11 of them"), ("0" * 13, "got 13 of them"), ("00000g000000", "got 'g' at index 5"),
    ("00000A000000", "got 'A' at index 5"), (12, "got 12"), (None, "got None")])
def test_bad_drawing_names_control_value_and_form(value, problem):
    form = f"must be 12 hexadecimal digits 0 to f, one for each of 3 by 4 pixels, {problem}"
    with pytest.raises(traitlets.TraitError) as error:
        Dice(sheet=value)
    assert str(error.value) == f"sheet {form}"
    with pytest.raises(ValueError) as error:
        Drawing(value, 3, 4, "sheet")
    assert str(error.value) == f"default {form}"
    with pytest.raises(ValueError) as error:
        Drawing("0" * 12, 3, 4, "sheet", {"one": value})
    assert str(error.value) == f"one {form}"


def test_drawing_is_a_trait_that_is_described():
    figure = Dice(sheet="0123456789af")
    assert figure.controls()["sheet"].ink(figure.sheet) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 15]]
    figure.set_state({"sheet": "f" * 12})
    assert figure.values["sheet"] == "f" * 12
    assert figure.card["controls"][3] == {
        "kind": "drawing", "name": "sheet", "label": "sheet", "rows": 3, "columns": 4,
        "examples": [["bar", "0f000f000f00"], ["dot", "000000800000"]]}


@pytest.mark.parametrize("value", ["pie", 1, None, ["bars"]])
def test_bad_choice_names_control_value_and_options(value):
    with pytest.raises(traitlets.TraitError) as error:
        Dice(shape=value)
    assert str(error.value) == f"shape must be one of 'bars', 'points', 'area', 'line', 'raster', got {value!r}"
    with pytest.raises(ValueError, match="default must be one of 'a', 'b', got 'c'"):
        Choice("c", {"a": "A", "b": "B"}, "letter")


def test_choice_is_a_trait_that_is_described():
    figure = Dice()
    figure.set_state({"shape": "line"})
    assert figure.shape == "line" and figure.values["shape"] == "line"
    assert figure.card["controls"][2] == {
        "kind": "choice", "name": "shape", "label": "drawn as", "options": [
            ["bars", "bars"], ["points", "points"], ["area", "area"], ["line", "line"], ["raster", "raster_x"]]}
    assert figure.card["play"] == {"control": "t", "speed": 1.0}
    assert "drawn\N{NO-BREAK SPACE}as\N{NO-BREAK SPACE}line" in figure._still_footer()


@pytest.mark.parametrize("play, message", [
    (Play("shape", 1.0), "play must name one of t, pieces, got 'shape'"),
    (Play("V", 1.0), "play must name one of t, pieces, got 'V'"),
    (Play("t", 0.0), "speed of play must be finite and greater than 0, got 0.0"),
])
def test_bad_play(play, message):
    with pytest.raises(ValueError, match=message):
        type("Other", (Dice,), {"play": play})
