// A constant current from rest: the exact solution, and Euler's steps with the factor 1 - dt / tau_m.

import { neuron, niceTop, plural } from "../common.js";
import { drawSpikes, joinSpikes, SPIKE_TOP } from "../neuron/trace.js";
import { asPoints } from "../series.js";
import { arithmeticFloats, firingSteps, makeFloatNeuron } from "./arithmetic.js";

const CENTRE = -55; // mV
const SHORTEST = 0.1; // of the time constant
const MOST_SPIKES = 2000;

function regimeOf(h) {
  if (h < 1) return "it approaches";
  if (h === 1) return "one step is enough";
  if (h < 2) return "it rings";
  return h === 2 ? "it rings for ever" : "it explodes";
}

function drawEulerStability(card, kernels) {
  const { duration, fine, tau_m, levels } = card.fixed;
  const mostSteps = Math.round(duration / (SHORTEST * tau_m));
  const run = makeFloatNeuron(kernels, mostSteps);
  const V = kernels.array(Math.round(duration / fine) + 1);
  const times = kernels.array(MOST_SPIKES);
  const edges = kernels.array(2);
  const current = kernels.array(1);
  edges.set([0, duration]);
  let n = neuron(card.fixed, card.values());
  let exactSpikes = [];
  let spikes = [];
  let reached = []; // where a step arrived that was then reset
  let level = levels[0];
  let steady = n.E_L;

  const plot = card.plot({
    height: 320,
    margin: 62,
    x: { range: () => [0, duration], label: () => "time since the current was switched on (ms)" },
    y: { range: () => [CENTRE - level, CENTRE + 1.15 * level], label: () => "V (mV)" },
    series: [
      { role: "theory" },
      { role: "simulation", width: 1 },
      { kind: asPoints, role: "simulation", size: 7 },
    ],
    annotate(pen) {
      pen.horizontal(n.V_th, "threshold", n.threshold ? {} : { width: 1, dash: [2, 5] });
      pen.strokes(exactSpikes, n.V_th, SPIKE_TOP, "theory", { width: 1 });
      drawSpikes(pen, spikes, n.V_th);
      for (const [time, V] of reached) pen.dot(time, V, "simulation", { radius: 3.5, hollow: true });
      pen.name("V_th", n.V_th, "threshold");
      pen.name("exact", n.threshold ? n.E_L : steady, "theory");
      pen.label(`● Euler: ${regimeOf(n.h)}`, duration, CENTRE + 1.15 * level, "simulation", { dx: -4, dy: 6, align: "right" });
    },
  });

  function exact() {
    current[0] = n.I;
    if (n.threshold) {
      const count = kernels.piecewise_trace(
        edges, current, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref, n.E_L, fine, V, times,
      );
      return times.slice(0, count);
    }
    for (let k = 0; k < V.length; k += 1) V[k] = kernels.membrane_potential(k * fine, n.I, n.tau_m, n.R, n.E_L, n.E_L);
    return [];
  }

  return (values) => {
    n = neuron(card.fixed, values);
    const dt = n.h * n.tau_m;
    const steps = Math.floor(duration / dt);
    exactSpikes = exact();
    const found = run(n, dt, steps, { euler: true, V_th: n.threshold ? n.V_th : Infinity });
    const potentials = [n.E_L, ...found.V];
    const t = potentials.map((_, k) => dt * k);
    steady = n.E_L + n.R * n.I;
    const firing = firingSteps(found.spikes);
    spikes = firing.map((k) => dt * k);
    reached = firing.map((k) => [dt * k, steady - (1 - dt / n.tau_m) * (steady - potentials[k - 1])]);
    level = niceTop(potentials.reduce((most, v) => Math.max(most, Math.abs(v - CENTRE)), 0) / 1.02, levels);
    const h = 1 - (1 - dt / n.tau_m);
    const rheobase = kernels.rheobase(n.R, n.E_L, n.V_th);
    const readouts = {
      factor: 1 - dt / n.tau_m,
      exact_factor: kernels.exp(-dt / n.tau_m),
      euler_rheobase: h > 2 ? 0 : rheobase / Math.max(h, 1),
      rheobase,
      euler_spikes: spikes.length,
      exact_spikes: exactSpikes.length,
    };
    plot.set(0, ...joinSpikes(V, fine, exactSpikes, n));
    plot.set(1, t, potentials);
    plot.set(2, t, potentials);
    plot.draw();
    const told = n.threshold
      ? ` Euler's neuron fires ${plural(spikes.length, "spike")}, the exact one ${exactSpikes.length}.`
      : "";
    const summary =
      `With steps of ${n.h} time constants each distance is multiplied by ${readouts.factor.toFixed(2)}: ` +
      `${regimeOf(n.h)}.${told}`;
    return { readouts, summary };
  };
}

export const eulerStability = { floats: arithmeticFloats(300) + 3200, create: drawEulerStability };
