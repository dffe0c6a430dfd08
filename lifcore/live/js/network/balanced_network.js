// A sparse network of excitatory and inhibitory neurons: who fires when, the activity, and the rate of theory.

import { neuron, niceTop } from "../common.js";
import { asRaster } from "../series.js";
import { makeNetwork, networkFloats } from "./network.js";
import { findStates } from "./states.js";

const VARIATION_WORK = 68;
const STEPS_OF_MS = 4;
const RATE_TOPS = [10, 20, 30, 50, 75, 100, 150, 200, 300, 400, 600, 800, 1000];
const ROWS = { E: 40, I: 10 };
const GAP = 2; // rows between the populations

function drawBalancedNetwork(card, kernels) {
  const { sizes, K, J, streams, seed, settle, end, shown, batches } = card.fixed;
  const net = makeNetwork(kernels, description(card.fixed, streams, seed));
  const room = kernels.array(VARIATION_WORK);
  const [last, sums, squares] = [0, 1, 2].map(() => new Float64Array(sizes.E));
  const counts = new Float64Array(end - settle);
  const curve = new Array(shown[1] - shown[0] + 1).fill(null);
  const times = Float64Array.from(curve, (_, k) => shown[0] + k + 0.5);
  const rows = { E: [[], []], I: [[], []] };
  const height = ROWS.E + GAP + ROWS.I;
  let [intervals, rateTop] = [0, 50];
  let known = {};
  let work = null;

  const raster = card.plot({
    height: 250,
    margin: 80,
    x: { range: () => shown, label: () => "" },
    y: { range: () => [-1, height], label: () => "neuron", splits: () => [] },
    series: [{ kind: asRaster, role: "spike" }, { kind: asRaster, role: "spike" }],
    annotate(pen) {
      pen.horizontal(ROWS.E + 0.5 * (GAP - 1), "soft", { width: 1, dash: [1, 4] });
      pen.name("excitatory", 0.5 * ROWS.E, "spike");
      pen.name("inhibitory", ROWS.E + GAP + 0.5 * ROWS.I, "spike");
    },
  });
  const activity = card.plot({
    height: 190,
    margin: 80,
    x: { range: () => shown, label: () => "time (ms)" },
    y: { range: () => [0, rateTop], label: () => "activity (Hz)" },
    series: [{ role: "simulation", width: 1.5 }],
    annotate(pen) {
      pen.horizontal(known.predicted, "theory");
      pen.name("theory", known.predicted, "theory");
    },
  });

  function theory(n) {
    const mu = n.eta * (n.V_th - n.E_L);
    const inputs = {
      mu,
      variance: J * mu,
      drive: (n.tau_m * K * J * (1 - n.g / 4)) / 1000,
      noise: (n.tau_m * K * J * J * (1 + (n.g * n.g) / 4)) / 1000,
    };
    const predicted = findStates(kernels, n, inputs).filter(({ stable }) => stable).at(-1).nu;
    const [inMean, inNoise] = [mu + inputs.drive * predicted, Math.sqrt(inputs.variance + inputs.noise * predicted)];
    const reach = (1000 * (n.V_th - n.E_L)) / (n.tau_m * K * J);
    return {
      predicted,
      estimate: n.g > 4 ? ((n.eta - 1) * reach) / (n.g / 4 - 1) : Infinity,
      mean: inMean - (n.V_th - n.E_L),
      cv_theory: kernels.interval_variation(inMean, inNoise, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, room),
    };
  }

  function begin(n) {
    const mu = n.eta * (n.V_th - n.E_L);
    const cells = { ...n, mu, sigma: Math.sqrt(J * mu) };
    const delay = Math.round(n.delay * STEPS_OF_MS);
    net.begin({ E: cells, I: cells }, ["E", "E", "I", "I"].map((source) => ({ J: source === "E" ? J : -n.g * J, delay })), n.dt);
    last.fill(-1);
    for (const array of [sums, squares, counts]) array.fill(0);
    for (const list of [...rows.E, ...rows.I]) list.length = 0;
    intervals = 0;
  }

  function seen(time, number) {
    const name = number < sizes.E ? "E" : "I";
    const i = number - net.first[name];
    if (i < ROWS[name] && time >= shown[0] && time <= shown[1]) {
      rows[name][0].push(time);
      rows[name][1].push(name === "E" ? i : ROWS.E + GAP + i);
    }
    if (name === "I" || time < settle) return;
    if (last[i] >= 0) {
      const length = time - last[i];
      sums[i] += length;
      squares[i] += length * length;
      intervals += 1;
    }
    last[i] = time;
    counts[Math.floor(time) - settle] += 1;
  }

  function simulated() {
    const all = counts.reduce((sum, count) => sum + count, 0);
    const each = counts.length / batches;
    let [ofCounts, ofBatches] = [0, 0];
    for (let b = 0; b < batches; b += 1) {
      let batch = 0;
      for (let k = b * each; k < (b + 1) * each; k += 1) {
        batch += counts[k];
        ofCounts += counts[k] * counts[k];
      }
      ofBatches += batch * batch;
    }
    const scatter = Math.sqrt((ofBatches - (all * all) / batches) / (batches - 1) / batches);
    const mean = all / counts.length;
    let [length, square] = [0, 0];
    for (let i = 0; i < sizes.E; i += 1) [length, square] = [length + sums[i], square + squares[i]];
    const interval = length / intervals;
    return {
      rate: (1000 * all) / (sizes.E * counts.length),
      error: (1000 * scatter) / (sizes.E * each),
      cv: Math.sqrt(square / intervals - interval * interval) / interval,
      synchrony: (ofCounts / counts.length - mean * mean) / mean,
    };
  }

  function show() {
    let highest = known.predicted;
    for (let k = 0; k < curve.length; k += 1) {
      curve[k] = (1000 * (counts[shown[0] + k - settle] ?? 0)) / sizes.E;
      highest = Math.max(highest, curve[k]);
    }
    rateTop = niceTop(highest, RATE_TOPS);
    raster.set(0, ...rows.E);
    raster.set(1, ...rows.I);
    raster.draw();
    activity.set(0, times, curve);
    activity.draw();
    const found = work ? { rate: null, error: null, cv: null, synchrony: null } : simulated();
    const summary = work
      ? "Simulating."
      : `The excitatory neurons fire at ${found.rate.toFixed(1)} hertz, theory has ${known.predicted.toFixed(1)}.`;
    return { readouts: { ...known, ...found }, summary };
  }

  return (values) => {
    const n = neuron(card.fixed, values);
    known = theory(n);
    begin(n);
    const steps = Math.round(end / n.dt);
    work = {
      step() {
        const done = net.advance(steps, seen);
        if (done === steps) work = null;
        return done / steps;
      },
      show,
    };
    return { ...show(), pending: work };
  };
}

function description({ sizes, K, longest, most }, streams, seed) {
  const ends = ["E", "E", "I", "I"].map((source, k) => ({ source, target: "EI"[k % 2], indegree: source === "E" ? K : K / 4 }));
  return { sizes, connections: ends.map((each, k) => ({ ...each, streams: streams[k] })), seed, longest, most };
}

const LARGEST = { sizes: { E: 2000, I: 500 }, K: 200, longest: 12, most: 3 };

export const balancedNetwork = {
  floats: networkFloats(description(LARGEST, [], 0)) + VARIATION_WORK + 16,
  create: drawBalancedNetwork,
};
