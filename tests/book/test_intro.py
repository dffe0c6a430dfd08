"""The first page: a neuron on the first screen, alive at once, that fires while a button is held.

What it shows is compared with what `lifcore.live` computes for the same push.
"""

import time

import pytest

from lifcore.live import FirstSpike

PAGE = "intro.html"


class Pushed:
    """The figure, and what it shows."""

    def __init__(self, page):
        self.page = page
        self.card = page.locator("#FirstSpike .live-card")
        self.button = self.card.locator('[data-action="push"]')

    def output(self, name):
        return float(self.card.locator(f'[data-readout="{name}"]').get_attribute("data-value"))

    @property
    def held(self):
        return float(self.card.locator(".live-pushed output").get_attribute("data-value"))

    @property
    def is_running(self):
        return self.button.get_attribute("aria-pressed") == "true"

    def wait_for_spike(self):
        self.page.wait_for_function(
            "() => Number(document.querySelector('#FirstSpike [data-readout=spikes]').dataset.value) > 0")

    def has_let_go(self):
        """The push is over, and the numbers are those of Python."""
        assert not self.is_running
        self.page.wait_for_function("() => !document.querySelector('#FirstSpike .live-card').dataset.busy")
        held = self.held
        self.page.wait_for_timeout(120)
        assert self.held == held
        expected = FirstSpike(held=held).readouts()
        return {name: self.output(name) for name in expected} == expected


@pytest.fixture
def figure(shared_page):
    figure = Pushed(shared_page(PAGE))
    figure.card.locator('[data-action="reset"]').click()
    figure.page.report.errors.clear()
    yield figure
    assert figure.page.report.errors == []


@pytest.mark.parametrize("width, height", [(1280, 900), (390, 844)])
def test_it_is_on_the_first_screen_and_alive_at_once(open_page, width, height):
    start = time.perf_counter()
    page = open_page(PAGE, wait=False, width=width, height=height)
    page.locator("#FirstSpike .live-card").wait_for()
    seconds = time.perf_counter() - start
    print(f"{width} x {height}: alive {1000 * seconds:.0f} ms after the request")
    # The aim is a second; the bound leaves room for a busy machine.
    assert seconds < 4
    for part in (".live-plot", '[data-action="push"]'):
        box = page.locator(f"#FirstSpike {part}").bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= height, part
    assert page.evaluate("window.scrollY") == 0


def test_holding_the_button_fires_the_cell(figure):
    box = figure.button.bounding_box()
    assert box["height"] >= 44 and box["width"] >= 44
    figure.page.mouse.move(box["x"] + 10, box["y"] + 10)
    figure.page.mouse.down()
    assert figure.is_running
    figure.wait_for_spike()
    figure.page.mouse.up()
    assert figure.has_let_go() and figure.held > 20
    before = figure.held
    # The next push begins at nothing.
    figure.page.mouse.down()
    figure.page.wait_for_timeout(120)
    figure.page.mouse.up()
    assert figure.has_let_go() and figure.held < before


@pytest.mark.parametrize("key", ["Space", "Enter"])
def test_holding_a_key_does_the_same(figure, key):
    figure.button.focus()
    figure.page.keyboard.down(key)
    figure.page.wait_for_timeout(300)
    before = figure.held
    # A key that is held comes again and again, and the push goes on.
    figure.page.keyboard.down(key)
    figure.page.wait_for_timeout(100)
    held = figure.held
    assert held >= before
    figure.page.keyboard.up(key)
    assert held > 0 and figure.has_let_go() and figure.held >= held


def test_a_click_without_a_hand_pushes_and_the_next_lets_go(figure):
    """So do screen readers and voices, which cannot hold a button down."""
    figure.button.evaluate("button => button.click()")
    figure.page.wait_for_timeout(150)
    assert figure.is_running and figure.held > 0
    figure.button.evaluate("button => button.click()")
    assert figure.has_let_go()


def test_a_button_that_loses_the_keyboard_is_let_go(figure):
    figure.button.focus()
    figure.page.keyboard.down("Space")
    assert figure.is_running
    figure.button.evaluate("button => button.blur()")
    figure.page.keyboard.up("Space")
    assert figure.has_let_go()
