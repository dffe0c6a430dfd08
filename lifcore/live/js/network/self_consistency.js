// The rate at which the neurons of a population would fire against the rate that they are given, and where both agree.

import { neuron, plural } from "../common.js";
import { findStates, response } from "./states.js";

const [LOW, HIGH] = [0.01, 1000]; // Hz
const POINTS = 241;
const DECADES = [0.01, 0.1, 1, 10, 100, 1000];

// Beside the dot, where the curve, the diagonal and the axes are least in the way.
function placeOfLabel(nu, falls) {
  if (nu < LOW) return { dx: 30, dy: -7 };
  if (falls && nu > 3) return { dx: -11, dy: 13, align: "right" };
  return nu > 10 ? { dx: -11, dy: -11, align: "right" } : { dx: 11, dy: 12 };
}

function drawSelfConsistency(card, kernels) {
  const { K } = card.fixed;
  const given = Float64Array.from({ length: POINTS }, (_, k) => LOW * (HIGH / LOW) ** (k / (POINTS - 1)));
  const answers = new Array(POINTS).fill(null);
  let states = [];
  let falls = false;

  const rates = (label) => ({
    log: true, range: () => [LOW, HIGH], label: () => label, splits: () => DECADES, values: String,
  });
  const plot = card.plot({
    height: 380,
    margin: 70,
    x: rates("rate that the neurons are given (Hz)"),
    y: rates("rate at which they fire (Hz)"),
    series: [{ role: "soft", width: 1, dash: [4, 4] }, { role: "theory" }],
    annotate(pen) {
      pen.name("the same", HIGH, "soft");
      for (const { nu, stable } of states) {
        const at = Math.max(nu, LOW);
        pen.dot(at, at, stable ? "simulation" : "threshold", { radius: 5.5, hollow: !stable });
        const text = `${nu < LOW ? "below 0.01" : Number(nu.toPrecision(3))} Hz, ${stable ? "stable" : "unstable"}`;
        pen.label(text, at, at, stable ? "simulation" : "threshold", placeOfLabel(nu, falls));
      }
    },
  });
  plot.set(0, [LOW, HIGH], [LOW, HIGH]);

  return (values) => {
    const n = neuron(card.fixed, values);
    const inputs = {
      mu: n.mu_ext,
      variance: n.sigma_ext * n.sigma_ext,
      drive: (n.tau_m * K * n.J) / 1000,
      noise: (n.tau_m * K * n.J * n.J) / 1000,
    };
    states = findStates(kernels, n, inputs);
    falls = n.J < 0;
    for (let k = 0; k < POINTS; k += 1) {
      const answer = response(kernels, n, inputs, given[k]);
      answers[k] = answer >= LOW ? answer : null;
    }
    plot.set(1, given, answers);
    plot.draw();
    const stable = states.filter((state) => state.stable).map(({ nu }) => nu);
    const lowest = stable[0];
    const readouts = {
      states: states.length,
      lowest,
      highest: stable.at(-1),
      mu: inputs.mu + inputs.drive * lowest,
      sigma: Math.sqrt(inputs.variance + inputs.noise * lowest),
    };
    const told = stable.map((nu) => `${nu.toPrecision(3)} hertz`).join(" and ");
    const summary = `${plural(states.length, "state")}, of which ${told} can last.`;
    return { readouts, summary };
  };
}

export const selfConsistency = { floats: 16, create: drawSelfConsistency };
