"""Runs of the grader as an instructor starts them: killed and gone on with, in shares, on a cluster; and what they
leave.

The class of six is made by hand, so its points are known: q1 has 1 + 2 (hidden), q2 has 1, q3 has 1 + 1 (hidden). Every
way to grade it must give what one unbroken run on one machine gives.
"""

import base64
import csv
import io
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from grading.test_bulk import left_running
from grading.toy import ANSWERS, notebook

from lifcore.grading import (
    answers,
    bulk,
    conversation,
    feedback,
    folder,
    jail,
    machine,
    memory,
    pictures,
    plan,
    progress_bar,
    report,
)
from lifcore.grading.__main__ import main

TROUBLE = jail.problem()
pytestmark = pytest.mark.skipif(bool(TROUBLE), reason=f"there is no jail here: {TROUBLE}")
DRAWN = "import matplotlib.pyplot as plt\nimport math\nplt.plot([1, 3, 2])\ndef area(r):\n    return math.pi * r**2"
FAILED = ANSWERS["q1"] + "\nraise ValueError('</p><script>document.title = 1</script>')"
CLASS = {
    "anna": notebook(FAILED, ANSWERS["q2"], DRAWN),
    "ben": notebook(ANSWERS["q1"], "import math\ndef area(r):\n    return 2 * math.pi * r"),
    "carl": notebook(ANSWERS["q1"], "def area(r):\n    return r / 3"),
    "dora": notebook(ANSWERS["q1"], ANSWERS["q2"], "def area(r):\n    return r * (1 / 3)"),
    "emil": notebook("x = 1"),
    "fritz": "not a notebook",
}
POINTS = {"anna": 6, "ben": 3, "carl": 3, "dora": 4, "emil": 0, "fritz": 0}


def silent(line):
    pass


def start(*arguments):
    """The command line as a process of its own."""
    line = [sys.executable, "-m", "lifcore.grading", "grade", *map(str, arguments)]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def timeless(results):
    return [{key: value for key, value in one.items() if key != "seconds"} for one in results]


def table(out):
    """Rows of scores.csv without the time each took."""
    with open(out / "scores.csv", newline="", encoding="utf-8-sig") as file:
        return [row[:-1] for row in csv.reader(file)]


