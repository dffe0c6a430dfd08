// A measure of stochastic resonance against the noise: theory as a line, simulations as points that come one by one.

import { asPoints } from "../series.js";
import { neuron, niceTop } from "../common.js";
import { drivenPopulation, periodsOf, populationFloats } from "./driven_population.js";

const CURVE_POINTS = 161;
const MOST_CURVE_STEPS = 5000;
const MOST_CURVE_SPIKES = 40000;
const CURVE_PIECE = 20;
const ROWS = { snr: 0, amplification: 1 };
const NEAR = 0.98;
const KERNEL_WORK = 1024;
const CURVE_TOPS = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1, 1.2, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100, 200];

function drawResonanceCurve(card, kernels) {
  const { least, most, size, record, seed, relative_amplitude, relative_noises } = card.fixed;
  const population = drivenPopulation(kernels, { size, mostSteps: MOST_CURVE_STEPS, mostSpikes: MOST_CURVE_SPIKES });
  const parts = kernels.array([2, size]);
  const histogram = kernels.array(1, "i8");
  const measured = kernels.array(7);
  const own = kernels.array(2);
  const sigmas = kernels.array(CURVE_POINTS);
  const logs = kernels.array([2, CURVE_POINTS]);
  const work = kernels.array(KERNEL_WORK);
  for (let k = 0; k < CURVE_POINTS; k += 1) sigmas[k] = least * (most / least) ** (k / (CURVE_POINTS - 1));
  let n = neuron(card.fixed, card.values());
  let readouts = {};
  let values = [];
  let best = {};
  let top = 1;
  let simulated = "";
  let simulation = null;
  let found = []; // of each noise: the seven numbers of response_of_parts

  const own_value = () => own[ROWS[n.measure]];
  const inTheory = (x) => `${x} ${n.measure === "snr" ? "(Hz/mV²)" : "((Hz/mV)²)"}`;
  const plot = card.plot({
    height: 350,
    margin: 24,
    x: {
      log: true,
      range: () => [least, most],
      label: () => "noise σ (mV)",
      splits: () => [0.5, 1, 2, 5, 10, 20, 50],
    },
    y: {
      range: () => [0, top],
      label: () => inTheory(n.measure === "snr" ? "|χ|²/S" : "|χ|²"),
    },
    series: [{ role: "theory" }, { kind: asPoints, role: "simulation", size: 6 }],
    annotate(pen) {
      if (!n.optimum) return;
      if (best.inside) {
        pen.segment(best.sigma, 0, best.sigma, best.value, "noise", { width: 1.5, dash: [5, 4] });
        pen.label(`best: ${best.sigma.toFixed(2)} mV`, best.sigma, 0, "noise", { dx: 7, dy: -12 });
      } else {
        pen.label("no maximum: it grows with the noise", most, 0.06 * top, "noise", { dx: -8, align: "right" });
      }
      const slope = 2000 / (Math.PI * n.tau_m * (n.V_th - n.V_reset));
      if (n.measure === "amplification" && n.t_ref === 0 && slope * slope < top) {
        pen.horizontal(slope * slope, "soft", { width: 1, dash: [2, 4] });
        pen.label("limit of slow signals", least, slope * slope, "soft", { dx: 8, dy: -9 });
      }
    },
  });
  plot.handle({
    name: "sigma",
    role: "noise",
    cursor: "ew-resize",
    at: () => [n.sigma, own_value()],
    drag: (sigma) => card.drag({ sigma }),
  });

  // The top of the parabola through the three highest points of the curve, over log sigma.
  function optimum() {
    const row = ROWS[n.measure] * CURVE_POINTS;
    let k = 0;
    for (let j = 1; j < CURVE_POINTS; j += 1) if (logs[row + j] > logs[row + k]) k = j;
    const highest = Math.exp(logs[row + k]);
    if (k === 0 || k >= CURVE_POINTS - 2) return { inside: false, value: highest };
    const [a, b, c] = [logs[row + k - 1], logs[row + k], logs[row + k + 1]];
    const shift = (0.5 * (a - c)) / (a - 2 * b + c);
    const step = Math.log(most / least) / (CURVE_POINTS - 1);
    return { inside: true, value: highest, sigma: sigmas[k] * Math.exp(shift * step) };
  }

  function simulate() {
    const distance = n.V_th - n.E_L - n.mu;
    const amplitude = relative_amplitude * distance;
    const plan = periodsOf(card.fixed, n.f, record);
    found = [];
    let steps = 0;
    const pending = {
      noises: relative_noises.map((relative) => relative * distance),
      step() {
        if (steps === 0) {
          population.start(n, pending.noises[found.length], amplitude, seed + found.length, plan);
          parts.fill(0);
        }
        const piece = Math.min(CURVE_PIECE, plan.steps - steps);
        const count = population.advance(piece);
        kernels.fold_spikes(
          population.times, population.neurons, count, plan.before * plan.period, plan.period, parts, histogram,
        );
        steps += piece;
        if (steps === plan.steps) {
          kernels.response_of_parts(parts, plan.recorded * plan.period, amplitude, measured);
          found.push(Array.from(measured));
          steps = 0;
        }
        return (found.length + steps / plan.steps) / relative_noises.length;
      },
      show() {
        drawPoints(pending.noises);
        if (found.length === relative_noises.length) simulation = null;
        return { readouts, summary: summary() };
      },
    };
    return pending;
  }

  function drawPoints(noises) {
    const y = found.map((out) => {
      const gain = Math.hypot(out[0], out[1]);
      return n.measure === "snr" ? [out[5], out[6]] : [gain * gain - 2 * out[2] ** 2, 2 * gain * out[2]];
    });
    plot.set(1, noises.slice(0, found.length), y.map(([value]) => value), y.map(([, error]) => error));
    plot.draw();
  }

  function summary() {
    const name = n.measure === "snr" ? "signal to noise" : "amplification";
    const near = readouts.near ? "within two per cent of the best" : "not the best";
    return `At a noise of ${n.sigma} mV the ${name} is ${own_value().toFixed(3)}, ${near}.`;
  }

  return (given) => {
    n = neuron(card.fixed, given);
    const cell = [n.f, n.mu, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref];
    kernels.log_resonances(sigmas, ...cell, logs, work);
    kernels.measures(n.f, n.mu, n.sigma, ...cell.slice(2), own);
    best = optimum();
    values = Array.from({ length: CURVE_POINTS }, (_, k) => Math.exp(logs[ROWS[n.measure] * CURVE_POINTS + k]));
    readouts = {
      rate: kernels.rate(n.mu, n.sigma, ...cell.slice(2)),
      snr: own[0],
      amplification: own[1],
      near: own_value() >= NEAR * best.value,
    };
    top = niceTop(1.08 * best.value, CURVE_TOPS);
    const state = cell.join();
    if (state !== simulated) {
      simulated = state;
      simulation = simulate();
    }
    plot.set(0, sigmas, values);
    drawPoints(relative_noises.map((relative) => relative * (n.V_th - n.E_L - n.mu)));
    return { readouts, summary: summary(), pending: simulation ?? undefined };
  };
}

export const resonanceCurve = {
  floats: populationFloats(2000, MOST_CURVE_STEPS, MOST_CURVE_SPIKES) + 12000,
  create: drawResonanceCurve,
};
