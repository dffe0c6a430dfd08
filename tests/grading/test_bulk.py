"""Bulk grading: hostile and broken submissions cost nobody else anything, and get nothing.

Points of the toy set (see toy.py): q1 has 1 + 2 (hidden), q2 has 1, q3 has 1 + 1 (hidden). Each hostile submission
holds honest answers to q1 and q2, which must keep their 4 points, and attacks elsewhere; see hostile.py. Where there
is no jail the tests hold the grader to its refusal.
"""

import contextlib
import csv
import hashlib
import os
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path

import pytest
from grading.hostile import ATTACKS, FILES, HONEST, SPECIAL, STEAL, WRITE, make_class, student_of
from grading.toy import ANSWERS, TOY, notebook

from lifcore.grading import bulk, feedback, jail, report
from lifcore.grading.__main__ import main

SHORT = jail.Limits(cpu_seconds=0.25, wall_seconds=1.5, grace_seconds=0.5, total_seconds=40, memory=1 << 30)
TROUBLE = jail.problem()
# Attacks that need to know where the tests put something.
PLACED = ("steal", "write", "network")


@pytest.fixture(scope="module")
def server():
    """A socket on this machine that nobody in the jail may reach."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        yield listening


@pytest.fixture(scope="module")
def canaries(tmp_path_factory):
    """Files that nobody may touch: one among the temporary ones, one in the home of the person who grades."""
    home = Path(
        tempfile.mkdtemp(prefix=".lifcore-canary-", dir=Path.home() if os.access(Path.home(), os.W_OK) else None)
    )
    places = [tmp_path_factory.mktemp("canary") / "canary", home / "canary"]
    for place in places:
        place.write_text("alive")
    yield places
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory, server, spec, canaries):
    folder = tmp_path_factory.mktemp("class")
    package = Path(bulk.__file__).parent
    places = [str(place) for place in (spec.parent, folder, package / "data", package.parents[1] / "exercises", "/etc")]
    attacks = {name: code for name, (_, code) in ATTACKS.items()}
    attacks["steal"] = STEAL.format(places=places)
    attacks["write"] = WRITE.format(canary=str(canaries[0]), home=str(canaries[1]))
    attacks["network"] = f"import socket\nsocket.create_connection({server.getsockname()!r}, 2).sendall(b'hello')"
    make_class(folder, attacks)
    return folder


def snapshot(class_folder):
    """What is on the host: files of the class and of the package with their content, and names elsewhere."""
    found = {}
    for place in (class_folder, Path(bulk.__file__).parents[1]):
        for path in place.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                small = path.stat().st_size < 1_000_000
                found[path] = hashlib.sha256(path.read_bytes()).hexdigest() if small else path.stat().st_size
    names = ("planted", "slipped", "0", "1", "d")
    places = [Path("/"), Path("/tmp"), Path("/dev"), Path("/dev/shm"), Path.home(), Path(sys.prefix)]
    found["/"] = sorted(os.listdir("/"))
    found["names"] = [str(place / name) for place in places for name in names if (place / name).exists()]
    return found


@pytest.fixture(scope="module")
def before(class_folder):
    return snapshot(class_folder)


def left_running():
    """Processes of a jail that this process started and that have outlived it, or that nobody owns any more."""
    jailed, parents = set(), {}
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError, IndexError):
            parents[pid] = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[1]
            if str(jail.WORKER).encode() in Path("/proc", pid, "cmdline").read_bytes():
                jailed.add(pid)
    return [pid for pid in jailed if parents[pid] in ("1", str(os.getpid()))]


@pytest.fixture(scope="module")
def graded(class_folder, spec, before, tmp_path_factory):
    """Everybody's result by name, and the folder; or None where there is no jail, and grading must refuse."""
    out = tmp_path_factory.mktemp("grades")
    if TROUBLE:
        with pytest.raises(bulk.GradeError, match="--no-jail"):
            bulk.grade(spec, class_folder, out)
        return None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIFCORE_TEST_SECRET", "of the person who grades")
        results = bulk.grade(spec, class_folder, out, jobs=4, seed=5, limits=SHORT, say=lambda *text: None)
    return {one["student"]: one for one in results}, out


def test_the_attacks_are_counted():
    assert len(ATTACKS) + len(PLACED) >= 40 and len({code for _, code in ATTACKS.values()}) == len(ATTACKS)


