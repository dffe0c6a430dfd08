"""Every exercise set: the solution has full marks, the stub none, each mutant its message, and nothing leaks.

What is expected comes from the set's source; answers that can be had elsewhere are checked by value.
"""

import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from lifcore import LIF
from lifcore.grading import check, checking, release, source
from lifcore.grading.solutions import Reference

ROOT = Path(__file__).parents[2]
EXERCISES = ROOT / "exercises"
PATHS = sorted(EXERCISES.glob("*.md"))
READ = {path.stem: source.read(path) for path in PATHS}
QUESTIONS = [(name, question.id) for name, read in READ.items() for question in read.exercise.questions]
MUTANTS = [
    (name, question.id, mutant.name)
    for name, read in READ.items()
    for question in read.exercise.questions
    for mutant in question.mutants
]


@pytest.fixture(scope="module", params=list(READ))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def built():
    """All files that a release makes: {path: text}. The solution notebooks are executed here."""
    return release.build(EXERCISES, private=EXERCISES / "private")


def exercise(name):
    return READ[name].exercise


def namespace(name, question, code):
    """Names after the given cells and one answer, as in a notebook."""
    return Reference(exercise(name)).namespace(exercise(name)[question], code)


def checked(name, question, code, monkeypatch):
    monkeypatch.setenv("LIFCORE_PROGRESS", "off")
    return check(question, namespace(name, question, code), name)


def test_there_is_a_set():
    assert "neuron" in READ


@pytest.mark.parametrize("name, question", QUESTIONS)
def test_solution_has_full_marks(name, question, fresh_session, monkeypatch):
    score = checked(name, question, exercise(name)[question].solution, monkeypatch)
    assert score.points == score.maximum > 0, score.text


@pytest.mark.parametrize("name, question", QUESTIONS)
def test_stub_has_no_points_and_is_told_kindly(name, question, fresh_session, monkeypatch):
    cell = next(one for one in READ[name].cells if one.kind == "answer" and one.question.id == question)
    score = checked(name, question, source.stub(cell), monkeypatch)
    assert score.points == 0 and "Fill in the cell above" in score.text


@pytest.mark.parametrize("name, question, mutant", MUTANTS)
def test_each_mutant_fails_with_its_own_message(name, question, mutant, fresh_session, monkeypatch):
    [planted] = [one for one in exercise(name)[question].mutants if one.name == mutant]
    for seed in range(10, 13):
        monkeypatch.setenv("LIFCORE_CHECK_SEED", str(seed))
        score = checked(name, question, planted.answer, monkeypatch)
        assert score.points < score.maximum
        assert score.mistake == planted.message, score.text


@pytest.mark.parametrize("name, question", QUESTIONS)
def test_a_wrong_answer_is_never_shown_the_right_values(name, question, fresh_session, monkeypatch):
    asked = exercise(name)[question]
    for seed in range(20, 23):
        monkeypatch.setenv("LIFCORE_CHECK_SEED", str(seed))
        public = checking._set(name).exercise[question]
        numbers = re.findall(
            r"\d+\.\d{4,}", json.dumps(Reference(exercise(name).public_copy()).values(public, seed))
        )
        for mutant in asked.mutants:
            text = checked(name, question, mutant.answer, monkeypatch).text
            # A value that the mutant gets right is the student's own, and may be shown.
            own = json.dumps(Reference(exercise(name).public_copy()).values(public, seed, mutant.answer))
            assert not [number for number in numbers if number in text and number not in own]


@pytest.mark.parametrize("name, question", QUESTIONS)
def test_a_question_has_four_mutants_with_hints_and_points(name, question):
    asked = exercise(name)[question]
    assert len(asked.mutants) >= 4 and len(asked.hints) >= 2


def lines(text):
    return {line.strip() for line in text.split("\n") if len(line.strip()) > 3}


def test_released_notebook_leaks_nothing(name, built):
    released = built[EXERCISES / f"{name}.ipynb"]
    cells = json.loads(released)["cells"]
    shown = "\n".join("".join(cell["source"]) for cell in cells)
    stubs = "\n".join(source.stub(cell) for cell in READ[name].cells if cell.kind == "answer")
    assert "SOLUTION" not in released and all(not cell.get("outputs") for cell in cells)
    for question in exercise(name).questions:
        allowed = (
            lines(stubs) | lines("\n".join(exercise(name).given)) | lines("\n".join(exercise(name).released))
        )
        for line in lines(question.solution) - allowed:
            assert line not in shown, f"{question.id}: a line of the solution is in the notebook: {line}"
        for mutant in question.mutants:
            assert mutant.message not in shown and mutant.name not in shown
        hidden_only = {case.expression for _, case in question.hidden} - {
            case.expression for _, case in question.public
        }
        for secret in hidden_only | {case.setup for case in question.cases if case.setup}:
            assert secret not in shown
    package_data = built[Path(release.__file__).parent / "data" / f"{name}.json"]
    for question in exercise(name).questions:
        public = {(case.expression, case.setup) for _, case in question.public}
        for _, case in question.hidden:
            assert (case.expression, case.setup) in public or json.dumps(
                case.setup, ensure_ascii=False
            ) not in package_data


