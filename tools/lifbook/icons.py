"""The theme's icons in five kilobytes: a font of those that the book shows, in front of the theme's of thousands.

The theme loads FontAwesome twice: as a script of half a megabyte, which templates/static/webpack-macros.html leaves
out, and as two fonts. Its style sheets say which character an icon's name stands for. The fonts made here hold those
of the names in the book's pages, and the symbols that the style sheets show by themselves; a browser asks for the
theme's own fonts only for another. A theme that has its fonts in other files shows them whole.
"""

import re
from pathlib import Path

from sphinx.util import logging

logger = logging.getLogger(__name__)

FAMILIES = {
    "solid": ("fa-solid-900.ttf", '"Font Awesome 6 Free"', 900),
    "brands": ("fa-brands-400.ttf", '"Font Awesome 6 Brands"', 400),
}
FONTS = "vendor/fontawesome/webfonts"
SHEET = "icons.css"
NAMED = re.compile(r'((?:\.fa-[\w-]+:?:before,?)+)\{content:"\\([0-9a-f]+)"\}')
NAME = re.compile(r"\bfa-[a-z0-9-]+")
PRIVATE = re.compile(r"\\(f[0-9a-f]{3})\b|([\ue000-\uf8ff])")
FACE = (
    '@font-face {{ font-family: {family}; font-weight: {weight}; font-display: block; '
    'src: url({file}) format("woff"); }}\n')


def shown_characters(pages, sheets):
    """The characters of the icons that pages show.

    Parameters
    ----------
    pages : iterable of str
        The text of the pages and of the scripts that change them.
    sheets : str
        The theme's style sheets.

    Returns
    -------
    set of int
        Unicode code points.
    """
    codes = {}
    for names, code in NAMED.findall(sheets):
        codes.update(dict.fromkeys(NAME.findall(names), int(code, 16)))
    used = {name for text in pages for name in NAME.findall(text)}
    by_themselves = PRIVATE.findall(NAMED.sub("", sheets))
    return {codes[name] for name in used & codes.keys()} | {
        int(code, 16) if code else ord(character) for code, character in by_themselves}


def cut(source, characters, target):
    """Write a font that has only some characters of another."""
    from fontTools.subset import Options, Subsetter, load_font, save_font

    options = Options(flavor="woff", hinting=False, layout_features=[], notdef_outline=True)
    font = load_font(source, options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    save_font(font, target, options)


def make_fonts(app, exception):
    """Make the fonts and the style sheet that names them."""
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    if not all((static / FONTS / source).exists() for source, _, _ in FAMILIES.values()):
        logger.info("icons: the theme has other files of fonts than these are cut from, and shows its own")
        return
    scripts = [path for path in static.glob("scripts/*.js") if path.name != "fontawesome.js"]
    pages = [*Path(app.outdir).rglob("*.html"), *scripts]
    sheets = "".join(path.read_text(encoding="utf-8") for path in sorted(static.glob("styles/*.css")))
    characters = shown_characters((path.read_text(encoding="utf-8") for path in pages), sheets)
    faces = ""
    for name, (source, family, weight) in FAMILIES.items():
        cut(static / FONTS / source, characters, static / f"icons-{name}.woff")
        faces += FACE.format(family=family, weight=weight, file=f"icons-{name}.woff")
    (static / SHEET).write_text(faces, encoding="utf-8")


def reserve(app):
    """Sphinx wants a style sheet to be there when pages name it; what it says is known when they are written."""
    if app.builder.format == "html":
        path = Path(app.outdir) / "_static" / SHEET
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def setup(app):
    app.connect("builder-inited", reserve)
    app.connect("build-finished", make_fonts)
    app.add_css_file(SHEET)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
