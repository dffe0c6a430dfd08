// A path that crosses the threshold between two points of a grid, and the rates found with and without what lies between.

import { neuron } from "../common.js";
import { asPoints } from "../series.js";
import { BRIDGE, GRID, makePopulation, populationFloats } from "./population.js";

const SWEEP_SPIKES = 8192;
const MOST_STEPS = 400;
const SHORTEST = 0.03;
const LONGEST = 3;

function drawMissedCrossings(card, kernels) {
  const { neurons, warm_up, duration, piece, fine, window: shown, start, steps, points } = card.fixed;
  const crowd = makePopulation(kernels, neurons, MOST_STEPS, SWEEP_SPIKES);
  const fineSteps = Math.round(shown / fine);
  const normals = kernels.array([fineSteps, 1]);
  const V = kernels.array(fineSteps + 1);
  const seeds = kernels.array(2, "u4");
  const words = kernels.array([4, 1], "u4");
  seeds.set([card.fixed.path_seed, 0]);
  kernels.seed_streams(seeds, 0, words);
  kernels.random_normals(words, normals);
  const t = Array.from(V, (_, k) => k * fine);
  const line = Array.from({ length: points }, (_, k) => SHORTEST * (LONGEST / SHORTEST) ** (k / (points - 1)));
  const pieces = Math.round((warm_up + duration) / piece);
  const uncounted = Math.round(warm_up / piece);
  let n = neuron(card.fixed, card.values());
  let readouts = {};
  let every = 1;
  let range = [0, 1];
  let run = null;

  const path = card.plot({
    height: 220,
    margin: 56,
    x: { range: () => [0, shown], label: () => "time (ms)" },
    y: { range: () => range, label: () => "V (mV)" },
    series: [{ role: "membrane", width: 1 }],
    annotate(pen) {
      pen.horizontal(n.V_th, "threshold");
      pen.name("V_th", n.V_th, "threshold");
      const radius = every * fine < 0.08 ? 2 : 4.5;
      for (let k = 0; k < V.length; k += every) {
        const isSeen = V[k] >= n.V_th;
        pen.dot(t[k], V[k], isSeen ? "threshold" : "simulation", { radius: isSeen ? 4.5 : radius, hollow: !isSeen });
      }
    },
  });
  let span = [0, 1];
  const rates = card.plot({
    height: 220,
    margin: 96,
    x: {
      log: true,
      range: () => [SHORTEST, LONGEST],
      label: () => "time step (ms)",
      splits: () => steps,
    },
    y: { range: () => span, label: () => "firing rate (Hz)" },
    series: [
      { role: "theory", dash: [5, 5], width: 1.5 },
      { role: "theory" },
      { kind: asPoints, role: "simulation", size: 8 },
    ],
    annotate(pen) {
      pen.vertical(Number(n.step), "soft", { width: 1, dash: [1, 4] });
      if (run) for (const [k, rate] of run.grid.entries()) pen.dot(steps[k], rate, "simulation", { radius: 4, hollow: true });
      pen.name("true rate", readouts.rate_theory, "theory");
      pen.name("predicted", predicted(LONGEST), "theory");
      if (!run || run.grid.length === 0) return;
      pen.label("○ ends of steps only", SHORTEST, span[0], "simulation", { dx: 8, dy: -28 });
      pen.label("● with bridges", SHORTEST, span[0], "simulation", { dx: 8, dy: -12 });
    },
  });

  function predicted(step) {
    const raised = n.V_th + n.shift * n.sigma * Math.sqrt(step / n.tau_m);
    return kernels.rate(n.mu, n.sigma, n.tau_m, n.E_L, raised, n.V_reset, n.t_ref);
  }

  // The rates at all steps, the coarsest first: they are soon done.
  function simulation() {
    const found = { grid: [], bridge: [] };
    const order = steps.map((_, k) => k).reverse();
    const total = steps.reduce((sum, dt) => sum + 2 * pieces / dt, 0);
    let [position, passed, counted, work] = [0, 0, 0, 0];

    function step() {
      const k = order[position >> 1];
      const crossing = position % 2 === 0 ? GRID : BRIDGE;
      if (passed === 0) {
        crowd.start(n, n.seed);
        counted = 0;
      }
      const spikes = crowd.advance(Math.round(piece / steps[k]), steps[k], crossing);
      if (passed >= uncounted) counted += spikes;
      passed += 1;
      work += 1 / steps[k];
      if (passed < pieces) return Math.min(work / total, 0.999);
      found[crossing === GRID ? "grid" : "bridge"][k] = (counted * 1000) / (neurons * duration);
      position += 1;
      passed = 0;
      return position === 2 * steps.length ? 1 : Math.min(work / total, 0.999);
    }
    return { ...found, step, show, key: keyOf(n) };
  }

  const keyOf = ({ mu, sigma }) => `${mu} ${sigma}`;
  const isDone = () => run.grid.length > 0 && steps.every((_, k) => run.grid[k] !== undefined && run.bridge[k] !== undefined);

  function show() {
    const k = steps.indexOf(Number(n.step));
    readouts.rate_grid = run.grid[k] ?? null;
    readouts.rate_bridge = run.bridge[k] ?? null;
    rates.set(2, steps, steps.map((_, j) => run.bridge[j] ?? null));
    rates.draw();
    const found = readouts.rate_grid === null ? "" : ` a simulation finds ${readouts.rate_grid.toFixed(2)} Hz, and`;
    const summary =
      `With a step of ${n.step} ms${found} ${readouts.rate_predicted.toFixed(2)} Hz are predicted; the true rate is ` +
      `${readouts.rate_theory.toFixed(2)} Hz. The grid ${readouts.seen ? "sees" : "does not see"} the crossing.`;
    return { readouts: { ...readouts }, summary };
  }

  return (values) => {
    n = neuron(card.fixed, values);
    const step = Number(n.step);
    every = Math.floor(step / fine + 0.5);
    kernels.free_path(start, n.E_L + n.mu, n.sigma, n.tau_m, fine, normals, V);
    const highest = V.reduce((most, value) => Math.max(most, value), n.V_th);
    const lowest = V.reduce((least, value) => Math.min(least, value), n.V_th);
    range = [Math.floor(lowest - 0.2), Math.ceil(highest + 0.2)];
    readouts = {
      rate_theory: kernels.rate(n.mu, n.sigma, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref),
      rate_predicted: predicted(step),
      seen: kernels.first_above(V, every, n.V_th) >= 0,
    };
    span = [predicted(LONGEST) - 0.12 * readouts.rate_theory, 1.06 * readouts.rate_theory];
    path.draw(t, V);
    rates.set(0, line, line.map(predicted));
    rates.set(1, [SHORTEST, LONGEST], [readouts.rate_theory, readouts.rate_theory]);
    if (run?.key !== keyOf(n)) run = simulation();
    return { ...show(), pending: isDone() ? undefined : run };
  };
}

export const missedCrossings = {
  floats: populationFloats(128, MOST_STEPS, SWEEP_SPIKES) + 12000,
  create: drawMissedCrossings,
};
