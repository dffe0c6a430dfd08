"""Colab's way: a notebook alone, where lifcore is missing, installs it by its own first cell and runs to its end.

The environment is a fresh one that sees the packages of another and not lifcore: of the one the tests run in, or of the
one whose Python COLAB_PYTHON names (`make colab`: the versions that Colab has, requirements-colab.txt). Colab's part in
showing widgets is played by the few names that anywidget uses of google.colab.output; what they do is told in
googlecolab/colabtools, google/colab/output/_widgets.py.
"""

import ast
import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import nbformat
import pytest
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import notebooks
import published

CHAPTER = "chapters/physicist/neuron.ipynb"
EXERCISES = "exercises/neuron.ipynb"
WIDGET = "application/vnd.jupyter.widget-view+json"
STATES = "application/vnd.jupyter.widget-state+json"
MANAGER = "https://example.org/manager.min.js"
GOOGLE_COLAB_OUTPUT = f"""
from types import SimpleNamespace

from IPython import get_ipython

_widgets = SimpleNamespace(_installed_url=None)


def name_manager(message):
    content = message["content"]
    if {WIDGET!r} in content.get("data", {{}}):
        content.setdefault("metadata", {{}})[{WIDGET!r}] = {{
            "colab": {{"custom_widget_manager": {{"url": _widgets._installed_url}}}}
        }}
    return message


def enable_custom_widget_manager():
    _widgets._installed_url = {MANAGER!r}
    get_ipython().display_pub.register_hook(name_manager)
"""
WHERE = "import importlib.util as u; s = u.find_spec({name!r}); print(s and s.origin)"


class Elsewhere:
    """A fresh environment with a kernel, and how to run a notebook in it."""

    def __init__(self, folder, python, environment):
        self.site = folder
        self.python = python
        self.environment = environment

    def where(self, name):
        """Path of a package there, or nothing."""
        command = [self.python, "-c", WHERE.format(name=name)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=self.site,
                              env=self.environment)
        return None if done.stdout.strip() == "None" else Path(done.stdout.strip())

    def run(self, path):
        """The notebook, executed in a folder where nothing else is."""
        notebook = nbformat.read(path, as_version=4)
        folder = self.site / path.stem
        folder.mkdir(exist_ok=True)
        resources = {"metadata": {"path": str(folder)}}
        client = NotebookClient(notebook, timeout=300, kernel_name="elsewhere", resources=resources)
        try:
            client.execute(env=self.environment)
        except CellExecutionError:
            if not self.reaches_index():
                pytest.skip("pip reaches no package index, from which it takes what builds lifcore")
            raise
        return notebook

    def reaches_index(self):
        """Whether pip finds setuptools, which builds the package."""
        command = [self.python, "-m", "pip", "download", "--no-deps", "--dest", self.site / "wheels", "setuptools>=77"]
        return not subprocess.run(command, env=self.environment, capture_output=True).returncode


