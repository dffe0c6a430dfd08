"""The page "Teach with it": its commands are real, its link decodes, its examples release, grade and build.

What a command must be like is what the program's own parser takes, or git itself; what a link means, nbgitpuller's rule
for it. The numbers of the example are 20 ln 2 = 13.862 943 611 by a table's ln 2, and points added up from its cases.
"""

import csv
import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

import lifcore
import published
from lifcore.grading import __main__ as program
from lifcore.grading import jail
from lifcore.grading.bulk import grade
from test_lifbook import Book

BLOCK = re.compile(
    r'''^(?P<fence>`{3,})(?:\{code-block\}\ )?(?P<language>\w+)\n   # ```bash, or ```{code-block} python
        (?::caption:\ "`(?P<caption>\S+)`"\n\n)?
        (?P<text>.*?)
        ^(?P=fence)$''',
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)
MODULE = "lifcore/memory.py"


@pytest.fixture(scope="module")
def page(root):
    return (root / "chapters" / "reference" / "teaching.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def blocks(page):
    """The page's blocks of code: language, caption, text."""
    return [SimpleNamespace(**block.groupdict()) for block in BLOCK.finditer(page)]


def captioned(blocks, caption):
    (block,) = [block.text for block in blocks if block.caption == caption]
    return block.strip("\n") + "\n"


def commands(blocks):
    texts = [re.sub(r"(\\|(?<=\|))\n *", " ", block.text) for block in blocks if block.language == "bash"]
    return [line for text in texts for line in text.splitlines() if line and not line.startswith("#")]


# Commands -----------------------------------------------------------------------------------------------------

def test_every_command_is_of_a_kind_that_is_tested(blocks):
    first = {line.split()[0] for line in commands(blocks)}
    assert first == {"cp", "git", "make", "nbgrader", "python"}


def test_commands_of_the_grader_are_taken_by_its_parser(blocks, monkeypatch):
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    parsed = []
    for line in commands(blocks):
        words = shlex.split(os.path.expandvars(line))
        if words[0] == "python":
            assert words[:3] == ["python", "-m", "lifcore.grading"]
            parsed.append(program._parser().parse_args(words[3:]))
    assert {options.command for options in parsed} == {"release", "grade", "report"}
    assert len([options for options in parsed if getattr(options, "shard", None) in ("3/8", (3, 8))]) == 1


def test_commands_of_make_are_in_the_makefile(page, root):
    targets = re.findall(r"^([a-z][\w-]*):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    told = re.findall(r"(?:^|`)make ([a-z][\w-]*)", page, re.MULTILINE)
    assert set(told) >= {"book", "test", "notebooks", "html"} and set(told) <= set(targets)


def test_the_call_with_a_cluster_fits_the_function(blocks):
    (text,) = [block.text for block in blocks if block.language == "python" and "dask" in block.text]
    called = []

    def client(address):
        called.append(address)
        return "a client"

    def fitting(*arguments, **named):
        inspect.signature(grade).bind(*arguments, **named)
        called.append(named["client"])

    exec(re.sub(r"^from .*$", "", text, flags=re.MULTILINE), {"Client": client, "grade": fitting})
    assert called == ["tcp://scheduler:8786", "a client"]


def test_a_fork_is_renamed_and_brought_up_to_date(blocks, root, tmp_path):
    # Run as they stand, make aside: git finds the course's address in a folder that stands for it.
    address = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]
    original = published.publish(root, tmp_path / "original", address["branch"])
    environment = os.environ | published.instead_of(original, address["url"])
    names = [f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
    environment |= dict.fromkeys(names, "nobody@example.org")

    def run(folder, command):
        done = subprocess.run(command, cwd=folder, shell=True, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    run(tmp_path, f"git clone --quiet {original} fork")
    rename, *update = [line for line in commands(blocks) if line.startswith("git ")]
    run(tmp_path / "fork", rename)
    assert not run(tmp_path / "fork", "git grep -l lif-course/lif-course || true")
    assert "github.com/your-name/lif-course@main" in (tmp_path / "fork" / "exercises" / "neuron.ipynb").read_text()
    run(tmp_path / "fork", "git commit --quiet --all --message='My fork'")
    (original / "news.md").write_text("New here.\n")
    run(original, "git add news.md && git commit --quiet --message=News")
    for line in update:
        run(tmp_path / "fork", line)
    assert (tmp_path / "fork" / "news.md").exists()
    assert "your-name/lif-course" in (tmp_path / "fork" / "pyproject.toml").read_text()


def test_the_private_folder_is_left_out_by_git(page, root):
    assert "grading-private/" in page
    assert "grading-private/" in (root / ".gitignore").read_text(encoding="utf-8").splitlines()


# The link -----------------------------------------------------------------------------------------------------

def test_the_link_decodes_as_nbgitpuller_decodes_it(page, root):
    # nbgitpuller/handlers.py: `repo`, `branch`, and `urlpath`, under the last part of `repo`'s path in the home.
    (link,) = re.findall(r"^https://hub\.example\.edu/\S+$", page, re.MULTILINE)
    parts = urlsplit(link)
    assert parts.path == "/hub/user-redirect/git-pull"
    asked = {name: value for name, (value,) in parse_qs(parts.query, strict_parsing=True).items()}
    assert asked["repo"] == "https://github.com/your-name/lif-course"
    assert asked["branch"] == yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]["branch"]
    folder, _, notebook = asked["urlpath"].removeprefix("lab/tree/").partition("/")
    assert folder == asked["repo"].rpartition("/")[2] and (root / notebook).exists()
    assert set(asked) == {"repo", "branch", "urlpath"}


# The example exercise -----------------------------------------------------------------------------------------

@pytest.fixture
def course(blocks, root, tmp_path, monkeypatch):
    """A folder with the example's source, where a fork keeps its private sets."""
    (text,) = [block.text for block in blocks if block.language == "md" and not block.caption]
    source = tmp_path / "grading-private" / "memory.md"
    source.parent.mkdir()
    source.write_text(text, encoding="utf-8")
    (tmp_path / "_config.yml").write_bytes((root / "_config.yml").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cells(path):
    return {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}


def told(blocks, exam):
    """The page's command that releases its example, as arguments of the program."""
    lines = [line for line in commands(blocks) if "grading-private/memory.md" in line.split()]
    (line,) = [line for line in lines if ("--exam" in line.split()) is exam]
    return shlex.split(line)[3:]


def test_the_example_is_released_and_graded(blocks, course, capsys):
    assert program.main([*told(blocks, exam=False), "--data", "data"]) == 0, capsys.readouterr().err
    private = course / "grading-private"
    grader, released = private / "grader" / "memory.json", private / "memory.ipynb"
    assert '"hidden": true' in grader.read_text()
    assert '"hidden": true' not in (course / "data" / "memory.json").read_text()
    assert "np.log(2)" not in released.read_text() and "q1-check" in cells(released)

    solution = private / "solutions" / "memory.ipynb"
    (course / "submitted").mkdir()
    (course / "submitted" / "anna.ipynb").write_bytes(solution.read_bytes())
    wrong = json.loads(released.read_text())
    for cell in wrong["cells"]:
        if cell["id"] == "q1-answer":
            cell["source"] = "def half_life(n):\n    return n.tau_m / 2"
    (course / "submitted" / "ben.ipynb").write_text(json.dumps(wrong))
    how = ["--no-jail"] if jail.problem() else []
    assert program.main(["grade", str(grader), "submitted", "grades", "--jobs", "2", "--seed", "7", *how]) == 0
    with open(course / "grades" / "scores.csv", newline="", encoding="utf-8-sig") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert [float(rows[name]["points"]) for name in ("anna", "ben")] == [3, 0]
    # With the seed of the run the same comes out for one student alone.
    (course / "disputed").mkdir()
    (course / "disputed" / "ben.ipynb").write_bytes((course / "submitted" / "ben.ipynb").read_bytes())
    assert program.main(["grade", str(grader), "disputed", "again", "--seed", "7", *how]) == 0
    first, second = (json.loads((course / run / "ben.json").read_text()) for run in ("grades", "again"))
    assert first["questions"] == second["questions"]
    feedback = (course / "grades" / "ben.html").read_text(encoding="utf-8")
    assert "It shrinks ever more slowly." in feedback


def test_an_exam_gives_nothing_away(blocks, course):
    assert program.main(told(blocks, exam=True)) == 0
    made = {path.relative_to(course).as_posix() for path in course.rglob("*") if path.is_file()} - {"_config.yml"}
    assert made == {
        "grading-private/memory.md",
        "grading-private/memory.ipynb",
        "grading-private/grader/memory.ipynb",
        "grading-private/grader/memory.json",
    }
    handed_out = cells(course / "grading-private" / "memory.ipynb")
    assert "q1-answer" in handed_out and not [name for name in handed_out if name.endswith(("-check", "-hints"))]
    # It runs where the package knows nothing of the set; the first cell's magic stands where lifcore is missing only.
    code = "\n".join(text for name, text in handed_out.items() if not name.startswith("text-"))
    code = re.sub(r"^(\s*)%.*$", r"\1raise", code, flags=re.MULTILINE) + "\nprint(check('q1').points)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)
    assert done.stdout == "0.0\n", done.stderr


def test_an_exam_needs_a_private_folder_and_no_reference(course, capsys):
    source = course / "grading-private" / "memory.md"
    assert program.main(["release", str(source), "--exam"]) == 1
    assert "an exam needs --private" in capsys.readouterr().err
    source.write_text(source.read_text() + '\n```{code-cell} ipython3\nprint(reference("q1"))\n```\n')
    assert program.main(["release", str(source), "--exam", "--private", "grader"]) == 1
    assert "reference" in capsys.readouterr().err and not (course / "grader").exists()


# The example chapter ------------------------------------------------------------------------------------------

@pytest.fixture
def package(blocks, tmp_path, monkeypatch):
    """lifcore with the example's module in it, here and in kernels."""
    (tmp_path / "lifcore").mkdir()
    (tmp_path / MODULE).write_text(captioned(blocks, MODULE), encoding="utf-8")
    line = captioned(blocks, "lifcore/__init__.py")
    extend = f"import lifcore\nlifcore.__path__.append({str(tmp_path / 'lifcore')!r})\nexec({line!r}, vars(lifcore))\n"
    (tmp_path / "sitecustomize.py").write_text(extend)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    monkeypatch.setattr(lifcore, "__path__", [*lifcore.__path__, str(tmp_path / "lifcore")])
    monkeypatch.setitem(sys.modules, "lifcore.memory", None)
    del sys.modules["lifcore.memory"]
    monkeypatch.setattr(lifcore, "half_life", None, raising=False)
    monkeypatch.setattr(lifcore, "memory", None, raising=False)
    exec(line, vars(lifcore))
    return tmp_path


def test_the_examples_test_passes_and_can_fail(blocks, package):
    names = {}
    exec(captioned(blocks, "tests/test_memory.py"), names)
    names["test_half_life_of_the_default_cell"]()
    names["half_life"] = lambda n: n.tau_m / 2
    with pytest.raises(AssertionError):
        names["test_half_life_of_the_default_cell"]()


def test_the_examples_number_is_its_source(blocks, package):
    import test_ledger

    (entry,) = yaml.safe_load(captioned(blocks, "numbers.yml"))
    assert test_ledger.agree(test_ledger.made(entry), test_ledger.expected(entry), entry["tolerance"])
    assert test_ledger.is_rounding_of(entry["value"], 13.862943611)


def test_the_examples_chapter_builds_and_its_place_is_in_the_book(blocks, package, root):
    book = Book(package / "book", ["lifbook.ledger", "lifbook.prose", "lifbook.practise"], nb_execution_mode="force",
                nb_execution_raise_on_error=True)
    name = "chapters/physicist/memory.md"
    # Of its set the chapter needs the questions' headings.
    (exercises,) = [block.text for block in blocks if block.language == "md" and not block.caption]
    book.write("exercises/memory.md", "\n\n".join(re.findall("^#+ .*$", exercises, re.MULTILINE)))
    book.write("numbers.yml", captioned(blocks, "numbers.yml"))
    book.write(name, captioned(blocks, name))
    book.write("chapters/reference/ledger.md", "# Ledger\n\n```{ledger}\n```\n")
    assert book.build() == []
    text = re.sub(r"<[^>]*>", "", book.page("chapters/physicist/memory"))
    assert "half is left after 13.86\N{NO-BREAK SPACE}ms" in text and "13.86 ms" in text

    from sphinx_external_toc.parsing import parse_toc_yaml

    toc = (root / "_toc.yml").read_text(encoding="utf-8")
    lasts = ("chapters/physicist/resonance", "exercises/limits")
    for line, last in zip(captioned(blocks, "_toc.yml").splitlines(), lasts):
        place = f"      - file: {last}.md\n"
        assert place in toc
        toc = toc.replace(place, f"{place}{line}\n")
    (package / "_toc.yml").write_text(toc, encoding="utf-8")
    assert {"chapters/physicist/memory.md", "exercises/memory.md"} <= set(parse_toc_yaml(package / "_toc.yml"))
