// A chain of spiking neurons: its loss over its first weight is a staircase, with a tangent and a secant.

import { niceTop, plural } from "../common.js";
import { asPoints, asRaster } from "../series.js";
import { makeNeuron, spikeSteps, stairs, total, unrolledFloats } from "./unrolled.js";

const TANGENT = 0.08; // its half-width on the axis of the weight
const MOST_NEURONS = 3;

function drawDeadGradient(card, kernels) {
  const { beta, threshold, steps, between, target, points, least, levels } = card.fixed;
  const neuron = makeNeuron(kernels, steps, 1);
  const weights = Array.from({ length: points + 1 }, (_, k) => k / points);
  let now = card.values();
  let trains = [];
  let here = 0;
  let ends = [0, 0];
  let top = levels[0];
  let scanned = "";

  const raster = card.plot({
    height: 120,
    margin: 76,
    x: { range: () => [0, steps + 1], label: () => "step" },
    y: { range: () => [0.4, Math.max(trains.length, 1) + 0.6], label: () => "spikes", splits: () => [] },
    series: [{ kind: asRaster, role: "spike" }],
    annotate(pen) {
      trains.forEach((train, k) => pen.name(`neuron ${k + 1}`, trains.length - k, "spike"));
    },
  });
  const landscape = card.plot({
    height: 260,
    margin: 76,
    x: { range: () => [0, 1], label: () => "weight w" },
    y: { range: () => [0, top], label: () => "loss" },
    series: [
      { role: "theory", width: 1.5 },
      { role: "simulation", width: 1.25 },
      { kind: asPoints, role: "simulation", size: 7 },
      { role: "threshold", width: 2.5 },
    ],
    annotate(pen) {
      pen.dot(now.w, here, "threshold", { radius: 5 });
      pen.name("tangent", here, "threshold");
      pen.name("secant", Math.min(ends[1], top), "simulation");
    },
  });
  landscape.handle({
    name: "weight",
    role: "threshold",
    cursor: "ew-resize",
    at: () => [now.w, here],
    drag: (w) => card.drag({ w }),
  });

  // Trains of all neurons of the chain.
  function chain(w) {
    const found = [];
    neuron.x.fill(1);
    for (let k = 0; k < Number(now.neurons); k += 1) {
      neuron.w[0] = k ? between : w;
      neuron.run({ beta, threshold });
      found.push(Array.from(neuron.s));
      neuron.x.set(neuron.s);
    }
    return found;
  }

  function loss(w) {
    const missing = total(chain(w).at(-1)) - target;
    return 0.5 * missing * missing;
  }

  const slope = (h) => (loss(now.w + h) - loss(now.w - h)) / (2 * h);

  return (values) => {
    now = values;
    trains = chain(now.w);
    here = loss(now.w);
    if (scanned !== now.neurons) {
      scanned = now.neurons;
      const losses = weights.map(loss);
      top = niceTop(Math.max(...losses), levels);
      landscape.set(0, ...stairs(weights, losses));
    }
    const edges = [now.w - now.h, now.w + now.h];
    ends = edges.map(loss);
    landscape.set(1, edges, ends);
    landscape.set(2, edges, ends);
    landscape.set(3, [now.w - TANGENT, now.w + TANGENT], [here, here]);
    landscape.draw();
    const dots = trains.flatMap((train, k) => spikeSteps(train).map((step) => [step, trains.length - k]));
    dots.sort((a, b) => a[0] - b[0]);
    raster.draw(dots.map((dot) => dot[0]), dots.map((dot) => dot[1]));
    const spikes = total(trains.at(-1));
    const readouts = { spikes, loss: here, slope: slope(least), secant: slope(now.h) };
    const summary =
      `At the weight ${now.w} the last of ${plural(trains.length, "neuron")} fires ${plural(spikes, "spike")}. ` +
      `The loss is ${here.toFixed(1)}, its slope ${readouts.slope.toFixed(1)}; ` +
      `the secant's slope is ${readouts.secant.toFixed(1)}.`;
    return { readouts, summary };
  };
}

export const deadGradient = { floats: unrolledFloats(40, 1) * MOST_NEURONS, create: drawDeadGradient };
