"""JupyterLab as a reader gets it, on copies of the notebooks.

LAB_PYTHON names another environment's Python, and LAB_COURSE another copy of the course, as tools/binder.sh does.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

COURSE = Path(os.environ.get("LAB_COURSE", Path(__file__).parents[2]))
PYTHON = os.environ.get("LAB_PYTHON", sys.executable)

# Lab asks its makers for news and loads only the cells in view; a test needs neither.
OVERRIDES = """{
  "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false},
  "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}
}"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_up(address, server, log, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert server.poll() is None, f"JupyterLab stopped:\n{log.read_text()[-3000:]}"
        try:
            urllib.request.urlopen(f"{address}/api/status", timeout=5)
            return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.3)
    raise TimeoutError(f"JupyterLab did not answer within {seconds} s:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Address of a running JupyterLab that serves copies of chapters/ and exercises/."""
    home = tmp_path_factory.mktemp("lab")
    course = home / "course"
    for folder in ("chapters", "exercises"):
        shutil.copytree(COURSE / folder, course / folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    settings = home / "config" / "labconfig"
    settings.mkdir(parents=True)
    (settings / "default_setting_overrides.json").write_text(OVERRIDES)
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "PATH": f"{Path(PYTHON).parent}{os.pathsep}{os.environ['PATH']}",
    }
    port = free_port()
    command = [
        PYTHON, "-m", "jupyterlab", "--no-browser", "--expose-app-in-browser", "--ip=127.0.0.1",
        f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={course}", "--IdentityProvider.token=",
        "--ServerApp.allow_root=True",
    ]
    log = home / "lab.log"
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=course, env=environment, stdout=output, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_up(address, server, log)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