def test_committed_files_are_those_of_the_source(built):
    committed = {path: text for path, text in built.items() if path.parent.name != "private"}
    assert release.stale(committed) == [], "run `python -m lifcore.grading release exercises`"


def test_student_notebook_is_the_same_every_time(name):
    texts = {
        release.notebook_text(release.student_notebook(READ[name], "https://example.org/course"))
        for _ in range(2)
    }
    assert len(texts) == 1


def test_notebooks_are_valid(name, built):
    for path in (EXERCISES / f"{name}.ipynb", EXERCISES / "solutions" / f"{name}.ipynb"):
        notebook = nbformat.reads(built[path], as_version=4)
        nbformat.validate(notebook)
        assert notebook.metadata.kernelspec.name == "python3"
        ids = [cell.id for cell in notebook.cells]
        assert len(ids) == len(set(ids))


def test_solution_notebook_has_its_outputs(name, built):
    cells = json.loads(built[EXERCISES / "solutions" / f"{name}.ipynb"])["cells"]
    checks = [cell for cell in cells if "check" in cell["metadata"].get("tags", ())]
    assert len(checks) == len(exercise(name).questions)
    for cell in checks:
        [output] = cell["outputs"]
        assert "✓" in "".join(output["data"]["text/plain"]) and "✗" not in "".join(
            output["data"]["text/plain"]
        )


# Version 3 of nbgrader's metadata, written from nbgrader/nbgraderformat/v3.py.
NBGRADER = {
    "grade": bool,
    "solution": bool,
    "locked": bool,
    "task": bool,
    "schema_version": int,
    "grade_id": str,
    "cell_type": str,
}


def test_nbgraders_metadata_is_valid(name, built):
    cells = json.loads(built[EXERCISES / f"{name}.ipynb"])["cells"]
    marked = [cell for cell in cells if "nbgrader" in cell["metadata"]]
    ids = [cell["metadata"]["nbgrader"]["grade_id"] for cell in marked]
    assert len(ids) == len(set(ids)) and all(ids)
    for cell in marked:
        entry = cell["metadata"]["nbgrader"]
        assert {key: type(entry[key]) for key in NBGRADER} == NBGRADER
        assert entry["schema_version"] == 3 and entry["cell_type"] == cell["cell_type"] == "code"
        assert entry["grade"] or entry["solution"] or entry["locked"]
        assert ("points" in entry) == entry["grade"]
        assert set(entry) <= {*NBGRADER, "points"}
    for question in exercise(name).questions:
        assert f"{question.id}-answer" in ids and f"{question.id}-check" in ids


def test_unanswered_notebook_runs_to_its_end(name, fresh_session, monkeypatch):
    from nbclient import NotebookClient

    monkeypatch.setenv("LIFCORE_PROGRESS", "off")
    notebook = release.student_notebook(READ[name], "https://example.org/course")
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    shown = [
        cell.outputs[-1]["data"]["text/plain"]
        for cell in notebook.cells
        if "check" in cell.metadata.get("tags", ())
    ]
    assert len(shown) == len(exercise(name).questions)
    assert all(re.search(r": 0 of \d", text) and "Not answered yet" in text for text in shown)


def test_first_cell_installs_from_the_configured_repository(name, built):
    import yaml

    url = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["url"]
    first = json.loads(built[EXERCISES / f"{name}.ipynb"])["cells"][0]
    assert f"git+{url}@" in "".join(first["source"])


def test_rheobase_and_rate_by_hand():
    # Default cell: 20 mV / 100 MΩ = 0.2 nA. At 0.4 nA the steady state is 20 mV above threshold and the climb from
    # reset spans 35 mV, of which 20 mV are left: 20 ms ln(35/20) = 11.192 315 758 7 ms; with 2 ms that is
    # 1000/13.192 315 758 7 Hz = 75.801 703 13 Hz (by hand with ln 1.75 = 0.559 615 787 935).
    answers = Reference(exercise("neuron"))
    assert answers.solved(exercise("neuron")["q1"])["my_rheobase"](LIF()) == 0.2
    rate = answers.solved(exercise("neuron")["q2"])["my_rate"](LIF(), np.array([0.2, 0.4]))
    assert rate[0] == 0 and rate[1] == pytest.approx(1000 / (2 + 20 * 0.559615787935), rel=1e-11)