@pytest.fixture(scope="module")
def submitted(tmp_path_factory):
    place = tmp_path_factory.mktemp("submitted")
    for name, text in CLASS.items():
        (place / f"{name}.ipynb").write_text(text, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def shares(spec, submitted, tmp_path_factory):
    """A folder that two shares, begun at the same time and without a seed, have graded into."""
    out = tmp_path_factory.mktemp("shares") / "grades"
    runs = [start(spec, submitted, out, "--jobs", 1, "--shard", f"{number}/2") for number in (1, 2)]
    said = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    return out


@pytest.fixture(scope="module")
def seed(shares):
    return json.loads((shares / ".run.json").read_text())["seed"]


@pytest.fixture(scope="module")
def whole(spec, submitted, seed, tmp_path_factory):
    """An unbroken run: its results, and its folder."""
    out = tmp_path_factory.mktemp("whole")
    return bulk.grade(spec, submitted, out, jobs=2, seed=seed, say=silent), out


def test_points_are_those_counted_by_hand(whole):
    assert {one["student"]: one["points"] for one in whole[0]} == POINTS


def test_two_shares_at_once_are_the_whole(shares, whole, spec, submitted):
    said = []
    again = bulk.grade(spec, submitted, shares, say=said.append)
    assert said == ["6 of 6 were graded before and have not changed."]
    assert timeless(again) == timeless(whole[0]) and table(shares) == table(whole[1])


def test_shares_in_folders_of_their_own_are_collected(shares, whole, spec, submitted, tmp_path, capsys):
    parts = [tmp_path / "one", tmp_path / "two"]
    for part, names in zip(parts, (["anna", "carl", "emil"], ["ben", "dora", "fritz"])):
        part.mkdir()
        shutil.copy(shares / ".run.json", part)
        for name in names:
            for ending in ("json", "html"):
                shutil.copy(shares / f"{name}.{ending}", part)
    out = tmp_path / "all"
    assert main(["grade", str(spec), str(submitted), str(out), "--collect", *map(str, parts)]) == 0
    assert "6 of 6 were graded before" in capsys.readouterr().err
    assert table(out) == table(whole[1]) and (out / "anna.html").read_bytes() == (shares / "anna.html").read_bytes()
    (parts[1] / ".run.json").write_text(json.dumps({"set": "toy", "seed": 1}))
    with pytest.raises(bulk.GradeError, match="different seeds"):
        bulk.grade(spec, submitted, tmp_path / "more", collect=parts, say=silent)


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/2/3"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(ValueError, match="is not a share such as 2/4"):
        bulk.share(text)


def test_of_runs_that_begin_together_one_chooses_the_seed(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        seeds = set(pool.map(lambda _: folder.run_seed(tmp_path, "toy"), range(64)))
    assert len(seeds) == 1 and [path.name for path in tmp_path.iterdir()] == [".run.json"]
    assert (tmp_path / ".run.json").stat().st_mode & 0o077 == 0


def test_a_damaged_seed_is_not_replaced_silently(tmp_path):
    (tmp_path / ".run.json").write_text('{"set": "toy"')
    with pytest.raises(bulk.GradeError, match="holds no seed"):
        folder.run_seed(tmp_path, "toy")


def test_a_killed_run_goes_on(whole, spec, submitted, seed, tmp_path, monkeypatch):
    out, scratch = tmp_path / "grades", tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", None)
    # Killed before anybody is graded, and again when the first is; the seed is given the first time only.
    for moment, arguments in ((".run.json", ["--seed", seed]), ("anna.json", [])):
        run = start(spec, submitted, out, "--jobs", 1, *arguments)
        until = time.monotonic() + 60
        while not (out / moment).exists() and time.monotonic() < until:
            time.sleep(0.005)
        run.send_signal(signal.SIGKILL)
        run.communicate()
        assert (out / moment).exists() and not (out / "scores.csv").exists() and not (out / "fritz.json").exists()
        for path in out.glob("*.json"):
            assert json.loads(path.read_text()), "a file is whole or not there"
    assert list(machine.caches().iterdir()) and scratch in machine.caches().parents
    (out / ".anna.json.1.new").write_text('{"student": "an')  # as a run leaves it that is killed while it writes
    results = bulk.grade(spec, submitted, out, jobs=2, say=silent)
    assert timeless(results) == timeless(whole[0]) and table(out) == table(whole[1])
    assert {path.name for path in out.iterdir()} == {path.name for path in whole[1].iterdir()} - {
        "report.html",
        "report.csv",
    }
    assert left_running() == []
    assert not list(machine.caches().iterdir())


def test_a_cluster_gives_the_same(whole, spec, submitted, seed, tmp_path):
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None, processes=True) as cluster,
        Client(cluster) as client,
    ):
        results = bulk.grade(spec, submitted, tmp_path, seed=seed, client=client, say=silent)
    assert timeless(results) == timeless(whole[0]) and table(tmp_path) == table(whole[1])


def test_a_fault_of_the_grader_costs_nobody_his_points(whole, spec, submitted, seed, tmp_path, monkeypatch):
    for path in whole[1].iterdir():
        shutil.copy(path, tmp_path)
    for name in ("ben", "carl"):
        (tmp_path / f"{name}.json").unlink()
    (tmp_path / "scores.csv").unlink()
    judge = bulk.grade_one

    def faulty(task, *arguments):
        if task.student == "ben":
            raise OSError("the machine is on fire")
        return judge(task, *arguments)

    monkeypatch.setattr(bulk, "grade_one", faulty)
    with pytest.raises(bulk.GradeError, match="1 could not be graded.*ben: OSError: the machine is on fire"):
        bulk.grade(spec, submitted, tmp_path, say=silent)
    rows = {row[0]: row for row in table(tmp_path)}
    assert rows["ben"][1:6] == [""] * 5 and "not graded yet" in rows["ben"][-1]
    assert rows["carl"] == {row[0]: row for row in table(whole[1])}["carl"]
    monkeypatch.undo()
    bulk.grade(spec, submitted, tmp_path, say=silent)
    assert table(tmp_path) == table(whole[1])


