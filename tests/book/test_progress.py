"""The reader's progress in the page: the map of the course, and the record that page and notebook share.

The page keeps to the rules of lifcore/grading/record.py. So the expected values of reading and merging are those of
Python for the same files; what a file holds is written by hand.
"""

import json
import random

import pytest
import yaml
from bs4 import BeautifulSoup
from grading.test_checking import FOREIGN

from lifcore.grading import record
from lifcore.grading.record import Progress

PAGE = "intro.html"
KEY = "lif-course-progress"
MODULE = "import(document.querySelector('script[src*=\"progress.js\"]').src)"


class Reader:
    """A reader on the first page: what the browser has kept, and what the map says."""

    def __init__(self, page):
        self.page = page
        self.map = page.locator("#course-map")

    def keep(self, text):
        """What another page of the book would have kept."""
        self.page.evaluate(
            """([key, text]) => {
                text === null ? localStorage.removeItem(key) : localStorage.setItem(key, text);
                dispatchEvent(new StorageEvent("storage", { key }));
            }""", [KEY, text])

    @property
    def kept(self):
        return self.page.evaluate("key => localStorage.getItem(key)", KEY)

    def answer(self, page, name, right):
        self.page.evaluate(
            "detail => document.dispatchEvent(new CustomEvent('lif:selfcheck', { detail }))",
            {"page": page, "id": name, "right": right})

    def choose(self, text, name="progress.json"):
        """Imports a file, and says what the page says."""
        data = text if isinstance(text, bytes) else text.encode()
        said = self.map.locator("[role=status]")
        said.evaluate("said => { said.textContent = ''; }")
        self.map.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "application/json", "buffer": data})
        self.page.wait_for_function("() => document.querySelector('#course-map [role=status]').textContent")
        return said.inner_text()

    def results(self, name):
        return self.map.locator(f"#map-{name} .map-result").all_inner_texts()

    @property
    def chapters(self):
        """What the map is told, by the name of the chapter."""
        known = json.loads(self.page.locator("#course-map-data").text_content())
        return {chapter["set"]: chapter for chapter in known}

    def everything_of(self, name):
        """A record in which all of a chapter is done."""
        chapter = self.chapters[name]
        points = {id: {"points": most, "maximum": most, "attempts": 0} for id, most in chapter["points"].items()}
        answers = {id: {"right": True, "attempts": 1} for id in chapter["checks"]}
        return Progress({name: points}, {chapter["page"]: answers} if answers else {})


@pytest.fixture
def reader(shared_page):
    reader = Reader(shared_page(PAGE))
    reader.keep(None)
    reader.page.report.errors.clear()
    yield reader
    assert reader.page.report.errors == []


def text_of(progress, tmp_path):
    """The file that Python writes."""
    path = tmp_path / "written.json"
    record.write(path, progress)
    return path.read_text()


def read_text(text, tmp_path):
    """What Python reads in a file."""
    path = tmp_path / "read.json"
    path.write_text(text, encoding="utf-8")
    return record.read(path)


# The map ------------------------------------------------------------------------------------------------------

def test_the_map_is_a_list_of_links_without_scripts(built_book, root):
    """Parts and chapters are those of _toc.yml, each chapter with a question and its exercises."""
    parts = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    parts = {part["caption"]: [chapter["file"].removesuffix(".md") for chapter in part["chapters"]] for part in parts}
    sets = parts.pop("Exercises")
    del parts["Reference"]
    drawn = BeautifulSoup((built_book / PAGE).read_text(encoding="utf-8"), "html.parser").find(id="course-map")
    assert [title.get_text() for title in drawn.find_all("h3")] == list(parts)
    rows = drawn.find_all("li")
    links = [[link["href"] for link in row.find_all("a") if "map-here" not in link["class"]] for row in rows]
    chapters = [chapter for part in parts.values() for chapter in part]
    assert [found[0] for found in links] == [f"{chapter}.html" for chapter in chapters]
    assert [found[1] for found in links] == [f"{name}.html" for name in sets]
    assert all(row.find(class_="map-question").get_text().endswith("?") for row in rows)
    (here,) = drawn.find_all(class_="map-here")
    assert here.get_text() == "Start here" and here["href"] == links[0][0]


