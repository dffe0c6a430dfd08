"""Bulk grading: hostile and broken submissions cost nobody else anything, and get nothing.

Points of the toy set (see toy.py): q1 has 1 + 2 (hidden), q2 has 1, q3 has 1 + 1 (hidden). Each hostile submission
holds honest answers to q1 and q2, which must keep their 4 points, and attacks elsewhere. Every attack is bounded by
its own count. Where there is no jail the tests hold the grader to its refusal.
"""

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from grading.toy import ANSWERS, TOY, notebook

from lifcore.grading import bulk, digest, jail, report
from lifcore.grading.__main__ import main

HONEST = (ANSWERS["q1"], ANSWERS["q2"])
SHORT = jail.Limits(cpu_seconds=1, wall_seconds=2, total_seconds=40, memory=1 << 30)
TROUBLE = jail.problem()

FORGE = r"""
import os
lines = [b'{"done": "public"}', b'{"done": "hidden"}', b'not json', b'[' * 5000]
lines += [b'{"case": ["q3", %d], "value": 78.5}' % k for k in (0, 1)]
lines += [b'{"case": ["q3", 0], "passed": true, "points": 1}', b'{"case": [[], {}], "value": 1}']
lines += [b'{"cell": {}, "error": 1}']
for fd in range(3, 40):
    for line in lines[4:]:
        try:
            os.write(fd, line + b"\n")
        except OSError:
            pass
"""
OVERRIDE = """
import builtins, json, os, sys
import numpy as np
import lifcore.grading
from lifcore.grading import compare, solutions, cases
compare.same = solutions.agrees = lambda *a: True
compare.encode = cases.evaluate = cases.draw = lambda *a: None
lifcore.grading.check = None
json.dumps = json.loads = lambda *a, **k: '{"done": "hidden"}'
json.JSONEncoder.encode = lambda *a: "{}"
os.write = print
np.random.default_rng = None
sys.modules["lifcore"] = None
def area(r):
    class Anything(float):
        def __eq__(self, other):
            return True
    return Anything(1.0)
"""
STEAL = """
import os, sys, gc
def listing():
    found = []
    for folder in ({places!r}):
        for root, folders, files in os.walk(folder):
            found += [os.path.join(root, name) for name in files if name.endswith((".md", ".json", "passwd", "shadow"))]
    found += [name for name in os.environ if "SECRET" in name]
    return ",".join(found)[:300]
def area(r):
    return "found:" + listing()
"""
LEAK = """
import gc, sys
def every_hidden():
    dictionaries = [thing for thing in gc.get_objects() if isinstance(thing, dict)]
    return [str(one)[:200] for one in dictionaries if "secret" in str(one.get("setup", ""))]
class Telltale(Exception):
    pass
def area(r):
    frame, seen = sys._getframe(), []
    while frame is not None:
        seen += [str(value)[:400] for value in frame.f_locals.values() if "secret" in str(value)]
        frame = frame.f_back
    raise Telltale(str(every_hidden()) + str(seen))
"""
HOSTILE = {
    "loop": "while True: pass",
    "sleep": "import time\ntime.sleep(60)",
    "loop_swallowing": "while True:\n    try:\n        while True: pass\n    except Exception: pass",
    "signals_ignored": "import signal\nfor s in (signal.SIGPROF, signal.SIGALRM, signal.SIGTERM, signal.SIGXCPU):\n"
    "    signal.signal(s, signal.SIG_IGN)\nwhile True: pass",
    "memory": "hog = []\nfor _ in range(40):\n    hog.append(bytearray(50_000_000))",
    "forks": "import os, time\nfor _ in range(50):\n    try:\n        pid = os.fork()\n    except OSError: break\n"
    "    if pid == 0:\n        time.sleep(20)\n        os._exit(0)",
    "fork_goes_on": "import os\nos.fork()",
    "exit": "import os\nos._exit(0)",
    "sys_exit": "import sys\nsys.exit(3)",
    "kill_parent": "import os, signal\nfor pid in (os.getppid(), os.getpid()):\n    os.kill(pid, signal.SIGKILL)",
    "stack": "import sys\nsys.setrecursionlimit(10**8)\ndef f(n): return f(n + 1) if n < 10**7 else n\nf(0)",
    "disk": "block = b'x' * 1_000_000\nfor name in range(4):\n    try:\n"
    "        with open(f'/tmp/{name}', 'wb') as file:\n"
    "            for _ in range(50): file.write(block)\n    except OSError: pass",
    "forged": FORGE,
    "override": OVERRIDE,
    "leak": LEAK,
    "much_output": "import os\nprint('x' * 10**6)\nfor fd in range(3, 20):\n"
    "    try: os.write(fd, b'x' * 10**6 + b'\\n')\n    except OSError: pass",
    "raises": "raise BaseException('no')",
    "bad_error": "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E",
    "syntax": "def area(r:\n",
    "magic": "%matplotlib inline\n!rm -rf /tmp/nothing\nimport math\nmath.pi?\n",
    "case_loop": "def area(r):\n    while True: pass",
    "case_exit": "import os\ndef area(r):\n    os._exit(0)",
    "case_huge": "def area(r):\n    return 10 ** 100_000",
    "case_deep": "def area(r):\n    x = []\n    x.append(x)\n    return x",
    "case_guess": "def area(r):\n    return 78.5",
}


