"""Networks that have been trained, and tables of what such networks and others achieve.

The weights and tables were written by ``tools/train.py``, which says how; the row of a plain CNN by ``tools/plain_cnn.py``.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple, get_type_hints

from lifcore._validate import one_of
from lifcore.snn.network import Sequential
from lifcore.snn.training import load

__all__ = ["TRAINED", "Baseline", "Training", "baselines", "trained", "trainings"]

DATA = Path(__file__).parent / "data"
# The rate penalty of each network in the table.
PENALTIES = {
    "digits": 0.0, "saccades": 0.0, "saccades_sparse": 1.0, "saccades_sparser": 2.5, "saccades_sparsest": 5.0}
TRAINED = ("digits", "saccades", "saccades_sparse")
# Written by tools/quiet_networks.py.
QUIET = ("quiet-0", "quiet-0.5", "quiet-2", "quiet-5", "quiet-drawing")


class Training(NamedTuple):
    """One training of one network, with one seed.

    Attributes
    ----------
    network : str
        As `trained` calls it, or ``"saccades_sparser"`` and ``"saccades_sparsest"``, whose weights are not kept.
    rate_penalty : float
    seed : int
        Of the validation part, the first weights, the order of samples and their augmentation.
    validation : float
        Accuracy on the validation part, trained on the train part.
    test : float
        Accuracy on the test part, trained with the same settings on both other parts.
    cpu_seconds : float
        Of the latter training, on the machine that wrote the table.
    additions, products, updates, lazy_updates : float
        For one sample of the test part, as `count_operations` counts: of synapses; of membranes, at every step and only
        where something arrives (0 where the network cannot be run so).
    """

    network: str
    rate_penalty: float
    seed: int
    validation: float
    test: float
    cpu_seconds: float
    additions: float
    products: float
    updates: float
    lazy_updates: float


class Baseline(NamedTuple):
    """Another method on the same parts of the data.

    Attributes
    ----------
    method : str
    input : str
        ``"digits"``: 64 pixels; ``"counts"``: saccades as one frame of event counts; ``"slices"``: as four frames.
    seed : int
        Of the validation part and, where there is one, of the training.
    validation, test : float
        As in `Training`.
    """

    method: str
    input: str
    seed: int
    validation: float
    test: float


def trained(name: str) -> Sequential:
    """A network with trained weights.

    Parameters
    ----------
    name : str
        ``"digits"``: for the 8 by 8 digits, shown at each of 10 steps; ``"saccades"`` and, trained with a rate penalty of 1,
        ``"saccades_sparse"``: for `saccades` of the digits in 20 frames with counts clipped to 1, without biases but for the
        readout; ``"quiet-0"``, ``"quiet-0.5"``, ``"quiet-2"`` and ``"quiet-5"``: smaller ones for the 8 by 8 digits,
        trained with these rate penalties, and ``"quiet-drawing"``: one for digits as a reader draws them.

    Returns
    -------
    Sequential
        The first three of seed 0, with weights of 11 significant bits.

    Raises
    ------
    ValueError
        If there is no network of this name.
    """
    one_of("name", name, (*TRAINED, *QUIET))
    return load(DATA / f"{name}.npz")


def trainings(network: str | None = None) -> list[Training]:
    """The table of all trainings, or those of one network."""
    if network is not None:
        one_of("network", network, PENALTIES)
    return [row for row in _table("trainings.csv", Training) if network in (None, row.network)]


def baselines() -> list[Baseline]:
    """The table of other methods."""
    return _table("baselines.csv", Baseline)


def _table(name, row):
    types = get_type_hints(row)
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return [row(*(types[key](line[key]) for key in row._fields)) for line in csv.DictReader(file)]
