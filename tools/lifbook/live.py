"""Live figures in the page: a still image beside each, and its code in a file that the browser keeps.

A notebook shows a widget in three forms, of which MyST-NB would keep one. The page needs two: the live one, and the
still image for print, for readers without JavaScript, and while the page loads. And each widget carries its whole code
in the page's JSON; here the code goes to one file for all pages, named after its content.

A page that is no notebook shows a figure, with its first values, by the directive `{live-figure}`.
The page also learns what it needs to write a figure's Python code: the defaults of its controls, and where lifcore is.
"""

import hashlib
import json
import os
from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from lifcore.grading.release import install_cell, requirement

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
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
            image = next(parts[STILL].findall(nodes.image))
            bundle.replace_self(place_of(card, anchor, image, parts[WIDGET_VIEW].children))


def place_of(card, anchor, image, views):
    """The place of a figure in the page.

    Parameters
    ----------
    card : dict
        What `LiveFigure` says of it.
    anchor : str
        Its id in the page.
    image : docutils.nodes.image
        Its still.
    views : list of docutils.nodes.Node
        The ``<script>`` that names its state.

    Returns
    -------
    docutils.nodes.container
    """
    image["alt"] = card["description"]
    image["classes"].append("live-still")
    # Where scripts run, a still out of sight is replaced before it is seen; without them lazy means nothing.
    image["loading"] = "lazy"
    wide, narrow = card["heights"]
    heights = f"--live-height-wide: {wide}px; --live-height-narrow: {narrow}px"
    opening = f'<div class="live-figure" id="{anchor}" style="{heights}"><div class="live-stage">'
    place = nodes.container(classes=["live-place"])
    place += nodes.raw("", opening, format="html")
    place += image
    place += views
    place += nodes.raw("", "</div></div>", format="html")
    return place


class LiveFigureDirective(SphinxDirective):
    """`{live-figure} Name` shows a figure of `lifcore.live` where no cell does."""

    required_arguments = 1

    def run(self):
        import lifcore.live

        name = self.arguments[0]
        try:
            figure = getattr(lifcore.live, name)()
        except AttributeError as problem:
            logger.warning(str(problem), location=self.get_location(), type="lifbook", subtype="live")
            return []
        self.keep_state(name, {"card": figure.card, "_esm": figure._esm, "_css": figure._css, **figure.values})
        image = nodes.image(uri=self.write_still(figure.still()))
        view = json.dumps({"model_id": name, "version_major": 2, "version_minor": 0})
        script = nodes.raw("", f'<script type="{WIDGET_VIEW}">{view}</script>', format="html")
        return [place_of(figure.card, name, image, [script])]

    def keep_state(self, name, state):
        """Where MyST-NB keeps the states of the widgets that cells show."""
        stored = {"version_major": 2, "version_minor": 0, "state": widget_states(self.env, self.env.docname)}
        stored["state"][name] = {"model_module": "anywidget", "state": state}
        files = {STATE_KEY: (None, {"type": WIDGET_STATE, "body": json.dumps(stored)})}
        for number, host in enumerate(self.config.nb_ipywidgets_js.items()):
            files[f"ipywidgets_{number}"] = host
        for key, (path, attributes) in files.items():
            NbMetadataCollector.add_js_file(self.env, self.env.docname, key, path, attributes)

    def write_still(self, image):
        """The image as a file beside those of the notebooks; its address from the page."""
        path = Path(self.env.app.outdir).parent / "jupyter_execute" / f"{hashlib.sha256(image).hexdigest()}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image)
        return Path(os.path.relpath(path, Path(self.env.doc2path(self.env.docname)).parent)).as_posix()


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
    theme = app.config.html_theme_options
    where = f"{theme['repository_url']}@{theme['repository_branch']}"
    install = {"requirement": requirement(where), "cell": install_cell(where)}
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
    app.add_directive("live-figure", LiveFigureDirective)
    app.add_css_file("identity.css")
    app.add_css_file("live.css")
    app.add_css_file("page.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
