"""The link of "Teach with it", clicked: nbgitpuller clones the fork and opens the notebook; a second click keeps work.

The hub's part, `/hub/user-redirect/`, leads to the student's own server, which runs here; git finds the fork's address
in a folder. That a change of the student's survives what is new is nbgitpuller's promise (its manual, "merging").
"""

import re
import subprocess
import time
from html.parser import HTMLParser
from urllib.error import URLError
from urllib.parse import parse_qs, unquote, urlencode, urlsplit
from urllib.request import build_opener, ProxyHandler

import pytest

import published

FETCH = build_opener(ProxyHandler({})).open
FORK = "https://github.com/your-name/lif-course"


class Asked(HTMLParser):
    """What nbgitpuller's page hands on to its script: the data attributes of the page's body."""

    def __init__(self, text):
        super().__init__()
        self.data = {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "body":
            self.data = {name.removeprefix("data-"): unquote(value or "") for name, value in attributes}


@pytest.fixture
def server(class_programs, run, root, tmp_path):
    """A student's own server: its address, the home it serves, and the fork."""
    fork = published.publish(root, tmp_path / "fork")
    home = tmp_path / "student"
    home.mkdir()
    command = [
        str(class_programs / "jupyter"), "server", "--no-browser", "--allow-root", "--IdentityProvider.token=",
        "--ServerApp.port=0", f"--ServerApp.root_dir={home}", f"--ServerApp.info_file={tmp_path / 'info'}",
    ]
    environment = run.environment | published.instead_of(fork, FORK)
    with open(tmp_path / "log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=home)
    try:
        for _ in range(300):
            started = re.search(r"http://(?:localhost|127\.0\.0\.1):(\d+)/", (tmp_path / "log").read_text())
            if started:
                break
            assert process.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.2)
        address = f"http://127.0.0.1:{started[1]}/"
        for _ in range(100):
            try:
                FETCH(address + "api")
                break
            except URLError:
                time.sleep(0.2)
        yield address, home, fork
    finally:
        process.terminate()
        process.wait(30)


def test_the_link_opens_the_notebook_and_keeps_what_was_written(server, root):
    address, home, fork = server
    page = (root / "chapters" / "reference" / "teaching.md").read_text(encoding="utf-8")
    (link,) = re.findall(r"^https://hub\.example\.edu/hub/user-redirect/(\S+)$", page, re.MULTILINE)
    asked = Asked(FETCH(address + link).read().decode()).data
    assert asked["repo"] == FORK and asked["branch"] == "main" and asked["path"].startswith("lab/tree/")

    def pull():
        what = urlencode({name: asked[name] for name in ("repo", "branch", "targetpath")})
        told = FETCH(f"{address}git-pull/api?{what}").read().decode()
        assert '"phase": "finished"' in told, told

    pull()
    notebook = home / asked["path"].removeprefix("lab/tree/")
    assert notebook.read_bytes() == (root / "exercises" / "neuron.ipynb").read_bytes()
    assert parse_qs(urlsplit(link).query)["urlpath"] == [asked["path"]]

    notebook.write_bytes(notebook.read_bytes().replace(b"your answer here", b"my answer"))
    (fork / "news.md").write_text("New here.\n")
    for command in (["add", "news.md"], ["commit", "--quiet", "--message=News"]):
        subprocess.run(["git", *published.NOBODY, *command], cwd=fork, check=True)
    pull()
    assert (home / "lif-course" / "news.md").exists() and b"my answer" in notebook.read_bytes()
