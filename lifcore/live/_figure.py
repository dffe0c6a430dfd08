"""A figure that lives in a notebook and in a page: parameters as traits, numbers under it, a still image beside it.

A figure says once, in Python, what can be changed, between which bounds, and which numbers it shows.  The browser
builds its sliders from that, and computes the same numbers with the same kernels.
"""

from __future__ import annotations

import base64
import io
import math
import numbers
import re
import textwrap
from typing import ClassVar, NamedTuple

import anywidget
import traitlets

from lifcore.live import _bundle
from lifcore.neuron import LIF

__all__ = ["Choice", "Control", "Drawing", "LiveFigure", "Play", "Readout", "Toggle"]

STILL_DPI = 192  # two device pixels for each CSS pixel
STILL_COLUMNS = 116


class Control(traitlets.Float):
    """A parameter between bounds, which the reader moves with a slider.

    Parameters
    ----------
    default : float
        Value at first and after a reset.
    minimum, maximum : float
        The slider's ends.
    step : float
        Of the slider; in decades on a logarithmic scale. Python may set any value between the ends.
    label, symbol, unit : str
        ``label symbol: value unit`` beside the slider; ``_`` starts a subscript.
    scale : {"linear", "log"}
        What equal distances on the slider mean.
    """

    def __init__(self, default, minimum, maximum, step, label, symbol="", unit="", scale="linear"):
        if scale not in ("linear", "log"):
            raise ValueError(f"scale must be 'linear' or 'log', got {scale!r}")
        super().__init__(float(default))
        self.minimum, self.maximum, self.step = float(minimum), float(maximum), float(step)
        self.label, self.symbol, self.unit, self.scale = label, symbol, unit, scale
        self.tag(sync=True)

    def validate(self, obj, value):
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not is_number or not self.minimum <= value <= self.maximum:
            raise traitlets.TraitError(
                f"{self.name} must be a number from {self.minimum:g} to {self.maximum:g} {self.unit}, "
                f"got {value!r}".replace("  ", " ")
            )
        return float(value)

    def described(self) -> dict:
        """What the browser needs to build the slider."""
        return {
            "kind": "slider", "name": self.name, "min": self.minimum, "max": self.maximum, "step": self.step,
            "label": self.label, "symbol": self.symbol, "unit": self.unit, "scale": self.scale,
        }


class Toggle(traitlets.Bool):
    """A parameter that is on or off.

    Parameters
    ----------
    default : bool
        Value at first and after a reset.
    label : str
        What is on when it is on.
    """

    def __init__(self, default, label):
        super().__init__(default)
        self.label = label
        self.tag(sync=True)

    def validate(self, obj, value):
        if not isinstance(value, bool):
            raise traitlets.TraitError(f"{self.name} must be True or False, got {value!r}")
        return value

    def described(self) -> dict:
        """What the browser needs to build the switch."""
        return {"kind": "toggle", "name": self.name, "label": self.label}


class Choice(traitlets.Unicode):
    """A parameter with a few possible values, one of which is chosen.

    Parameters
    ----------
    default : str
        Value at first and after a reset.
    options : dict from str to str
        Each possible value and what the reader sees for it; ``_`` starts a subscript.
    label : str
        What is chosen.
    """

    def __init__(self, default, options, label):
        self.options, self.label = dict(options), label
        if default not in self.options:
            raise ValueError(f"default must be one of {self._allowed()}, got {default!r}")
        super().__init__(default)
        self.tag(sync=True)

    def validate(self, obj, value):
        if not isinstance(value, str) or value not in self.options:
            raise traitlets.TraitError(f"{self.name} must be one of {self._allowed()}, got {value!r}")
        return value

    def _allowed(self):
        return ", ".join(map(repr, self.options))

    def described(self) -> dict:
        """What the browser needs to build the radio buttons."""
        return {
            "kind": "choice", "name": self.name, "label": self.label,
            "options": [list(option) for option in self.options.items()],
        }


