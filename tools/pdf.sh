#!/bin/sh
# The book as a PDF: the strict LaTeX build, then XeLaTeX. Live figures are stills.
#
#     tools/pdf.sh        (make pdf)
set -eu

missing=
for program in xelatex latexmk makeindex rsvg-convert; do
    command -v "$program" >/dev/null 2>&1 || missing="$missing $program"
done
if [ -n "$missing" ]; then
    printf '%s\n' "make pdf: not found:$missing. On Debian or Ubuntu:" \
        "  apt-get install --no-install-recommends texlive-xetex texlive-latex-extra texlive-fonts-recommended \\" \
        "      fonts-freefont-otf latexmk librsvg2-bin" >&2
    exit 1
fi

.venv/bin/jupyter-book build . --builder latex --warningiserror --nitpick --keep-going
cd _build/latex
if ! latexmk -xelatex -interaction=nonstopmode -halt-on-error -quiet lif-course.tex; then
    grep -A 5 '^!' lif-course.log >&2 || true
    printf '%s\n' "make pdf: LaTeX stopped; the whole of what it said is in _build/latex/lif-course.log" >&2
    exit 1
fi
if grep -q 'Missing character' lif-course.log; then
    grep 'Missing character' lif-course.log | sort -u >&2
    printf '%s\n' "make pdf: these characters are not in the fonts, and are missing on the page" >&2
    exit 1
fi
cp lif-course.pdf ../lif-course.pdf
printf '%s\n' "The book is in _build/lif-course.pdf"
