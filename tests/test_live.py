"""The live figures on the Python side: their parameters, numbers, still images and the module sent to the browser.

That the page shows the same numbers, bit for bit, is tested in a browser in tests/book.
"""

import base64
import gzip
import io
import itertools
import math
import re
import subprocess
import sys

import numpy as np
import pytest
import traitlets
from PIL import Image

from lifcore.live import (
    Anytime, BalancePole, BalancedNetwork, Bombardment, Calibration, Cloud, DeadGradient, DeadZone, DrawDigit,
    EnergyClaim, EulerStability, EventStream, FICurve, FalseSpike, FirstSpike, FiveMachines, GradientThroughTime,
    HiddenSignal, HiddenVelocity, Intervals, LearningCurve, LightResponse, LiveFigure, MembraneTrace, MissedCrossings,
    NyquistCurve, Overflow, PhasePlane, RateResponse, RealisedTimeConstant, RefractoryPhase, ResonanceCurve,
    SelfConsistency, SiliconMembrane, SlowInput, SpikeShift, StationaryDensity, StrengthDuration, Surrogates,
    ThreeLosses, ThreeWays, TradeOff, _bundle, identity,
)
from lifcore.live._figure import Control, Readout

FIGURES = [
    FirstSpike,
    MembraneTrace, FICurve, StrengthDuration, LightResponse, Bombardment, Intervals, MissedCrossings, Cloud,
    StationaryDensity, RateResponse, HiddenSignal, ResonanceCurve, RefractoryPhase,
    SiliconMembrane, Calibration,
    DeadZone, Overflow, FalseSpike,
    FiveMachines, TradeOff,
    RealisedTimeConstant, SpikeShift, EulerStability,
    EventStream, DrawDigit, Anytime, EnergyClaim,
    DeadGradient, Surrogates, GradientThroughTime, ThreeLosses,
    BalancePole, LearningCurve, HiddenVelocity,
    SelfConsistency, BalancedNetwork,
    SlowInput, PhasePlane,
    ThreeWays, NyquistCurve,
]


@pytest.mark.parametrize("name", ["lifcore", "lifcore.live"])
def test_import_brings_no_widgets(name):
    code = f"import sys, {name}; print(sorted({{'anywidget', 'ipywidgets', 'matplotlib', 'numba'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_figure_is_named():
    import lifcore.live

    with pytest.raises(AttributeError, match="'Membrane'.*MembraneTrace"):
        _ = lifcore.live.Membrane


@pytest.mark.parametrize("value", [0.61, -0.001, float("nan"), float("inf"), "0.3", True, None])
def test_bad_value_names_control_value_and_range(value):
    message = rf"I must be a number from 0 to 0\.6 nA, got {re.escape(repr(value))}"
    with pytest.raises(traitlets.TraitError, match=message):
        MembraneTrace(I=value)
    figure = MembraneTrace()
    with pytest.raises(traitlets.TraitError, match=message):
        figure.I = value
    assert figure.I == 0.22


def test_bad_toggle():
    with pytest.raises(traitlets.TraitError, match="zoom must be True or False, got 1"):
        FICurve(zoom=1)


def test_unknown_control_lists_the_known():
    with pytest.raises(TypeError, match="MembraneTrace has no control 'current'; its controls are I, R, tau_m, t_ref"):
        MembraneTrace(current=0.3)


def test_numpy_numbers_are_numbers():
    assert MembraneTrace(I=np.float32(0.5)).I == 0.5
    assert isinstance(MembraneTrace(R=np.int64(50)).R, float)


@pytest.mark.parametrize("figure", FIGURES)
def test_defaults_are_possible_and_on_the_slider(figure):
    for control in figure.controls().values():
        if isinstance(control, Control):
            assert control.minimum <= control.default_value <= control.maximum
            if control.scale == "linear":
                steps = (control.default_value - control.minimum) / control.step
                assert steps == pytest.approx(round(steps), abs=1e-9)
            else:
                assert control.minimum > 0


def test_unknown_scale():
    with pytest.raises(ValueError, match="scale must be 'linear' or 'log', got 'sqrt'"):
        Control(1.0, 0.0, 2.0, 0.1, "x", scale="sqrt")


@pytest.mark.parametrize("figure", FIGURES)
def test_readouts_are_those_declared(figure):
    found = figure().readouts()
    assert sorted(found) == sorted(readout.name for readout in figure.shown)
    # Plain Python numbers: repr(value) is what the page shows in full.
    assert all(type(value) in (float, int, bool) for value in found.values())


# Expected values below: closed forms written out with math, as in Gerstner et al. (2014), sections 1.3 and 8.1.
def test_membrane_trace_numbers():
    found = MembraneTrace(I=0.3, tau_m=10.0, R=100.0, t_ref=3.0).readouts()
    interval = 3.0 + 10.0 * math.log((30.0 - 5.0) / (30.0 - 20.0))
    first = 10.0 * math.log(30.0 / (30.0 - 20.0))
    assert found["rheobase"] == pytest.approx(0.2, rel=1e-14)
    assert found["steady_state"] == pytest.approx(-40.0, rel=1e-14)
    assert found["rate"] == pytest.approx(1000.0 / interval, rel=1e-13)
    assert found["latency"] == pytest.approx(first, rel=1e-13)
    assert found["spikes"] == 1 + math.floor((200.0 - first) / interval)


