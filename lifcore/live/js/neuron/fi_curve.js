// The exact f-I curve, what a slider's step makes of its foot, and the foot under a magnifying glass:
// T = t_ref + tau_m ln(1 + (V_th - V_reset) / (R I - R I_rh)), a straight line over the logarithm of I/I_rh - 1.

import { neuron, niceTop } from "../common.js";

const RATE_POINTS = 900;
const DECADES = [-8, 0]; // of I/I_rh - 1
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function powerOfTen(exponent) {
  if (exponent === 0) return "1";
  return `10${exponent < 0 ? "⁻" : ""}${SUPERSCRIPTS[Math.abs(exponent)]}`;
}

function drawFICurve(card, kernels) {
  const { I_max } = card.fixed;
  const grid = kernels.array(RATE_POINTS);
  const currents = kernels.array(RATE_POINTS);
  const rates = kernels.array(RATE_POINTS);
  const ratesWithout = kernels.array(RATE_POINTS);
  let n = neuron(card.fixed, card.values());
  let readouts = {};
  let samples = [];
  let top = 100;

  const rate = (I) => kernels.firing_rate(I, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref);
  const toX = (I) => (n.zoom ? Math.log10(I / readouts.rheobase - 1) : I);
  const toY = (hertz) => (n.zoom ? 1000 / hertz : hertz);
  const shownAt = (I) => !n.zoom || (I > readouts.rheobase && toX(I) >= DECADES[0] && toX(I) <= DECADES[1]);

  function annotateRate(pen) {
    pen.vertical(readouts.rheobase, "threshold", { width: 1.25 });
    pen.label("rheobase", readouts.rheobase, top, "threshold", { dx: -6, dy: 14, align: "right" });
    pen.name("t_ref = 0", ratesWithout[RATE_POINTS - 1], "theory");
    if (n.t_ref > 0) pen.name(`t_ref = ${n.t_ref} ms`, rates[RATE_POINTS - 1], "theory");
  }

  function annotateInterval(pen) {
    const [near, far] = [-5, -4];
    const [high, low] = [near, far].map((decade) => toY(rate(readouts.rheobase * (1 + 10 ** decade))));
    pen.segment(near, high, far, high, "soft", { width: 1, dash: [2, 4] });
    pen.segment(far, high, far, low, "soft", { width: 1, dash: [2, 4] });
    pen.label(`+ τ_m ln 10 = ${(n.tau_m * Math.LN10).toFixed(1)} ms`, far, (high + low) / 2, "soft", { dx: 8 });
  }

  const curve = card.plot({
    height: 340,
    margin: 92,
    x: {
      range: () => (n.zoom ? DECADES : [0, I_max]),
      label: () => (n.zoom ? "distance from rheobase, I / rheobase − 1" : "current I (nA)"),
      splits: () => (n.zoom ? [-8, -6, -4, -2, 0] : [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
      values: (x) => (n.zoom ? powerOfTen(x) : String(x)),
    },
    y: { range: () => [0, top], label: () => (n.zoom ? "interspike interval (ms)" : "firing rate (Hz)") },
    series: [{ role: "theory", dash: [5, 5], width: 1.5 }, { role: "theory" }],
    annotate(pen) {
      if (n.zoom) annotateInterval(pen);
      else annotateRate(pen);
      for (const I of samples) {
        const first = I === readouts.first_firing;
        if (shownAt(I)) pen.dot(toX(I), toY(rate(I)), "drive", { radius: first ? 4.5 : 3.5, hollow: !first });
      }
    },
  });
  curve.handle({
    name: "I",
    role: "membrane",
    cursor: "ew-resize",
    at: () => (shownAt(n.I) ? [toX(n.I), toY(readouts.rate)] : null),
    drag(x) {
      if (!n.zoom) return card.drag({ I: x });
      // Far finer than the slider: this is what the magnified axis is for.
      const I = Number((readouts.rheobase * (1 + 10 ** x)).toPrecision(12));
      return card.change({ I: Math.min(I, card.control("I").max) });
    },
  });

  return (values) => {
    n = neuron(card.fixed, values);
    const I_rh = kernels.rheobase(n.R, n.E_L, n.V_th);
    const [low, high] = n.zoom ? DECADES : [0, I_max];
    for (let k = 0; k < RATE_POINTS; k += 1) {
      grid[k] = low + ((high - low) * k) / (RATE_POINTS - 1);
      currents[k] = n.zoom ? I_rh * (1 + 10 ** grid[k]) : grid[k];
    }
    kernels.firing_rates(currents, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref, rates);
    kernels.firing_rates(currents, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, 0, ratesWithout);
    samples = [];
    for (let k = 0; k * n.slider_step <= I_max; k += 1) samples.push(k * n.slider_step);
    readouts = {
      rate: rate(n.I),
      gain: kernels.gain(n.I, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref),
      rheobase: I_rh,
      first_firing: samples.find((I) => I > I_rh) ?? Infinity,
      saturation: 1000 / n.t_ref,
    };
    if (n.zoom) {
      const intervals = Array.from(rates, toY);
      top = niceTop(intervals[0], [50, 100, 200, 300, 400, 600, 800, 1000]);
      curve.draw(grid, intervals.map(() => null), intervals);
    } else {
      top = niceTop(ratesWithout[RATE_POINTS - 1], [50, 100, 200, 400, 800]);
      curve.draw(grid, ratesWithout, rates);
    }
    const summary =
      `${readouts.rate.toFixed(1)} Hz at ${n.I} nA. Rheobase is ${I_rh.toFixed(3)} nA; a slider in steps of ` +
      `${n.slider_step} nA first fires the cell at ${readouts.first_firing.toFixed(3)} nA.`;
    return { readouts, summary };
  };
}

export const fiCurve = { floats: 6000, create: drawFICurve };
