"""A small exercise set and notebooks to hand in, for the tests of grading."""

import json

# A set without lifcore's neuron, so that what is tested is the grading alone. The answers are sums done by hand.
TOY = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# A toy set

```{code-cell} ipython3
:tags: [given]

import math
from lifcore.grading import begin, check, hint, progress, reference

begin("toy")
```

## Question 1

```{code-cell} ipython3
:tags: [answer]

def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
```

```{code-cell} ipython3
:tags: [checks]

question(
    "q1",
    title="Twice",
    cases=[
        case("double(x)", points=1, setup="x = rng.uniform(1, 9)"),
        case("double(secret)", points=2, setup="secret = rng.uniform(1, 9)", hidden=True),
    ],
    mutants=[
        mutant(
            "squared",
            message="You squared it; the question asks for twice.",
            answer="def double(x):\\n    return x * x",
        ),
    ],
    hints=["A gentle hint.", "Add it to itself."],
)
```

```{code-cell} ipython3
print(reference("q1")(4))
```

## Question 2

```{code-cell} ipython3
:tags: [answer]

### BEGIN SOLUTION
choice = "three"
### END SOLUTION
```

```{code-cell} ipython3
:tags: [checks]

question(
    "q2",
    title="Which",
    cases=[case("choice", points=1)],
    mutants=[mutant("too_few", message="One less than there are, in fact.", answer="choice = 'two'")],
    hints=["Count again."],
)
```

## Question 3

```{code-cell} ipython3
:tags: [answer]

def area(r):
    ### BEGIN SOLUTION
    return math.pi * r**2
    ### END SOLUTION
```

```{code-cell} ipython3
:tags: [checks]

question(
    "q3",
    title="A disc",
    cases=[
        case("area(r)", points=1, setup="r = rng.uniform(1, 9)"),
        case("area(r)", points=1, setup="r = rng.uniform(1, 9)", hidden=True),
    ],
    mutants=[
        mutant(
            "circumference",
            message="That is the way around the disc.",
            answer="def area(r):\\n    return 2 * math.pi * r",
        ),
    ],
    hints=["Think of a square."],
)
```
"""
ANSWERS = {
    "q1": "def double(x):\n    return 2 * x",
    "q2": "choice = 'three'",
    "q3": "import math\ndef area(r):\n    return math.pi * r**2",
}


def notebook(*cells, exercise="toy"):
    """A notebook with these code cells, as JSON text."""
    return json.dumps(
        {
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"c{number}",
                    "source": code,
                    "metadata": {},
                    "outputs": [],
                    "execution_count": None,
                }
                for number, code in enumerate(cells)
            ],
            "metadata": {"lifcore": {"exercise": exercise}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
