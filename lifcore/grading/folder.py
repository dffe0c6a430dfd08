"""The folder of a graded class: its seed and its records, for runs that go on, run side by side, or are put together.

A record is written whole or not at all, and names what it was made from. So a run needs no memory of its own: whatever
is there and still right is kept, whoever made it and however he ended.
"""

import json
import os
import re
import secrets
from pathlib import Path

from lifcore._files import write_whole
from lifcore.grading import feedback
from lifcore.grading.plan import GradeError

# What `write_whole` leaves behind when it is killed.
UNFINISHED = re.compile(r"^\..+\.\d+\.new$")


def run_seed(out, set_name, seed=None):
    """Seed of a folder: the one asked for, else the one that is kept there, else a fresh one, which then is kept there.

    Parameters
    ----------
    out : pathlib.Path
    set_name : str
    seed : int, optional

    Returns
    -------
    int
        The same for all that begin in the folder at once.

    Raises
    ------
    GradeError
        If the folder holds grades of another set, or its seed cannot be read.
    """
    path = out / ".run.json"
    fresh = secrets.randbits(128) if seed is None else seed
    # A link to a complete file appears at once and only where none is: of several runs that begin together one wins.
    draft = out / f".run.{os.getpid()}.{secrets.token_hex(4)}.new"
    try:
        draft.touch(mode=0o600)
        draft.write_text(json.dumps({"set": set_name, "seed": fresh}), encoding="utf-8")
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        kept_set, kept_seed = kept["set"], int(kept["seed"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise GradeError(
            f"{path}: holds no seed ({error}); remove it to grade everybody anew, or put it back from a copy"
        ) from error
    if kept_set != set_name:
        raise GradeError(f"{out} holds grades of the set {kept_set!r}; give another folder")
    if seed is not None and seed != kept_seed:
        write_whole(path, json.dumps({"set": set_name, "seed": seed}).encode())
        path.chmod(0o600)
        return seed
    return kept_seed


def common_seed(folders):
    """The seed that several folders of shards were graded with: int.

    Raises
    ------
    GradeError
        If they have none, or not the same.
    """
    seeds = {}
    for folder in folders:
        try:
            seeds[folder] = json.loads(Path(folder, ".run.json").read_text(encoding="utf-8"))["seed"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise GradeError(f"{folder}: holds no grades (no .run.json that can be read): {error}") from error
    if len(set(seeds.values())) > 1:
        raise GradeError(f"{', '.join(map(str, seeds))}: were graded with different seeds; give all shards one --seed")
    return next(iter(seeds.values()))


def kept(out, student, key):
    """The record of a submission that has not changed since it was graded there, or None."""
    record = _record(out, student)
    return record if record and record.get("key") == key else None


def made_by(out, student, plan_key):
    """The record of a student that was made with a plan, whatever was handed in, or None."""
    record = _record(out, student)
    return record if record and record.get("plan") == plan_key else None


def _record(out, student):
    name = feedback.file_name(student)
    try:
        record = json.loads(Path(out, f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    complete = feedback.is_record(record) and Path(out, f"{name}.html").exists()
    # In the file, what is no UTF-8 in a name is a question mark.
    return record | {"student": student} if complete else None


def tidy(out):
    """Remove the unfinished files of runs that were killed; when everybody is graded, nobody is writing any more."""
    for path in out.iterdir():
        if UNFINISHED.match(path.name):
            path.unlink(missing_ok=True)
