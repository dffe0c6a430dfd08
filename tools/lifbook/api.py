"""The reference of lifcore, from its docstrings: every public name of a module, in the order of its `__all__`.

    ```{public-api} lifcore.neuron
    ```
"""

import importlib
import inspect

from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective


def entries(module):
    """The names of a module's `__all__` that it documents, with autodoc's name for their kind.

    Parameters
    ----------
    module : module

    Returns
    -------
    list of (str, str)
        Kind ("class", "function", "data") and name.
    """
    found = []
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isclass(thing):
            found.append(("class", name))
        elif callable(thing):
            found.append(("function", name))
        else:
            found.append(("data", name))
    return found


def reference(module):
    """reStructuredText of a module's reference: a table of its names, then each with its docstring."""
    lines = [f".. currentmodule:: {module.__name__}", "", ".. autosummary::", "   :nosignatures:", ""]
    lines += [f"   {name}" for _, name in entries(module)]
    lines.append("")
    for kind, name in entries(module):
        lines.append(f".. auto{kind}:: {name}")
        if kind == "class":
            lines.append("   :members:")
        lines.append("")
    return lines


class PublicApiDirective(SphinxDirective):
    """`{public-api}` documents a module's public names."""

    required_arguments = 1

    def run(self):
        module = importlib.import_module(self.arguments[0])
        self.env.note_dependency(module.__file__)
        fence = ["```{eval-rst}", *reference(module), "```"]
        holder = self.state_machine.node.__class__()
        self.state.nested_parse(StringList(fence, source=module.__file__), 0, holder)
        return holder.children


def setup(app):
    app.add_directive("public-api", PublicApiDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
