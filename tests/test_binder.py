"""Binder and Colab: the image that repo2docker would build, and where the book's launch buttons lead.

What an image must do is stated in repo2docker's documentation of its configuration files (runtime.txt,
requirements.txt, pyproject.toml, postBuild); what a launch address means, in those of Binder and Colab.
"""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import parse_qs, unquote, urlsplit

import nbformat
import pytest
import yaml


@pytest.fixture(scope="module")
def dockerfile(root, tmp_path_factory):
    """What repo2docker prints for this repository, without building it."""
    # Only the files it reads: it would otherwise copy the environment and the built book.
    folder = tmp_path_factory.mktemp("binder")
    for name in ("requirements.txt", "runtime.txt", "pyproject.toml", "postBuild", "apt.txt"):
        if (root / name).exists():
            (folder / name).write_bytes((root / name).read_bytes())
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr


def test_no_folder_switches_the_root_files_off(root):
    for name in ("binder", ".binder", "environment.yml", "setup.py", "Dockerfile", "Pipfile"):
        assert not (root / name).exists(), f"{name} makes repo2docker ignore requirements.txt or pyproject.toml"


def test_the_image_has_the_python_of_the_pins(dockerfile):
    assert "python=3.11" in dockerfile


def test_the_image_installs_the_pins_then_the_package_then_warms_up(dockerfile):
    steps = [
        dockerfile.index('pip install --no-cache-dir -r "requirements.txt"'),
        dockerfile.index("pip install --no-cache-dir ."),
        dockerfile.index("RUN ./postBuild"),
    ]
    assert steps == sorted(steps)


def test_post_build_works_and_is_executable(root):
    assert os.access(root / "postBuild", os.X_OK)
    assert (root / "postBuild").read_bytes().startswith(b"#!/bin/bash\n")
    environment = {**os.environ, "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}
    run = subprocess.run([root / "postBuild"], cwd=root, env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0
    assert "postBuild:" not in run.stderr, run.stderr


class Links(HTMLParser):
    """Addresses of all links of a page."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.found += [value for name, value in attributes if name == "href" and value]


def launch_target(address, repository, branch):
    """Path in the repository that a Binder or Colab address opens, None for any other address."""
    parts = urlsplit(address)
    owner_and_name = urlsplit(repository).path.strip("/")
    if parts.netloc == "mybinder.org":
        assert parts.path == f"/v2/gh/{owner_and_name}/{branch}", address
        (inside,) = parse_qs(parts.query)["urlpath"]
        return unquote(re.fullmatch(r"lab/tree/(.+)", inside)[1])
    if parts.netloc == "colab.research.google.com":
        return unquote(re.fullmatch(rf"/github/{owner_and_name}/blob/{branch}/(.+)", parts.path)[1])
    return None


@pytest.mark.parametrize(
    "address, path",
    [
        ("https://mybinder.org/v2/gh/a/b/main?urlpath=lab/tree/chapters/x.ipynb", "chapters/x.ipynb"),
        ("https://colab.research.google.com/github/a/b/blob/main/chapters/x.ipynb", "chapters/x.ipynb"),
        ("https://github.com/a/b", None),
    ],
)
def test_launch_target(address, path):
    # Examples of the two forms, as their documentations give them.
    assert launch_target(address, "https://github.com/a/b", "main") == path


def test_every_launch_button_opens_a_notebook_of_the_repository(root, built_book):
    repository = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]
    pages_with_buttons = 0
    for page in sorted(built_book.rglob("*.html")):
        links = Links()
        links.feed(page.read_text(encoding="utf-8"))
        targets = {launch_target(link, repository["url"], repository["branch"]) for link in links.found} - {None}
        for target in targets:
            assert target.endswith(".ipynb"), f"{page.name} launches {target}, which opens as text"
            nbformat.validate(nbformat.read(root / target, as_version=4))
        pages_with_buttons += bool(targets)
    toc = (root / "_toc.yml").read_text(encoding="utf-8")
    assert pages_with_buttons == len(re.findall(r"file: \S+\.md$", toc, re.MULTILINE)), (
        "every page of _toc.yml that is named with its ending is a notebook and needs launch buttons"
    )


def test_the_badge_of_the_readme_opens_a_notebook(root):
    repository = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]
    readme = (root / "README.md").read_text(encoding="utf-8")
    (address,) = re.findall(r"\]\((https://mybinder\.org/v2/[^)]*)\)", readme)
    target = launch_target(address, repository["url"], repository["branch"])
    assert target.endswith(".ipynb") and (root / target).exists()
