"""Live figures in the page: a still image beside each, and its code in a file that the browser keeps.

A notebook shows a widget in three forms, of which MyST-NB would keep one. The page needs two: the live one, and the
still image for print, for readers without JavaScript, and while the page loads. And each widget carries its whole code
in the page's JSON; here the code goes to one file for all pages, named after its content.

The page also learns what it needs to write a figure's Python code: the defaults of its controls, and where lifcore is.
"""

import hashlib
import json
from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from lifbook.install import install_cell, requirement

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
STILL = "image/png"
STATE_KEY = "ipywidgets_state"
HOST = "anywidget-static.js"

logger = logging.getLogger(__name__)


def widget_states(env, docname):
    """The states of a page's widgets.

    Parameters
    ----------
    env : sphinx.environment.BuildEnvironment
    docname : str

    Returns
    -------
    dict
        From a widget's id to its ``{"model_module": …, "state": …}``; empty for a page without widgets.
    """
    files = NbMetadataCollector.get_js_files(env, docname)
    if STATE_KEY not in files:
        return {}
    return json.loads(files[STATE_KEY][1]["body"])["state"]


def mime_parts(bundle):
    """The forms of an output by MIME type."""
    return {part["mime_type"]: part for part in bundle.children}


def widget_id(view):
    """The id in a ``<script>`` that shows a widget."""
    text = view.astext()
    return json.loads(text[text.index(">") + 1 : text.rindex("<")])["model_id"]


class KeepBoth(SphinxPostTransform):
    """Puts the live figure and its still image into the page, before MyST-NB chooses between them."""

    default_priority = 3
    formats = ("html",)

    def run(self, **kwargs):
        states = widget_states(self.env, self.env.docname)
        seen = {}
        for bundle in list(self.document.findall(nodes.container)):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            parts = mime_parts(bundle)
            if WIDGET_VIEW not in parts:
                continue
            widget = states.get(widget_id(parts[WIDGET_VIEW]))
            card = widget and widget["state"].get("card")
            if not card or STILL not in parts:
                logger.warning(
                    "this widget has no still image and would be dead in the page; show a lifcore.live figure instead",
                    location=bundle, type="lifbook", subtype="live")
                continue
            name = card["figure"]
            seen[name] = seen.get(name, 0) + 1
            anchor = name if seen[name] == 1 else f"{name}-{seen[name]}"
            bundle.replace_self(self.place(card, anchor, parts))

    def place(self, card, anchor, parts):
        """The figure's place in the page."""
        image = next(parts[STILL].findall(nodes.image))
        image["alt"] = card["description"]
        image["classes"].append("live-still")
        # Where scripts run, a still out of sight is replaced before it is seen; without them lazy means nothing.
        image["loading"] = "lazy"
        wide, narrow = card["heights"]
        style = f"--live-height-wide: {wide}px; --live-height-narrow: {narrow}px"
        place = nodes.container(classes=["live-place"])
        place += nodes.raw("", f'<div class="live-figure" id="{anchor}" style="{style}"><div class="live-stage">',
                           format="html")
        place += image
        place += parts[WIDGET_VIEW].children
        place += nodes.raw("", "</div></div>", format="html")
        return place


def write_once(app, text, ending):
    """A file in ``_static`` named after its content.

    Returns
    -------
    str
        Its name.
    """
    name = f"live-{hashlib.sha256(text.encode()).hexdigest()[:16]}.{ending}"
    path = Path(app.outdir) / "_static" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return name


def default_values(figure):
    """The defaults of a figure's controls by name; empty for a figure that `lifcore.live` does not have."""
    from lifcore import live

    if figure not in live.__all__:
        return {}
    return {name: control.default_value for name, control in getattr(live, figure).controls().items()}


def share_code(app, pagename, templatename, context, doctree):
    """Before MyST-NB writes a page's widget states: their code and style become names of files."""
    files = NbMetadataCollector.get_js_files(app.env, pagename)
    if STATE_KEY not in files or app.builder.format != "html":
        return
    path, attributes = files[STATE_KEY]
    stored = json.loads(attributes["body"])
    shown = {}
    for identity, widget in stored["state"].items():
        state = dict(widget["state"])
        if "card" not in state:
            continue
        state["_esm_file"] = write_once(app, state.pop("_esm"), "js")
        state["_css_file"] = write_once(app, state.pop("_css"), "css")
        defaults = default_values(state["card"]["figure"])
        if defaults:
            state["_defaults"] = defaults
        shown[identity] = {**widget, "state": state}
    # "</" must not end the script element that holds this.
    where = app.config.html_theme_options["repository_url"], app.config.html_theme_options["repository_branch"]
    install = {"requirement": requirement(*where), "cell": install_cell(*where)}
    body = json.dumps({**stored, "state": shown, "install": install}).replace("</", "<\\/")
    return path, {**attributes, "body": body}


def preloads(body, pathto):
    """What lets the browser fetch the code of a page's figures while it still reads the page."""
    states = json.loads(body)["state"].values()
    modules = sorted({state["state"]["_esm_file"] for state in states})
    sheets = sorted({state["state"]["_css_file"] for state in states})
    links = [f'<link rel="modulepreload" href="{pathto("_static/" + name, 1)}" />' for name in [HOST, *modules]]
    links += [f'<link rel="preload" as="style" href="{pathto("_static/" + name, 1)}" />' for name in sheets]
    return "\n".join(["", *links, ""])


def install(app, pagename, templatename, context, doctree):
    """The page's scripts: states of its widgets, and the host that brings them to life."""
    shared = share_code(app, pagename, templatename, context, doctree)
    if shared is None:
        return
    files = dict(NbMetadataCollector.get_js_files(app.env, pagename))
    files[STATE_KEY] = shared
    context["metatags"] += preloads(shared[1]["body"], context["pathto"])
    NbMetadataCollector.get_doc_data(app.env)[pagename]["js_files"] = files


def write_identity(app):
    """The book's colours as a style sheet, from the table that figures use."""
    from lifcore.live.identity import css_properties

    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "identity.css").write_text(css_properties(), encoding="utf-8")


def use_host(app, config):
    """Widgets need no third party: the host is a file of ours."""
    config.nb_ipywidgets_js = {HOST: {"type": "module"}}


def setup(app):
    app.connect("config-inited", use_host)
    app.connect("builder-inited", write_identity)
    # Before MyST-NB's own handler, which has the default priority.
    app.connect("html-page-context", install, priority=400)
    app.add_post_transform(KeepBoth)
    app.add_css_file("identity.css")
    app.add_css_file("live.css")
    app.add_css_file("page.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
