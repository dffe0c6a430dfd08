"""Files and command lines that strangers bring to the course: read, or refused with one error that names them.

Each is random bytes or text, or a right file that has been damaged. With FUZZ_EXAMPLES=5000
they are fifty times as many, drawn afresh.
"""

import json
import os
import time

import pytest
import yaml
from fuzz.damage import JSON_VALUES, changed_json, damaged_text
from grading.conftest import fresh_session  # noqa: F401
from grading.toy import TOY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lifbook.ledger import read_ledger

from lifcore.grading import __main__ as command
from lifcore.grading import bulk, checking, record, source
from lifcore.grading.plan import key_of

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", 0))
SECONDS = 6.0
PROGRESS = {"format": "lifcore progress", "version": 1, "sets": {
    "neuron": {"q1": {"points": 1.0, "maximum": 2.0, "attempts": 3, "title": "Rheobase"}}}}


def few(examples):
    """So many examples, always the same; or as many hundredths of them as are asked for, others each time."""
    return settings(
        max_examples=max(examples, examples * EXAMPLES // 100), derandomize=not EXAMPLES, deadline=None, database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


def refusal(read, file, *refusals):
    """The error of `read(file)`, or None. It is one of these, names the file, comes in time and leaves it alone."""
    before, begin = file.read_bytes(), time.process_time()
    try:
        read(file)
    except refusals as error:
        assert file.name in str(error)
        return error
    finally:
        assert time.process_time() - begin < SECONDS
        assert file.read_bytes() == before
    return None


# Progress

@few(60)
@given(data=st.one_of(
    st.binary(max_size=60), JSON_VALUES.map(lambda value: json.dumps(value).encode()),
    changed_json(PROGRESS).map(lambda value: json.dumps(value).encode()),
    damaged_text(json.dumps(PROGRESS)).map(lambda text: text.encode(errors="surrogatepass"))))
def test_any_progress_file_is_read_or_refused(tmp_path, data):
    file = tmp_path / "progress.json"
    file.write_bytes(data)
    refusal(record.read, file, record.RecordError)


@pytest.mark.parametrize("data", [
    b"", b"[" * 10**5, b'{"a":' * 10**5, b"9" * 5000, b"\xff\xfe", b"null", b'"' + b"a" * 10**6], ids=range(7))
def test_a_progress_file_that_is_none_is_not_merged(fresh_session, data):  # noqa: F811
    checking.begin("neuron")
    file = fresh_session / "other.json"
    file.write_bytes(data)
    shown = repr(checking.progress(merge=str(file)))
    assert "other.json" in shown and "Nothing was changed" in shown
    assert file.read_bytes() == data


# The grader

@pytest.fixture(scope="module")
def private():
    """What `release --private` writes of a set."""
    return source.parse(TOY, "toy", "toy.md").exercise.to_dict()


@few(250)
@given(data=st.data())
def test_any_file_of_the_grader_is_read_or_refused(tmp_path, private, data):
    file = tmp_path / "toy.json"
    text = data.draw(st.one_of(
        changed_json(private).map(json.dumps), JSON_VALUES.map(json.dumps), damaged_text(json.dumps(private))))
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    if refusal(bulk.load, file, bulk.GradeError) is None:
        exercise = bulk.load(file)
        assert key_of(exercise, 1)
        assert all(0.0 < case.points < 1e300 for one in exercise.questions for case in one.cases)


# Exercise sources

SOLUTION = 'choice = "three"'


@few(150)
@given(text=st.one_of(
    damaged_text(TOY), damaged_text(SOLUTION).map(lambda text: TOY.replace(SOLUTION, text)), st.text(max_size=80)))
def test_any_exercise_source_is_read_or_refused(text):
    begin = time.process_time()
    try:
        source.parse(text, "toy", "toy.md")
    except source.SourceError as error:
        assert "toy.md" in str(error)
    assert time.process_time() - begin < SECONDS


@few(3)
@given(data=st.data())
def test_a_damaged_source_of_the_course_is_read_or_refused(root, data):
    text = data.draw(damaged_text((root / "exercises" / "neuron.md").read_text(encoding="utf-8")))
    try:
        source.parse(text, "neuron", "neuron.md")
    except source.SourceError as error:
        assert "neuron.md" in str(error)


# The ledger

ENTRY = {"id": "rheobase", "value": "0.2", "unit": "nA", "what": "of the default neuron", "kind": "computed",
         "make": "rheobase(n)", "source": {"kind": "definition", "text": "chosen"}, "tolerance": 1e-14}


@few(80)
@given(text=st.one_of(
    damaged_text(yaml.safe_dump([ENTRY, ENTRY | {"id": "other"}], sort_keys=False)), st.text(max_size=60),
    changed_json([ENTRY]).map(json.dumps)))
def test_any_ledger_is_read_or_refused(tmp_path, text):
    file = tmp_path / "numbers.yml"
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    refusal(read_ledger, file, ValueError)


@pytest.mark.parametrize("text, said", [
    ("- id: a\n  value: [1\n- b\n", "line 2"), ("a: 1\n", "line 1: it must be a list"),
    ("# none\n\n- 5\n", "line 3, entry 'number 1'"), ("[" * 500, "is no YAML"),
    ("&a [*a]", "line 1, entry 'number 1'"), ("- 2020-99-99\n", "is no YAML"), ("\x00", "is no YAML")])
def test_an_error_of_the_ledger_says_the_line(tmp_path, text, said):
    file = tmp_path / "numbers.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="numbers.yml") as error:
        read_ledger(file)
    assert said in str(error.value)


# The command line

@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a source, an empty file, a folder without anything, and bytes that are no text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy.md").write_text(TOY, encoding="utf-8")
    (tmp_path / "nothing.md").write_text("")
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "empty").mkdir()
    return tmp_path


@pytest.mark.parametrize("arguments", [
    "", "release", "release missing.md", "release nothing.md", "release bytes.md", "release empty", "release list.json",
    "release toy.md toy.md", "release --private", "release toy.md --data toy.md", "grade", "grade toy.md",
    "grade toy.md empty",
    "grade toy.md missing out", "grade toy.md empty out", "grade missing.md empty out", "grade list.json empty out",
    "grade empty empty out", "grade toy.md toy.md out", "grade toy.md empty toy.md", "grade toy.md empty out --jobs 0",
    "grade toy.md empty out --jobs two", "grade toy.md empty out --seed x", "grade toy.md empty out --seed 1e3",
    "report", "report missing", "report empty", "report toy.md", "mark", "--no-such", "grade --jobs ²"])
def test_an_odd_command_line_ends_in_a_sentence(folder, capsys, arguments):
    try:
        status = command.main(arguments.split())
    except SystemExit as stopped:
        status = stopped.code
    said = capsys.readouterr().err
    assert status in (1, 2)
    assert "Traceback" not in said and said.strip()
