"""What the tests of exercises and grading share: a session without memory, and a small set in it."""

import pytest
from grading.toy import TOY

from lifcore.grading import checking, release, source


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    """The set as `release --private` writes it, which is read in no time."""
    path = tmp_path_factory.mktemp("private") / "toy.json"
    path.write_text(release.data_text(source.parse(TOY, "toy", "toy.md").exercise), encoding="utf-8")
    return path


@pytest.fixture
def fresh_session(monkeypatch, tmp_path):
    """A session of checks with no memory, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIFCORE_CHECK_SEED", raising=False)
    monkeypatch.delenv("LIFCORE_CHECK", raising=False)
    monkeypatch.delenv("LIFCORE_PROGRESS", raising=False)
    monkeypatch.setattr(checking._session, "name", None)
    monkeypatch.setattr(checking._session, "record", None)
    monkeypatch.setattr(checking._session, "tries", {})
    return tmp_path


@pytest.fixture
def toy(fresh_session, monkeypatch):
    """The toy set, opened for checks; gives what `source.parse` made of it."""
    read = source.parse(TOY, "toy", "toy.md")
    data = fresh_session / "data"
    data.mkdir()
    (data / "toy.json").write_text(release.data_text(read.exercise.public_copy()), encoding="utf-8")
    monkeypatch.setenv("LIFCORE_EXERCISES", str(data))
    checking.begin("toy")
    return read
