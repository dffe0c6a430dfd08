// One neuron on a clock, in words of s16.15 and in floating point, some steps at a time.

export const ONE = 32768;
const ROUNDINGS = ["floor", "nearest", "stochastic"]; // by the kernel's number

// The nearest word, a tie upwards.
export function toWord(x) {
  const whole = Math.floor(x * ONE);
  return whole + (x * ONE - whole >= 0.5 ? 1 : 0);
}

export function decayWord(kernels, tau, dt) {
  return kernels.decay_word(toWord(dt), toWord(tau));
}

export function refractorySteps(t_ref, dt) {
  return Math.ceil((t_ref / dt) * (1 - 1e-12));
}

// Room of a neuron that is advanced by at most `steps` steps at once, in float64.
export function arithmeticFloats(steps) {
  return 8 * steps + 60;
}

// The arrays of one call; a shorter call takes their beginnings.
function rows(kernels, steps, type) {
  const arrays = [type, type, type, "u1"].map((each) => kernels.array([steps, 1], each));
  return (count) => arrays.map((array) => firstRows(array, count));
}

function firstRows(array, count) {
  const part = array.subarray(0, count);
  part.shape = [count, 1];
  return part;
}

// In words: start(n, dt, rounding, seed, V0), then advance(steps) -> { V, spikes }, which hold until the next call.
export function makeWordNeuron(kernels, mostSteps) {
  const recorded = rows(kernels, mostSteps, "i4");
  const quiet = kernels.array([1, 1], "i4");
  const offset = kernels.array([1, 1], "i4");
  const words = kernels.array([10, 1], "i8");
  const state = kernels.array([4, 1], "i4");
  const stream = kernels.array([4, 1], "u4");
  const draws = kernels.array([2 * mostSteps, 1], "u4");
  const seeds = kernels.array(2, "u4");
  let mode = 0;

  function start(n, dt, rounding, seed, V0 = n.E_L) {
    const given = [toWord(n.R), decayWord(kernels, n.tau_m, dt), toWord(n.E_L), toWord(n.V_reset), toWord(n.V_th)];
    words.set([...given, 0, 0, 0, 0, refractorySteps(n.t_ref, dt)].map(BigInt));
    offset[0] = toWord(n.I ?? 0);
    state.set([toWord(V0), 0, 0, 0]);
    mode = ROUNDINGS.indexOf(rounding);
    seeds.set([seed, 0]);
    kernels.seed_streams(seeds, 0, stream);
  }

  function advance(steps) {
    const [V, I_exc, I_inh, spikes] = recorded(steps);
    const numbers = firstRows(draws, 2 * steps);
    if (ROUNDINGS[mode] === "stochastic") kernels.random_words(stream, numbers);
    kernels.fixed_point_steps(quiet, quiet, offset, words, mode, numbers, state, V, I_exc, I_inh, spikes);
    return { V, spikes };
  }

  return { start, advance };
}

// In floating point: run(n, dt, steps, { single, euler, V_th }) -> { V, spikes }, from rest.
export function makeFloatNeuron(kernels, mostSteps) {
  const recorded = rows(kernels, mostSteps, "f8");
  const quiet = kernels.array([1, 1]);
  const offset = kernels.array([1, 1]);
  const values = kernels.array([10, 1]);
  const state = kernels.array([4, 1]);

  return (n, dt, steps, { single = false, euler = false, V_th = n.V_th } = {}) => {
    const factor = euler ? 1 - dt / n.tau_m : kernels.exp(-dt / n.tau_m);
    const round = single ? Math.fround : (x) => x;
    // There are no synapses: their factors do nothing.
    values.set([n.R, factor, n.E_L, n.V_reset, V_th, 0, 0, 0, 0, refractorySteps(n.t_ref, dt)].map(round));
    offset[0] = round(n.I);
    state.set([round(n.E_L), 0, 0, 0]);
    const [V, I_exc, I_inh, spikes] = recorded(steps);
    kernels.floating_point_steps(quiet, quiet, offset, values, single ? 1 : 0, state, V, I_exc, I_inh, spikes);
    return { V, spikes };
  };
}

// Numbers of the steps at whose end there is a spike, counted from 1.
export function firingSteps(spikes) {
  const found = [];
  spikes.forEach((fired, k) => fired && found.push(k + 1));
  return found;
}
