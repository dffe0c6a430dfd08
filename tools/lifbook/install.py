"""How a notebook finds lifcore: its first cell installs the package where it is missing, as on Colab."""

INSTALL = """\
# On Colab: install the course's package. Elsewhere it is there already.
try:
    import lifcore
except ImportError:
    %pip install --quiet "{requirement}"\
"""


def requirement(repository, branch):
    """What pip installs lifcore from.

    Parameters
    ----------
    repository, branch : str
        As in ``_config.yml``.
    """
    return f"lifcore @ git+{repository}@{branch}"


def install_cell(repository, branch):
    """The source of the first cell."""
    return INSTALL.format(requirement=requirement(repository, branch))
