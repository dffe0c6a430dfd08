#!/bin/sh
# What Binder's image will hold, without a container: the steps of repo2docker's Dockerfile in a fresh environment and a
# clean copy of the repository, then the notebooks in its JupyterLab, run by a real browser.
#
#     tools/binder.sh        (make binder)
set -eu

here=$(pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

git clone --quiet "$here" "$place/course"
cd "$place/course"
"$here/.venv/bin/python" -m venv "$place/env"
export PATH="$place/env/bin:$PATH"
python -m pip install --disable-pip-version-check --quiet -r requirements.txt
python -m pip install --disable-pip-version-check --quiet .
./postBuild
python -m pip check
du -sh "$place/env"
cd "$here"
LAB_PYTHON="$place/env/bin/python" LAB_COURSE="$place/course" .venv/bin/python -m pytest tests/lab