def test_membrane_trace_below_rheobase():
    found = MembraneTrace(I=0.1).readouts()
    assert (found["rate"], found["spikes"], found["latency"]) == (0.0, 0, math.inf)


def test_fi_curve_numbers():
    figure = FICurve(I=0.4, tau_m=20.0, t_ref=2.0, slider_step=0.03)
    found = figure.readouts()
    interval = 2.0 + 20.0 * math.log((40.0 - 5.0) / (40.0 - 20.0))
    # d(interval)/dI = tau_m R (1/(R I - 5) - 1/(R I - 20))
    slope = 20.0 * 100.0 * (1.0 / 35.0 - 1.0 / 20.0)
    assert found["rate"] == pytest.approx(1000.0 / interval, rel=1e-13)
    assert found["gain"] == pytest.approx(-1000.0 * slope / interval**2, rel=1e-12)
    assert found["saturation"] == 500.0
    assert found["first_firing"] == pytest.approx(0.21, rel=1e-14)
    figure.t_ref = 0.0
    assert figure.readouts()["saturation"] == math.inf


# A step is not the rheobase: the first multiple of the step above 0.2 nA, by integer arithmetic in units of 0.005 nA.
@pytest.mark.parametrize("units", range(1, 21))
def test_first_step_that_fires(units):
    first = (40 // units + 1) * units * 0.005
    assert FICurve(slider_step=units * 0.005).readouts()["first_firing"] == pytest.approx(first, rel=1e-13)


def test_strength_duration_numbers():
    figure = StrengthDuration(duration=5.0, current=0.904, tau_m=20.0, R=100.0)
    threshold = 0.2 / (1.0 - math.exp(-0.25))
    assert figure.readouts()["threshold_current"] == pytest.approx(threshold, rel=1e-13)
    assert figure.readouts()["threshold_charge"] == pytest.approx(5.0 * threshold, rel=1e-13)
    assert figure.readouts()["chronaxie"] == pytest.approx(20.0 * math.log(2.0), rel=1e-14)
    assert threshold == pytest.approx(0.90416, abs=1e-5) and figure.readouts()["fires"] is False
    figure.current = 0.905
    assert figure.readouts()["fires"] is True


# The point of the figure: the peak is above rheobase, the plateau is not, and the cell falls silent. Independent of the
# plateau's formula, the simulated cell fires in the last 100 ms just above the critical light and not below.
def test_light_response_at_its_defaults():
    found = LightResponse().readouts()
    assert found["peak_current"] > 2.5 * found["rheobase"]
    assert found["plateau_current"] < found["rheobase"]
    assert found["first_spikes"] > 0 and found["last_spikes"] == 0 and found["repetitive"] is False


def test_light_response_around_critical_light():
    critical = LightResponse().readouts()["critical_light"]
    below, above = LightResponse(light=0.97 * critical), LightResponse(light=1.2 * critical)
    assert below.readouts()["last_spikes"] == 0 and not below.readouts()["repetitive"]
    assert above.readouts()["last_spikes"] > 0 and above.readouts()["repetitive"]


def test_no_light_is_enough():
    assert LightResponse(g_max=0.002).readouts()["critical_light"] == math.inf


@pytest.mark.parametrize("figure", FIGURES)
def test_still_is_a_picture_of_the_present_values(figure):
    shown = figure()
    image = Image.open(io.BytesIO(shown.still()))
    assert image.format == "PNG" and image.width >= 1200
    name, control = next(item for item in figure.controls().items() if isinstance(item[1], Control))
    setattr(shown, name, control.maximum)
    assert shown.still() != figure().still()


def test_still_of_the_magnified_onset():
    assert FICurve(zoom=True).still() != FICurve().still()


@pytest.mark.parametrize("figure", FIGURES)
def test_mime_bundle_has_every_form(figure):
    shown = figure()
    data, _ = shown._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == shown.model_id
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"].startswith(f"{figure.__name__}(")


@pytest.mark.parametrize("figure", FIGURES)
def test_texts(figure):
    assert figure.title and len(figure.caption) > 80 and len(figure.description) > 120
    assert figure.__doc__


def test_python_and_page_share_one_state():
    figure = MembraneTrace()
    state = figure.get_state()
    assert {name: state[name] for name in ("I", "R", "tau_m", "t_ref")} == figure.values
    assert state["card"]["controls"][0] == {
        "kind": "slider", "name": "I", "min": 0.0, "max": 0.6, "step": 0.005, "label": "current", "symbol": "I",
        "unit": "nA", "scale": "linear"}
    # What a browser sends back after a drag.
    figure.set_state({"I": 0.25})
    assert figure.I == 0.25


def test_readout_text():
    readout = Readout("x", "x", "mV", 1, "never")
    assert readout.formatted(-48.04) == "−48.0 mV"
    assert readout.formatted(math.inf) == "never"
    assert readout.formatted(True) == "yes"


def test_a_figure_must_say_what_it_shows():
    for missing in (LiveFigure.readouts, lambda figure: LiveFigure.draw(figure, None)):
        with pytest.raises(NotImplementedError, match="MembraneTrace must say"):
            missing(MembraneTrace())


# One module, from many.

ENTRIES = sorted({figure.entry for figure in FIGURES})


def test_modules_come_after_what_they_import():
    names = [path.name for path in _bundle.modules("neuron.js")]
    assert names.index("kernels.js") < names.index("card.js") < names.index("neuron.js")
    assert names.index("trace.js") < names.index("membrane_trace.js")
    assert len(names) == len(set(names))


@pytest.mark.parametrize("entry", ENTRIES)
def test_top_level_names_are_unique(entry):
    declared = []
    for path in _bundle.modules(entry):
        text = _bundle.strip(path.read_text(encoding="utf-8"))
        source = path.read_text(encoding="utf-8")
        declared += re.findall(r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", source, re.MULTILINE)
        assert not re.search(r"^import ", text, re.MULTILINE), path.name
    assert sorted(declared) == sorted(set(declared))


@pytest.mark.parametrize("entry", ENTRIES)
def test_composed_module_needs_nothing_else(entry):
    module = next(figure for figure in FIGURES if figure.entry == entry)()._esm
    assert not re.search(r"^\s*import[\s(]", module, re.MULTILINE)
    assert re.findall(r"^export.*", module, re.MULTILINE) == ["export default { render };"]
    # The one address is the comment in which the plotting library names itself.
    assert re.findall(r"https?://[^\s\"')]+", module) == ["https://github.com/leeoniya/uPlot"]
    assert "fetch(" not in module and "XMLHttpRequest" not in module


def test_one_small_module_for_each_chapter():
    chapters = {}
    for figure in FIGURES:
        chapters.setdefault(figure.entry, set()).add(figure()._esm)
    for entry, modules in chapters.items():
        assert len(modules) == 1, f"the figures of {entry} differ in their kernels"
        # Twenty-two thousand are the plotting library, and sixty-two the tables behind every rate under noise.
        assert len(gzip.compress(modules.pop().encode())) < (40_000 if entry == "neuron.js" else 130_000), entry


def test_composition_keeps_strings_that_look_like_comments(tmp_path):
    source = 'export const a = "; // no comment";\n  // a comment\n  export_like();\nconst b = 1; // a remark\n'
    assert _bundle.strip(source) == 'const a = "; // no comment";\nexport_like();\nconst b = 1;\n'


# One identity. Contrast after WCAG 2.2 (relative luminance); colour blindness after Machado, Oliveira & Fernandes
# (2009), severity 1; distance in OKLab (Ottosson 2020), where black and white are 1 apart.

COLOUR_BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
LMS = np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005]])
LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660]])


