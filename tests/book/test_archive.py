"""The archive of the book, unpacked and opened as a file: its figures live, and nothing is asked of anybody."""

import zipfile

import archive
import pytest

from lifcore.live import FirstSpike


@pytest.fixture(scope="module")
def unpacked(built_book, tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    archive.pack(built_book, folder / "book.zip")
    with zipfile.ZipFile(folder / "book.zip") as packed:
        packed.extractall(folder)
    return folder / archive.NAME / "book"


def test_every_page_hands_its_modules_over(unpacked):
    for path in unpacked.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert 'type="module"' not in page and "modulepreload" not in page, path


def test_the_first_page_lives_as_a_file(unpacked, new_page):
    page = new_page(width=390, height=844)
    page.goto((unpacked / "intro.html").as_uri())
    card = page.locator("#FirstSpike .live-card")
    card.wait_for()
    for name, key in (("held", "End"), ("I", "ArrowRight")):
        card.locator(f'input[data-control="{name}"]').press(key)
    values = {name: float(card.locator(f'output[for="{card.locator(f"input[data-control={name}]").get_attribute("id")}"]')
                          .get_attribute("data-value")) for name in ("held", "I")}
    expected = FirstSpike(**values).readouts()
    page.wait_for_function("() => !document.querySelector('#FirstSpike .live-card').dataset.busy")
    shown = {name: float(card.locator(f'[data-readout="{name}"]').get_attribute("data-value")) for name in expected}
    assert shown == expected
    # What is loaded only when it is asked for.
    card.locator('[data-action="python"]').click()
    assert "live.FirstSpike(" in page.locator("dialog[open] code").inner_text()
    page.locator("#course-map-data").wait_for(state="attached")
    page.get_by_role("button", name="Export").wait_for()
    assert page.report.errors == [] and [url for url in page.report.foreign if not url.startswith("file:")] == []
    page.close()