def test_results_stand_beside_their_chapter(reader, tmp_path):
    # The points of the set, counted by hand: 2 2 2 3 2 2 2 3 4.
    assert reader.results("neuron")[-1] == "0 of 22 points"
    # A question that the set no longer has does not count, nor do more points than it gives today.
    some = {"q1": {"points": 1.5, "maximum": 2, "attempts": 4}, "q2": {"points": 5, "maximum": 5, "attempts": 0},
            "gone": {"points": 9, "maximum": 9, "attempts": 0}}
    reader.keep(text_of(Progress({"neuron": some}), tmp_path))
    assert reader.results("neuron")[-1] == "3.5 of 22 points"
    assert reader.results("noise")[-1].startswith("0 of ")


def test_a_page_with_self_checks_says_how_many_are_right(reader):
    """The numbers of questions are known from the build; here the map is drawn again with two."""
    page = reader.chapters["noise"]["page"]
    reader.answer(page, "one", True)
    reader.answer(page, "two", False)
    found = reader.page.evaluate(
        """async ([page, progress]) => {
            const { results } = await import(new URL("_static/coursemap.js", document.baseURI));
            return results({ page, set: "noise", checks: ["one", "two", "three"], points: {} }, JSON.parse(progress));
        }""", [page, reader.kept])
    assert (found["right"], found["asked"], found["tried"], found["done"]) == (1, 3, True, False)


def test_go_on_where_something_is_left(reader, tmp_path):
    here = reader.map.locator(".map-here")

    def place():
        return here.evaluate("here => here.closest('li').id"), here.inner_text()

    assert place() == ("map-neuron", "Start here")
    done = reader.everything_of("neuron")
    reader.keep(text_of(done, tmp_path))
    assert place() == ("map-noise", "Go on here")
    assert here.get_attribute("href").endswith("noise.html")
    done.sets["cloud"] = {"q1": {"points": 0, "maximum": 2, "attempts": 1}}
    reader.keep(text_of(done, tmp_path))
    assert place() == ("map-cloud", "Go on here")
    # Behind the last chapter, back to the first that is left.
    done.sets.pop("cloud")
    last = reader.everything_of("limits")
    reader.keep(text_of(record.merged(done, last), tmp_path))
    assert place() == ("map-noise", "Go on here")
    everything = Progress()
    for name in reader.chapters:
        everything = record.merged(everything, reader.everything_of(name))
    reader.keep(text_of(everything, tmp_path))
    assert here.is_hidden()
    reader.keep(None)
    assert place() == ("map-neuron", "Start here") and here.is_visible()


# The record ---------------------------------------------------------------------------------------------------

def test_answers_are_kept(reader, tmp_path):
    """Once right stays right, and every answer counts."""
    for right in (False, True, False):
        reader.answer("chapters/a", "one", right)
    reader.answer("chapters/a", "constructor", False)
    reader.answer("chapters/b", "__proto__", True)
    assert read_text(reader.kept, tmp_path) == Progress({}, {
        "chapters/a": {"one": {"right": True, "attempts": 3}, "constructor": {"right": False, "attempts": 1}},
        "chapters/b": {"__proto__": {"right": True, "attempts": 1}},
    })


