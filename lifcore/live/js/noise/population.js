// Neurons under white noise, some steps at a time, with all of their state in the kernels' memory.

const WORK = 1152;
const WORK_WORDS = 512;
const EXACT = 0;
export const BRIDGE = 0;
export const GRID = 2;

// Room that it takes, in float64, beside `room` for spikes and `steps` for the signal.
export function populationFloats(size, steps, room) {
  return 7 * size + steps + 2 * room + WORK + WORK_WORDS + 64;
}

export function makePopulation(kernels, size, steps, room) {
  const [mu, sigma, V, wait] = [0, 1, 2, 3].map(() => kernels.array(size));
  const signal = kernels.array(steps);
  const words = kernels.array([4, size], "u4");
  const normals = kernels.array([2, size]);
  const [work, workWords] = [kernels.array(WORK), kernels.array(WORK_WORDS, "u4")];
  const [times, neurons] = [kernels.array(room), kernels.array(room, "i4")];
  const seeds = kernels.array(2, "u4");
  let n;
  let first = 0;

  function start(parameters, seed) {
    n = parameters;
    first = 0;
    mu.fill(n.mu);
    sigma.fill(n.sigma);
    V.fill(n.E_L);
    wait.fill(0);
    normals.fill(0);
    seeds.set([seed, 0]);
    kernels.seed_streams(seeds, 0, words);
  }

  // Advances by so many steps of dt and returns the number of spikes, which stand in times and neurons.
  function advance(count, dt, crossing) {
    const spikes = kernels.population_steps(
      mu, sigma, signal.subarray(0, count), n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, dt, dt, first, EXACT, crossing,
      V, wait, words, normals, work, workWords, times, neurons,
    );
    first += count;
    return spikes;
  }

  return { V, times, neurons, start, advance };
}