class Drawing(traitlets.Unicode):
    """A picture in pixels, which the reader draws with mouse, finger or keyboard.

    Its value is text, so that an address can hold it: a hexadecimal digit for each pixel, row after row, ``0`` for paper
    and ``f`` for full ink. The page side of a chapter that has one brings the sheet, which is ``js/drawing.js``.

    Parameters
    ----------
    default : str
        Value at first and after a reset.
    rows, columns : int
        Pixels from top to bottom and from left to right.
    label : str
        What is drawn.
    examples : dict from str to str
        Pictures that a button each puts in place of the present one, by what stands on the button.

    Raises
    ------
    ValueError
        If the default or an example does not fit the rows and columns.
    """

    def __init__(self, default, rows, columns, label, examples=None):
        self.rows, self.columns, self.label, self.examples = int(rows), int(columns), label, dict(examples or {})
        for name, text in {"default": default, **self.examples}.items():
            problem = self._problem(text)
            if problem:
                raise ValueError(f"{name} {problem}")
        super().__init__(default)
        self.tag(sync=True)

    def validate(self, obj, value):
        problem = self._problem(value)
        if problem:
            raise traitlets.TraitError(f"{self.name} {problem}")
        return value

    def _problem(self, value):
        """What is wrong with a value, or None."""
        count = self.rows * self.columns
        wanted = f"must be {count} hexadecimal digits 0 to f, one for each of {self.rows} by {self.columns} pixels"
        if not isinstance(value, str):
            return f"{wanted}, got {value!r}"
        strange = next((k for k, digit in enumerate(value) if digit not in "0123456789abcdef"), None)
        if strange is not None:
            return f"{wanted}, got {value[strange]!r} at index {strange}"
        return None if len(value) == count else f"{wanted}, got {len(value)} of them"

    def ink(self, value: str) -> list[list[int]]:
        """The rows of a value, from 0 for paper to 15 for full ink."""
        digits = [int(digit, 16) for digit in value]
        return [digits[k : k + self.columns] for k in range(0, len(digits), self.columns)]

    def described(self) -> dict:
        """What the browser needs to build the sheet."""
        return {
            "kind": "drawing", "name": self.name, "label": self.label, "rows": self.rows, "columns": self.columns,
            "examples": [list(example) for example in self.examples.items()],
        }


class Play(NamedTuple):
    """A slider that the reader can set going: it runs with the clock to its end.

    Attributes
    ----------
    control : str
        Name of a `Control` of the figure.
    speed : float
        In the control's unit per second; on a logarithmic scale in decades per second.
    """

    control: str
    speed: float