@pytest.mark.parametrize("name", [*ATTACKS, *PLACED])
def test_honest_questions_keep_their_points_and_the_attack_gets_none(graded, name):
    if graded is None:
        return
    one = graded[0][name]
    questions = one["questions"]
    assert (questions["q1"]["points"], questions["q2"]["points"]) == (3, 1), one["notes"]
    assert questions["q3"]["points"] == 0
    assert one["seconds"] < 1.5 * SHORT.total_seconds + 10


@pytest.mark.parametrize("name", FILES, ids=lambda name: student_of(name)[:30])
def test_untidy_submissions_keep_their_points_or_are_told_why_not(graded, name):
    if graded is None:
        return
    one, (_, expected) = graded[0][student_of(name)], FILES[name]
    if isinstance(expected, str):
        assert one["points"] == 0 and any(expected in note for note in one["notes"]), one["notes"]
    else:
        assert one["points"] == expected, one["notes"]


def test_a_later_question_may_use_the_name_of_an_answer(graded):
    if graded is None:
        return
    # Not even another run is needed, of which there would be a word.
    assert graded[0]["names_taken"]["questions"]["q1"]["errors"] == []


@pytest.mark.parametrize("name, reason", SPECIAL.items())
def test_what_cannot_be_read_is_explained(graded, name, reason):
    if graded is None:
        return
    one = graded[0][name]
    assert one["points"] == 0 and any(reason in note for note in one["notes"])


def test_nothing_on_the_host_has_changed(graded, canaries, class_folder, before):
    assert snapshot(class_folder) == before and before["names"] == []
    assert left_running() == []
    assert [place.read_text() for place in canaries] == ["alive", "alive"]
    for place in canaries:
        assert [path.name for path in place.parent.iterdir()] == ["canary"]


def test_nobody_reached_the_network(graded, server):
    if graded is None:
        return
    with pytest.raises(TimeoutError):
        server.accept()


@pytest.mark.parametrize("name", ["disk", "shared_memory"])
def test_a_folder_takes_no_more_than_its_limit(graded, name):
    if graded is None:
        return
    [case] = [one for one in graded[0][name]["questions"]["q3"]["cases"] if not one["hidden"]]
    assert int(case["remark"].removeprefix("your value: ")) <= SHORT.scratch


@pytest.mark.parametrize("name", ["steal", "write", "walk"])
def test_no_solution_no_secret_and_nothing_to_write_is_in_the_jail(graded, name):
    if graded is None:
        return
    [case] = [one for one in graded[0][name]["questions"]["q3"]["cases"] if not one["hidden"]]
    assert case["remark"] == "your value: 'found:'"


def test_feedback_shows_nothing_of_hidden_cases(graded):
    if graded is None:
        return
    results, out = graded
    for path in [*out.glob("*.html"), *out.glob("*.json"), out / "scores.csv"]:
        text = path.read_text(encoding="utf-8")
        assert "double(secret)" not in text and "rng.uniform" not in text
    for name in results:
        page = (out / f"{feedback.file_name(name)}.html").read_text(encoding="utf-8")
        assert "<script" not in page and "<svg" not in page and page.startswith("<!DOCTYPE html>")
    for one in results.values():
        for question in one["questions"].values():
            assert all(
                "remark" not in case and "expression" not in case for case in question["cases"] if case["hidden"]
            )


def test_a_recognised_mistake_is_in_the_feedback(graded):
    if graded is None:
        return
    results, out = graded
    assert results["mistaken"]["questions"]["q1"]["mistake"] == "squared"
    page = (out / "mistaken.html").read_text(encoding="utf-8")
    assert "You squared it" in page and "A gentle hint." in page


def test_table_of_the_class(graded):
    if graded is None:
        return
    results, out = graded
    with open(out / "scores.csv", newline="", encoding="utf-8-sig") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert len(rows) == len(results)
    assert "'=formula" in rows and rows["'=formula"]["points"] == "6"
    assert rows["mistaken"]["mistakes"] == "q1:squared"
    assert not list(out.glob(".*.new"))
    for row in rows.values():
        assert not any(value.lstrip().startswith(("=", "+", "-", "@")) for value in row.values())


