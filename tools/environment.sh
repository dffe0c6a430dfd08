#!/bin/sh
# Makes the environment .venv and installs the book's requirements and lifcore into it.
#
#     tools/environment.sh REQUIREMENTS_FILE
#
# PYTHON chooses the interpreter; else python3 if it is a 3.11, 3.12 or 3.13, else the first of these that is there.
set -eu

requirements=$1
VENV=${VENV:-.venv}
test_version='import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

stop() {
    printf '\n%s\n' "$@" >&2
    exit 1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        "$PYTHON" -c "$test_version" 2>/dev/null || stop "PYTHON=$PYTHON is not a Python 3.11, 3.12 or 3.13."
        echo "$PYTHON"
        return
    fi
    for name in python3 python3.11 python3.12 python3.13 python; do
        if command -v "$name" >/dev/null 2>&1 && "$name" -c "$test_version" 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    stop "The course needs Python 3.11, 3.12 or 3.13, and none was found." \
         "Install one (on Debian or Ubuntu: apt-get install python3 python3-venv), or name one: make PYTHON=/path/to/python3.12 ..."
}

make_environment() {
    python=$1
    if "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -m venv "$VENV"
    elif "$python" -m pip --version >/dev/null 2>&1; then
        # Debian keeps ensurepip in a package of its own; a pip outside can fill the environment too.
        "$python" -m venv --without-pip "$VENV"
        "$python" -m pip --python "$VENV/bin/python" install --quiet pip
    else
        stop "Python is there, but neither its module ensurepip nor pip, so no environment can be made." \
             "Install them (on Debian or Ubuntu: apt-get install python3-venv)."
    fi
}

if [ ! -x "$VENV/bin/python" ] || ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    echo "Making the environment $VENV with $("$python" --version) ..."
    make_environment "$python"
fi
echo "Installing $requirements (a few minutes the first time) ..."
"$VENV/bin/python" -m pip install --disable-pip-version-check --progress-bar on -r "$requirements"
"$VENV/bin/python" -m pip install --disable-pip-version-check --quiet --editable .
# Matplotlib lists this machine's fonts once; where that takes long it says so, which a notebook of the book must not.
"$VENV/bin/python" -c "import matplotlib.font_manager" 2>/dev/null
