// How the rate follows a sine: gain and phase against frequency, and one cycle of it, predicted and simulated.

import { neuron, niceTop } from "../common.js";
import { asPoints } from "../series.js";
import { makeCells, makePopulation, scaleCounts } from "./population.js";

const FREQUENCIES = 160;
const CYCLE_POINTS = 201;
const STEPS_OF_PIECE = 16;
const SPECTRUM_WORK = 68;
const DECADES_OF_FREQUENCY = [1, 10, 100, 1000];
const SWING_TOPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 40, 60, 80, 100, 150, 200];

// 0.01, 0.1, 1: marks at powers of ten.
function powersWithin([low, high]) {
  const marks = [];
  for (let power = Math.ceil(Math.log10(low) - 1e-9); 10 ** power <= 1.001 * high; power += 1) {
    marks.push(Number(`1e${power}`));
  }
  return marks;
}

function drawRateResponse(card, kernels) {
  const { neurons, group: groupSize, bins, fewest, counted_steps: countedSteps, settling, f_min: fMin, f_max: fMax } = card.fixed;
  const population = makePopulation(kernels, neurons, groupSize, 8 * groupSize, card.fixed.seed);
  const cells = makeCells(kernels, card.fixed.cells, card.fixed.places);
  const signal = kernels.array(STEPS_OF_PIECE);
  const f = kernels.array(FREQUENCIES);
  const found = kernels.array([4, FREQUENCIES]);
  const oneF = kernels.array(1);
  const one = kernels.array([4, 1]);
  const spectrum = kernels.array(1);
  const workspace = kernels.array(SPECTRUM_WORK);
  const counts = kernels.array(bins);
  const [gains, phases] = [new Float64Array(FREQUENCIES), new Float64Array(FREQUENCIES)];
  const [values, errors] = [new Float64Array(bins), new Float64Array(bins)];
  const cycleTimes = new Float64Array(CYCLE_POINTS);
  const [input, output] = [new Float64Array(CYCLE_POINTS), new Float64Array(CYCLE_POINTS)];
  for (let k = 0; k < FREQUENCIES; k += 1) f[k] = fMin * (fMax / fMin) ** (k / (FREQUENCIES - 1));
  let n = neuron(card.fixed, card.values());
  let membrane = [];
  let theory = {};
  let gainRange = [0.1, 10];
  let cycleTop = 20;
  let wave = new Float64Array(0);
  let groups = [];
  let [each, dt, cycles, settlingCycles] = [1, 1, 1, 1];
  let [nextGroup, nextStep] = [0, 0];

  const frequencies = (label) => ({
    log: true,
    range: () => [fMin, fMax],
    ...(label && { label: () => label }),
    splits: () => DECADES_OF_FREQUENCY,
    values: label ? String : () => "",
  });
  const size = card.plot({
    height: 190,
    margin: 96,
    x: frequencies(),
    y: { log: true, range: () => gainRange, label: () => "gain (Hz/mV)", splits: () => powersWithin(gainRange) },
    series: [{ role: "theory" }],
    backdrop: (pen) => pen.horizontal(theory.static, "theory", { width: 1, dash: [1, 4] }),
    annotate: (pen) => pen.name("static gain", theory.static, "theory"),
  });
  size.handle({
    name: "f",
    role: "drive",
    cursor: "ew-resize",
    at: () => [n.f, theory.gain],
    drag: (frequency) => card.drag({ f: frequency }),
  });
  const phase = card.plot({
    height: 170,
    margin: 96,
    x: frequencies("frequency (Hz)"),
    y: { range: () => [-100, 100], label: () => "phase (degrees)", splits: () => [-90, -45, 0, 45, 90] },
    series: [{ role: "theory" }],
    annotate(pen) {
      pen.dot(n.f, theory.phase, "drive", { radius: 5 });
      pen.name("ahead", 60, "soft");
      pen.name("late", -60, "soft");
    },
  });
  const cycle = card.plot({
    height: 200,
    margin: 96,
    x: { range: () => [0, 1000 / n.f], label: () => "time in the cycle (ms)" },
    y: { range: () => [0, cycleTop], label: () => "firing rate (Hz)" },
    series: [
      { role: "drive", dash: [5, 5], width: 1.5 }, { role: "theory" }, { role: "simulation", kind: asPoints, size: 6 },
    ],
    annotate(pen) {
      pen.name("input, scaled", input[CYCLE_POINTS - 1], "drive");
      pen.name("rate", output[CYCLE_POINTS - 1], "theory");
    },
  });

  // The place of the real part in `found`; the imaginary one follows.
  const row = () => (n.of === "sigma" ? 2 : 0);

  function susceptibilityAt(frequency) {
    oneF[0] = frequency;
    kernels.susceptibilities(oneF, n.mu, n.sigma, ...membrane, one);
    return [one[row()], one[row() + 1]];
  }

  function solve() {
    kernels.susceptibilities(f, n.mu, n.sigma, ...membrane, found);
    for (let k = 0; k < FREQUENCIES; k += 1) {
      const [re, im] = [found[row() * FREQUENCIES + k], found[(row() + 1) * FREQUENCIES + k]];
      gains[k] = Math.sqrt(re * re + im * im);
      phases[k] = kernels.angle(re, im);
    }
    const [real, imaginary] = susceptibilityAt(n.f);
    const gain = Math.sqrt(real * real + imaginary * imaginary);
    const rate = kernels.rate(n.mu, n.sigma, ...membrane);
    let amplitude = (n.depth * rate) / gain;
    if (n.of === "sigma") amplitude = Math.min(amplitude, n.largest * n.sigma);
    const angle = kernels.angle(real, imaginary);
    const still = susceptibilityAt(0)[0];
    theory = { rate, static: still, gain, phase: angle, delay: ((-angle / 360) * 1000) / n.f, amplitude };
    const [least, most] = [Math.min(...gains, still), Math.max(...gains, still)];
    gainRange = [10 ** Math.floor(Math.log10(least)), 10 ** Math.ceil(Math.log10(most))];
    const swing = amplitude * gain;
    cycleTop = niceTop(1.15 * (rate + swing), SWING_TOPS);
    for (let k = 0; k < CYCLE_POINTS; k += 1) {
      const turn = (2 * Math.PI * k) / (CYCLE_POINTS - 1);
      cycleTimes[k] = ((1000 / n.f) * k) / (CYCLE_POINTS - 1);
      input[k] = rate + swing * Math.cos(turn);
      output[k] = rate + swing * Math.cos(turn + (angle * Math.PI) / 180);
    }
  }

  function begin() {
    each = Math.max(fewest, Math.floor(1000 / (n.f * n.step)));
    dt = 1000 / (n.f * each);
    cycles = Math.max(1, Math.floor(countedSteps / each));
    settlingCycles = Math.floor((settling * n.f) / 1000) + 1;
    wave = Float64Array.from({ length: each }, (_, k) => kernels.cos(2 * Math.PI * ((k + 0.5) / each)) * theory.amplitude);
    counts.fill(0);
    [nextGroup, nextStep] = [0, 0];
    cells.begin(n);
    cells.settle(n.mu, n.sigma);
    groups = population.begin(neurons);
    for (const group of groups) cells.draw(group);
  }

  function count(spikes) {
    const start = (settlingCycles * 1000) / n.f;
    kernels.count_cycle(population.times.subarray(0, spikes), n.f, start, counts);
  }

  function step() {
    const group = groups[nextGroup];
    const steps = (settlingCycles + cycles) * each;
    const length = Math.min(STEPS_OF_PIECE, steps - nextStep);
    if (n.of === "mu") {
      for (let k = 0; k < length; k += 1) signal[k] = wave[(nextStep + k) % each];
      count(population.advance(group, n, n.mu, n.sigma, signal.subarray(0, length), dt, nextStep));
    } else {
      signal[0] = 0;
      for (let k = nextStep; k < nextStep + length; k += 1) {
        count(population.advance(group, n, n.mu, n.sigma + wave[k % each], signal.subarray(0, 1), dt, k));
      }
    }
    nextStep += length;
    if (nextStep === steps) [nextGroup, nextStep] = [nextGroup + 1, 0];
    return (nextGroup + nextStep / steps) / groups.length;
  }

  function show() {
    const done = nextGroup === groups.length;
    const duration = (cycles * 1000) / n.f;
    const seen = nextGroup * groupSize;
    if (seen > 0) {
      scaleCounts(counts, (1000 * bins) / (seen * duration), values, errors);
      cycle.set(2, binTimes(), values, errors);
    } else cycle.set(2, [], []);
    cycle.draw();
    const readouts = { ...theory, ...(done ? measured(duration) : { simulated_gain: null, error: null }) };
    const what = n.of === "mu" ? "drive" : "noise";
    const summary =
      `At ${n.f} Hz the gain to the ${what} is ${theory.gain.toFixed(2)} Hz/mV, the static gain ` +
      `${theory.static.toFixed(2)} Hz/mV; the phase is ${theory.phase.toFixed(0)} degrees.`;
    return { readouts, summary };
  }

  function binTimes() {
    return Float64Array.from({ length: bins }, (_, k) => ((1000 / n.f) * (k + 0.5)) / bins);
  }

  function measured(duration) {
    const seconds = (neurons * duration) / 1000;
    let [cosines, sines] = [0, 0];
    for (let k = 0; k < bins; k += 1) {
      const turn = 2 * Math.PI * ((k + 0.5) / bins);
      cosines += counts[k] * kernels.cos(turn);
      sines += counts[k] * kernels.sin(turn);
    }
    const half = Math.PI / bins;
    const scale = (2 / (seconds * theory.amplitude)) * (half / kernels.sin(half));
    oneF[0] = n.f;
    kernels.spectra(oneF, n.mu, n.sigma, ...membrane, spectrum, workspace);
    return {
      simulated_gain: Math.sqrt(cosines * cosines + sines * sines) * scale,
      error: Math.sqrt((2 * spectrum[0]) / seconds) / theory.amplitude,
    };
  }

  return (values) => {
    n = neuron(card.fixed, values);
    membrane = [n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref];
    solve();
    begin();
    size.draw(f, gains);
    phase.draw(f, phases);
    cycle.set(0, cycleTimes, input);
    cycle.set(1, cycleTimes, output);
    return { ...show(), pending: { step, show } };
  };
}

export const rateResponse = { floats: 200000, create: drawRateResponse };
