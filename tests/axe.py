"""What axe-core finds wrong with a page: the rules of WCAG 2.1, levels A and AA, and axe's own of good practice.

axe-core (Mozilla Public License 2.0) comes with the package axe-playwright-python; it is used here and not shipped.
To compare the colours of every word of a long page with what lies behind it takes axe twenty seconds. So its two rules
of colour look at one text of each kind (same colour, size and weight, same backgrounds and opacities around it; of a
link, same line under it and same text around it), and meanwhile the others are taken out of the page. All other rules
look at everything.
"""

from importlib.resources import files

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")
COLOUR_RULES = ("color-contrast", "link-in-text-block")

# What can be folded out is part of the page.
UNFOLD = """() => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    for (const fold of document.querySelectorAll(".toggle-hidden")) fold.classList.remove("toggle-hidden");
}"""

OPTIONS = """{ preload: false, resultTypes: ["violations"] }"""

# axe reads no MathML, and takes the header of a column that is a formula for empty; a screen reader has its MathML.
FORMAT = """result => result.violations.flatMap(({ id, nodes }) => nodes.filter(
    ({ target }) => id !== "empty-table-header" || !document.querySelector(`${target} math mi`)).map(
    ({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary.replace(/\\s+/g, " ")}`))"""

RULES = f"""async ([tags, others]) => axe.run(document, {{
    ...{OPTIONS}, runOnly: {{ type: "tag", values: tags }},
    rules: Object.fromEntries(others.map(rule => [rule, {{ enabled: false }}])) }}).then({FORMAT})"""

COLOURS = f"""async (rules) => {{
    const kept = new Set(), kinds = new Set(), behind = new Map([[null, ""]]);
    const backgrounds = (element) => {{
        if (!behind.has(element)) {{
            const {{ backgroundColor, backgroundImage, opacity }} = getComputedStyle(element);
            const own = backgroundColor === "rgba(0, 0, 0, 0)" ? "" : backgroundColor;
            behind.set(element, [backgrounds(element.parentElement), own, backgroundImage, opacity].join("|"));
        }}
        return behind.get(element);
    }};
    for (const element of document.body.querySelectorAll("*")) {{
        if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
        if (!element.checkVisibility({{ opacityProperty: true, visibilityProperty: true }})) continue;
        const {{ color, fontSize, fontWeight, textShadow }} = getComputedStyle(element);
        const link = element.closest("a"), around = link?.parentElement;
        const kind = [
            backgrounds(element), color, fontSize, fontWeight, textShadow,
            link && getComputedStyle(link).textDecoration,
            around?.localName, around && getComputedStyle(around).color].join();
        if (kinds.has(kind)) continue;
        kinds.add(kind);
        for (let part = element; part; part = part.parentElement) kept.add(part);
    }}
    const away = [];
    const clear = (element) => {{
        for (const part of [...element.children]) {{
            if (kept.has(part)) {{
                clear(part);
            }} else {{
                away.push([new Comment(), part]);
                part.replaceWith(away.at(-1)[0]);
            }}
        }}
    }};
    clear(document.body);
    try {{
        return await axe.run(document, {{ ...{OPTIONS}, runOnly: {{ type: "rule", values: rules }} }}).then({FORMAT});
    }} finally {{
        for (const [place, part] of away) place.replaceWith(part);
    }}
}}"""


def prepare(page):
    """Loads axe into a page and unfolds what can be folded out, at once: colours are not looked at while they fade in."""
    page.emulate_media(reduced_motion="reduce")
    if not page.evaluate("'axe' in window"):
        page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    page.evaluate(UNFOLD)


def poor_colours(page):
    """Texts of a page that their background swallows, and links that only a colour tells from the text around them.

    Parameters
    ----------
    page : playwright.sync_api.Page

    Returns
    -------
    list of str
        As `violations`.
    """
    prepare(page)
    return page.evaluate(COLOURS, list(COLOUR_RULES))


def violations(page):
    """What axe finds in a page, colours included.

    Parameters
    ----------
    page : playwright.sync_api.Page

    Returns
    -------
    list of str
        Rule, element and what would be right, for each place.
    """
    prepare(page)
    return page.evaluate(RULES, [list(TAGS), list(COLOUR_RULES)]) + poor_colours(page)