@pytest.fixture(scope="module")
def server():
    """A socket on this machine that nobody in the jail may reach."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        yield listening


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "toy.md"
    path.write_text(TOY, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory, server, spec):
    folder = tmp_path_factory.mktemp("class")
    attacks = dict(HOSTILE)
    package = Path(bulk.__file__).parent
    places = [
        str(place)
        for place in (spec.parent, folder, package / "data", package.parents[1] / "exercises", "/etc")
    ]
    attacks["steal"] = STEAL.format(places=places)
    attacks["network"] = (
        f"import socket\nsocket.create_connection({server.getsockname()!r}, 2).sendall(b'hello')"
    )
    for name, attack in attacks.items():
        (folder / name).mkdir()
        (folder / name / "toy.ipynb").write_text(notebook(HONEST[0], attack, HONEST[1]))
    broken = {
        "duplicated": notebook(*HONEST, ANSWERS["q3"], *HONEST, ANSWERS["q3"]),
        "deleted": notebook(*HONEST),
        "bom": "\ufeff" + notebook(*HONEST),
        "broken": notebook(*HONEST)[:-40],
        "no_cells": "{}",
        "odd_cells": json.dumps({"cells": [1, {"cell_type": "code"}, {"cell_type": "code", "source": 3}]}),
        "empty_file": "",
    }
    for name, text in broken.items():
        (folder / name).mkdir()
        (folder / name / "toy.ipynb").write_text(text, encoding="utf-8")
    (folder / "large").mkdir()
    with open(folder / "large" / "toy.ipynb", "wb") as file:
        file.truncate(digest.MAX_BYTES + 1)
    (folder / "latin").mkdir()
    (folder / "latin" / "toy.ipynb").write_bytes(
        notebook(*HONEST, "name = 'CAFE'").replace("CAFE", "café").encode("latin-1")
    )
    (folder / "nobody").mkdir()
    (folder / "flat.ipynb").write_text(notebook(*HONEST))
    (folder / "renamed").mkdir()
    (folder / "renamed" / "toy (1) final.ipynb").write_text(notebook(*HONEST))
    (folder / "other_set").mkdir()
    (folder / "other_set" / "a.ipynb").write_text(notebook(*HONEST, exercise="other"))
    (folder / "other_set" / "b.ipynb").write_text(notebook(*HONEST, exercise="another"))
    (folder / "nbgrader" / "toy").mkdir(parents=True)
    (folder / "nbgrader" / "toy" / "toy.ipynb").write_text(notebook(*HONEST))
    (folder / "link").symlink_to(folder / "flat.ipynb")
    (folder / "link_inside").mkdir()
    (folder / "link_inside" / "toy.ipynb").symlink_to(folder / "flat.ipynb")
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "=formula").mkdir()
    (folder / "=formula" / "toy.ipynb").write_text(notebook(*HONEST, ANSWERS["q3"]))
    (folder / "mistaken").mkdir()
    (folder / "mistaken" / "toy.ipynb").write_text(
        notebook("def double(x):\n    return x * x", ANSWERS["q2"])
    )
    (folder / "needs_other_cell").mkdir()
    # The second cell is one of the released notebook that the grader leaves out at first.
    released = 'print(reference("q1")(4))'
    (folder / "needs_other_cell" / "toy.ipynb").write_text(notebook(*HONEST, released, "area = missing"))
    return folder


@pytest.fixture(scope="module")
def graded(class_folder, spec, tmp_path_factory):
    """Everybody's result by name, and the folder; or None where there is no jail, and grading must refuse."""
    out = tmp_path_factory.mktemp("grades")
    if TROUBLE:
        with pytest.raises(bulk.GradeError, match="--no-jail"):
            bulk.grade(spec, class_folder, out)
        return None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIFCORE_TEST_SECRET", "of the person who grades")
        results = bulk.grade(spec, class_folder, out, jobs=2, seed=5, limits=SHORT, say=lambda *text: None)
    return {one["student"]: one for one in results}, out


