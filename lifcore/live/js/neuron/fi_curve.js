// The exact f-I curve, what a slider's step makes of its foot, and the foot seen through a logarithm.

import { neuron } from "./trace.js";

const RATE_POINTS = 900;
const ZOOM = [-8, 0.3]; // decades of I/I_rh - 1
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function power(exponent) {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[digit]).join("");
  return exponent === 0 ? "1" : `10${exponent < 0 ? "⁻" : ""}${digits}`;
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

  const toX = (I) => (n.zoom ? Math.log10(I / readouts.rheobase - 1) : I);
  const rate = (I) => kernels.firing_rate(I, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref);

  const curve = card.plot({
    height: 340,
    margin: 76,
    x: {
      range: () => (n.zoom ? ZOOM : [0, I_max]),
      label: "I (nA), or I/I_rh − 1 where magnified",
      splits: () => (n.zoom ? [-8, -6, -4, -2, 0] : [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
      values: (x) => (n.zoom ? power(x) : String(x)),
    },
    y: { range: () => [0, top], label: "firing rate (Hz)" },
    lines: [{ role: "theory", dash: [5, 5], width: 1.5 }, { role: "theory" }],
    annotate(pen) {
      if (!n.zoom) {
        pen.vertical(readouts.rheobase, "threshold", { width: 1.25 });
        pen.label("rheobase", readouts.rheobase, top, "threshold", { dx: -6, dy: 14, align: "right" });
      }
      for (const I of samples) {
        if (!n.zoom || I > readouts.rheobase) pen.dot(toX(I), rate(I), "drive", { radius: 3.5, hollow: true });
      }
      if (readouts.first_firing <= I_max) {
        const x = toX(readouts.first_firing);
        pen.dot(x, rate(readouts.first_firing), "drive", { radius: 4.5 });
      }
      pen.name("t_ref = 0", ratesWithout[RATE_POINTS - 1], "theory");
      if (n.t_ref > 0) pen.name(`t_ref = ${n.t_ref}`, rates[RATE_POINTS - 1], "theory");
    },
  });
  curve.handle({
    name: "I",
    role: "membrane",
    cursor: "ew-resize",
    at: () => (n.zoom && !(n.I > readouts.rheobase) ? null : [Math.max(toX(n.I), curve.u.scales.x.min), readouts.rate]),
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
    const [low, high] = n.zoom ? ZOOM : [0, I_max];
    for (let k = 0; k < RATE_POINTS; k += 1) {
      grid[k] = low + ((high - low) * k) / (RATE_POINTS - 1);
      currents[k] = n.zoom ? I_rh * (1 + 10 ** grid[k]) : grid[k];
    }
    kernels.firing_rates(currents, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref, rates);
    kernels.firing_rates(currents, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, 0, ratesWithout);
    samples = [];
    let first = Infinity;
    for (let k = 0; k * n.slider_step <= I_max; k += 1) {
      const I = k * n.slider_step;
      samples.push(I);
      if (I > I_rh) first = Math.min(first, I);
    }
    // A few fixed heights, so that the axis rests while a slider moves.
    top = [50, 100, 200, 400, 800].find((height) => height >= 1.02 * ratesWithout[RATE_POINTS - 1]) ?? 800;
    readouts = {
      rate: rate(n.I),
      gain: kernels.gain(n.I, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref),
      rheobase: I_rh,
      first_firing: first,
      saturation: 1000 / n.t_ref,
    };
    curve.draw(grid, ratesWithout, rates);
    const summary =
      `${readouts.rate.toFixed(1)} Hz at ${n.I} nA. Rheobase is ${I_rh.toFixed(3)} nA; a slider in steps of ` +
      `${n.slider_step} nA first fires the cell at ${first.toFixed(3)} nA.`;
    return { readouts, summary };
  };
}

export const fiCurve = { floats: 6000, create: drawFICurve };
