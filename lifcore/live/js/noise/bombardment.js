// A membrane under Poisson kicks of one size: its trace, and the density of its potential beside that of white noise.

import { neuron, niceTop } from "../common.js";
import { drawSpikes, joinSpikes } from "../neuron/trace.js";
import { asBars } from "../series.js";

const LINE_POINTS = 331;
const TRACE_SPIKES = 400;

function drawBombardment(card, kernels) {
  const { neurons, pieces, bins, low, width, duration, dt } = card.fixed;
  const high = low + bins * width;
  const seeds = kernels.array(2, "u4");
  const [jumps, rates] = [kernels.array(2), kernels.array(2)];
  const makeState = (size) => ({
    V: kernels.array(size), since: kernels.array(size), ahead: kernels.array(size), words: kernels.array([4, size], "u4"),
  });
  const [many, one] = [makeState(neurons), makeState(1)];
  const [noTimes, noNeurons] = [kernels.array(0), kernels.array(0, "i4")];
  const [times, who] = [kernels.array(TRACE_SPIKES), kernels.array(TRACE_SPIKES, "i4")];
  const V = kernels.array(Math.round(duration / dt) + 1);
  const counts = kernels.array(bins, "i4");
  const [line, density] = [kernels.array(LINE_POINTS), kernels.array(LINE_POINTS)];
  for (let k = 0; k < LINE_POINTS; k += 1) line[k] = low + (k * (high - low)) / (LINE_POINTS - 1);
  const edges = Array.from({ length: bins + 1 }, (_, k) => low + k * width);
  let n = neuron(card.fixed, card.values());
  let spikes = [];
  let top = 0.1;

  function start(state, seed) {
    state.V.fill(n.E_L);
    state.since.fill(0);
    state.ahead.fill(-1);
    seeds.set([seed, 0]);
    kernels.seed_streams(seeds, 0, state.words);
  }

  function advance(state, end, spikeTimes, spikeNeurons) {
    const V_th = n.threshold ? n.V_th : Infinity;
    return kernels.bombardment(
      jumps, rates, n.tau_m, n.E_L, V_th, n.V_reset, n.t_ref, end, state.V, state.since, state.ahead, state.words,
      spikeTimes, spikeNeurons,
    );
  }

  const trace = card.plot({
    height: 210,
    margin: 56,
    x: { range: () => [0, duration], label: () => "time (ms)" },
    y: { range: () => [-85, -25], label: () => "V (mV)", splits: () => [-80, -70, -60, -50, -40, -30] },
    series: [{ role: "membrane", width: 1.25 }],
    annotate(pen) {
      pen.horizontal(n.E_L + n.mu, "membrane", { dash: [2, 5] });
      pen.name("E_L + μ", n.E_L + n.mu, "membrane");
      if (!n.threshold) return;
      pen.horizontal(n.V_th, "threshold");
      drawSpikes(pen, spikes, n.V_th);
      pen.name("V_th", n.V_th, "threshold");
    },
  });
  const histogram = card.plot({
    height: 220,
    margin: 56,
    x: { range: () => [low, high], label: () => "V (mV)" },
    y: { range: () => [0, top], label: () => "probability density (1/mV)" },
    series: [{ kind: asBars, role: "simulation", alpha: 0.25 }, { role: "theory" }],
    annotate(pen) {
      if (n.threshold) {
        pen.vertical(n.V_th, "threshold");
        pen.label("V_th", n.V_th, top, "threshold", { dx: 6, dy: 8 });
        pen.vertical(n.V_reset, "soft", { width: 1, dash: [1, 4] });
        pen.label("V_reset", n.V_reset, top, "soft", { dx: -6, dy: 8, align: "right" });
      }
      pen.label("diffusion", low, 0.88 * top, "theory", { dx: 8 });
      pen.label("these kicks", low, 0.74 * top, "simulation", { dx: 8 });
    },
  });

  function drawTrace() {
    start(one, card.fixed.trace_seed);
    spikes = [];
    for (let j = 0; j < V.length; j += 1) {
      const count = advance(one, j * dt, times, who);
      for (let k = 0; k < count; k += 1) spikes.push(times[k]);
      kernels.potentials(one.V, one.since, j * dt, n.tau_m, n.E_L, V.subarray(j, j + 1));
    }
    trace.draw(...joinSpikes(V, dt, spikes, n));
  }

  function fillDensity() {
    if (n.threshold) {
      kernels.densities(line, n.mu, n.sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, density);
    } else {
      for (let k = 0; k < LINE_POINTS; k += 1) {
        const y = (line[k] - n.E_L - n.mu) / n.sigma;
        density[k] = Math.exp(-y * y) / (Math.sqrt(Math.PI) * n.sigma);
      }
    }
    top = niceTop(1.12 * density.reduce((highest, value) => Math.max(highest, value), 0), [0.1, 0.12, 0.15, 0.2, 0.3]);
    histogram.set(1, line, density);
  }

  return (values) => {
    n = neuron(card.fixed, values);
    const ratio = n.sigma / n.size;
    const both = ratio * ratio;
    const scale = 500 / n.tau_m;
    jumps.set([n.size, -n.size]);
    rates.set([(both + n.mu / n.size) * scale / 1000, Math.max((both - n.mu / n.size) * scale, 0) / 1000]);
    const length = Math.min(n.longest, n.kicks / (neurons * (rates[0] + rates[1])));
    const variance = 0.5 * n.sigma * n.sigma;
    const known = {
      excitatory: rates[0] * 1000,
      inhibitory: rates[1] * 1000,
      skewness: n.size * n.size * n.mu / 3 / (variance * Math.sqrt(variance)),
      rate_diffusion: kernels.rate(n.mu, n.sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref),
    };
    drawTrace();
    fillDensity();
    histogram.set(0, edges, []);
    histogram.draw();

    let piece = 0;
    let fired = 0;
    function step() {
      if (piece === 0) {
        start(many, n.seed);
        counts.fill(0);
        advance(many, n.warm_up, noTimes, noNeurons);
      }
      piece += 1;
      const end = n.warm_up + (piece * length) / pieces;
      fired += advance(many, end, noTimes, noNeurons);
      kernels.count_potentials(many.V, many.since, end, n.tau_m, n.E_L, low, width, counts);
      return piece / pieces;
    }
    function summary(rate) {
      const found = n.threshold ? `fire at ${rate.toFixed(2)} Hz` : "have no threshold";
      return (
        `Under kicks of ${n.size} mV, with μ = ${n.mu} mV and σ = ${n.sigma} mV, neurons ${found}; ` +
        `the diffusion approximation gives ${known.rate_diffusion.toFixed(2)} Hz.`
      );
    }
    function show() {
      histogram.set(0, edges, Array.from(counts, (count) => count / (neurons * piece * width)));
      histogram.draw();
      const rate = (fired * 1000) / (neurons * length);
      const done = piece === pieces;
      const shown = n.threshold ? (done ? rate : null) : Infinity;
      return { readouts: { ...known, rate_simulated: shown }, summary: summary(rate) };
    }
    return {
      readouts: { ...known, rate_simulated: n.threshold ? null : Infinity },
      summary: summary(known.rate_diffusion),
      pending: { step, show },
    };
  };
}

export const bombardment = { floats: 12000, create: drawBombardment };
