"""The frame of the pages that grading writes: one file, no script, nothing from elsewhere, light and dark."""

import base64
import hashlib
import html
import re

FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# The colours are the book's (`lifcore.live.identity`), which each reach a contrast of 4.5 on their background.
STYLE = """\
:root {{ color-scheme: light dark; --paper: {paper[0]}; --ink: {ink[0]}; --soft: {soft[0]}; --rule: {rule[0]};
  --wash: {wash[0]}; --right: {simulation[0]}; --wrong: {threshold[0]} }}
@media (prefers-color-scheme: dark) {{ :root {{ --paper: {paper[1]}; --ink: {ink[1]}; --soft: {soft[1]}; --rule: {rule[1]};
  --wash: {wash[1]}; --right: {simulation[1]}; --wrong: {threshold[1]} }} }}
* {{ box-sizing: border-box }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 0 auto; padding: 1.5rem 1rem 3rem;
  color: var(--ink); background: var(--paper); overflow-wrap: anywhere }}
h1 {{ font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem }}
h2 {{ font-size: 1.15rem; line-height: 1.3; margin: 2.5rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--rule) }}
h3 {{ font-size: 1rem; margin: 1.25rem 0 .25rem }}
p, ul, table {{ margin: .5rem 0 }}
ul {{ padding-left: 1.25rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--rule) }}
th {{ color: var(--soft); font-weight: 600 }}
.number {{ text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }}
code {{ font-size: .9em }}
img {{ display: block; max-width: 100%; height: auto; margin: .5rem 0; background: #fff; border: 1px solid var(--rule) }}
.points {{ font-size: 1.15rem; font-weight: 600 }}
.soft {{ color: var(--soft) }}
.right {{ color: var(--right) }}
.wrong {{ color: var(--wrong) }}
.reason {{ background: var(--wash); padding: .6rem .8rem; border-left: 3px solid var(--wrong) }}
.wide {{ overflow-x: auto }}
progress {{ width: 100%; height: .75rem; accent-color: var(--right) }}
@media (max-width: 36rem) {{
  table.cases thead {{ position: absolute; left: -999rem }}
  table.cases, table.cases tbody, table.cases tr {{ display: block }}
  table.cases tr {{ border-bottom: 1px solid var(--rule); padding: .3rem 0 }}
  table.cases td {{ display: block; border: 0; padding: 0; text-align: left; white-space: normal }}
}}
"""
PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'sha256-{digest}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def page(title, body):
    """A page.

    Parameters
    ----------
    title : str
        Plain text.
    body : str
        HTML.

    Returns
    -------
    str
    """
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return PAGE.format(title=text(title), body=body, style=style, digest=digest)


def text(plain):
    """Plain text as HTML; characters that HTML does not allow become a mark of replacement."""
    return html.escape(FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", plain))


def items(sentences):
    """Sentences as a list, or nothing."""
    return "<ul>" + "".join(f"<li>{text(one)}</li>" for one in sentences) + "</ul>" if sentences else ""


def _style():
    from lifcore.live.identity import ROLES, SURFACES

    return STYLE.format(**{name: (colour.light, colour.dark) for name, colour in (ROLES | SURFACES).items()})
