// Twenty neurons learn to balance the pole, each from its own seed: their curves, the mean, and the band of its
// confidence.

import { neuron } from "../common.js";
import { deciderFloats, makeDecider, ribbon } from "./decisions.js";

const MOST_SHOWN = 500;
const EPISODES_AT_ONCE = 13; // episodes of a piece

function drawLearningCurve(card, kernels) {
  const {
    E_L, V_th, V_reset, dt, bias, columns, scales, most, episodes, seeds, window, judged, goal, discount, quantile,
  } = card.fixed;
  const decider = makeDecider(kernels, { columns, scales, steps: 1 });
  const { size } = decider;
  const rates = kernels.array(size);
  const moments = kernels.array([2, size]);
  const baseline = kernels.array(2);
  const traces = kernels.array(size);
  const scores = kernels.array([most, size]);
  const gradient = kernels.array(size);
  const lengths = kernels.array(episodes, "i4");
  const shown = Array.from({ length: episodes - window + 1 }, (_, k) => k + window); // the number of the last episode
  let n = neuron(card.fixed, card.values());
  let curves = []; // of each seed: sums over the last `window` episodes
  let firsts = []; // of each seed: the episode at which the last `judged` reach the goal on average
  let band = null;

  const plot = card.plot({
    height: 330,
    margin: 24,
    x: { range: () => [0, episodes], label: () => "episode" },
    y: { range: () => [0, 1.06 * MOST_SHOWN], label: () => `decisions until the fall, mean of ${window} episodes` },
    series: [
      ...Array.from({ length: seeds }, () => ({ role: "noise", width: 0.75 })),
      { role: "simulation", width: 2.5 },
    ],
    backdrop(pen) {
      pen.horizontal(goal, "threshold", { width: 1, dash: [2, 5] });
      pen.label(`${goal}`, 0, goal, "threshold", { dx: 4, dy: -9 });
      if (band) ribbon(pen, shown, band.low, band.high, "simulation", 0.25);
    },
    annotate(pen) {
      if (band) pen.label("mean of the seeds, 95 % band", episodes, 40, "simulation", { dx: -6, align: "right" });
    },
  });

  function start(index) {
    decider.set(bias, n.tau_m, V_reset, columns.map(() => 0));
    rates.set([n.learning_rate, 0, 0, ...columns.map(() => n.learning_rate)]);
    decider.seed(n.first + index);
    moments.fill(0);
    baseline.fill(0);
  }

  // Sums over each `span` episodes that follow each other.
  function sums(span) {
    const found = [];
    let sum = 0;
    lengths.forEach((length, k) => {
      sum += length - (k >= span ? lengths[k - span] : 0);
      if (k >= span - 1) found.push(sum);
    });
    return found;
  }

  // Sums of whole numbers are exact in any order; every quotient is taken once.
  function findBand() {
    const count = curves.length;
    const found = { mean: [], low: [], high: [] };
    for (let k = 0; k < shown.length; k += 1) {
      let [total, squares] = [0, 0];
      for (const curve of curves) {
        total += curve[k];
        squares += curve[k] * curve[k];
      }
      const variance = (squares - (total * total) / count) / (count - 1);
      const mean = total / (count * window);
      const half = (quantile * Math.sqrt(Math.max(variance, 0) / count)) / window;
      found.mean.push(mean);
      found.low.push(mean - half);
      found.high.push(mean + half);
    }
    return found;
  }

  function simulation() {
    let [index, passed] = [0, 0];
    curves = [];
    firsts = [];
    band = null;
    return {
      step() {
        if (passed === 0) start(index);
        kernels.reinforce_updates(
          decider.parameters, rates, E_L, V_th, n.Delta, dt, decider.columns, decider.scales, discount, 1, passed,
          EPISODES_AT_ONCE, 0, moments, baseline, decider.words, decider.x, decider.state, decider.V, decider.spikes,
          traces, scores, gradient, lengths.subarray(passed, passed + EPISODES_AT_ONCE),
        );
        passed += EPISODES_AT_ONCE;
        if (passed === episodes) {
          curves.push(sums(window));
          const first = sums(judged).findIndex((sum) => sum >= goal * judged);
          firsts.push(first < 0 ? Infinity : first + judged);
          passed = 0;
          index += 1;
        }
        return (index + passed / episodes) / seeds;
      },
      show,
    };
  }

  function show() {
    for (let k = 0; k < seeds; k += 1) {
      plot.set(k, curves[k] ? shown : [], (curves[k] ?? []).map((sum) => sum / window));
    }
    const complete = curves.length === seeds;
    band = complete ? findBand() : null;
    plot.set(seeds, band ? shown : [], band ? band.mean : []);
    plot.draw();
    const solved = firsts.filter((first) => first < Infinity).length;
    if (!complete) {
      const last = curves.reduce((sum, curve) => sum + curve.at(-1), 0) / (Math.max(curves.length, 1) * window);
      const readouts = { solved, median: null, final: last, half: null };
      return { readouts, summary: `${curves.length} of ${seeds} seeds have learnt.` };
    }
    const ordered = [...firsts].sort((a, b) => a - b);
    const readouts = {
      solved,
      median: ordered[seeds / 2 - 1],
      final: band.mean.at(-1),
      half: band.high.at(-1) - band.mean.at(-1),
    };
    const summary =
      `${readouts.solved} of ${seeds} seeds reach a mean of ${goal} over ${judged} episodes; at the end the mean ` +
      `over the seeds is ${readouts.final.toFixed(1)} ± ${readouts.half.toFixed(1)} decisions.`;
    return { readouts, summary };
  }

  return (values) => {
    n = neuron(card.fixed, values);
    const pending = simulation();
    return { ...show(), pending };
  };
}

export const learningCurve = { floats: deciderFloats(1) + 4200, create: drawLearningCurve };
