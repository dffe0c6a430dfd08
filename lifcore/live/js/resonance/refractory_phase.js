// The susceptibility with and without the phase of the refractory period, and their ratio. Without it the neuron answers as
// if it were never refractory, at the true rate.

import { neuron, niceTop } from "../common.js";

const PHASE_POINTS = 300;
const CHI_TOPS = [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20];
const RATIO_TOPS = [1.1, 1.2, 1.4, 1.6, 2, 3, 5, 10];
const RATIO_FEET = [0.9, 0.8, 0.6, 0.4, 0.2, 0];

function drawRefractoryPhase(card, kernels) {
  const { lowest, highest } = card.fixed;
  // The first frequency is 0; the others are drawn.
  const f = kernels.array(PHASE_POINTS + 1);
  const out = kernels.array([4, PHASE_POINTS + 1]);
  for (let k = 0; k < PHASE_POINTS; k += 1) f[k + 1] = lowest * (highest / lowest) ** (k / (PHASE_POINTS - 1));
  const drawn = f.subarray(1);
  let n = neuron(card.fixed, card.values());
  let readouts = {};
  let curves = [[0], [0]];
  let ratioRange = [0.9, 2];
  let top = 5;

  const frequencies = { log: true, range: () => [lowest, highest], splits: () => [0.1, 1, 10, 100] };
  const above = card.plot({
    height: 245,
    margin: 68,
    x: { ...frequencies, values: () => "" },
    y: { range: () => [0, top], label: () => "|χ| (Hz/mV)" },
    series: [{ role: "spike", dash: [5, 5] }, { role: "theory" }],
    annotate(pen) {
      pen.dot(lowest, readouts.slope, "theory", { radius: 5 });
      pen.label("dν/dμ", lowest, readouts.slope, "theory", { dx: 10, dy: 14 });
      pen.label("phase left out", lowest, readouts.without, "spike", { dx: 10, dy: -12 });
    },
  });
  const below = card.plot({
    height: 170,
    margin: 68,
    x: { ...frequencies, label: () => "frequency of the signal (Hz)" },
    y: { range: () => ratioRange, label: () => "ratio of the two" },
    series: [{ role: "spike" }],
    annotate(pen) {
      pen.horizontal(1, "theory", { width: 1.25 });
      pen.label(readouts.factor.toFixed(3), lowest, readouts.factor, "spike", { dx: 10, dy: 14 });
    },
  });

  function sizes(t_ref) {
    kernels.susceptibilities(f, n.mu, n.sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, t_ref, out);
    return Array.from(f, (_, k) => {
      const [re, im] = [out[k], out[f.length + k]];
      return Math.sqrt(re * re + im * im);
    });
  }

  return (values) => {
    n = neuron(card.fixed, values);
    const rate = (t_ref) => kernels.rate(n.mu, n.sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, t_ref);
    const own = rate(n.t_ref);
    const slowed = own / rate(0);
    const withPhase = sizes(n.t_ref);
    const without = sizes(0).map((size) => size * slowed);
    curves = [without.slice(1), withPhase.slice(1)];
    readouts = { rate: own, slope: withPhase[0], without: without[0], factor: without[0] / withPhase[0] };
    top = niceTop(1.1 * Math.max(...without), CHI_TOPS);
    const ratios = curves[0].map((size, k) => size / curves[1][k]);
    const lowestRatio = Math.min(...ratios);
    ratioRange = [RATIO_FEET.find((foot) => foot <= lowestRatio), niceTop(Math.max(...ratios), RATIO_TOPS)];
    above.draw(drawn, ...curves);
    below.draw(drawn, ratios);
    const summary =
      `Without the phase a slow signal is answered with ${readouts.without.toFixed(3)} Hz/mV, ` +
      `${readouts.factor.toFixed(3)} times the slope of the rate.`;
    return { readouts, summary };
  };
}

export const refractoryPhase = { floats: 3000, create: drawRefractoryPhase };
