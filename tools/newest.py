"""Takes the pins out of requirements files, so that an environment gets the newest versions that fit together.

    python tools/newest.py requirements.txt requirements-test.txt

Jupyter Book stays below 2, which reads no _config.yml. For the weekly workflow: the files are changed in place.
"""

import re
import sys
from pathlib import Path

BOUNDS = {"jupyter-book": "<2"}
PIN = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)==\S+$")


def free(text):
    """Text of a requirements file without its pins.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    lines = []
    for line in text.splitlines():
        pin = PIN.match(line)
        lines.append(pin["name"] + BOUNDS.get(pin["name"], "") if pin else line)
    return "\n".join(lines) + "\n"


def main(paths):
    for path in map(Path, paths):
        path.write_text(free(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