@pytest.fixture(scope="module")
def elsewhere(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    base = os.environ.get("COLAB_PYTHON", sys.executable)
    subprocess.run([base, "-m", "venv", "--without-pip", folder / "env"], check=True)
    python = folder / "env" / "bin" / "python"
    find = "import sysconfig; print(sysconfig.get_path('purelib'))"
    others, own = (
        Path(subprocess.run([one, "-c", find], capture_output=True, text=True, check=True).stdout.strip())
        for one in (base, python)
    )
    # Links to all packages but this one: were it installed there, pip would find it.
    seen = folder / "packages"
    seen.mkdir()
    for entry in others.iterdir():
        if not entry.name.startswith(("lifcore", "__editable__", "__pycache__")):
            (seen / entry.name).symlink_to(entry)
    (own / "packages.pth").write_text(f"{seen}\n", encoding="utf-8")
    output = seen / "google" / "colab" / "output"
    if (seen / "google").is_symlink():
        (seen / "google").unlink()
    output.mkdir(parents=True)
    (output / "__init__.py").write_text(GOOGLE_COLAB_OUTPUT, encoding="utf-8")
    startup = folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "colab.py").write_text("import google.colab.output\n", encoding="utf-8")
    kernel = folder / "jupyter" / "kernels" / "elsewhere"
    kernel.mkdir(parents=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Elsewhere", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")

    address = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]
    course = published.publish(root, folder / "lif-course", address["branch"])
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= published.instead_of(course, address["url"])
    environment |= {
        "IPYTHONDIR": str(folder / "ipython"),
        "LIFCORE_PROGRESS": "off",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    patch = pytest.MonkeyPatch()
    patch.setenv("JUPYTER_PATH", str(folder / "jupyter"))
    yield Elsewhere(folder, python, environment)
    patch.undo()


EVERY_FIGURE = """
import lifcore.live as live

for thing in vars(live).values():
    if isinstance(thing, type) and issubclass(thing, live.LiveFigure) and thing is not live.LiveFigure:
        print(thing())
"""


def sources(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_a_chapter_installs_the_package_and_shows_its_figures(root, elsewhere):
    assert elsewhere.where("lifcore") is None and elsewhere.where("anywidget") is not None
    chapter = elsewhere.run(root / CHAPTER)
    assert elsewhere.where("lifcore").is_relative_to(elsewhere.site / "env")
    shown = [cell for cell in chapter.cells if notebooks.ends_in_live_figure(cell.source)]
    states = chapter.metadata.widgets[STATES]["state"]
    assert shown
    for cell in shown:
        (output,) = cell.outputs
        # anywidget has Colab enable its manager of widgets, whose address then stands beside every view.
        assert output.metadata[WIDGET]["colab"]["custom_widget_manager"]["url"] == MANAGER
        state = states[output.data[WIDGET]["model_id"]]["state"]
        assert state["_model_module"] == "anywidget" and "export default" in state["_esm"] and state["card"]["figure"]


def test_an_exercise_set_answers(root, elsewhere):
    exercises = elsewhere.run(root / EXERCISES)
    checks = [cell for cell in exercises.cells if "check" in cell.metadata.get("tags", ())]
    shown = [cell.outputs[-1].data["text/plain"] for cell in checks]
    assert len(shown) == 9 and all("Not answered yet" in text for text in shown)


@pytest.mark.skipif("COLAB_PYTHON" not in os.environ, reason="`make colab` runs it, with another compiler's version")
def test_every_figure_is_built(root, elsewhere):
    # The compiler of the figures is numba's, and an older one than the book's may want what a page does not have.
    command = [elsewhere.python, "-c", EVERY_FIGURE]
    environment = elsewhere.environment | {"PYTHONPATH": str(root)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=elsewhere.site, env=environment)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 40


def test_every_notebook_begins_with_the_same_cell(root):
    paths = [*(root / "chapters").rglob("*.ipynb"), *(root / "exercises").rglob("*.ipynb")]
    assert len({sources(nbformat.read(path, as_version=4))[0] for path in paths}) == 1


def installed_by_the_first_cell(root):
    """Distributions that come with lifcore[learning], and with a Jupyter kernel."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["learning"]]
    return {canonicalize_name(Requirement(line).name) for line in lines} | {"lifcore", "ipython"}


def test_what_notebooks_import_is_installed_by_their_first_cell(root):
    allowed = installed_by_the_first_cell(root)
    distributions = packages_distributions()
    imported = set()
    for path in [*(root / "chapters").rglob("*.ipynb"), *(root / "exercises").rglob("*.ipynb")]:
        for text in sources(nbformat.read(path, as_version=4))[1:]:
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    imported.add(node.module.partition(".")[0])
    assert {"lifcore", "numpy"} <= imported
    for module in imported - set(sys.stdlib_module_names) - {"lifcore"}:
        assert allowed & {canonicalize_name(name) for name in distributions.get(module, ())}, module


def test_the_packages_that_colab_has_are_left_alone(root):
    # A package that pip exchanges under a running kernel needs a restart, and a reader who knows it.
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ranges = [*project["dependencies"], *project["optional-dependencies"]["learning"]]
    pins = {}
    for line in (root / "requirements-colab.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            (pin,) = requirement.specifier
            pins[canonicalize_name(requirement.name)] = pin.version
    compared = 0
    for requirement in map(Requirement, ranges):
        version = pins.get(canonicalize_name(requirement.name))
        if version is not None:
            assert requirement.specifier.contains(version), f"Colab has {requirement.name} {version}, not {requirement}"
            compared += 1
    assert compared > 8
