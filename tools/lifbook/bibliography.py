"""Works are listed under the name and year that the text cites them by: [Brunel and van Rossum, 2007]."""

from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels import BaseLabelStyle

NAME = "author_year"
MOST_AUTHORS = 2


def authors(entry):
    """Last names of an entry's authors, as the text gives them."""
    names = [" ".join([*person.prelast_names, *person.last_names]) for person in entry.persons["author"]]
    names = [name.replace("{", "").replace("}", "") for name in names]
    return " and ".join(names) if len(names) <= MOST_AUTHORS else f"{names[0]} et al."


class AuthorYearLabels(BaseLabelStyle):
    """Labels of author and year, with a letter where two works would share one."""

    def format_labels(self, sorted_entries):
        labels = [f"{authors(entry)}, {entry.fields['year']}" for entry in sorted_entries]
        for position, label in enumerate(labels):
            same = labels[:position].count(label)
            yield label + (chr(ord("a") + same) if labels.count(label) > 1 else "")


class AuthorYearStyle(PlainStyle):
    """The plain style with these labels, sorted by author and year."""

    default_label_style = AuthorYearLabels
    default_sorting_style = "author_year_title"


def setup(app):
    register_plugin("pybtex.style.formatting", NAME, AuthorYearStyle)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
