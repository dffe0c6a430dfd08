// A surrogate with its derivative, and the gradient that reaches each neuron of a layer with random weights.

import { niceTop, plural } from "../common.js";
import { asPoints } from "../series.js";
import { decades, formula, makeNeuron, randomStreams, randomTrain, total, unrolledFloats } from "./unrolled.js";

const DIGITS = "-0123456789";
const RAISED = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹";

const powerOfTen = (value) =>
  `10${String(Math.round(Math.log10(value))).replace(/./g, (digit) => RAISED[DIGITS.indexOf(digit)])}`;

function drawSurrogates(card, kernels) {
  const { beta, threshold, steps, neurons, inputs, density, seed } = card.fixed;
  const { points, low, high, floor, ceiling, levels } = card.fixed;
  const neuron = makeNeuron(kernels, steps, inputs);
  const normals = kernels.array([inputs, neurons]);
  const u = kernels.array(points);
  const f = kernels.array(points);
  const slopes = kernels.array(points);
  const [middle, value, height] = [1, 1, 1].map((size) => kernels.array(size));
  kernels.random_normals(randomStreams(kernels, seed, 0, neurons), normals);
  // The stream after the last neuron's is for the inputs.
  randomTrain(kernels, randomStreams(kernels, seed, neurons, 1), steps * inputs, density, neuron.x);
  neuron.ofSpikes.fill(1);
  for (let k = 0; k < points; k += 1) u[k] = low + ((high - low) * k) / (points - 1);
  let top = levels[0];
  let dead = [];

  const shape = card.plot({
    height: 190,
    margin: 52,
    x: { range: () => [low, high], values: () => "" },
    y: { range: () => [-0.1, top], label: () => "H, f and f′" },
    series: [{ role: "spike", width: 1.5 }, { role: "theory", width: 1.5, dash: [5, 5] }, { role: "theory" }],
    annotate(pen) {
      pen.name("H", 1, "spike");
      pen.name("f", f[points - 1], "theory");
      pen.name("f′", slopes[points - 1], "theory");
    },
  });
  const layer = card.plot({
    height: 240,
    margin: 52,
    x: { range: () => [low, high], label: () => "highest potential minus threshold" },
    y: {
      log: true,
      range: () => [floor, ceiling],
      label: () => "length of the gradient",
      splits: () => [1e-8, 1e-6, 1e-4, 1e-2, 1, 100],
      values: powerOfTen,
    },
    series: [{ role: "theory", width: 1.5 }, { kind: asPoints, role: "simulation", size: 6 }],
    backdrop: (pen) => pen.vertical(0, "threshold", { width: 1.25 }),
    annotate(pen) {
      for (const place of dead) pen.dot(place, floor, "threshold", { radius: 3, hollow: true });
      pen.label("threshold", 0, ceiling, "threshold", { dx: 5, dy: 8 });
      if (dead.length) pen.label("○ exactly 0", low, floor, "threshold", { dx: 4, dy: -14 });
      pen.name("f′", Math.max(slopes[points - 1], floor), "theory");
    },
  });

  return (values) => {
    const given = formula(values.surrogate, values.sharpness);
    kernels.surrogate_curves(u, ...given, f, slopes);
    const found = [];
    let silent = 0;
    for (let j = 0; j < neurons; j += 1) {
      for (let i = 0; i < inputs; i += 1) neuron.w[i] = values.scale * normals[i * neurons + j];
      neuron.run({ beta, threshold, formula: given });
      neuron.back();
      if (total(neuron.s) === 0) silent += 1;
      const length = Math.sqrt(total(neuron.gradient.map((each) => each * each)));
      found.push([Math.max(...neuron.V) - threshold, length]);
    }
    found.sort((a, b) => a[0] - b[0]);
    dead = found.filter((each) => each[1] === 0).map((each) => each[0]);
    const lengths = found.map((each) => each[1]).sort((a, b) => a - b);
    top = niceTop(Math.max(...slopes), levels);
    shape.set(0, [low, 0, 0, high], [0, 0, 1, 1]);
    shape.set(1, u, f);
    shape.set(2, u, slopes);
    shape.draw();
    layer.set(0, u, Array.from(slopes, (slope) => (slope > 0 ? slope : null)));
    layer.set(1, found.map((each) => each[0]), found.map((each) => (each[1] > 0 ? Math.max(each[1], floor) : null)));
    layer.draw();
    kernels.surrogate_curves(middle, ...given, value, height);
    const readouts = {
      silent,
      dead: dead.length,
      height: height[0],
      typical: decades(kernels, lengths[Math.floor(neurons / 2)]),
    };
    const summary =
      `Of ${plural(neurons, "neuron")}, ${silent} do not fire and ${dead.length} get no gradient at all; ` +
      `the median is ${dead.length > neurons / 2 ? "zero" : `10 to the power ${readouts.typical.toFixed(2)}`}. ` +
      `The derivative at threshold is ${readouts.height.toFixed(3)}.`;
    return { readouts, summary };
  };
}

export const surrogates = { floats: unrolledFloats(20, 20) + 4000, create: drawSurrogates };
