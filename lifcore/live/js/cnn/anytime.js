// What several networks get wrong of the test digits against the steps and the operations they take, and a decision
// that comes as soon as one output leads by a margin.

import { asPoints } from "../series.js";
import { makeNetwork, networkFloats, unpackBytes } from "./network.js";

const PIECE = 12; // digits
const TICKS = [0.3, 1, 3, 10, 30, 100]; // %

function drawAnytime(card, kernels) {
  const { networks, steps, brightest, baselines, plain } = card.fixed;
  const images = unpackBytes(card.fixed.images);
  const labels = unpackBytes(card.fixed.labels);
  const samples = labels.length;
  const pixels = images.length / samples;
  const nets = networks.map(([penalty, packed]) => ({
    penalty,
    packed,
    net: makeNetwork(kernels, packed),
    // One entry for each digit and step: the leading output, its lead, and the operations until then.
    winner: new Uint8Array(samples * steps),
    lead: new Float64Array(samples * steps),
    operations: new Float64Array(samples * steps),
  }));
  const axis = Float64Array.from({ length: steps }, (_, k) => k + 1);
  const image = new Float64Array(pixels);
  let done = 0;
  let { penalty, margin } = card.values();
  let decided = null;

  const wrongAxis = { log: true, range: () => [0.2, 100], label: () => "wrong (%)", splits: () => TICKS };
  // All networks small, and the chosen one again over them.
  const series = [
    ...nets.map(() => ({ role: "soft", kind: asPoints, size: 4 })),
    { role: "simulation", kind: asPoints },
  ];
  const inTime = card.plot({
    height: 220,
    margin: 84,
    x: { range: () => [0.5, steps + 0.5], label: () => "steps", splits: () => [2, 4, 6, 8, 10] },
    y: wrongAxis,
    series,
    annotate(pen) {
      for (const [name, wrong] of baselines) {
        pen.horizontal(wrong, "theory", { width: 1.25 });
        pen.name(name, wrong, "theory");
      }
      for (const one of nets) {
        if (one.last > 0) pen.name(`penalty ${one.penalty}`, one.last, one.penalty === penalty ? "simulation" : "soft");
      }
      if (decided) ring(pen, decided.steps);
    },
  });
  const byOperations = card.plot({
    height: 220,
    margin: 84,
    x: {
      log: true,
      range: () => [1000, 300000],
      label: () => "synaptic operations for a digit",
      splits: () => [1000, 10000, 100000],
      values: (count) => `${count / 1000} k`,
    },
    y: wrongAxis,
    series,
    annotate(pen) {
      pen.vertical(plain, "threshold", { width: 1.25 });
      pen.label("plain CNN", plain, 70, "threshold", { dx: 6 });
      if (decided) ring(pen, decided.operations);
    },
  });

  function classify(k, sample) {
    const { net, packed, winner, lead, operations } = nets[k];
    for (let j = 0; j < pixels; j += 1) image[j] = images[sample * pixels + j] / brightest;
    net.start(image);
    for (let t = 0; t < steps; t += 1) {
      net.step();
      let [first, second] = [-Infinity, -Infinity];
      let best = 0;
      for (let c = 0; c < packed.classes; c += 1) {
        const value = Math.fround(net.total[c] / (t + 1));
        if (value > first) {
          [second, first, best] = [first, value, c];
        } else if (value > second) {
          second = value;
        }
      }
      const at = sample * steps + t;
      winner[at] = best;
      lead[at] = first - second;
      operations[at] = packed.synapses.reduce((sum, row) => sum + net.counts[row], 0);
    }
  }

  // In per cent; none wrong has no place on a logarithmic axis.
  const shareWrong = (count, of) => (count > 0 ? (100 * count) / of : null);

  function ring(pen, at) {
    pen.dot(at, shareWrong(decided.wrong, samples), "membrane", { radius: 7, hollow: true });
  }

  function curve({ winner, operations }, known) {
    const wrong = new Array(steps).fill(0);
    const spent = new Float64Array(steps);
    for (let t = 0; t < steps; t += 1) {
      for (let sample = 0; sample < known; sample += 1) {
        wrong[t] += winner[sample * steps + t] !== labels[sample];
        spent[t] += operations[sample * steps + t];
      }
      wrong[t] = shareWrong(wrong[t], known);
      spent[t] /= known;
    }
    const error = wrong.map((share) => Math.sqrt((share * (100 - share)) / known));
    return { wrong, error, spent };
  }

  // Each digit is decided at the first step at which the lead is as large as the margin, or at the last.
  function decide({ winner, lead, operations }) {
    const found = { steps: 0, operations: 0, wrong: 0 };
    for (let sample = 0; sample < samples; sample += 1) {
      let t = 0;
      while (t < steps - 1 && lead[sample * steps + t] < margin) t += 1;
      const at = sample * steps + t;
      found.wrong += winner[at] !== labels[sample];
      found.steps += t + 1;
      found.operations += operations[at];
    }
    found.steps /= samples;
    found.operations /= samples;
    return found;
  }

  const total = nets.length * samples;

  function show() {
    const known = (k) => Math.min(Math.max(done - k * samples, 0), samples);
    decided = done === total ? decide(nets.find((one) => one.penalty === penalty)) : null;
    nets.forEach((one, k) => {
      const { wrong, error, spent } = known(k) > 0 ? curve(one, known(k)) : { wrong: [], error: [], spent: [] };
      const x = known(k) > 0 ? axis : [];
      one.last = wrong.at(-1);
      inTime.set(k, x, wrong);
      byOperations.set(k, spent, wrong);
      if (one.penalty !== penalty) return;
      inTime.set(nets.length, x, wrong, error);
      byOperations.set(nets.length, spent, wrong, error);
    });
    inTime.draw();
    byOperations.draw();
    const accuracy = decided && 100 * ((samples - decided.wrong) / samples);
    const readouts = decided
      ? { accuracy, wrong: decided.wrong, steps: decided.steps, operations: decided.operations }
      : { accuracy: null, wrong: null, steps: null, operations: null };
    const summary = decided
      ? `Rate penalty ${penalty}, margin ${margin}: ${accuracy.toFixed(1)} per cent right after ` +
        `${decided.steps.toFixed(1)} steps and ${Math.round(decided.operations)} synaptic operations on average.`
      : "The networks read the test digits.";
    return { readouts, summary };
  }

  // The digits are read once; a change of the controls only looks at them in another way.
  const work = {
    step() {
      for (let k = 0; k < PIECE && done < total; k += 1) {
        classify(Math.floor(done / samples), done % samples);
        done += 1;
      }
      return done / total;
    },
    show,
  };

  return (values) => {
    ({ penalty, margin } = values);
    return { ...show(), pending: done < total ? work : undefined };
  };
}

export const anytime = { floats: 4 * networkFloats(6000, 9000), create: drawAnytime };
