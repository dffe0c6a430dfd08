// A sine too weak to fire anyone, and noise: one membrane, the spikes of a population, and its rate over one period.

import { asPoints } from "../series.js";
import { neuron, niceTop, plural } from "../common.js";
import { joinSpikes, drawSpikes } from "../neuron/trace.js";
import { drivenPopulation, periodsOf, populationFloats } from "./driven_population.js";

const MOST_STEPS = 7000;
const MOST_SPIKES = 40000;
const PIECE = 40; // steps of the population at once
const LINE_POINTS = 121;
const RATE_TOPS = [1, 2, 5, 10, 20, 30, 40, 60, 80];

function drawHiddenSignal(card, kernels) {
  const { view, shown, size, bins, record, seed } = card.fixed;
  const one = drivenPopulation(kernels, { size: 1, mostSteps: MOST_STEPS, mostSpikes: 100 });
  const few = drivenPopulation(kernels, { size: shown, mostSteps: MOST_STEPS, mostSpikes: MOST_SPIKES });
  const many = drivenPopulation(kernels, { size, mostSteps: MOST_STEPS, mostSpikes: MOST_SPIKES });
  const parts = kernels.array([2, size]);
  const histogram = kernels.array(bins, "i8");
  const measured = kernels.array(7);
  const theory = kernels.array(2);
  const frequency = kernels.array(1);
  const chi = kernels.array([4, 1]);
  const phases = Float64Array.from({ length: bins }, (_, k) => (k + 0.5) / bins);
  const linePhases = Float64Array.from({ length: LINE_POINTS }, (_, k) => k / (LINE_POINTS - 1));
  const line = new Float64Array(LINE_POINTS);
  const rates = new Float64Array(bins);
  const errors = new Float64Array(bins);
  let n = neuron(card.fixed, card.values());
  let readouts = {};
  let firstSpikes = [];
  let top = 1;
  let finished = false;
  const time = () => [0, view];

  // Half a period around each crest of the signal.
  function crests(pen) {
    const period = 1000 / n.f;
    for (let crest = 0; crest <= view + period; crest += period) {
      pen.band(Math.max(crest - period / 4, 0), Math.min(crest + period / 4, view), "drive", 0.1);
    }
  }

  const membrane = card.plot({
    height: 185,
    margin: 68,
    x: { range: time, values: () => "" },
    y: { range: () => [-75, -25], label: () => "V of one neuron (mV)", splits: () => [-70, -60, -50, -40, -30] },
    series: [{ role: "membrane", width: 1.5 }],
    backdrop: crests,
    annotate(pen) {
      pen.horizontal(n.V_th, "threshold");
      drawSpikes(pen, firstSpikes, n.V_th);
      pen.name("V_th", n.V_th, "threshold");
      pen.label("crest", Math.ceil(60 / (1000 / n.f)) * (1000 / n.f), -25, "drive", { dy: 9, align: "center", rim: false });
    },
  });
  const raster = card.plot({
    height: 225,
    margin: 68,
    x: { range: time, label: () => "time (ms)" },
    y: { range: () => [0, shown + 1], label: () => `spikes of ${shown} neurons`, splits: () => [] },
    series: [{ kind: asPoints, role: "spike", size: 3.5 }],
    backdrop: crests,
    annotate(pen) {
      if (readouts.spikes === 0) pen.label("no spike", view / 2, shown / 2, "soft", { align: "center" });
    },
  });
  const folded = card.plot({
    height: 205,
    margin: 68,
    x: { range: () => [0, 1], label: () => "part of the period since the crest", splits: () => [0, 0.25, 0.5, 0.75, 1] },
    y: { range: () => [0, top], label: () => "rate (Hz)" },
    series: [{ role: "theory" }, { kind: asPoints, role: "simulation", size: 6 }],
    annotate(pen) {
      pen.name("linear", line[LINE_POINTS - 1], "theory");
      if (finished && readouts.measured === 0) pen.label("silent", 0.5, 0.5 * top, "soft", { align: "center" });
    },
  });

  function drawView() {
    const plan = periodsOf(card.fixed, n.f, view + 1000 / n.f);
    const start = plan.before * plan.period;
    one.start(n, n.sigma, n.amplitude, seed, plan);
    const first = plan.before * plan.inAPeriod;
    one.advance(first);
    const steps = Math.min(Math.ceil(view / plan.dt), plan.steps - first);
    const V = [one.V[0]];
    firstSpikes = [];
    for (let k = 0; k < steps; k += 1) {
      const count = one.advance(1);
      for (let j = 0; j < count; j += 1) firstSpikes.push(one.times[j] - start);
      V.push(one.V[0]);
    }
    membrane.draw(...joinSpikes(V, plan.dt, firstSpikes, n));

    few.start(n, n.sigma, n.amplitude, seed, plan);
    const count = few.advance(plan.steps);
    const times = [];
    const rows = [];
    for (let j = 0; j < count; j += 1) {
      if (few.times[j] <= start || few.times[j] > start + view) continue;
      times.push(few.times[j] - start);
      rows.push(few.neurons[j] + 1);
    }
    readouts.spikes = times.length;
    raster.set(0, times, rows);
    raster.draw();
  }

  function drawTheory() {
    kernels.measures(n.f, n.mu, n.sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, theory);
    readouts.snr = theory[0];
    readouts.rate = 0;
    line.fill(0);
    if (n.sigma > 0) {
      readouts.rate = kernels.rate(n.mu, n.sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref);
      frequency[0] = n.f;
      kernels.susceptibilities(frequency, n.mu, n.sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, chi);
      for (let k = 0; k < LINE_POINTS; k += 1) {
        const angle = 2 * Math.PI * linePhases[k];
        line[k] = readouts.rate + n.amplitude * (chi[0] * Math.cos(angle) - chi[1] * Math.sin(angle));
      }
    }
  }

  function drawFolded(plan, steps) {
    const recorded = (steps - plan.before * plan.inAPeriod) * plan.dt;
    const hertz = recorded > 0 ? (1000 * bins) / (recorded * size) : 0;
    for (let k = 0; k < bins; k += 1) {
      const count = Number(histogram[k]);
      rates[k] = count * hertz;
      errors[k] = Math.sqrt(count) * hertz;
    }
    top = niceTop(Math.max(...line, ...rates.map((rate, k) => rate + errors[k])), RATE_TOPS);
    folded.set(0, linePhases, line);
    folded.set(1, phases, rates, errors);
    folded.draw();
  }

  function summary() {
    if (readouts.spikes === 0) return `No spike in ${view} ms at a noise of ${n.sigma} mV.`;
    return (
      `${plural(readouts.spikes, "spike")} of ${shown} neurons in ${view} ms at a noise of ${n.sigma} mV; ` +
      `signal to noise ${readouts.snr.toFixed(3)} Hz/mV² by theory.`
    );
  }

  function measure() {
    const plan = periodsOf(card.fixed, n.f, record);
    const whole = plan.recorded * plan.period;
    many.start(n, n.sigma, n.amplitude, seed, plan);
    parts.fill(0);
    histogram.fill(0n);
    let steps = 0;
    return {
      step() {
        const piece = Math.min(PIECE, plan.steps - steps);
        const count = many.advance(piece);
        kernels.fold_spikes(many.times, many.neurons, count, plan.before * plan.period, plan.period, parts, histogram);
        steps += piece;
        return steps / plan.steps;
      },
      show() {
        if (steps === plan.steps) {
          kernels.response_of_parts(parts, whole, n.amplitude, measured);
          readouts.measured = measured[5];
          readouts.error = measured[6];
          finished = true;
        }
        drawFolded(plan, steps);
        return { readouts, summary: summary() };
      },
    };
  }

  return (values) => {
    n = neuron(card.fixed, values);
    readouts = { measured: null, error: null };
    finished = false;
    drawTheory();
    drawView();
    const pending = measure();
    top = niceTop(Math.max(...line), RATE_TOPS);
    folded.draw(linePhases, line);
    folded.set(1, [], []);
    folded.draw(linePhases, line);
    return { readouts, summary: summary(), pending };
  };
}

const HIDDEN_FLOATS =
  populationFloats(1, MOST_STEPS, 100) + populationFloats(100, MOST_STEPS, MOST_SPIKES) +
  populationFloats(1000, MOST_STEPS, MOST_SPIKES) + 4000;

export const hiddenSignal = { floats: HIDDEN_FLOATS, create: drawHiddenSignal };