def test_report_counts_mistakes(graded):
    if graded is None:
        return
    text = report.report(graded[1])
    assert f"toy: {len(graded[0])} submissions" in text and "    1 × squared" in text


def test_unchanged_submissions_are_not_run_again(graded, class_folder, spec):
    if graded is None:
        return
    results, out = graded
    changed = class_folder / "deleted" / "toy.ipynb"
    before = changed.read_text()
    said = []
    try:
        changed.write_text(notebook(*HONEST, ANSWERS["q3"]))
        began = time.monotonic()
        again = {
            one["student"]: one for one in bulk.grade(spec, class_folder, out, jobs=2, limits=SHORT, say=said.append)
        }
    finally:
        changed.write_text(before)
    assert again.pop("deleted")["points"] == 6
    assert again == {name: one for name, one in results.items() if name != "deleted"}
    assert any(text.startswith("graded 1 of 1") for text in said)
    assert time.monotonic() - began < 10


def test_another_set_does_not_overwrite_grades(graded, class_folder, spec, tmp_path):
    if graded is None:
        return
    other = tmp_path / "other.md"
    other.write_text(TOY.replace('begin("toy")', 'begin("other")'))
    with pytest.raises(bulk.GradeError, match="holds grades of the set 'toy'"):
        bulk.grade(other, class_folder, graded[1], say=lambda *text: None)


def test_without_bubblewrap_it_refuses(spec, class_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["grade", str(spec), str(class_folder), str(tmp_path / "out")]) == 1
    told = capsys.readouterr().err
    assert "bubblewrap" in told and "--no-jail" in told
    assert not (tmp_path / "out").exists()


def test_a_jail_that_cannot_start_is_refused(spec, class_folder, tmp_path, monkeypatch):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(bulk.GradeError, match="--no-jail") as refusal:
        bulk.grade(spec, class_folder, tmp_path / "out", say=lambda *text: None)
    if shutil.which("prlimit") and (os.geteuid() != 0 or shutil.which("setpriv")):
        assert "No permissions to create new namespace" in str(refusal.value)


def test_without_the_jail_it_grades_as_an_ordinary_user_or_refuses(spec, tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "anna.ipynb").write_text(notebook(*HONEST))
    trouble = jail.problem(jailed=False)
    if trouble:
        # As root the code would have to run as another user, who must be able to read the interpreter.
        assert os.geteuid() == 0
        with pytest.raises(bulk.GradeError, match="setpriv|root"):
            bulk.grade(spec, folder, tmp_path / "out", jailed=False, say=lambda *text: None)
    else:
        [anna] = bulk.grade(spec, folder, tmp_path / "out", jailed=False, limits=SHORT, say=lambda *text: None)
        assert anna["points"] == 4


def test_a_wrong_set_is_refused_before_any_student_is_graded(class_folder, tmp_path):
    if TROUBLE:
        return
    # An answer that depends on where it runs is not one that a jail can confirm.
    spoiled = tmp_path / "toy.md"
    spoiled.write_text(
        TOY.replace("    return 2 * x\n    ###", "    import os\n    return 2 * x * os.getpid()\n    ###")
    )
    with pytest.raises(bulk.GradeError, match="own answer to 'q1' does not get full marks in the jail"):
        bulk.grade(spoiled, class_folder, tmp_path / "out", say=lambda *text: None)


@pytest.mark.parametrize("command", ["release", "grade", "report"])
def test_help_says_what_is_read_and_written_and_what_comes_next(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    told = capsys.readouterr().out
    assert ended.value.code == 0
    for part in ("reads:", "writes:", "Example: python -m lifcore.grading " + command, "then:", "exit codes:"):
        assert part in told
    assert max(map(len, told.splitlines())) <= 120


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["grade", "none.md", "none", "out"], "none.md: cannot be read"),
        (["grade", "none.json", "none", "out"], "neither an exercise source"),
        (["report", "none"], "none: holds no grades"),
        (["release", "none.md"], "none.md: no exercise source"),
    ],
)
def test_wrong_paths_are_named(arguments, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    assert told in capsys.readouterr().err


def test_a_private_file_grades_as_its_source(spec, tmp_path):
    path = tmp_path / "toy.md"
    path.write_text(TOY, encoding="utf-8")
    assert bulk.load(path) == bulk.load(spec)
