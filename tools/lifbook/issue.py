"""The button that opens an issue says which page of which state of the book it is about.

A report without these two cannot be followed up: the page has changed by the time somebody reads it.
"""

import subprocess
from urllib.parse import urlencode

BODY = """\
**Page:** {page}
**Source:** {source}
**Commit:** {commit}

**What is wrong, or unclear?**

**How do you know?**
"""


def commit_of(folder):
    """The commit of a checkout, with "and changes" if files differ from it; "unknown" outside of one: str."""

    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + (" and changes" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def issue_address(repository, title, page, source, commit):
    """Address of a form for an issue on a page, filled in.

    Parameters
    ----------
    repository : str
        Address of the repository on GitHub.
    title, page, source, commit : str
        Heading of the page, its name in the built book, its file in the repository, and the state of the repository.

    Returns
    -------
    str
    """
    body = BODY.format(page=page, source=source, commit=commit)
    return f"{repository}/issues/new?{urlencode({'title': f'{title}: ', 'body': body})}"


def links(buttons):
    """All links among the buttons of a page's header, those in menus too."""
    for button in buttons:
        if button.get("type") == "group":
            yield from links(button["buttons"])
        else:
            yield button


def fill_in(app, pagename, templatename, context, doctree):
    """After the theme has made its buttons."""
    for button in links(context.get("header_buttons", [])):
        if button.get("label") == "source-issues-button":
            title = app.env.titles[pagename].astext() if pagename in app.env.titles else pagename
            source = app.env.doc2path(pagename, base=False) if pagename in app.env.found_docs else "made by the build"
            repository = app.config.html_theme_options["repository_url"].rstrip("/")
            button["url"] = issue_address(repository, title, f"{pagename}.html", source, app.config.lif_commit)


def set_commit(app, config):
    config.lif_commit = commit_of(app.srcdir)


def setup(app):
    # "html": a page that a build leaves alone would go on naming the commit before.
    app.add_config_value("lif_commit", "unknown", "html", str)
    app.connect("config-inited", set_commit)
    app.connect("html-page-context", fill_in, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