def linear(colour):
    value = np.array([int(colour[k:k + 2], 16) / 255 for k in (1, 3, 5)])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    dark, light = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def oklab(colour, blindness):
    seen = np.clip(np.asarray(COLOUR_BLINDNESS[blindness]) @ linear(colour), 0, 1)
    return LAB @ np.cbrt(LMS @ seen)


@pytest.mark.parametrize("page", ["light", "dark"])
def test_every_role_can_be_read(page):
    paper = getattr(identity.SURFACES["paper"], page)
    for name, colour in (identity.ROLES | {k: identity.SURFACES[k] for k in ("ink", "soft")}).items():
        assert contrast(getattr(colour, page), paper) >= 4.5, name
    assert contrast(getattr(identity.SURFACES["track"], page), paper) >= 3.0
    assert contrast(getattr(identity.SURFACES["soft"], page), getattr(identity.SURFACES["wash"], page)) >= 4.5


@pytest.mark.parametrize("page", ["light", "dark"])
@pytest.mark.parametrize("blindness", COLOUR_BLINDNESS)
def test_roles_stay_apart(page, blindness):
    for one, other in itertools.combinations(identity.ROLES, 2):
        seen = [oklab(getattr(identity.ROLES[name], page), blindness) for name in (one, other)]
        assert np.linalg.norm(seen[0] - seen[1]) > 0.08, (one, other)


def test_style_sheet_has_every_colour():
    sheet = identity.css_properties()
    for name, colour in (identity.ROLES | identity.SURFACES).items():
        assert f"--lif-{name}: {colour.light};" in sheet and f"--lif-{name}: {colour.dark};" in sheet


def test_use_style_sets_matplotlib():
    import matplotlib

    with matplotlib.rc_context():
        identity.use_style()
        assert matplotlib.rcParams["axes.prop_cycle"].by_key()["color"][0] == identity.ROLES["membrane"].light
        assert not matplotlib.rcParams["axes.spines.top"]