@pytest.mark.parametrize("name", [*HOSTILE, "steal", "network"])
def test_honest_questions_keep_their_points_and_the_attack_gets_none(graded, name):
    if graded is None:
        return
    one = graded[0][name]
    questions = one["questions"]
    assert (questions["q1"]["points"], questions["q2"]["points"]) == (3, 1), one["notes"]
    assert questions["q3"]["points"] == 0
    assert one["seconds"] < SHORT.total_seconds + 10


@pytest.mark.parametrize(
    "name", ["bom", "latin", "deleted", "flat", "renamed", "nbgrader", "needs_other_cell"]
)
def test_untidy_submissions_keep_their_points(graded, name):
    if graded is None:
        return
    assert graded[0][name]["points"] == 4


@pytest.mark.parametrize("name", ["duplicated", "=formula"])
def test_everything_right_has_full_marks(graded, name):
    if graded is None:
        return
    assert graded[0][name]["points"] == graded[0][name]["maximum"] == 6


@pytest.mark.parametrize(
    "name, reason",
    [
        ("broken", "not a notebook"),
        ("no_cells", "has no cells"),
        ("empty_file", "not a notebook"),
        ("large", "larger than 100 MB"),
        ("nobody", "no notebook was handed in"),
        ("link", "symbolic link"),
        ("link_inside", "symbolic link"),
        ("pipe", "not a regular file"),
        ("other_set", "none of the notebooks belongs to the set 'toy'"),
    ],
)
def test_what_cannot_be_read_is_explained(graded, name, reason):
    if graded is None:
        return
    one = graded[0][name]
    assert one["points"] == 0 and any(reason in note for note in one["notes"])


def test_odd_cells_are_harmless(graded):
    if graded is None:
        return
    assert graded[0]["odd_cells"]["points"] == 0


def test_nobody_reached_the_network(graded, server):
    if graded is None:
        return
    with pytest.raises(TimeoutError):
        server.accept()


def test_no_solution_and_no_secret_file_is_in_the_jail(graded):
    if graded is None:
        return
    [case] = [one for one in graded[0]["steal"]["questions"]["q3"]["cases"] if not one["hidden"]]
    assert case["remark"] == "your value: 'found:'"


def test_feedback_shows_nothing_of_hidden_cases(graded):
    if graded is None:
        return
    results, out = graded
    for path in [*out.glob("*.html"), *out.glob("*.json"), out / "scores.csv"]:
        text = path.read_text(encoding="utf-8")
        assert "double(secret)" not in text and "rng.uniform" not in text
    for name in results:
        page = (out / f"{name}.html").read_text(encoding="utf-8")
        assert "<script" not in page and page.startswith("<!DOCTYPE html>")
    for one in results.values():
        for question in one["questions"].values():
            assert all(
                "remark" not in case and "expression" not in case
                for case in question["cases"]
                if case["hidden"]
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
            one["student"]: one
            for one in bulk.grade(
                spec, class_folder, out, jobs=2, limits=SHORT, say=said.append
            )
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
        [anna] = bulk.grade(
            spec, folder, tmp_path / "out", jailed=False, limits=SHORT, say=lambda *text: None
        )
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
def test_help_is_there(command):
    done = subprocess.run(
        [sys.executable, "-m", "lifcore.grading", command, "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0 and "Example: python -m lifcore.grading" in done.stdout


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


def test_a_private_file_grades_as_its_source(class_folder, spec, tmp_path):
    from lifcore.grading import release

    private = tmp_path / "toy.json"
    private.write_text(release.data_text(bulk.load(spec)), encoding="utf-8")
    assert bulk.load(private) == bulk.load(spec)
