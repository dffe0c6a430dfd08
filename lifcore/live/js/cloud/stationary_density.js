// The stationary density and the rate that makes its integral one, beside a population simulated until it has settled.

import { neuron, niceTop } from "../common.js";
import { asArea, asPoints } from "../series.js";
import { drawPotentials, lowestShown, makePopulation, middles, pointsFrom, scaleCounts } from "./population.js";

const POINTS = 400;
const STEPS_AT_ONCE = 16;
const VARIATION_WORK = 68;
const STATIONARY_TOPS = [0.06, 0.08, 0.12, 0.16, 0.24, 0.32, 0.5];

function drawStationaryDensity(card, kernels) {
  const { neurons, group: size, dt, settling, counted, low, width, mu_max: highestMu, V_th } = card.fixed;
  const population = makePopulation(kernels, neurons, size, 2 * size * STEPS_AT_ONCE, card.fixed.seed);
  const silence = kernels.array(STEPS_AT_ONCE);
  const bins = Math.round((V_th - low) / width);
  const counts = kernels.array(bins);
  const ofEach = kernels.array(size);
  const [V, density] = [kernels.array(POINTS), kernels.array(POINTS)];
  const [mus, sigmas] = [kernels.array(POINTS), kernels.array(POINTS)];
  const [noisy, silent] = [kernels.array(POINTS), kernels.array(POINTS)];
  const workspace = kernels.array(VARIATION_WORK);
  const [values, errors] = [new Float64Array(bins), new Float64Array(bins)];
  const centres = middles(low, width, bins);
  for (let k = 0; k < POINTS; k += 1) {
    V[k] = low + ((V_th - low) * k) / (POINTS - 1);
    mus[k] = (highestMu * k) / (POINTS - 1);
  }
  const settlingSteps = Math.round(settling / dt);
  const steps = settlingSteps + Math.round(counted / dt);
  let n = neuron(card.fixed, card.values());
  let theory = {};
  let [densityTop, rateTop, lowest] = [0.1, 100, low];
  let groups = [];
  let [nextGroup, nextStep] = [0, 0];
  let [spikes, squares, seen] = [0, 0, 0];

  const cloud = card.plot({
    height: 250,
    margin: 68,
    x: { range: () => [lowest, -47], label: () => "V (mV)", splits: () => [-90, -80, -70, -60, -50].filter((at) => at >= lowest) },
    y: { range: () => [0, densityTop], label: () => "density (1/mV)" },
    series: [{ role: "theory", kind: asArea }, { role: "theory" }, { role: "simulation", kind: asPoints, size: 6 }],
    annotate: (pen) => drawPotentials(pen, n, densityTop),
  });
  const curve = card.plot({
    height: 200,
    margin: 68,
    x: { range: () => [0, highestMu], label: () => "drive μ (mV)" },
    y: { range: () => [0, rateTop], label: () => "firing rate (Hz)" },
    series: [{ role: "theory", dash: [5, 5], width: 1.5 }, { role: "theory" }],
    annotate(pen) {
      pen.vertical(n.V_th - n.E_L, "threshold", { width: 1 });
      pen.label("rheobase", n.V_th - n.E_L, rateTop, "threshold", { dx: -5, dy: 12, align: "right" });
      pen.name("σ = 0", silent[POINTS - 1], "theory");
      pen.name(`σ = ${n.sigma} mV`, noisy[POINTS - 1], "theory");
    },
  });
  curve.handle({
    name: "mu",
    role: "drive",
    cursor: "ew-resize",
    at: () => [n.mu, theory.rate],
    drag: (mu) => card.drag({ mu }),
  });

  function begin() {
    counts.fill(0);
    ofEach.fill(0);
    [nextGroup, nextStep] = [0, 0];
    [spikes, squares, seen] = [0, 0, 0];
    groups = population.begin(neurons);
    for (const group of groups) {
      for (let j = 0; j < size; j += 1) group.V[j] = n.V_reset + (n.V_th - n.V_reset) * ((group.first + j + 0.5) / neurons);
    }
  }

  function step() {
    const group = groups[nextGroup];
    const end = nextStep < settlingSteps ? settlingSteps : steps;
    const length = Math.min(STEPS_AT_ONCE, end - nextStep);
    const found = population.advance(group, n, n.mu, n.sigma, silence.subarray(0, length), dt, nextStep);
    if (nextStep >= settlingSteps) kernels.count_spikes_of_each(population.numbers.subarray(0, found), ofEach);
    nextStep += length;
    if (nextStep === steps) {
      kernels.count_potentials(group.V, group.wait, low, width, counts);
      for (let j = 0; j < size; j += 1) {
        spikes += ofEach[j];
        squares += ofEach[j] * ofEach[j];
      }
      ofEach.fill(0);
      seen += size;
      [nextGroup, nextStep] = [nextGroup + 1, 0];
    }
    return (nextGroup + nextStep / steps) / groups.length;
  }

  function show() {
    const done = seen === neurons;
    if (seen > 0) {
      scaleCounts(counts, 1 / (seen * width), values, errors);
      cloud.set(2, ...pointsFrom(lowest, centres, values, errors));
    } else cloud.set(2, [], []);
    cloud.draw();
    const scale = 1000 / counted;
    const readouts = {
      ...theory,
      simulated_rate: done ? (spikes / neurons) * scale : null,
      error: done ? Math.sqrt((squares - (spikes * spikes) / neurons) / (neurons - 1) / neurons) * scale : null,
    };
    const summary =
      `At a drive of ${n.mu} mV and a noise of ${n.sigma} mV the rate is ${theory.rate.toFixed(2)} Hz by Siegert's formula` +
      (done ? ` and ${readouts.simulated_rate.toFixed(2)} Hz in the simulation.` : ".");
    return { readouts, summary };
  }

  return (values) => {
    n = neuron(card.fixed, values);
    const membrane = [n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref];
    sigmas.fill(n.sigma);
    kernels.densities(V, n.mu, n.sigma, ...membrane, density);
    kernels.rates(mus, sigmas, ...membrane, noisy);
    kernels.firing_rates(mus, n.tau_m, 1, n.E_L, n.V_th, n.V_reset, n.t_ref, silent);
    const rate = kernels.rate(n.mu, n.sigma, ...membrane);
    theory = {
      rate,
      variation: kernels.interval_variation(n.mu, n.sigma, ...membrane, workspace),
      refractory: (rate * n.t_ref) / 1000,
    };
    densityTop = niceTop(1.1 * density.reduce((top, each) => Math.max(top, each), 0), STATIONARY_TOPS);
    lowest = lowestShown(low, V, [density], densityTop);
    rateTop = niceTop(Math.max(noisy[POINTS - 1], silent[POINTS - 1]), [50, 100, 150, 200, 300, 400]);
    cloud.set(0, V, density);
    cloud.set(1, V, density);
    curve.draw(mus, silent, noisy);
    begin();
    return { ...show(), pending: { step, show } };
  };
}

export const stationaryDensity = { floats: 320000, create: drawStationaryDensity };
