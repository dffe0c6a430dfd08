// Losses of a spiking, a smoothed and a noisy neuron over its weight, and their slopes.

import { niceTop } from "../common.js";
import { asPoints } from "../series.js";
import { formula, makeNeuron, stairs, total } from "./unrolled.js";

const LOSSES = ["spikes", "smoothed", "average"];

function drawThreeLosses(card, kernels) {
  const { beta, threshold, steps, target, points, top, reach } = card.fixed;
  const neuron = makeNeuron(kernels, steps, 1);
  const losses = kernels.array(2 ** steps);
  const mean = kernels.array(1);
  const path = kernels.array([5, steps + 1]);
  const traces = kernels.array([steps + 1, 1]);
  const changes = kernels.array([steps + 1, 1]);
  const weights = Array.from({ length: points }, (_, k) => k / (points - 1));
  neuron.x.fill(1);
  for (let train = 0; train < losses.length; train += 1) {
    let missing = -target;
    for (let t = 0; t < steps; t += 1) missing += (train >> t) & 1;
    losses[train] = 0.5 * missing * missing;
  }
  let now = card.values();
  let here = null;
  let scan = [];
  let scanned = "";
  let extent = reach[0];

  const above = card.plot({
    height: 190,
    margin: 80,
    x: { range: () => [0, 1], values: () => "" },
    y: { range: () => [0, top], label: () => "loss" },
    series: [{ role: "spike", width: 1.5 }, { role: "theory", width: 1.5, dash: [5, 5] }, { role: "theory" }],
    annotate(pen) {
      if (here) pen.dot(now.w, here.spikes[0], "threshold", { radius: 5 });
      for (const [k, kind] of LOSSES.entries()) {
        pen.name(kind, scan.at(-1)[kind][0], k ? "theory" : "spike");
      }
    },
  });
  const below = card.plot({
    height: 240,
    margin: 80,
    x: { range: () => [0, 1], label: () => "weight w" },
    y: { range: () => [-extent, extent], label: () => "slope" },
    series: [
      { role: "theory", width: 1.5, dash: [5, 5] },
      { role: "theory" },
      { kind: asPoints, role: "simulation", size: 5 },
    ],
    backdrop(pen) {
      pen.horizontal(0, "soft", { width: 1 });
      pen.vertical(now.w, "threshold", { width: 1.25, dash: [2, 5] });
    },
    annotate(pen) {
      if (here) pen.dot(now.w, here.spikes[1], "threshold", { radius: 5 });
      pen.name("smoothed", scan.at(-1).smoothed[1], "theory");
      pen.name("average", scan.at(-1).average[1], "theory");
      pen.name("surrogate", scan.at(-1).spikes[1], "simulation");
    },
  });
  above.handle({
    name: "weight",
    role: "threshold",
    cursor: "ew-resize",
    at: () => here && [now.w, here.spikes[0]],
    drag: (w) => card.drag({ w }),
  });

  function unrolled(options) {
    neuron.run({ beta, threshold, formula: formula("logistic", now.k), ...options });
    const missing = total(neuron.s) - target;
    neuron.ofSpikes.fill(missing);
    neuron.back();
    return [0.5 * missing * missing, neuron.gradient[0]];
  }

  // Loss and slope of each kind.
  function at(w) {
    neuron.w[0] = w;
    const spikes = unrolled({ detach: now.detach });
    const smoothed = unrolled({ detach: false, smooth: true });
    kernels.average_over_noise(
      neuron.x, neuron.w, losses, beta, threshold, false, ...formula("logistic", now.k), mean, path, traces, changes,
      neuron.gradient,
    );
    return { spikes, smoothed, average: [mean[0], neuron.gradient[0]] };
  }

  return (values) => {
    now = values;
    if (scanned !== `${now.k} ${now.detach}`) {
      scanned = `${now.k} ${now.detach}`;
      scan = weights.map(at);
      const column = (kind, place) => scan.map((each) => each[kind][place]);
      above.set(0, ...stairs(weights, column("spikes", 0)));
      above.set(1, weights, column("smoothed", 0));
      above.set(2, weights, column("average", 0));
      below.set(0, weights, column("smoothed", 1));
      below.set(1, weights, column("average", 1));
      below.set(2, weights, column("spikes", 1));
      const slopes = LOSSES.flatMap((kind) => column(kind, 1));
      extent = niceTop(Math.max(...slopes.map(Math.abs)), reach);
    }
    here = at(now.w);
    above.draw();
    below.draw();
    const told = scan.filter((each) => each.spikes[1] !== 0);
    const right = told.filter((each) => each.spikes[1] * each.average[1] > 0);
    const readouts = {
      surrogate: here.spikes[1],
      smoothed: here.smoothed[1],
      average: here.average[1],
      agree: (100 * right.length) / told.length,
    };
    const summary =
      `At the weight ${now.w} the surrogate gradient is ${readouts.surrogate.toFixed(2)}. The smoothed loss has the ` +
      `slope ${readouts.smoothed.toFixed(2)}, the average over noise ${readouts.average.toFixed(2)}. ` +
      `The signs agree at ${readouts.agree.toFixed(0)} % of the weights.`;
    return { readouts, summary };
  };
}

export const threeLosses = { floats: 3000, create: drawThreeLosses };
