// A population in groups, each with the state that the kernels keep, and the cells of its density.
// Groups keep each piece of work small; in whatever pieces a population is simulated, its spikes are the same.

const WORK = 1152;
const WORK_WORDS = 512;
const [EXACT, BRIDGE] = [0, 0];
const FOKKER_PLANCK_WORK = 22;
const STATE = 5;
export const FREE = 1; // place in a state: the part of the neurons that is not refractory

// Room for `most` neurons in groups of `size`; `room` spikes of a group in one piece.
export function makePopulation(kernels, most, size, room, seed) {
  const seeds = kernels.array(2, "u4");
  seeds.set([seed, 0]);
  const [mus, sigmas] = [kernels.array(size), kernels.array(size)];
  const [work, workWords] = [kernels.array(WORK), kernels.array(WORK_WORDS, "u4")];
  const [times, numbers] = [kernels.array(room), kernels.array(room, "i4")];
  const groups = [];
  for (let first = 0; first < most; first += size) {
    groups.push({
      first, V: kernels.array(size), wait: kernels.array(size), words: kernels.array([4, size], "u4"),
      normals: kernels.array([2, size]),
    });
  }
  return {
    times,
    numbers,
    // The groups of a new run, of which the last may be smaller.
    begin(neurons) {
      return groups.filter(({ first }) => first < neurons).map((group) => {
        const count = Math.min(size, neurons - group.first);
        group.wait.fill(0);
        group.normals.fill(0);
        kernels.seed_streams(seeds, group.first, group.words);
        return { ...group, V: group.V.subarray(0, count), wait: group.wait.subarray(0, count) };
      });
    },
    // Steps of one group under a signal, which says how many; returns the number of spikes, which are in `times`.
    advance(group, n, mu, sigma, signal, dt, first) {
      mus.fill(mu);
      sigmas.fill(sigma);
      const { V, wait, words, normals } = group;
      return kernels.population_steps(
        mus, sigmas, signal, n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, dt, dt, first, EXACT, BRIDGE, V, wait, words,
        normals, work, workWords, times, numbers,
      );
    },
  };
}

export function makeCells(kernels, count, places) {
  const faces = kernels.array(count + 1);
  const probability = kernels.array(count);
  const [release, waiting] = [kernels.array(places), kernels.array(places)];
  const state = kernels.array(STATE);
  const work = kernels.array(FOKKER_PLANCK_WORK * count);
  const cumulative = kernels.array(count);
  let n = null;
  let reset = 0;
  return {
    faces,
    probability,
    state,
    begin(neuron) {
      n = neuron;
      release.fill(0);
      waiting.fill(0);
      reset = kernels.cell_faces(n.V_th, n.V_reset, Math.min(n.V_reset, n.E_L + n.mu) - 6 * n.sigma, faces);
    },
    settle(mu, sigma) {
      return kernels.stationary_start(
        mu, sigma, n.tau_m, n.E_L, n.t_ref, faces, reset, probability, release, waiting, state, work,
      );
    },
    gather(V) {
      kernels.gaussian_start(V, 0, faces, probability, state);
    },
    // Returns the mean rate.
    advance(dt, rates) {
      return kernels.advance(
        rates.length, dt, n.mu, n.sigma, n.tau_m, n.E_L, n.t_ref, faces, reset, probability, release, waiting, state, work,
        rates,
      );
    },
    // Steps under a drive that changes: two values of mu and sigma for each, within it and at its end.
    follow(steps, mus, sigmas, rates) {
      kernels.follow(
        steps, mus, sigmas, n.tau_m, n.E_L, n.t_ref, faces, reset, probability, release, waiting, state, work, rates,
      );
    },
    draw(group) {
      kernels.draw_population(probability, faces, n.V_reset, n.t_ref, group.words, group.V, group.wait, cumulative);
    },
  };
}

// Counts as densities or rates, with their standard errors.
export function scaleCounts(counts, scale, values, errors) {
  for (let k = 0; k < counts.length; k += 1) {
    values[k] = counts[k] * scale;
    errors[k] = Math.sqrt(counts[k]) * scale;
  }
}

export function middles(low, width, count) {
  return Float64Array.from({ length: count }, (_, k) => low + width * (k + 0.5));
}

// From where the axis of potentials is shown: all of it only if there is something to see.
export function lowestShown(low, potentials, densities, top) {
  return densities.some((density) => density.some((each, k) => potentials[k] < -82 && each > 0.004 * top)) ? low : -82;
}

// Points of which the axis shows the place: [x, y, errors].
export function pointsFrom(lowest, x, values, errors) {
  const first = x.findIndex((each) => each > lowest);
  return [x, values, errors].map((each) => each.subarray(first));
}

// Where the cloud is bounded, where it is put back, and where it is drawn to.
export function drawPotentials(pen, n, top) {
  pen.vertical(n.V_th, "threshold");
  pen.label("V_th", n.V_th, top, "threshold", { dx: 5, dy: 12 });
  pen.vertical(n.V_reset, "membrane", { dash: [6, 4] });
  pen.label("V_reset", n.V_reset, top, "membrane", { dx: -5, dy: 12, align: "right" });
  const target = n.E_L + n.mu;
  const beyond = target > n.V_th + 2;
  if (!beyond) pen.vertical(target, "drive", { dash: [2, 5] });
  pen.label(beyond ? "E_L + μ →" : "E_L + μ", beyond ? n.V_th : target, top, "drive", {
    dx: beyond || target > -62 ? -5 : 5, dy: 30, align: beyond || target > -62 ? "right" : "left",
  });
}
