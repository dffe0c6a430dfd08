// A membrane under white noise, and the intervals between its spikes: simulated, from theory, of a Poisson process.

import { neuron, niceTop, plural } from "../common.js";
import { drawSpikes, joinSpikes } from "../neuron/trace.js";
import { asBars } from "../series.js";
import { BRIDGE, makePopulation, populationFloats } from "./population.js";

const INTERVAL_SPIKES = 16384;
const VARIATION_ROOM = 68; // four rows of quadrature nodes and four cumulants
const LONGEST_INTERVAL = 1e6; // ms; a neuron that fires more rarely is called silent

function drawIntervals(card, kernels) {
  const { neurons, bins, points, steps, at_once, duration, fine } = card.fixed;
  const crowd = makePopulation(kernels, neurons, at_once, INTERVAL_SPIKES);
  const one = makePopulation(kernels, 1, 1, 16);
  const V = kernels.array(Math.round(duration / fine) + 1);
  const last = kernels.array(neurons);
  const sums = kernels.array([3, neurons]);
  const counts = kernels.array(bins + 1, "i4");
  const moments = kernels.array(3);
  const [density, memory] = [kernels.array(points), kernels.array(points)];
  const room = kernels.array(VARIATION_ROOM);
  let n = neuron(card.fixed, card.values());
  let spikes = [];
  let longest = 800;
  let top = 10;
  let mean = Infinity;

  const trace = card.plot({
    height: 190,
    margin: 56,
    x: { range: () => [0, duration], label: () => "time (ms)" },
    y: { range: () => [-85, -25], label: () => "V (mV)", splits: () => [-80, -70, -60, -50, -40, -30] },
    series: [{ role: "membrane", width: 1.25 }],
    annotate(pen) {
      pen.horizontal(n.V_th, "threshold");
      pen.horizontal(n.E_L + n.mu, "membrane", { dash: [2, 5] });
      drawSpikes(pen, spikes, n.V_th);
      pen.name("V_th", n.V_th, "threshold");
      pen.name("E_L + μ", n.E_L + n.mu, "membrane");
    },
  });
  const histogram = card.plot({
    height: 230,
    margin: 56,
    x: { range: () => [0, longest], label: () => "interspike interval (ms)" },
    y: { range: () => [0, top], label: () => "probability density (1/s)" },
    series: [
      { kind: asBars, role: "simulation", alpha: 0.25 },
      { role: "noise", dash: [5, 5], width: 1.5 },
      { role: "theory" },
    ],
    annotate(pen) {
      if (Number.isFinite(mean)) {
        pen.vertical(mean, "soft", { width: 1, dash: [1, 4] });
        pen.label("mean", mean, 0, "soft", { dx: 5, dy: -10 });
      }
      const right = { dx: -8, align: "right" };
      pen.label("first passage", longest, 0.92 * top, "theory", right);
      pen.label("simulation", longest, 0.79 * top, "simulation", right);
      pen.label("Poisson, same rate", longest, 0.66 * top, "noise", right);
    },
  });

  function drawTrace() {
    one.start(n, n.trace_seed);
    spikes = [];
    V[0] = n.E_L;
    for (let k = 1; k < V.length; k += 1) {
      const count = one.advance(1, fine, BRIDGE);
      for (let j = 0; j < count; j += 1) spikes.push(one.times[j]);
      V[k] = one.V[0];
    }
    trace.draw(...joinSpikes(V, fine, spikes, n));
  }

  function drawTheory() {
    const step = (longest - n.t_ref) / (points - 1);
    kernels.passage_density(n.mu, n.sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, step, density, memory);
    const T = Array.from(density, (_, k) => n.t_ref + k * step);
    const free = mean - n.t_ref;
    const isSilent = !Number.isFinite(mean);
    const perSecond = Array.from(density, (value) => 1000 * value);
    const highest = perSecond.reduce((most, value) => Math.max(most, value), 0);
    top = niceTop(isSilent ? 1 : highest, [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 500]);
    const poisson = isSilent ? [] : T.map((t) => {
      const value = (1000 / free) * Math.exp((n.t_ref - t) / free);
      return value <= top ? value : null;
    });
    histogram.set(1, isSilent ? [] : T, poisson);
    histogram.set(2, isSilent ? [] : T, isSilent ? [] : perSecond);
  }

  return (values) => {
    n = neuron(card.fixed, values);
    const rate = kernels.rate(n.mu, n.sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref);
    mean = rate > 0 && 1000 / rate < LONGEST_INTERVAL ? 1000 / rate : Infinity;
    longest = niceTop(4 * mean, card.fixed.axes);
    const known = {
      mean_theory: mean,
      variation_theory: kernels.interval_variation(n.mu, n.sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, room),
    };
    const width = longest / bins;
    const edges = Array.from({ length: bins + 1 }, (_, k) => k * width);
    drawTrace();
    drawTheory();
    histogram.set(0, edges, []);
    histogram.draw();

    let done = 0;
    function step() {
      if (done === 0) {
        crowd.start(n, n.seed);
        last.fill(-1);
        sums.fill(0);
        counts.fill(0);
      }
      const found = crowd.advance(at_once, n.dt, BRIDGE);
      kernels.count_intervals(crowd.times, crowd.neurons, found, width, last, sums, counts);
      done += at_once;
      return done / steps;
    }
    function show() {
      kernels.interval_moments(sums, moments);
      const [number, found, variation] = moments;
      const scale = number > 0 ? 1000 / (number * width) : 0;
      histogram.set(0, edges, Array.from(counts.subarray(0, bins), (count) => count * scale));
      histogram.draw();
      const isDone = done === steps;
      const readouts = {
        ...known,
        mean_simulated: isDone ? found : null,
        variation_simulated: isDone ? variation : null,
        intervals: isDone ? number : null,
      };
      return { readouts, summary: summary(number) };
    }
    function summary(number) {
      const length = Number.isFinite(mean) ? `${mean.toFixed(1)} ms` : "far longer than the simulation";
      return (
        `The mean interval is ${length} and the coefficient of variation ${known.variation_theory.toFixed(3)}; ` +
        `${plural(number, "interval")} simulated.`
      );
    }
    return {
      readouts: { ...known, mean_simulated: null, variation_simulated: null, intervals: null },
      summary: summary(0),
      pending: { step, show },
    };
  };
}

export const intervals = {
  floats: populationFloats(128, 200, INTERVAL_SPIKES) + populationFloats(1, 1, 16) + 6000,
  create: drawIntervals,
};
