// Neurons with noise under one sine, in pieces of a fixed number of steps. The state stays in the kernels' memory, so that
// any number of pieces gives bit for bit what lifcore.simulation.simulate gives at once.

const MOST_IN_A_PERIOD = 2000;
const WORK_FLOATS = 1152;
const WORK_WORDS = 512;
const EXACT = 0;
const BRIDGE = 0;

// Whole periods and whole steps in each.
export function periodsOf({ step, settle }, f, duration) {
  const period = 1000 / f;
  const inAPeriod = Math.ceil(period / step);
  const before = Math.ceil(settle / period);
  const recorded = Math.ceil(duration / period);
  return { period, inAPeriod, dt: period / inAPeriod, before, recorded, steps: (before + recorded) * inAPeriod };
}

// One array element is one float64 or less.
export function populationFloats(size, steps, spikes) {
  return 8 * size + steps + 2 * spikes + MOST_IN_A_PERIOD + WORK_FLOATS + WORK_WORDS + 64;
}

export function drivenPopulation(kernels, { size, mostSteps, mostSpikes }) {
  const mu = kernels.array(size);
  const sigma = kernels.array(size);
  const signal = kernels.array(mostSteps);
  const V = kernels.array(size);
  const wait = kernels.array(size);
  const words = kernels.array([4, size], "u4");
  const normals = kernels.array([2, size]);
  const work = kernels.array(WORK_FLOATS);
  const workWords = kernels.array(WORK_WORDS, "u4");
  const times = kernels.array(mostSpikes);
  const neurons = kernels.array(mostSpikes, "i4");
  const seedWords = kernels.array(2, "u4");
  let n;
  let dt;
  let done;

  return {
    times,
    neurons,
    V,
    start(cell, noise, amplitude, seed, { inAPeriod, dt: length, steps }) {
      n = cell;
      dt = length;
      done = 0;
      mu.fill(n.mu);
      sigma.fill(noise);
      V.fill(n.E_L);
      wait.fill(0);
      normals.fill(0);
      seedWords.set([seed, 0]);
      kernels.seed_streams(seedWords, 0, words);
      kernels.sine_steps(amplitude, inAPeriod, signal.subarray(0, steps));
    },
    // The number of spikes in the next steps; they stand at the head of times and neurons.
    advance(steps) {
      const count = kernels.population_steps(
        mu, sigma, signal.subarray(done, done + steps), n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, dt, dt, done, EXACT,
        BRIDGE, V, wait, words, normals, work, workWords, times, neurons,
      );
      done += steps;
      if (count > mostSpikes) throw new RangeError(`more than ${mostSpikes} spikes in ${steps} steps`);
      return count;
    },
  };
}