def random_record(rng):
    """A record with few names, so that two of them have some in common; some names are those of JavaScript's own."""
    names = ["a", "b", "toString", "__proto__", "7"]

    def group(entry):
        return {name: {id: entry() for id in rng.sample(names, rng.randrange(4))}
                for name in rng.sample(names, rng.randrange(4))}

    def points():
        maximum = rng.choice([1, 2, 2.5, 7])
        entry = {"points": rng.choice([0, 0.1, 0.5, 1]) * maximum, "maximum": maximum, "attempts": rng.randrange(4)}
        return entry | ({"title": f"Frage {rng.randrange(9)} “ü”"} if rng.random() < 0.5 else {})

    return Progress(group(points), group(lambda: {"right": rng.random() < 0.5, "attempts": rng.randrange(4)}))


def test_merging_follows_the_rules_of_python(reader):
    """The same three hundred pairs of records on both sides."""
    rng = random.Random(12)
    pairs = [(random_record(rng), random_record(rng)) for _ in range(300)]
    # As text: Playwright's own way into the page loses "__proto__".
    given = json.dumps([[vars(one), vars(other)] for one, other in pairs])
    found = reader.page.evaluate(
        f"""async (given) => {{
            const {{ merged }} = await {MODULE};
            return JSON.stringify(JSON.parse(given).map(([one, other]) => merged(one, other)));
        }}""", given)
    for (one, other), both in zip(pairs, json.loads(found), strict=True):
        assert Progress(**both) == record.merged(one, other)


def test_reading_follows_the_rules_of_python(reader, tmp_path):
    """Each file is good for both or for none, and what is good is written so that Python reads the same."""
    rng = random.Random(13)
    good = [text_of(random_record(rng), tmp_path) for _ in range(40)]
    good.append(json.dumps({"format": "lifcore progress", "version": 1.0, "sets": {}, "colour": "red"}))
    texts = good + FOREIGN
    found = reader.page.evaluate(
        f"""async (texts) => {{
            const {{ format, parse }} = await {MODULE};
            return texts.map((text) => {{
                try {{
                    return ["good", format(parse(text))];
                }} catch (error) {{
                    return [error.constructor.name, error.message];
                }}
            }});
        }}""", texts)
    for text, (kind, answer) in zip(texts, found, strict=True):
        if text in good:
            assert kind == "good" and read_text(answer, tmp_path) == read_text(text, tmp_path)
        else:
            assert kind == "ProgressError", text[:80]
            with pytest.raises(record.RecordError):
                read_text(text, tmp_path)


def test_a_file_goes_from_python_through_the_browser_and_back(reader, tmp_path):
    points = {"neuron": {"q1": {"points": 2, "maximum": 2, "attempts": 3, "title": "The rheobase of a cell"}}}
    old = text_of(Progress(points), tmp_path)
    assert "checks" not in json.loads(old)
    reader.answer("chapters/physicist/noise", "one", True)
    assert reader.choose(old) == "progress.json is taken over: of every question the better result stays."
    assert reader.results("neuron")[-1] == "2 of 22 points"
    with reader.page.expect_download() as download:
        reader.map.locator('[data-action="export"]').click()
    assert download.value.suggested_filename == "progress.json"
    download.value.save_as(tmp_path / "exported.json")
    answers = {"chapters/physicist/noise": {"one": {"right": True, "attempts": 1}}}
    assert record.read(tmp_path / "exported.json") == Progress(points, answers)


@pytest.mark.parametrize("content, reason", [
    ("{", "cannot be read as a progress file"),
    (b"\xff\xfe", "cannot be read as a progress file"),
    (b"\xef\xbb\xbf{}", "cannot be read as a progress file"),
    ('{"a": 1}', "is not a progress file of this course"),
    ('{"format": "lifcore progress", "version": 9}', "is a progress file of version 9; this page reads 1"),
    ('{"format": "lifcore progress", "version": 1}', "its “sets” do not hold points of questions"),
    ('{"format": "lifcore progress", "version": 1, "sets": {}, "checks": 1}', "do not hold answers to self-checks"),
])
def test_a_foreign_file_is_explained_and_changes_nothing(reader, content, reason):
    reader.answer("chapters/a", "one", True)
    before = reader.kept
    said = reader.choose(content, "holiday.json")
    assert said.startswith("holiday.json ") and reason in said and said.endswith(". Nothing was changed.")
    assert reader.kept == before