class Balanced(HTMLParser):
    """Notes elements that are not closed, or not in turn."""

    VOID = {"meta", "img", "br"}

    def __init__(self):
        super().__init__()
        self.open, self.faults = [], []

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        if len(names) != len(set(names)):
            self.faults.append(f"{tag} repeats an attribute")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"{tag} is closed out of turn")


def section(page, id):
    [found] = [one for one in page.find_all("section") if one.h2.text.startswith(f"{id} ")]
    return found


def test_a_page_shows_each_question_with_its_pictures_and_errors(whole):
    page = BeautifulSoup((whole[1] / "anna.html").read_text(encoding="utf-8"), "html.parser")
    assert [len(section(page, id).find_all("img")) for id in ("q1", "q2", "q3")] == [0, 0, 1]
    assert "ValueError: </p><script>" in section(page, "q1").text and page.script is None
    assert not any("Error" in section(page, id).text for id in ("q2", "q3"))
    case = section(page, "q1").tbody.tr.text
    x, value = (float(number) for number in re.findall(r"x = ([\d.]+).*your value: ([\d.]+)", case)[0])
    assert value == 2 * x
    assert "a case that is not shown" in section(page, "q1").text


def test_a_picture_is_the_figure_that_the_cell_drew(whole):
    import matplotlib.image

    [anna] = [one for one in whole[0] if one["student"] == "anna"]
    [picture] = anna["questions"]["q3"]["pictures"]
    pixels = matplotlib.image.imread(io.BytesIO(base64.b64decode(picture)))
    assert pixels.shape[0] > 200 and len({tuple(pixel) for pixel in pixels[::7, ::7].reshape(-1, 4)}) > 2


def test_pages_are_whole_and_let_no_script_run(whole):
    report.report(whole[1])
    for path in whole[1].glob("*.html"):
        text = path.read_text(encoding="utf-8")
        checker = Balanced()
        checker.feed(text)
        assert checker.faults == [] and checker.open == []
        assert re.search(
            r"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'sha256-", text
        )


def test_pages_read_well_on_a_phone_and_in_the_dark(whole, chromium):
    report.report(whole[1])
    for scheme in ("light", "dark"):
        page = chromium.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
        logged = []
        page.on("console", lambda message: logged.append(message.text))
        for name in ("anna", "carl", "report"):
            page.goto(f"file://{whole[1] / name}.html")
            wide, colours, drawn = page.evaluate(
                "[document.documentElement.scrollWidth, getComputedStyle(document.body).backgroundColor, "
                "[...document.images].every(image => image.naturalWidth > 200)]"
            )
            assert wide <= 390 and drawn
            assert colours == {"light": "rgb(255, 255, 255)", "dark": "rgb(26, 29, 33)"}[scheme]
            assert page.title() != "1" and page.evaluate("document.querySelectorAll('h1').length") == 1
        assert logged == []
        page.close()


