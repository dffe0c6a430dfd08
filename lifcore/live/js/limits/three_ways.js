// One population that inhibits itself after a kick: spikes, density, rate equation. All neurons of the network get the same
// inhibition, the sum of all spikes: one signal serves them all.

import { makeCells, makePopulation } from "../cloud/population.js";
import { neuron, niceTop } from "../common.js";
import { asPoints, asRaster } from "../series.js";
import { makeLoop, membraneOf, NAMES, ROLES, timeConstant } from "./loop.js";

const W_END = 1 - 0.5 * 1.4142135623730951; // where in a step the density's first stage stands
const STEPS_OF_PIECE = 8;

function swing(values, first, mean) {
  let total = 0;
  for (let k = first; k < values.length; k += 1) total += (values[k] - mean) * (values[k] - mean);
  return Math.sqrt(total / (values.length - first));
}

function drawThreeWays(card, kernels) {
  const { duration, dt, bin, kick, most, shown, group: groupSize, longest, seed, tops } = card.fixed;
  const steps = Math.round(duration / dt);
  const longestSteps = Math.round(longest / dt);
  const bins = Math.round(duration / bin);
  const eachBin = Math.round(bin / dt);
  const [kickFirst, kickLast] = [card.fixed.kick_start, card.fixed.kick_end].map((time) => Math.round(time / dt));
  const judgedFrom = Math.round(card.fixed.judged_from / dt);
  const firstBin = Math.round(card.fixed.judged_from / bin);
  const loop = makeLoop(kernels);
  const cells = makeCells(kernels, card.fixed.cells, card.fixed.places);
  const population = makePopulation(kernels, most, groupSize, 5 * groupSize, seed);
  const [still, gains] = [kernels.array(1), kernels.array([4, 1])];
  const [lengths, mus, sigmas] = [kernels.array(longestSteps), kernels.array(2 * longestSteps), kernels.array(2 * longestSteps)];
  const [signal, rates] = [kernels.array(longestSteps), kernels.array(longestSteps)];
  const counts = kernels.array(longestSteps + steps);
  const cloudRates = new Float64Array(longestSteps + 1 + steps);
  const equation = { constants: kernels.array([1, 8]), link: kernels.array([1, 3]), ends: kernels.array([1, 3], "i4"),
    kicks: kernels.array([1, steps]), nu: kernels.array(1), x: kernels.array(1), stationary: kernels.array(1),
    history: kernels.array([1, longestSteps + 1]), out: kernels.array([1, steps]) };
  for (let k = kickFirst - 1; k < kickLast - 1; k += 1) equation.kicks[k] = kick;
  const times = Float64Array.from({ length: steps + 1 }, (_, k) => k * dt);
  const middles = Float64Array.from({ length: bins }, (_, k) => bin * (k + 0.5));
  const equationRates = new Float64Array(steps + 1);
  let n = neuron(card.fixed, card.values());
  let [G, mean, rate, length] = [0, 0, 0, 1];
  let groups = [];
  let step = 0;
  let raster = [[], []];
  let found = { highest: 0, readouts: { critical: Infinity, critical_model: Infinity } };
  let [top, equationTop] = [20, 20];

  const kickOf = (k) => (k >= kickFirst && k < kickLast ? kick : 0);
  const time = (label) => ({ range: () => [0, duration], ...(label && { label: () => label }), ...(!label && { values: () => "" }) });
  const backdrop = (pen) => pen.band(card.fixed.kick_start, card.fixed.kick_end, "drive", 0.25);
  const spikes = card.plot({
    height: 112,
    margin: 76,
    x: time(),
    y: { range: () => [-1, shown], label: () => "neurons", splits: () => [], values: () => "" },
    series: [{ role: "spike", kind: asRaster, width: 2 }],
    backdrop,
    annotate: (pen) => pen.name("spikes", shown / 2, "spike"),
  });
  const together = card.plot({
    height: 182,
    margin: 76,
    x: time(),
    y: { range: () => [0, top], label: () => "rate (Hz)" },
    series: [{ role: "simulation", kind: asPoints, size: 5 }, { role: "theory" }],
    backdrop,
    annotate(pen) {
      pen.name("network", 1.4 * rate, "simulation");
      pen.name("cloud", rate, "theory");
      drawVerdict(pen, found.readouts.critical, top, "theory");
    },
  });
  const alone = card.plot({
    height: 160,
    margin: 76,
    x: time("time (ms)"),
    y: { range: () => [0, equationTop], label: () => "rate (Hz)" },
    series: [{ role: "drive" }, { role: "noise" }, { role: "membrane" }],
    backdrop,
    annotate(pen) {
      pen.name(NAMES[n.model], rate, ROLES[n.model]);
      drawVerdict(pen, found.readouts.critical_model, equationTop, ROLES[n.model]);
    },
  });

  function drawVerdict(pen, critical, height, role) {
    const verdict = n.loop_gain > critical ? "oscillates" : "calm";
    pen.label(`${verdict}: critical ${critical.toFixed(2)}`, duration, height, role, { dx: -4, dy: -6, align: "right" });
  }

  // The state at the beginning, and the neurons drawn from it.
  function begin() {
    kernels.susceptibilities(still, n.mu, n.sigma, ...membraneOf(n), gains);
    G = n.loop_gain / gains[0];
    length = Math.round(n.delay / dt);
    cells.begin(n);
    rate = cells.settle(n.mu, n.sigma);
    groups = population.begin(n.neurons);
    for (const group of groups) cells.draw(group);
    counts.fill(0);
    counts.fill((rate * n.neurons * dt) / 1000, 0, length);
    raster = [[], []];
    step = 0;
  }

  function followCloud() {
    mean = n.mu + G * rate;
    cloudRates.fill(rate, 0, length + 1);
    lengths.fill(dt);
    sigmas.fill(n.sigma);
    for (let first = 0; first < steps; first += length) {
      const count = Math.min(length, steps - first);
      for (let k = 0; k < count; k += 1) {
        const [before, after] = [cloudRates[first + k], cloudRates[first + k + 1]];
        mus[2 * k] = mean - G * (before + W_END * (after - before)) + kickOf(first + k);
        mus[2 * k + 1] = mean - G * after + kickOf(first + k);
      }
      const [dts, means, noises] = [lengths.subarray(0, count), mus.subarray(0, 2 * count), sigmas.subarray(0, 2 * count)];
      cells.follow(dts, means, noises, rates.subarray(0, count));
      cloudRates.set(rates.subarray(0, count), length + 1 + first);
    }
    return cloudRates.subarray(length, length + steps + 1);
  }

  function followEquation() {
    const { constants, link, ends, kicks, nu, x, stationary, history, out } = equation;
    const own = kernels.rate(n.mu, n.sigma, ...membraneOf(n));
    const drive = n.mu + G * own;
    constants.set([...membraneOf(n), drive, n.sigma * n.sigma, timeConstant(kernels, n, n.model)]);
    link.set([-G, 0, 0]);
    ends.set([0, 0, length]);
    for (const array of [nu, x, history]) array.fill(own);
    stationary[0] = kernels.rate(drive - G * own, n.sigma, ...membraneOf(n));
    kernels.rate_steps(constants, link, ends, kicks, dt, 0, nu, x, stationary, history, out);
    equationRates[0] = own;
    equationRates.set(out, 1);
    return equationRates;
  }

  // The network, one delay or more: what it does within a delay reaches nobody before the next.
  function advance() {
    const each = (G * 1000) / (n.neurons * dt);
    const end = Math.min(steps, step + Math.max(STEPS_OF_PIECE, length));
    const after = counts.subarray(length, length + steps);
    while (step < end) {
      const count = Math.min(length, steps - step);
      for (let k = 0; k < count; k += 1) signal[k] = G * rate - each * counts[step + k] + kickOf(step + k);
      for (const group of groups) {
        const fired = population.advance(group, n, n.mu, n.sigma, signal.subarray(0, count), dt, step);
        kernels.count_spikes(population.times.subarray(0, fired), dt, after);
        if (group.first > 0) continue;
        for (let k = 0; k < fired; k += 1) {
          if (population.numbers[k] >= shown) continue;
          raster[0].push(population.times[k]);
          raster[1].push(population.numbers[k]);
        }
      }
      step += count;
    }
    return step / steps;
  }

  function counted() {
    const full = Math.floor(step / eachBin);
    const values = new Float64Array(full);
    for (let k = 0; k < full * eachBin; k += 1) values[Math.floor(k / eachBin)] += counts[length + k];
    return values;
  }

  function show() {
    const values = counted();
    const scale = 1000 / (bin * n.neurons);
    const networkRates = values.map((value) => value * scale);
    top = niceTop(Math.max(found.highest, ...networkRates), tops);
    spikes.set(0, ...raster);
    spikes.draw();
    together.set(0, middles.subarray(0, values.length), networkRates);
    together.draw();
    const readouts = { ...found.readouts, network: null };
    if (step === steps) {
      let total = 0;
      for (let k = firstBin; k < bins; k += 1) total += values[k];
      const average = total / (bins - firstBin);
      const spread = swing(values, firstBin, average);
      readouts.network = average > 0 ? (spread * spread) / average : 0;
    }
    const { critical, critical_model: criticalModel } = readouts;
    const says = (limit) => (n.loop_gain > limit ? "oscillates" : "is calm");
    const summary =
      `At a loop gain of ${n.loop_gain} the cloud ${says(critical)}, critical ${critical.toFixed(2)}; ` +
      `the rate equation ${says(criticalModel)}, critical ${criticalModel.toFixed(2)}.`;
    return { readouts, summary };
  }

  return (values) => {
    n = neuron(card.fixed, values);
    n.neurons = Math.trunc(n.neurons);
    begin();
    const cloud = followCloud();
    const model = followEquation();
    const [critical, frequency] = loop.critical(n, n.delay, 0, "lif");
    found = {
      highest: cloud.reduce((highest, each) => Math.max(highest, each), 0),
      readouts: {
        critical,
        frequency,
        critical_model: loop.critical(n, n.delay, 0, n.model)[0],
        cloud: swing(cloud, judgedFrom + 1, cloud[0]),
        equation: swing(model, judgedFrom + 1, model[0]),
      },
    };
    equationTop = niceTop(model.reduce((highest, each) => Math.max(highest, each), 0), tops);
    together.set(1, times, cloud);
    ["static", "tau_m", "tau_eff"].forEach((name, k) => alone.set(k, ...(name === n.model ? [times, model] : [[], []])));
    alone.draw();
    return { ...show(), pending: { step: advance, show } };
  };
}

export const threeWays = { floats: 250000, create: drawThreeWays };
