// What arrives at each step of the gradient of a loss that looks at the last potential only.

import { asPoints } from "../series.js";
import { decades, formula, makeNeuron, randomStreams, randomTrain, spikeSteps, unrolledFloats } from "./unrolled.js";

const DECADES = [1e-8, 1e-6, 1e-4, 1e-2, 1, 100, 1e4];
const POWERS = { 1e-8: "10⁻⁸", 1e-6: "10⁻⁶", 1e-4: "10⁻⁴", 1e-2: "0.01", 1: "1", 100: "100", 1e4: "10⁴" };

function drawGradientThroughTime(card, kernels) {
  const { threshold, steps, density, seed, floor, ceiling, V_low, V_high } = card.fixed;
  const neuron = makeNeuron(kernels, steps, 1);
  const t = Array.from({ length: steps }, (_, k) => k + 1);
  randomTrain(kernels, randomStreams(kernels, seed, 0, 1), steps, density, neuron.x);
  neuron.ofPotentials[steps - 1] = 1;
  let spikes = [];
  let detached = [];
  let whole = [];

  const potential = card.plot({
    height: 180,
    margin: 70,
    x: { range: () => [0, steps + 1], values: () => "" },
    y: { range: () => [V_low, V_high], label: () => "V", splits: () => [0, 1, 2, 3, 4] },
    series: [{ role: "membrane", width: 1.25 }, { kind: asPoints, role: "membrane", size: 4 }],
    annotate(pen) {
      pen.horizontal(threshold, "threshold");
      pen.strokes(spikes, V_high - 0.3, V_high, "spike", { width: 1.5 });
      pen.name("threshold", threshold, "threshold");
    },
  });
  const back = card.plot({
    height: 240,
    margin: 70,
    x: { range: () => [0, steps + 1], label: () => "step" },
    y: {
      log: true,
      range: () => [floor, ceiling],
      label: () => "|δ| at this step",
      splits: () => DECADES,
      values: (value) => POWERS[value],
    },
    series: [{ role: "theory" }, { kind: asPoints, role: "simulation", size: 6 }],
    backdrop: (pen) => pen.strokes(spikes, floor, ceiling, "rule", { width: 1.5 }),
    annotate(pen) {
      pen.label("detached", steps, ceiling, "theory", { dx: -64, dy: 8, align: "right" });
      pen.label("● whole", steps, ceiling, "simulation", { dy: 8, align: "right" });
    },
  });

  function sensitivities(values, detach) {
    neuron.run({
      beta: values.beta, threshold, zero: values.reset === "zero", detach,
      formula: formula(values.surrogate, values.sharpness),
    });
    neuron.back();
    return Array.from(neuron.delta, Math.abs);
  }

  const drawn = (values) => values.map((value) => (value > 0 ? value : null));

  return (values) => {
    neuron.w[0] = values.w;
    detached = sensitivities(values, true);
    whole = sensitivities(values, false);
    spikes = spikeSteps(neuron.s);
    potential.draw(t, neuron.V, neuron.V);
    back.draw(t, drawn(detached), drawn(whole));
    // The factor of the last step leads out of the run.
    const amplify = neuron.factors.subarray(0, steps - 1).filter((factor) => Math.abs(factor) > 1).length;
    const readouts = {
      detached: decades(kernels, detached[0]),
      whole: decades(kernels, whole[0]),
      largest: decades(kernels, Math.max(...whole)),
      amplify,
    };
    const told = (value) => (Number.isFinite(value) ? `10 to the power ${value.toFixed(2)}` : "nothing");
    const summary =
      `Of a gradient of one at step ${steps}, ${told(readouts.detached)} arrives at step 1 with the reset ` +
      `detached, and ${told(readouts.whole)} through it. ${amplify} of the steps amplify.`;
    return { readouts, summary };
  };
}

export const gradientThroughTime = { floats: 2 * unrolledFloats(60, 1), create: drawGradientThroughTime };