def test_a_file_can_be_dropped_on_the_map(reader, tmp_path):
    drop = """(map, [name, text]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([text ?? new Uint8Array(4100000)], name));
        map.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }"""
    done = text_of(reader.everything_of("neuron"), tmp_path)
    for name, text, said in (("film.json", None, "is too large for a progress file"), ("a.json", done, "is taken over")):
        reader.map.evaluate(drop, [name, text])
        reader.map.locator("[role=status]").filter(has_text=f"{name} {said}").wait_for()
        assert (reader.kept is None) == (text is None)
    assert reader.results("neuron")[-1] == "22 of 22 points"


def test_a_reset_asks_first(reader):
    reader.answer("chapters/a", "one", True)
    for answer, is_kept in (("dismiss", True), ("accept", False)):
        reader.page.once("dialog", lambda dialog, answer=answer: getattr(dialog, answer)())
        reader.map.locator('[data-action="reset"]').click()
        assert (reader.kept is not None) == is_kept


def test_a_damaged_record_is_left_alone_until_it_is_reset(reader):
    reader.keep('{"format": "something else"}')
    complaint = reader.map.locator(".map-complaint")
    assert "is not a progress file of this course" in complaint.inner_text()
    reader.answer("chapters/a", "one", True)
    good = '{"format": "lifcore progress", "version": 1, "sets": {}}'
    assert "Nothing was changed" in reader.choose(good)
    assert reader.kept == '{"format": "something else"}'
    reader.page.once("dialog", lambda dialog: dialog.accept())
    reader.map.locator('[data-action="reset"]').click()
    assert reader.kept is None and complaint.is_hidden()
    reader.answer("chapters/a", "one", True)
    assert reader.kept is not None


# As in a window that allows nothing, and in one whose room is used up; only for us, since the theme has no answer to it.
WITHOUT_STORAGE = """for (const name of METHODS) {
    const method = Storage.prototype[name];
    Storage.prototype[name] = function (key, ...rest) {
        if (key === "lif-course-progress") throw new DOMException("", "SecurityError");
        return method.call(this, key, ...rest);
    };
}"""
WITHOUT_STORAGE = {
    "off": WITHOUT_STORAGE.replace("METHODS", '["getItem", "setItem", "removeItem"]'),
    "full": WITHOUT_STORAGE.replace("METHODS", '["setItem"]'),
}


@pytest.mark.parametrize("kind", WITHOUT_STORAGE)
def test_a_browser_that_keeps_nothing(open_page, kind, tmp_path):
    page = open_page(PAGE, prepare=lambda page: page.add_init_script(WITHOUT_STORAGE[kind]))
    reader = Reader(page)
    chapter = reader.chapters["neuron"]
    done = reader.everything_of("neuron")
    assert "is taken over" in reader.choose(text_of(done, tmp_path))
    reader.answer(chapter["page"], "one", True)
    assert reader.results("neuron")[-1] == "22 of 22 points"
    complaints = page.get_by_text("This browser keeps nothing for this page")
    assert complaints.count() == 1 and complaints.is_visible()
    with page.expect_download() as download:
        reader.map.locator('[data-action="export"]').click()
    download.value.save_as(tmp_path / "exported.json")
    assert record.read(tmp_path / "exported.json").checks[chapter["page"]]["one"] == {"right": True, "attempts": 1}
    assert page.report.errors == []


def test_other_pages_keep_answers_and_do_not_complain(open_page):
    forbid = WITHOUT_STORAGE["off"]
    page = open_page("chapters/reference/glossary.html", prepare=lambda page: page.add_init_script(forbid))
    Reader(page).answer("chapters/a", "one", True)
    assert page.get_by_text("keeps nothing").count() == 0 and page.report.errors == []
