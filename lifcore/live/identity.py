"""One identity for every picture of the book: matplotlib and live figures draw from these tables.

A colour has a role and keeps it through the whole book.  Each is given for a light and for a dark page.  On its own
background every role reaches a contrast of 4.5:1, enough for text (WCAG 2.2, criterion 1.4.3), so that a label can wear
the colour of its line.  The roles differ in lightness as well as in hue, so that they remain apart for readers who do
not see red, green or blue (measured in OKLab after the simulation of Machado, Oliveira & Fernandes 2009).
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["FONT_SIZE", "ROLES", "SURFACES", "Colour", "css_properties", "style", "use_style"]

FONT_SIZE = 13  # CSS pixels in live figures, and the same size in print: 13 px = 9.75 pt
POINTS_PER_PIXEL = 0.75
LINE_WIDTH = 2.0


class Colour(NamedTuple):
    """A colour on a light and on a dark page, and what it stands for."""

    light: str
    dark: str
    meaning: str


ROLES = {
    "membrane": Colour("#0a50b4", "#5596ee", "membrane potential"),
    "threshold": Colour("#98220f", "#f0655c", "threshold, rheobase and every other limit that decides about a spike"),
    "spike": Colour("#15181c", "#f4f5f7", "spikes"),
    "drive": Colour("#9a6700", "#e6a12d", "what drives the cell: current, light, input rate"),
    "noise": Colour("#5f5468", "#9ca6b2", "noise"),
    "theory": Colour("#641a84", "#e5bafa", "theory: always a line"),
    "simulation": Colour("#27856a", "#8fe3a6", "simulation: always points, with error bars where it has an error"),
}

SURFACES = {
    "paper": Colour("#ffffff", "#1a1d21", "background of a figure"),
    "ink": Colour("#15181c", "#f4f5f7", "text"),
    "soft": Colour("#565d66", "#a8b0ba", "secondary text, axes"),
    "rule": Colour("#e2e5e9", "#353b43", "grid lines and borders"),
    "track": Colour("#8a919a", "#7a838e", "sliders and buttons that rest"),
    "wash": Colour("#f5f6f8", "#22262c", "background of the numbers under a figure"),
}

# Where the several homes of a figure say that they are dark: the book's theme, JupyterLab and Notebook, VS Code, Colab.
DARK_PAGES = (
    'html[data-theme="dark"]',
    '[data-jp-theme-light="false"]',
    '[data-vscode-theme-kind="vscode-dark"]',
    'html[theme="dark"]',
)


def css_properties(selector: str = ":root") -> str:
    """The tables as CSS custom properties ``--lif-<role>``.

    Parameters
    ----------
    selector : str
        Element that carries the properties; a dark page is recognised on an element around it.

    Returns
    -------
    str
        Style sheet with one rule for light pages and one for dark ones.
    """
    colours = ROLES | SURFACES
    light = [f"  --lif-{name}: {colour.light};" for name, colour in colours.items()]
    dark = [f"  --lif-{name}: {colour.dark};" for name, colour in colours.items()]
    size = [f"  --lif-font-size: {FONT_SIZE}px;", f"  --lif-line-width: {LINE_WIDTH:g};"]
    if selector == ":root":
        dark_selector = ",\n".join(DARK_PAGES)
    else:
        dark_selector = ",\n".join(f"{page} {selector}" for page in DARK_PAGES)
    return "\n".join(
        [f"{selector} {{", "  color-scheme: light;", *light, *size, "}"]
        + [f"{dark_selector} {{", "  color-scheme: dark;", *dark, "}", ""]
    )


def style() -> dict:
    """Matplotlib parameters of the book's look, for the light page that print and stills have."""
    from cycler import cycler

    points = FONT_SIZE * POINTS_PER_PIXEL
    light = {name: colour.light for name, colour in (ROLES | SURFACES).items()}
    cycle = [light[role] for role in ("membrane", "drive", "theory", "simulation", "threshold", "noise")]
    return {
        "figure.figsize": (7.2, 3.6),
        "figure.dpi": 110,
        "figure.facecolor": light["paper"],
        "figure.constrained_layout.use": True,
        "savefig.facecolor": light["paper"],
        "font.family": "sans-serif",
        "font.size": points,
        "axes.titlesize": points,
        "axes.labelsize": points,
        "xtick.labelsize": points,
        "ytick.labelsize": points,
        "legend.fontsize": points,
        "axes.titlelocation": "left",
        "axes.prop_cycle": cycler(color=cycle),
        "axes.facecolor": light["paper"],
        "axes.edgecolor": light["soft"],
        "axes.labelcolor": light["soft"],
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "grid.color": light["rule"],
        "grid.linewidth": 0.75,
        "xtick.color": light["soft"],
        "ytick.color": light["soft"],
        "text.color": light["ink"],
        "lines.linewidth": LINE_WIDTH * POINTS_PER_PIXEL,
        "lines.solid_capstyle": "round",
        "errorbar.capsize": 2.0,
        "legend.frameon": False,
    }


def use_style() -> None:
    """Give every matplotlib figure that follows the book's look.

    Colours have names then: ``color=ROLES["membrane"].light``; without one, lines take the roles in turn.
    """
    import matplotlib

    matplotlib.rcParams.update(style())
