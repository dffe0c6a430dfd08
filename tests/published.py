"""The course as others fetch it: a repository made of this checkout, which git takes for the published one.

A notebook that is opened elsewhere installs lifcore from the address in its first cell, and nbgitpuller clones the
address in a link. Here git is told to find that address in a folder, so that it is their own text that runs.
"""

import shutil
import subprocess

PARTS = ("lifcore", "exercises", "pyproject.toml", "README.md", "LICENSE", "LICENSE-CONTENT")
NOBODY = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false")


def publish(root, folder, branch="main"):
    """Make a repository that holds the package and the exercises as they stand, committed or not.

    Parameters
    ----------
    root, folder : pathlib.Path
        The course, and where the repository is to be.
    branch : str

    Returns
    -------
    pathlib.Path
    """
    folder.mkdir(parents=True)
    for name in PARTS:
        if (root / name).is_dir():
            shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(root / name, folder / name)
    for command in (["init", "--quiet", f"--initial-branch={branch}"], ["add", "--all", "--force"],
                    ["commit", "--quiet", "--message=The course"]):
        subprocess.run(["git", *NOBODY, *command], cwd=folder, check=True)
    return folder


def instead_of(folder, address):
    """Environment in which git finds an address in a folder: dict of str.

    Parameters
    ----------
    folder : pathlib.Path
        A repository.
    address : str
    """
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{folder.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": address,
        "GIT_TERMINAL_PROMPT": "0",
    }
