"""nbgrader lives in an environment of its own, which `make nbgrader` makes; its programs are called from there."""

import os
import subprocess

import pytest


@pytest.fixture(scope="session")
def class_programs(root):
    """Folder of the programs of the environment that has nbgrader and nbgitpuller."""
    folder = root / ".venv-nbgrader" / "bin"
    if not (folder / "nbgrader").exists():
        pytest.skip("nbgrader is not installed: `make nbgrader` installs it in .venv-nbgrader and runs these tests")
    return folder


@pytest.fixture(scope="session")
def run(class_programs, root, tmp_path_factory):
    """Runs a program of that environment: run(folder, name, *arguments) gives what it printed."""
    home = tmp_path_factory.mktemp("home")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "LIFCORE"))}
    # nbgrader calls alembic and a kernel by name; the course is this checkout, and the home nobody's.
    environment |= {
        "PATH": f"{class_programs}{os.pathsep}{environment['PATH']}",
        "PYTHONPATH": str(root),
        "HOME": str(home),
        "LIFCORE_PROGRESS": "off",
    }

    def call(folder, name, *arguments):
        command = [str(class_programs / name), *map(str, arguments)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        return done.stdout + done.stderr

    call.environment = environment
    return call
