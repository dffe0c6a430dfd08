#!/bin/sh
# The way out of Jupyter Book 1: the same sources under the newest Sphinx, without Jupyter Book's own extension, strictly.
#
#     tools/way_out.sh        (make way-out)
#
# Jupyter Book 1 only turns _config.yml into Sphinx's configuration. Here that is done one last time; everything else is
# in an environment of its own, with the newest versions that fit together.
set -eu

here=$(pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

git ls-files -z --cached --others --exclude-standard | xargs -0 tar --create --file - | (mkdir "$place/course" && cd "$place/course" && tar --extract --file -)
cd "$place/course"
"$here/.venv/bin/jupyter-book" config sphinx .
"$here/.venv/bin/python" tools/newest.py requirements.txt
sed -i '/^jupyter-book/d' requirements.txt
sed -i "s/'jupyter_book', *//" conf.py
if grep -q jupyter_book conf.py; then
    printf '%s\n' "make way-out: conf.py still names jupyter_book" >&2
    exit 1
fi

"$here/.venv/bin/python" -m venv "$place/env"
"$place/env/bin/python" -m pip install --disable-pip-version-check --quiet -r requirements.txt
"$place/env/bin/python" -m pip install --disable-pip-version-check --quiet --editable .
"$place/env/bin/python" -m pip list --disable-pip-version-check | grep -i -E '^(sphinx|myst|docutils|jupyter-book|pydata)'
MPLCONFIGDIR="$place/matplotlib" "$place/env/bin/python" -c "import matplotlib.font_manager" 2>/dev/null
MPLCONFIGDIR="$place/matplotlib" PYTHONPATH=tools "$place/env/bin/python" -m sphinx --builder html --fail-on-warning --nitpicky --keep-going . _build/html
mkdir -p "$here/_build"
rm -rf "$here/_build/way-out"
mv _build/html "$here/_build/way-out"
printf '%s\n' "Built without Jupyter Book: _build/way-out"
