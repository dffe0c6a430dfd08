"""The repository agrees with itself: addresses, versions, requirements, workflows, commands.

What is expected stands in one place each: the address in _config.yml, the version in pyproject.toml, the commands in the
Makefile. The rules for workflows and the citation file are the public schemas that check-jsonschema ships.
"""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import newest

ROOT = Path(__file__).parents[1]
TEXT = {".py", ".md", ".yml", ".toml", ".txt", ".cff", ".sh", ".cfg", ".js", ".css", ".json", ".ipynb", ".bib", ""}


def project_files():
    """Files that git tracks or would track."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    assert listing.returncode == 0, listing.stderr
    return sorted({ROOT / line for line in listing.stdout.splitlines()} & set(ROOT.rglob("*")))


def text_files():
    return [path for path in project_files() if path.suffix in TEXT and path.is_file()]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pyproject():
    return tomllib.loads(read("pyproject.toml"))


@pytest.fixture(scope="module")
def repository():
    return yaml.safe_load(read("_config.yml"))["repository"]


# Addresses and versions ---------------------------------------------------------------------------------------

def test_every_file_names_the_same_repository(repository):
    ours = repository["url"].removeprefix("https://github.com/")
    name = ours.partition("/")[2]
    # As GitHub, Binder (/gh/) and Colab (/github/) write it.
    mention = re.compile(rf"(?:github\.com|/gh|/github)/([\w.-]+/{re.escape(name)})(?![\w-])")
    for path in text_files():
        for found in mention.findall(path.read_text(encoding="utf-8")):
            # The page for instructors has a stand-in for the reader's own fork.
            assert found in (ours, f"your-name/{name}"), f"{path.relative_to(ROOT)} names {found}"


def test_metadata_name_the_repository(pyproject, repository):
    assert pyproject["project"]["urls"]["Repository"] == repository["url"]
    assert yaml.safe_load(read("CITATION.cff"))["repository-code"] == repository["url"]
    assert repository["url"] in read("CONTRIBUTING.md")


def test_versions_agree(pyproject):
    import lifcore

    version = pyproject["project"]["version"]
    assert yaml.safe_load(read("CITATION.cff"))["version"] == version
    assert lifcore.__version__ == version


def test_licences_agree(pyproject):
    assert pyproject["project"]["license"] == "BSD-3-Clause"
    assert yaml.safe_load(read("CITATION.cff"))["license"] == "BSD-3-Clause"
    assert read("LICENSE").startswith("BSD 3-Clause License")
    assert "creativecommons.org/licenses/by/4.0/legalcode" in read("LICENSE-CONTENT")


# Requirements -------------------------------------------------------------------------------------------------

def requirements(name):
    """Requirements of a file by canonical name, without the files it includes."""
    lines = (line.partition("#")[0].strip() for line in read(name).splitlines())
    found = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def declared(pyproject):
    project = pyproject["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    return [Requirement(line) for line in lines]


def test_the_package_declares_ranges(pyproject):
    for requirement in declared(pyproject):
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators == {">=", "<"}, f"{requirement}: give a lowest version and the first that may break"


def test_the_book_pins(pyproject):
    pins = requirements("requirements.txt") | requirements("requirements-test.txt")
    pins |= requirements("requirements-nbgrader.txt")
    for requirement in pins.values():
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], str(requirement)


def test_pins_lie_in_the_declared_ranges(pyproject):
    pins = requirements("requirements.txt")
    for requirement in declared(pyproject):
        pin = pins[canonicalize_name(requirement.name)]
        (exact,) = pin.specifier
        assert requirement.specifier.contains(exact.version), f"{pin} is outside {requirement}"


def test_the_supported_pythons(pyproject):
    supported = SpecifierSet(pyproject["project"]["requires-python"])
    assert [minor for minor in range(8, 20) if supported.contains(f"3.{minor}.0")] == [11, 12, 13]
    assert read("runtime.txt").strip() == "python-3.11"


def imported(folder):
    """Top-level modules that the Python files below a folder import."""
    names = set()
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.partition(".")[0])
    own = {path.stem for where in ("tests", "tools") for path in (ROOT / where).rglob("*") if path.suffix in ("", ".py")}
    return names - set(sys.stdlib_module_names) - own - {"lifcore", "tests", "tools"}


# These come with a pinned package that is made of them.
PARTS_OF_OTHERS = {"cycler", "packaging", "pillow", "jupyter-client"}
# Other simulators: results made with them are stored, and tests meet them alive only where somebody has installed them.
PEERS = {"brian2", "torch", "snntorch", "norse", "spikingjelly", "nirtorch"}


@pytest.mark.parametrize(
    "folder, files",
    [
        ("lifcore", ["requirements.txt"]),
        ("tools", ["requirements.txt", "requirements-test.txt"]),
        ("tests", ["requirements.txt", "requirements-test.txt"]),
    ],
)
def test_requirements_cover_the_imports(folder, files):
    pinned = set().union(*(requirements(name) for name in files))
    providers = packages_distributions()
    pinned |= PARTS_OF_OTHERS
    for module in sorted(imported(folder) - (PEERS if folder != "lifcore" else set())):
        distributions = {canonicalize_name(name) for name in providers.get(module, [module])}
        assert distributions & pinned, f"{folder} imports {module} ({', '.join(distributions)}), which no file pins"


def test_the_package_declares_what_it_imports(pyproject):
    declared_names = {canonicalize_name(requirement.name) for requirement in declared(pyproject)} | PARTS_OF_OTHERS
    providers = packages_distributions()
    for module in sorted(imported("lifcore")):
        distributions = {canonicalize_name(name) for name in providers.get(module, [module])}
        assert distributions & declared_names, f"lifcore imports {module}; declare it in pyproject.toml"


def test_free_takes_the_pins_out():
    # By hand: names stay, Jupyter Book stays below 2, comments and includes stay.
    text = "# a\n-r requirements.txt\nnumpy==2.4.6\njupyter-book==1.0.4.post1\nsphinx_design==0.8.0\n"
    assert newest.free(text) == "# a\n-r requirements.txt\nnumpy\njupyter-book<2\nsphinx_design\n"


# Workflows and commands ---------------------------------------------------------------------------------------

def run_linter(*arguments):
    return subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True)


def test_workflows_follow_the_schema():
    workflows = [str(path) for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
    assert [Path(path).name for path in workflows] == ["book.yml", "weekly.yml"]
    check = run_linter("check_jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    assert check.returncode == 0, check.stdout


def test_the_citation_file_follows_the_schema():
    check = run_linter("check_jsonschema", "--builtin-schema", "vendor.citation-file-format", "CITATION.cff")
    assert check.returncode == 0, check.stdout


def test_the_linter_finds_a_mistake(tmp_path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(read(".github/workflows/book.yml").replace("runs-on:", "run-on:"), encoding="utf-8")
    check = run_linter("check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(wrong))
    assert check.returncode == 1


def test_yaml_files_are_clean():
    rules = "{extends: default, rules: {line-length: {max: 130}, document-start: disable, truthy: {check-keys: false}, " \
            "comments: {min-spaces-from-content: 1}, braces: {max-spaces-inside: 1}, commas: disable, colons: disable}}"
    files = [str(path) for path in project_files() if path.suffix == ".yml"]
    check = run_linter("yamllint", "--strict", "-d", rules, *files)
    assert check.returncode == 0, check.stdout


def test_the_workflow_publishes_what_the_makefile_builds():
    workflow = yaml.safe_load(read(".github/workflows/book.yml"))
    jobs = workflow["jobs"]
    assert jobs["deploy"]["needs"] == ["test", "build"]
    assert jobs["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}
    commands = [step.get("run") for job in jobs.values() for step in job["steps"]]
    assert "make test" in commands and "make html" in commands
    (upload,) = [step for step in jobs["build"]["steps"] if "upload-pages-artifact" in step.get("uses", "")]
    assert upload["with"]["path"] == "_build/html"


def make_targets():
    return set(re.findall(r"^([a-z][\w-]*):", read("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "Makefile", ".ci/run", ".github/workflows/book.yml",
                                  ".github/workflows/weekly.yml"])
def test_commands_that_are_told_exist(name):
    told = set(re.findall(r"(?:^|`|\bmake &&|\$ |run: )make ([a-z][\w-]*)", read(name), re.MULTILINE))
    told |= set(re.findall(r'"make ([a-z][\w-]*)', read(name)))
    assert told, f"{name} names no command"
    assert told <= make_targets(), f"{name} names {told - make_targets()}, which the Makefile does not have"


def test_the_two_commands_come_first():
    first_screen = "\n".join(read("README.md").splitlines()[:25])
    for command in ("make book", "make test", "assets/screenshot.png", "mybinder.org/badge"):
        assert command in first_screen


def test_continuous_integration_runs_the_told_command():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    lines = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]
    assert lines == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "make test"]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_to_files_resolve(name):
    for target in re.findall(r"\]\((?!https?:|#)([^)]+)\)", read(name)):
        assert (ROOT / target).exists(), f"{name} links to {target}"


# Nothing of the workshop --------------------------------------------------------------------------------------

def test_no_file_names_a_machine_or_a_registry():
    # Written in pieces, so that this file does not name them either.
    forbidden = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "deb.deb" + "ian.org",
                 "/wo" + "rk/", "/ro" + "ot/", "/home/" + "runner", "/U" + "sers/", "/opt/py" + "pi"]
    for path in text_files():
        text = path.read_text(encoding="utf-8")
        for word in forbidden:
            assert word not in text, f"{path.relative_to(ROOT)} names {word}"


def test_nothing_built_is_kept():
    for path in project_files():
        assert path.suffix not in {".wasm", ".pyc", ".nbi", ".nbc"}, f"{path.relative_to(ROOT)} is made by a build"
        assert path.stat().st_size < 2_000_000, f"{path.relative_to(ROOT)} is too large to keep"
