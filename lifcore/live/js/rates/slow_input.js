// One cycle of a sine in the drive: the rate of the density, and three rate models; below, their errors against frequency.

import { neuron } from "../common.js";
import { asPoints } from "../series.js";

const FREQUENCIES = 91;
const FOKKER_PLANCK_ARRAYS = 22; // of work, each as long as there are cells
const FOKKER_PLANCK_STATE = 5;
const ERRORS = [0.1, 1000]; // per cent
const MODELS = [
  { name: "static gain", role: "drive" },
  { name: "τ_eff", role: "theory", dash: [6, 5] },
  { name: "τ_m", role: "membrane" },
];

const decades = (marks) => (value) => (marks.includes(value) ? String(value) : "");

function drawSlowInput(card, kernels) {
  const { cells, places, fewest, longest, settling, piece, most, f_min: fMin, f_max: fMax } = card.fixed;
  const faces = kernels.array(cells + 1);
  const probability = kernels.array(cells);
  const state = kernels.array(FOKKER_PLANCK_STATE);
  const [release, waiting] = [kernels.array(places), kernels.array(places)];
  const work = kernels.array(FOKKER_PLANCK_ARRAYS * cells);
  const [lengths, drive, noise, fresh] = [
    kernels.array(piece), kernels.array(2 * piece), kernels.array(2 * piece), kernels.array(piece)];
  const cycle = kernels.array(2 * most);
  const [ends, sigmas, exact] = [kernels.array(most), kernels.array(most), kernels.array(most)];
  const models = MODELS.map(() => kernels.array(most));
  const f = kernels.array(FREQUENCIES + 1);
  const found = kernels.array([4, FREQUENCIES + 1]);
  const oneF = kernels.array(1);
  const one = kernels.array([4, 1]);
  const lines = MODELS.map(() => new Array(FREQUENCIES).fill(null));
  for (let k = 0; k < FREQUENCIES; k += 1) f[k] = fMin * (fMax / fMin) ** (k / (FREQUENCIES - 1));
  f[FREQUENCIES] = 0;
  const shownF = f.subarray(0, FREQUENCIES);
  let n = neuron(card.fixed, card.values());
  let membrane = [];
  let [steps, dt, period, reset, next, done] = [1, 1, 1, 0, 0, 0];
  let taus = [0, 0, 0];
  let errors = [null, null, null];
  let range = [0, 1];

  const rates = card.plot({
    height: 230,
    margin: 84,
    x: { range: () => [0, period], label: () => "time in the cycle (ms)" },
    y: { range: () => range, label: () => "firing rate (Hz)" },
    series: [
      { role: "drive", width: 1.6 }, { role: "membrane", width: 1.6 }, { role: "theory" },
      { role: "theory", dash: [6, 5], width: 1.6 },
    ],
    annotate(pen) {
      if (done === 0) return;
      MODELS.forEach(({ name, role }, k) => { if (taus[k] >= 0) pen.name(name, models[k][steps - 1], role); });
      if (done === steps) pen.name("density", exact[steps - 1], "theory");
    },
  });
  const error = card.plot({
    height: 230,
    margin: 84,
    x: {
      log: true, range: () => [fMin, fMax], label: () => "frequency (Hz)", splits: () => [0.1, 1, 10, 100],
      values: decades([0.1, 1, 10, 100]),
    },
    y: {
      log: true, range: () => ERRORS, label: () => "error (%)", splits: () => [0.1, 1, 10, 100, 1000],
      values: decades([0.1, 1, 10, 100, 1000]),
    },
    series: [
      ...MODELS.map(({ role, dash }) => ({ role, dash })),
      ...MODELS.map(({ role }) => ({ role, kind: asPoints, size: 9 })),
    ],
    backdrop: (pen) => pen.vertical(n.f, "drive", { width: 1, dash: [2, 4] }),
    annotate(pen) {
      MODELS.forEach(({ name, role }, k) => {
        const last = lines[k][FREQUENCIES - 1];
        if (last !== null) pen.name(name, last, role);
      });
    },
  });
  error.handle({
    name: "f",
    role: "drive",
    cursor: "ew-resize",
    at: () => [n.f, ERRORS[0]],
    drag: (frequency) => card.drag({ f: frequency }),
  });

  function susceptibilityNearZero() {
    const omega = 1e-6 / n.tau_m;
    oneF[0] = (1000 * omega) / (2 * Math.PI);
    kernels.susceptibilities(oneF, n.mu, n.sigma, ...membrane, one);
    return -one[1] / (omega * one[0]);
  }

  // |gain / (1 + i 2 pi f tau) / chi - 1| in per cent.
  function errorsOfWeakSignals() {
    kernels.susceptibilities(f, n.mu, n.sigma, ...membrane, found);
    const width = FREQUENCIES + 1;
    const gain = found[FREQUENCIES];
    taus.forEach((tau, model) => {
      for (let k = 0; k < FREQUENCIES; k += 1) {
        const turn = 0.002 * Math.PI * f[k] * tau;
        const [re, im] = [found[k] - turn * found[width + k], found[width + k] + turn * found[k]];
        const size = re * re + im * im;
        const value = 100 * Math.hypot((gain * re) / size - 1, (gain * im) / size);
        lines[model][k] = tau >= 0 && value >= ERRORS[0] ? value : null;
      }
    });
  }

  function begin() {
    faces.fill(0);
    state.fill(0);
    release.fill(0);
    waiting.fill(0);
    probability.fill(0);
    lengths.fill(dt);
    noise.fill(n.sigma);
    next = -Math.ceil(settling / dt);
    done = 0;
    const lowest = Math.min(n.V_reset, n.E_L + n.mu - n.depth) - 6 * n.sigma;
    reset = kernels.cell_faces(n.V_th, n.V_reset, lowest, faces);
    const start = drive.subarray(0, 2);
    kernels.cosine_stages(n.mu, n.depth, steps, next - 1, start);
    kernels.stationary_start(
      start[1], n.sigma, n.tau_m, n.E_L, n.t_ref, faces, reset, probability, release, waiting, state, work,
    );
  }

  function follow() {
    const count = Math.min(piece, steps - next);
    kernels.cosine_stages(n.mu, n.depth, steps, next, drive.subarray(0, 2 * count));
    kernels.follow(
      lengths.subarray(0, count), drive.subarray(0, 2 * count), noise.subarray(0, 2 * count), n.tau_m, n.E_L, n.t_ref, faces,
      reset, probability, release, waiting, state, work, fresh.subarray(0, count),
    );
    for (let k = 0; k < count; k += 1) if (next + k >= 0) exact[next + k] = fresh[k];
    next += count;
    done = Math.max(0, next);
    const all = Math.ceil(settling / dt) + steps;
    return (all - (steps - next)) / all;
  }

  function withModels() {
    kernels.cosine_stages(n.mu, n.depth, steps, 0, cycle.subarray(0, 2 * steps));
    for (let k = 0; k < steps; k += 1) ends[k] = cycle[2 * k + 1];
    sigmas.fill(n.sigma);
    const [phi] = models;
    kernels.rates(ends.subarray(0, steps), sigmas.subarray(0, steps), ...membrane, phi.subarray(0, steps));
    taus.forEach((tau, k) => {
      if (tau > 0) kernels.first_order_cycle(phi.subarray(0, steps), dt, tau, models[k].subarray(0, steps));
    });
  }

  // From the end of the cycle before to the end of this one.
  function closed(values, count) {
    const times = Float64Array.from({ length: count + 1 }, (_, k) => k * dt);
    const cyclic = new Float64Array(count + 1);
    cyclic[0] = values[steps - 1];
    cyclic.set(values.subarray(0, count), 1);
    return [times, cyclic];
  }

  function show() {
    const complete = done === steps;
    const inside = [...models[0].subarray(0, steps), ...exact.subarray(0, complete ? steps : 0)];
    const [low, high] = [Math.min(...inside), Math.max(...inside)];
    range = [Math.max(0, low - 0.1 * (high - low)), high + 0.1 * (high - low)];
    [0, 2, 1].forEach((model, place) => {
      const series = [0, 1, 3][place];
      rates.set(series, ...(taus[model] >= 0 ? closed(models[model], steps) : [[], []]));
    });
    rates.set(2, ...(complete ? closed(exact, steps) : [[], []]));
    const readouts = { static: null, tau_eff_error: null, tau_m_error: null, tau_eff: taus[1], rate: null };
    if (complete) {
      const target = exact.subarray(0, steps);
      errors = taus.map((tau, k) =>
        tau >= 0 ? 100 * kernels.relative_difference(models[k].subarray(0, steps), target) : Infinity);
      let total = 0;
      for (let k = 0; k < steps; k += 1) total += exact[k];
      [readouts.static, readouts.tau_eff_error, readouts.tau_m_error] = errors;
      readouts.rate = total / steps;
    }
    MODELS.forEach((_, k) => {
      const there = complete && errors[k] >= ERRORS[0] && errors[k] <= ERRORS[1];
      error.set(3 + k, there ? [n.f] : [], there ? [errors[k]] : []);
    });
    rates.draw();
    error.draw();
    const told = complete
      ? `At ${n.f} Hz the static gain is wrong by ${errors[0].toFixed(1)} per cent of the swing, `
        + `the membrane's time constant by ${errors[2].toFixed(1)}.`
      : `A sine of ${n.f} Hz.`;
    return { readouts, summary: told };
  }

  return (values) => {
    n = neuron(card.fixed, values);
    membrane = [n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref];
    period = 1000 / n.f;
    steps = Math.max(fewest, Math.ceil(period / longest));
    dt = period / steps;
    taus = [0, susceptibilityNearZero(), n.tau_m];
    withModels();
    errorsOfWeakSignals();
    MODELS.forEach((_, k) => error.set(k, shownF, lines[k]));
    begin();
    return { ...show(), pending: { step: follow, show } };
  };
}

export const slowInput = { floats: 40000, create: drawSlowInput };
