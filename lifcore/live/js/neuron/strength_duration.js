// How strong must a pulse of given duration be? The exact curve, Weiss's hyperbola, and one pulse with its response.

import { neuron, plural } from "../common.js";
import { drawSpikes, joinSpikes } from "./trace.js";

const DURATION_POINTS = 400;

function drawStrengthDuration(card, kernels) {
  const { window: shown, dt } = card.fixed;
  const before = -0.05 * shown;
  const range = (name) => [card.control(name).min, card.control(name).max];
  const durations = kernels.array(DURATION_POINTS);
  const thresholds = kernels.array(DURATION_POINTS);
  const V = kernels.array(Math.round(shown / dt) + 1);
  const times = kernels.array(2000);
  const edges = kernels.array(3);
  const current = kernels.array(2);
  const [shortest, longest] = range("duration");
  for (let k = 0; k < DURATION_POINTS; k += 1) {
    durations[k] = shortest * (longest / shortest) ** (k / (DURATION_POINTS - 1));
  }
  let n = neuron(card.fixed, card.values());
  let readouts = {};
  let spikes = [];

  const exact = (duration) => kernels.threshold_current(duration, n.tau_m, n.R, n.E_L, n.V_th);
  const weiss = (duration) => readouts.rheobase * (1 + readouts.chronaxie / duration);
  const plane = card.plot({
    height: 270,
    margin: 68,
    x: {
      log: true,
      range: () => [shortest, longest],
      label: () => "pulse duration (ms)",
      splits: () => [0.5, 1, 2, 5, 10, 20, 50, 100],
    },
    y: {
      log: true,
      range: () => range("current"),
      label: () => "current (nA)",
      splits: () => [0.1, 0.2, 0.5, 1, 2, 5, 10],
    },
    series: [{ role: "theory", dash: [5, 5], width: 1.5 }, { role: "threshold" }],
    annotate(pen) {
      const { rheobase, chronaxie } = readouts;
      pen.horizontal(rheobase, "threshold", { width: 1, dash: [1, 4] });
      pen.name("rheobase", rheobase, "threshold");
      pen.segment(chronaxie, range("current")[0], chronaxie, 2 * rheobase, "threshold", { width: 1, dash: [1, 4] });
      pen.dot(chronaxie, 2 * rheobase, "threshold", { radius: 3.5 });
      pen.label("chronaxie", chronaxie, range("current")[0], "threshold", { dx: 6, dy: -12 });
      pen.label("fires", longest, 6, "soft", { dx: -8, align: "right" });
      pen.label("silent", shortest, 0.13, "soft", { dx: 8 });
      pen.label("exact", 0.8, exact(0.8), "threshold", { dx: 8, dy: -10 });
      pen.label("Weiss", 45, weiss(45), "theory", { dy: -14 });
    },
  });
  plane.handle({
    name: "pulse",
    role: "drive",
    cursor: "move",
    at: () => [n.duration, n.current],
    drag: (duration, I) => card.drag({ duration, current: I }),
  });
  const response = card.plot({
    height: 200,
    margin: 68,
    x: { range: () => [before, shown], label: () => "time since the pulse began (ms)" },
    y: { range: () => [-75, -25], label: () => "V (mV)", splits: () => [-70, -60, -50, -40, -30] },
    series: [{ role: "membrane" }],
    backdrop: (pen) => pen.band(0, n.duration, "drive", 0.16),
    annotate(pen) {
      pen.horizontal(n.V_th, "threshold");
      drawSpikes(pen, spikes, n.V_th);
      pen.name("V_th", n.V_th, "threshold");
    },
  });

  return (values) => {
    n = neuron(card.fixed, values);
    kernels.threshold_currents(durations, n.tau_m, n.R, n.E_L, n.V_th, thresholds);
    edges.set([0, n.duration, shown]);
    current.set([n.current, 0]);
    const count = kernels.piecewise_trace(
      edges, current, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref, n.E_L, dt, V, times,
    );
    spikes = times.slice(0, count);
    const threshold = exact(n.duration);
    readouts = {
      threshold_current: threshold,
      threshold_charge: threshold * n.duration,
      rheobase: kernels.rheobase(n.R, n.E_L, n.V_th),
      chronaxie: kernels.chronaxie(n.tau_m),
      fires: count > 0,
    };
    plane.draw(durations, Array.from(durations, weiss), thresholds);
    response.draw(...joinSpikes(V, dt, spikes, n, [[before, n.E_L]]));
    const summary =
      `A pulse of ${n.duration} ms and ${n.current} nA gives ${plural(count, "spike")}; ` +
      `its threshold is ${threshold.toFixed(3)} nA, or ${readouts.threshold_charge.toFixed(2)} pC.`;
    return { readouts, summary };
  };
}

export const strengthDuration = { floats: 6000, create: drawStrengthDuration };
