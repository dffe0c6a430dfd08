// A population in time: its density by finite volumes, at once, and the same counted in simulated neurons, piece by piece.

import { neuron, niceTop } from "../common.js";
import { asArea, asPoints } from "../series.js";
import { FREE, drawPotentials, lowestShown, makeCells, makePopulation, middles, pointsFrom, scaleCounts } from "./population.js";

const PIECE = 16384; // neurons advanced by one frame
const FIRST_STEPS = 20; // finer, for the jump before them
const STEPS = 5;
const DENSITY_TOPS = [0.08, 0.12, 0.16, 0.2, 0.24, 0.32, 0.5, 0.8];
const RATE_TOPS = [5, 10, 20, 40, 60, 80, 120, 160, 240, 320, 400];

function drawCloudInTime(card, kernels) {
  const { duration, frame: frameLength, dt, bin, low, width, cells: count, places, group: size } = card.fixed;
  const most = card.control("neurons").max;
  const population = makePopulation(kernels, most, size, 2 * size, card.fixed.seed);
  const cells = makeCells(kernels, count, places);
  const stepsOfFrame = Math.round(frameLength / dt);
  const silence = kernels.array(stepsOfFrame);
  const bins = Math.round((card.fixed.V_th - low) / width);
  const counts = kernels.array((duration + 1) * bins);
  const spikes = kernels.array(Math.round(duration / bin));
  const rates = kernels.array(1 + FIRST_STEPS + STEPS * (duration - 1));
  const times = new Float64Array(rates.length);
  const means = new Float64Array(duration);
  const frees = new Float64Array(duration + 1);
  const simulatedFrees = new Float64Array(duration + 1);
  const potentials = new Float64Array(count + 1);
  const densities = Array.from({ length: duration + 1 }, () => new Float64Array(count + 1));
  const [values, errors] = [new Float64Array(bins), new Float64Array(bins)];
  const [simulatedRates, rateErrors] = [new Float64Array(spikes.length), new Float64Array(spikes.length)];
  const centres = middles(low, width, bins);
  const binCentres = middles(0, bin, spikes.length);
  for (let k = 0; k < times.length; k += 1) {
    times[k] = k <= FIRST_STEPS ? (k * frameLength) / FIRST_STEPS : frameLength * (1 + (k - FIRST_STEPS) / STEPS);
  }
  let n = neuron(card.fixed, card.values());
  let frame = 0;
  let [final, lowest] = [0, low];
  let [densityTop, rateTop] = [0.1, 100];
  let groups = [];
  let [nextGroup, nextFrame] = [0, 0]; // the piece that comes next; frames before nextFrame are complete
  let work = null;
  let before = "";

  const density = card.plot({
    height: 260,
    margin: 68,
    x: { range: () => [lowest, -47], label: () => "V (mV)", splits: () => [-90, -80, -70, -60, -50].filter((V) => V >= lowest) },
    y: { range: () => [0, densityTop], label: () => "density (1/mV)" },
    series: [{ role: "theory", kind: asArea }, { role: "theory" }, { role: "simulation", kind: asPoints, size: 6 }],
    annotate(pen) {
      drawPotentials(pen, n, densityTop);
      pen.label(`t = ${frame} ms`, lowest, densityTop, "soft", { dx: 8, dy: 12 });
    },
  });
  const rate = card.plot({
    height: 180,
    margin: 68,
    x: { range: () => [0, duration], label: () => "time (ms)" },
    y: { range: () => [0, rateTop], label: () => "firing rate (Hz)" },
    series: [{ role: "simulation", kind: asPoints, size: 5 }, { role: "theory" }],
    backdrop: (pen) => pen.horizontal(final, "theory", { width: 1, dash: [1, 4] }),
    annotate(pen) {
      pen.vertical(frame, "drive");
      pen.name("Siegert", final, "theory");
    },
  });
  rate.handle({
    name: "t",
    role: "drive",
    cursor: "ew-resize",
    at: () => [frame, rates[rateAt(frame)]],
    drag: (x) => card.drag({ t: x }),
  });

  const rateAt = (k) => (k === 0 ? 0 : FIRST_STEPS + STEPS * (k - 1));
  // The mean over a bin, as the spikes are counted.
  const meanOf = (place) => {
    const each = Math.round(bin / frameLength);
    return means.subarray(place * each, (place + 1) * each).reduce((sum, mean) => sum + mean, 0) / each;
  };
  const binAt = (k) => Math.min(Math.floor((k * frameLength) / bin), spikes.length - 1);

  function keepDensity(k) {
    const { faces, probability, state } = cells;
    for (let i = 0; i < count; i += 1) densities[k][i] = probability[i] / (faces[i + 1] - faces[i]);
    frees[k] = state[FREE];
  }

  function begin() {
    cells.begin(n);
    if (n.start === "rest") {
      cells.gather(n.E_L);
      return 0;
    }
    if (n.start === "drive") return cells.settle(n.mu - n.drive_rises, n.sigma);
    return cells.settle(n.mu, n.sigma / n.noise_grows) * n.noise_grows * n.noise_grows;
  }

  function solve() {
    rates[0] = begin();
    groups = population.begin(Math.floor(n.neurons));
    for (const group of groups) {
      if (n.start === "rest") group.V.fill(n.E_L);
      else cells.draw(group);
    }
    for (let i = 0; i < count; i += 1) potentials[i] = 0.5 * (cells.faces[i] + cells.faces[i + 1]);
    potentials[count] = n.V_th;
    keepDensity(0);
    for (let k = 0; k < duration; k += 1) {
      const steps = k === 0 ? FIRST_STEPS : STEPS;
      const first = rateAt(k) + 1;
      means[k] = cells.advance(frameLength / steps, rates.subarray(first, first + steps));
      keepDensity(k + 1);
    }
    final = kernels.rate(n.mu, n.sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref);
    // The first moments, when all are together, may leave the picture.
    const highest = densities.slice(3).reduce((top, each) => Math.max(top, ...each), 0);
    densityTop = niceTop(highest, DENSITY_TOPS);
    lowest = lowestShown(low, potentials, densities.slice(3), densityTop);
    rateTop = niceTop(1.1 * rates.reduce((top, each) => Math.max(top, each), 0), RATE_TOPS);
  }

  function startSimulation() {
    counts.fill(0);
    spikes.fill(0);
    simulatedFrees.fill(0);
    [nextGroup, nextFrame] = [0, 0];
    for (const group of groups) countFrame(group, 0);
    return { step, show };
  }

  function countFrame(group, k) {
    const room = counts.subarray(k * bins, (k + 1) * bins);
    simulatedFrees[k] += kernels.count_potentials(group.V, group.wait, low, width, room);
  }

  function step() {
    for (let done = 0; done < PIECE && nextFrame < duration;) {
      const group = groups[nextGroup];
      const found = population.advance(group, n, n.mu, n.sigma, silence, dt, stepsOfFrame * nextFrame);
      kernels.count_spikes(population.times.subarray(0, found), bin, spikes);
      countFrame(group, nextFrame + 1);
      done += group.V.length;
      nextGroup += 1;
      if (nextGroup === groups.length) [nextGroup, nextFrame] = [0, nextFrame + 1];
    }
    return nextFrame / duration;
  }

  function show() {
    const neurons = Math.floor(n.neurons);
    const scale = 1000 / (bin * neurons);
    const place = binAt(frame);
    density.set(0, potentials, densities[frame]);
    density.set(1, potentials, densities[frame]);
    if (nextFrame >= frame) {
      scaleCounts(counts.subarray(frame * bins, (frame + 1) * bins), 1 / (neurons * width), values, errors);
      density.set(2, ...pointsFrom(lowest, centres, values, errors));
    } else density.set(2, [], []);
    density.draw();
    const finished = Math.floor((nextFrame * frameLength) / bin);
    scaleCounts(spikes, scale, simulatedRates, rateErrors);
    rate.set(0, binCentres.subarray(0, finished), simulatedRates.subarray(0, finished), rateErrors);
    rate.set(1, times, rates);
    rate.draw();
    const isCounted = finished > place && nextFrame >= frame;
    const readouts = {
      rate: meanOf(place),
      simulated_rate: isCounted ? spikes[place] * scale : null,
      error: isCounted ? Math.sqrt(spikes[place]) * scale : null,
      free: frees[frame],
      simulated_free: isCounted ? simulatedFrees[frame] / neurons : null,
    };
    const summary =
      `After ${frame} ms the population fires at ${readouts.rate.toFixed(1)} Hz by theory` +
      (isCounted ? ` and at ${readouts.simulated_rate.toFixed(1)} Hz in the simulation` : "") +
      `; in the long run at ${final.toFixed(1)} Hz.`;
    return { readouts, summary };
  }

  return (values) => {
    n = neuron(card.fixed, values);
    frame = Math.floor(n.t + 0.5);
    const key = [n.start, n.mu, n.sigma, n.neurons].join();
    if (key !== before) {
      before = key;
      solve();
      work = startSimulation();
    }
    if (nextFrame >= duration) work = undefined;
    return { ...show(), pending: work };
  };
}

export const cloudInTime = { floats: 760000, create: drawCloudInTime };
