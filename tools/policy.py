"""Neurons that learn to balance a pole, from several seeds, and what Gymnasium's own CartPole-v1 says of them.

    python tools/policy.py            writes tests/reference/policy.json, in some minutes

Learning is that of `lifcore.policy.reinforce`, with the settings below.  Each neuron then plays 100 episodes in
Gymnasium, from seeds that learning has not seen, once with its noise and once without.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path

import gymnasium
import numpy as np
from tqdm import tqdm

from lifcore.policy import EscapeNoiseLIF, evaluate, reinforce

TARGET = Path(__file__).parents[1] / "tests" / "reference" / "policy.json"
FRESH = 1_000_000  # what is added to a seed for the episodes that judge
TASKS = {
    "all": {
        "seeds": 20, "neuron": {"weights": [0.0] * 4},
        "learning": {"target": 475.0}},
    "no velocities": {
        "seeds": 10,
        "neuron": {"weights": [0.0] * 2, "bias": 37.9, "tau_m": 30.0, "V_reset": -100.0, "Delta": 0.5, "dt": 1.0},
        "learning": {
            "episodes": 5000, "learning_rate": 0.2, "discount": 0.997, "batch": 10, "fade": True,
            "learn": ["weights", "bias", "tau_m", "V_reset"]}},
    "no velocities, no memory": {
        "seeds": 10, "neuron": {"weights": [0.0] * 2, "tau_m": 0.0}, "learning": {"episodes": 2000}},
}


def learnt(task, seed):
    """What a neuron of the task becomes, and how it does."""
    result = reinforce(EscapeNoiseLIF(**task["neuron"]), rng=seed, **task["learning"])
    n = result.neuron
    return {
        "seed": seed, "episodes": len(result.returns), "weights": n.weights, "bias": n.bias, "tau_m": n.tau_m,
        "V_reset": n.V_reset, "noisy": float(np.mean(evaluate(n, 100, FRESH + seed))),
        "silent": float(np.mean(evaluate(n.replace(Delta=0.0), 100, FRESH + seed)))}


def main():
    versions = {"python": platform.python_version(), "numpy": np.__version__, "gymnasium": gymnasium.__version__}
    found = {"made by": "tools/policy.py", "versions": versions}
    for name, task in TASKS.items():
        runs = [learnt(task, seed) for seed in tqdm(range(task["seeds"]), desc=name)]
        found[name] = {"neuron": task["neuron"], "learning": task["learning"], "runs": runs}
    TARGET.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