class Readout(NamedTuple):
    """A number under the figure.

    Attributes
    ----------
    name : str
        Its name in `LiveFigure.readouts`.
    label, unit : str
        How it is shown; ``_`` starts a subscript in the label.
    digits : int
        Digits behind the decimal point. The page holds the full value as well.
    infinite : str
        Shown in place of an infinity.
    """

    name: str
    label: str
    unit: str = ""
    digits: int = 0
    infinite: str = "∞"

    def formatted(self, value) -> str:
        """The text that stands under the figure."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if not math.isfinite(value):
            return self.infinite
        return f"{value:.{self.digits}f} {self.unit}".rstrip().replace("-", "\N{MINUS SIGN}")


class LiveFigure(anywidget.AnyWidget):
    """A figure whose controls are traits; subclasses say what is shown.

    Parameters
    ----------
    **values
        Controls, by name, where they should not have their defaults.

    Raises
    ------
    TypeError
        If a name is not that of a control.
    traitlets.TraitError
        If a value is out of range; names the control, the value and the range. Also when it is set later.

    Notes
    -----
    A subclass declares controls as `Control`, `Toggle`, `Choice` and `Drawing` attributes and gives

    ``title``, ``caption``, ``description``
        heading, what to try, and what a reader who does not see the picture should know;
    ``entry``, ``kernels``
        the file in ``js/`` that draws it and the kernels this file calls. The figures of a chapter have these two in
        common, so that the chapter's pages load one module;
    ``play``
        a `Play`, if one of the sliders can be set going;
    ``shown``
        its readouts; ``fixed``: parameters that no control changes; ``heights``: of its card in CSS pixels, in a wide
        and in a narrow page, so that a page does not move when the figure comes to life;
    ``readouts()``, ``draw(figure)``
        the numbers, and the same picture in matplotlib.

    The head of ``js/card.js`` says what the file in ``js/`` gives, and how it spreads a long simulation over many frames;
    the head of ``js/plot.js`` says what it can draw. Numbers that the page finds piece by piece must be those that
    ``readouts()`` finds at once: the kernel takes its state with it, generator included.
    """

    title = ""
    caption = ""
    description = ""
    entry = ""
    kernels: tuple = ()
    shown: tuple[Readout, ...] = ()
    play: ClassVar[Play | None] = None
    fixed: ClassVar[dict] = {}
    heights = (640, 900)

    card = traitlets.Dict(read_only=True, help="Text and ranges of the card").tag(sync=True)
    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.play is None:
            return
        sliders = [name for name, control in cls.controls().items() if isinstance(control, Control)]
        if cls.play.control not in sliders:
            raise ValueError(f"play must name one of {', '.join(sliders)}, got {cls.play.control!r}")
        if not 0.0 < cls.play.speed < math.inf:
            raise ValueError(f"speed of play must be finite and greater than 0, got {cls.play.speed!r}")

    def __init__(self, **values):
        known = self.controls()
        unknown = sorted(set(values) - set(known))
        if unknown:
            name = type(self).__name__
            raise TypeError(f"{name} has no control {unknown[0]!r}; its controls are {', '.join(known)}")
        super().__init__(**values)

    @traitlets.default("_esm")
    def _compose(self):
        return _bundle.compose(self.entry, self.kernels)

    @traitlets.default("_css")
    def _stylesheet(self):
        return _bundle.stylesheet()

    @traitlets.default("card")
    def _describe(self):
        return {
            "figure": type(self).__name__,
            "title": self.title,
            "caption": self.caption,
            "description": self.description,
            "heights": list(self.heights),
            "controls": [control.described() for control in self.controls().values()],
            "readouts": [readout._asdict() for readout in self.shown],
            "play": self.play and self.play._asdict(),
            "fixed": self.fixed,
        }

    @classmethod
    def controls(cls) -> dict:
        """The controls by name, in the order in which they stand under the figure."""
        # Class bodies keep their order; the traits of a class do not.
        found = {}
        for owner in reversed(cls.__mro__):
            for name, trait in vars(owner).items():
                if isinstance(trait, (Control, Toggle, Choice, Drawing)):
                    found[name] = trait
        return found

    @property
    def values(self) -> dict:
        """The present value of each control."""
        return {name: getattr(self, name) for name in self.controls()}

    @property
    def neuron(self) -> LIF:
        """The neuron that is shown; what is neither fixed nor a control has the default of `lifcore.LIF`."""
        parameters = self.fixed | self.values
        names = ("tau_m", "R", "E_L", "V_th", "V_reset", "t_ref")
        return LIF(**{name: parameters[name] for name in names if name in parameters})

    def readouts(self) -> dict:
        """The numbers under the figure, computed here; the page shows the same, to the last bit."""
        raise NotImplementedError(f"{type(self).__name__} must say what its readouts are")

    def draw(self, figure) -> None:
        """Draw the picture into a matplotlib figure that has the book's style."""
        raise NotImplementedError(f"{type(self).__name__} must say how its still image is drawn")

    def still(self) -> bytes:
        """The figure with its present values as a PNG image, for print and for pages without JavaScript."""
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        from lifcore.live.identity import style

        with matplotlib.rc_context(style()):
            figure = Figure(figsize=(7.2, 4.6), layout="constrained")
            FigureCanvasAgg(figure)
            self.draw(figure)
            figure.suptitle(self.title, x=0.012, ha="left", weight="bold", fontsize="medium")
            figure.supxlabel(self._still_footer(), x=0.012, ha="left", fontsize="small")
            image = io.BytesIO()
            figure.savefig(image, format="png", dpi=STILL_DPI, metadata={"Software": None})
        return image.getvalue()

    def _still_footer(self) -> str:
        given = []
        for name, control in self.controls().items():
            if isinstance(control, Control):
                given.append(f"{control.label} {getattr(self, name):g} {control.unit}".rstrip())
            elif isinstance(control, Choice):
                given.append(f"{control.label} {control.options[getattr(self, name)]}")
        found = self.readouts()
        results = [f"{readout.label} {readout.formatted(found[readout.name])}" for readout in self.shown]
        lines = []
        for items in (given, results):
            # A line may end between two numbers and not within one.
            whole = [item.replace(" ", "\N{NO-BREAK SPACE}") for item in items]
            lines.append(textwrap.fill(" · ".join(whole), STILL_COLUMNS))
        return _mathtext("\n".join(lines))

    def __repr__(self):
        values = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{type(self).__name__}({values})"

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        data["image/png"] = base64.b64encode(self.still()).decode("ascii")
        return data, metadata


def _mathtext(text: str) -> str:
    """Subscripts as matplotlib sets them: ``V_th`` with th below the line."""
    return re.sub(r"(\w)_(?:\{([^}]*)\}|(\w+))", lambda m: rf"{m[1]}$_{{\mathrm{{{m[2] or m[3]}}}}}$", text)