def test_class_report(whole, capsys):
    assert main(["report", str(whole[1])]) == 0
    told = capsys.readouterr().out
    # Points 0, 0, 3, 3, 4, 6.
    assert "toy: 6 submissions, median 3 of 6 points (from 0 to 6); 1 could not be read" in told
    assert "q1  Twice: mean 2.00 of 3; 4 with full marks, 0 with some, 0 with none, 2 not answered" in told
    assert "    1 × circumference: That is the way around the disc." in told
    assert "    2 × wrong in a way that no mistake of the set explains" in told
    assert re.search(r"2 × area\(r\): your value: [\d.]+ \(carl, dora\)", told)
    page = BeautifulSoup((whole[1] / "report.html").read_text(encoding="utf-8"), "html.parser")
    assert "That is the way around the disc." in section(page, "q3").text and "carl, dora" in section(page, "q3").text
    with open(whole[1] / "report.csv", newline="", encoding="utf-8-sig") as file:
        rows = {(row["question"], row["outcome"]): row["students"] for row in csv.DictReader(file)}
    assert rows["q1", "full"] == "4" and rows["q3", "full"] == "1" and rows["q3", "unexplained"] == "2"
    assert rows["q3", "mistake"] == "1" and rows["q2", "full"] == "2"


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width=2, height=1, pixels=b"\0" + b"abc" * 2, head=None, more=b"", after=b""):
    """A picture written by hand, as the specification of PNG has it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0) if head is None else head
    data = chunk(b"IHDR", head) + more + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
    return pictures.SIGNATURE + data + after


def test_a_sound_picture_is_let_through_without_what_is_no_pixel():
    talkative = png(more=chunk(b"tEXt", b"comment\0<script>"), after=b"<script>")
    assert base64.b64decode(pictures.checked(base64.b64encode(talkative).decode())) == png()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg onload=alert(1)>",
        b"GIF89a" + png(),
        png()[:-20],
        png().replace(b"IDAT", b"IDAU"),
        png(width=100_000, height=100_000),
        png(pixels=b"\0" * 1_000_000),
        png(pixels=b"\0"),
        png(head=struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 1)),
        png(head=b""),
        png(more=chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0))),
        png(pixels=os.urandom(900_000)),
    ],
)
def test_what_is_no_sound_picture_is_not_let_through(data):
    assert pictures.checked(base64.b64encode(data).decode()) is None


@pytest.mark.parametrize("text", [None, 7, [], "no base64!", "ä"])
def test_what_is_no_base64_is_not_let_through(text):
    assert pictures.checked(text) is None


@pytest.mark.parametrize(
    "text, safe",
    [
        ("=1+1", "'=1+1"),
        ("  @SUM(A1)", "'  @SUM(A1)"),
        ("\uff1d1", "'\uff1d1"),
        ("x;=1", "x;'=1"),
        ("a\tb\r\n=c", "a b  =c"),
        ("Anna-Maria", "Anna-Maria"),
    ],
)
def test_a_spreadsheet_finds_no_formula(text, safe):
    assert feedback.harmless(text) == safe


def test_names_of_files():
    assert feedback.file_name("anna") == "anna"
    taken, long = feedback.file_name("report"), feedback.file_name("ä" * 200)
    assert taken.startswith("report-") and len(long.encode()) < 200 and long != feedback.file_name("ä" * 201)


@pytest.mark.parametrize(
    "path", sorted(Path(answers.__file__).with_name("data").glob("*.json")), ids=lambda one: one.stem
)
@pytest.mark.parametrize("named", [True, False])
def test_each_answer_of_every_set_is_found_in_its_cell(path, named):
    questions = plan.load(path).questions
    cells = [(k, f"{one.id}-answer" if named else "", one.solution) for k, one in enumerate(questions)]
    expected = {k: (one.id,) for k, one in enumerate(questions)}
    assert answers.owners(cells, {one.id: one.defines for one in questions}) == expected


@pytest.mark.parametrize(
    "code, names",
    [
        ("def a(x):\n    b = 1", {"a"}),
        ("a, b = 1, 2\nc == d\ne: int = 3\n# f = 1\ng += 1", {"a", "b", "e"}),
        ("from m import a, b as c\nimport d.e as f", {"a", "c", "f"}),
        ("class A: pass\nasync def b(): pass\nthis is no Python (", {"A", "b"}),
        ("\N{MATHEMATICAL ITALIC SMALL A}rea = 1", {"area"}),
        ("x" * 20_000 + " = 1", set()),
    ],
)
def test_names_are_read_without_running_anything(code, names):
    assert answers.defined(code) == names


def test_memory_counts_all_processes_together():
    code = (
        "import os, time\nfor _ in range(2): os.fork()\nx = bytearray(b'1') * 30_000_000\n"
        "print('ready', flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True) as process:
        for _ in range(4):
            process.stdout.readline()
        used = memory.used(process.pid)
        os.killpg(process.pid, signal.SIGKILL)
    # Four processes with 30 MB each, and what Python itself takes.
    assert 120e6 < used < 250e6
    assert memory.used(process.pid) == 0


def test_a_jail_that_does_not_start_is_no_fault_of_the_student(spec):
    asked = plan.make_plan(plan.load(spec), 1)
    spoiled = replace(asked, exercise=replace(asked.exercise, given=("raise SystemExit",)))
    with machine.kernel_cache() as cache, pytest.raises(bulk.GradeError, match="the jail did not start"):
        conversation.run_cells(spoiled, [(1, "", ANSWERS["q1"])], cache)


def test_a_cell_whose_processes_take_too_much_memory_together_is_ended(spec):
    # Each takes 100 MB, and may; the eight of them may not.
    code = (
        "import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n        hog = bytearray(b'1') * 100_000_000\n"
        "        time.sleep(60)\ntime.sleep(60)"
    )
    asked = plan.make_plan(plan.load(spec), 1, limits=jail.Limits(memory=700 << 20))
    with machine.kernel_cache() as cache:
        run = conversation.run_cells(asked, [(1, "", code), (2, "", ANSWERS["q1"])], cache, only="q1", seconds=25)
    assert run.notes == ["Cell 1 ended its process, or its time or memory; it was left out."]
    assert run.culprits == {1} and len(run.values) == 2


def test_progress_is_a_line_every_now_and_then(monkeypatch):
    said = []
    steps = progress_bar.Progress(3, said.append)
    for _ in range(3):
        steps.step()
    assert [line[:13] for line in said] == ["graded 3 of 3"]
    monkeypatch.setattr(progress_bar, "SECONDS", -1)
    steps = progress_bar.Progress(3, said.append)
    steps.step()
    assert re.fullmatch(r"graded 1 of 3, \d+\.\d s each, about \d+ s left", said[-1])


def test_progress_is_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    steps = progress_bar.Progress(2)
    steps.step()
    steps.step()
    steps.close()
    assert "2/2" in capsys.readouterr().err


def test_an_interruption_has_an_exit_code_of_its_own(monkeypatch, capsys):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(bulk, "grade", interrupted)
    assert main(["grade", "a.md", "b", "c"]) == 130
    assert "the same command goes on" in capsys.readouterr().err
    with pytest.raises(SystemExit) as wrong:
        main(["grade", "a.md", "b", "c", "--shard", "3/2"])
    assert wrong.value.code == 2


# Records that were damaged ------------------------------------------------------------------------------------

DAMAGES = [
    ("points", "x"), ("points", float("inf")), ("maximum", None), ("questions", []), ("questions", {"q1": {}}), ("notes", 5),
    ("notes", [1]), ("seconds", "long"), ("student", 3)]


@pytest.fixture
def record(whole, tmp_path):
    """The record of one student in a folder of its own, as data, and its file."""
    path = whole[1] / "anna.json"
    (tmp_path / path.name).write_bytes(path.read_bytes())
    return json.loads(path.read_text(encoding="utf-8")), tmp_path / path.name


@pytest.mark.parametrize("field, value", DAMAGES)
def test_a_damaged_record_is_named_by_the_report_and_not_taken_for_done(record, field, value):
    data, path = record
    assert feedback.is_record(data) and report.results(path.parent) == [data]
    path.write_text(json.dumps(data | {field: value}))
    assert not feedback.is_record(json.loads(path.read_text()))
    with pytest.raises(report.ReportError, match=path.name):
        report.results(path.parent)
    path.with_suffix(".html").write_text("")
    assert folder.kept(path.parent, data["student"], data["key"]) is None


@pytest.mark.parametrize("text", ["", "[" * 100_000, '{"a":' * 100_000, "{}", "3"])
def test_a_file_that_is_no_record_is_passed_over(record, text):
    data, path = record
    (path.parent / "other.json").write_text(text)
    assert report.results(path.parent) == [data]