def test_short_pulses_agree_with_an_independent_table():
    # R1_strength_duration.csv: 20 digits, mpmath.
    import csv

    answers = Reference(exercise("neuron")).solved(exercise("neuron")["q5"])
    with open(ROOT / "tests" / "reference" / "R1_strength_duration.csv", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    assert rows
    for row in rows:
        n = LIF(
            tau_m=float(row["tau_ms"]), R=float(row["R_MOhm"]), E_L=float(row["E_L"]), V_th=float(row["V_th"])
        )
        assert answers["my_chronaxie"](n) == pytest.approx(float(row["chronaxie_ms"]), rel=1e-12)
        # 1 - exp(-d/tau_m), as the answer writes it, loses digits for the shortest pulses of the table.
        if float(row["T_ms"]) > 0.01 * n.tau_m:
            current = answers["my_threshold_current"](n, float(row["T_ms"]))
            assert current == pytest.approx(float(row["I_thr_nA"]), rel=1e-12)


def test_ticks_of_loihi_agree_with_an_emulator():
    # loihi_lava.npz: Lava 0.10. Compared until a word leaves its 24 bits; the question says that none does.
    tick = Reference(exercise("digital")).solved(exercise("digital")["q5"])["loihi_tick"]
    want = dict(np.load(ROOT / "tests" / "reference" / "hardware" / "loihi_lava.npz"))
    compared = 0
    for i, j in np.ndindex(want["u0"].shape):
        u, v = int(want["u0"][i, j]), int(want["v0"][i, j])
        own = [int(want[key][i]) for key in ("du", "dv", "vth")]
        bias = int(want["bias_mant"][i, j]) << int(want["bias_exp"][i, j])
        for t, a in enumerate(want["a_in"][i, :, j].tolist()):
            u, v, spike = tick(u, v, a, *own, bias)
            if max(abs(u), abs(v)) >= 2**23:
                break
            assert (u, v, spike) == (want["u"][i, t, j], want["v"][i, t, j], want["s"][i, t, j]), (i, j, t)
            compared += 1
    assert compared > 15_000


def test_ticks_of_truenorth_agree_with_an_emulator():
    # truenorth_cassidy2013.npz. The question leaves out leaks that reverse or are random (eps, c) and has kappa = 1;
    # the stochastic synapses' share of the drive is formed here, F = 1 where abs(s) >= rho.
    tick = Reference(exercise("digital")).solved(exercise("digital")["q7"])["truenorth_tick"]
    want = dict(np.load(ROOT / "tests" / "reference" / "hardware" / "truenorth_cassidy2013.npz"))
    fits = np.flatnonzero((want["eps"] == 0) & (want["c"] == 0) & (want["kappa"] == 1))
    assert fits.size >= 3
    for i in fits:
        weight = want["s"][i][want["G"][i]]
        given = np.where(want["b"][i][want["G"][i]], (abs(weight) >= want["rho_s"][i]) * np.sign(weight), weight)
        drives = (want["A"][i] * want["w"][i] * given).sum(axis=1).tolist()
        etas = (want["rho_t"][i] & want["M"][i]).tolist()
        own = [int(want[key][i]) for key in ("lam", "alpha", "beta", "gamma", "R")]
        V = int(want["V0"][i])
        for t, (drive, eta) in enumerate(zip(drives, etas)):
            V, spike = tick(V, drive, eta, *own)
            assert (V, spike) == (want["V"][i, t], want["S"][i, t]), (i, t)


def test_words_at_rest_are_where_a_loop_stops():
    # Tick by tick in whole numbers; the threshold is passed where v at rest is above it.
    answers = Reference(exercise("digital")).solved(exercise("digital")["q6"])

    def loop(b, dv):
        v = 0
        while True:
            new = (1 if v >= 0 else -1) * (abs(v) * (4096 - dv) // 4096) + b
            if new == v:
                return v
            v = new

    for dv in (1, 7, 64, 100, 2048, 4095):
        for b in (-9, -1, 0, 1, 2, 5, 30):
            assert answers["resting_word"](b, dv) == loop(b, dv)
    for dv, vth in ((64, 5), (64, 6), (37, 11), (200, 3), (4095, 2)):
        fires = [b for b in range(1, 300) if loop(b, dv) > 64 * vth]
        assert answers["firing_bias"](vth, dv) == fires[0]


def test_false_spikes_by_counting():
    # Ticks until a sum of whole numbers first lies below -2**19; there it comes in again at the top, above 1000.
    answers = Reference(exercise("digital")).solved(exercise("digital")["q9"])
    for name, step in (("strong", 65536), ("weak", 1200)):
        first = next(t for t in range(1, 1000) if -step * t < -(2**19))
        assert answers[name] == first and -step * first + 2**20 >= 1000
    assert -100_000 - 65536 >= -(2**19) and 64 * 140_000 - 2**24 < 0
    assert answers["with_floor"] == answers["strong_saturating"] == "never" and answers["flooded_loihi"] == "silent"
