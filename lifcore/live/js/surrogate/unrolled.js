// One LIF neuron over its steps, forwards and backwards: lifcore.snn.unrolled in the page.

const KINDS = { fast: 0, atan: 1, triangle: 2, logistic: 3, through: 4 };

// Kind and constants of a surrogate, as the kernels have them.
export function formula(surrogate, sharpness) {
  if (surrogate === "triangle") return [KINDS.triangle, 1 / sharpness, 1];
  return [KINDS[surrogate], surrogate === "through" ? 0 : sharpness, 0];
}

const LN_10 = 2.302585092994046;

// The logarithm to the base ten, of the kernels' digits.
export function decades(kernels, value) {
  return kernels.log(value) / LN_10;
}

export function total(values) {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

// Room of a neuron, in float64.
export function unrolledFloats(steps, inputs) {
  return 7 * steps + steps * inputs + 2 * inputs + 40;
}

// A neuron with arrays of its own: x (a row a step) and w are to be filled.
//   run({ beta, threshold, zero, detach, smooth, formula })      leaves V, s, slopes and factors
//   back()      from ofSpikes and ofPotentials, to be filled too, leaves delta and gradient
export function makeNeuron(kernels, steps, inputs) {
  const made = () => kernels.array(steps);
  const own = {
    x: kernels.array([steps, inputs]), w: kernels.array(inputs), V: made(), s: made(), slopes: made(), factors: made(),
    ofSpikes: made(), ofPotentials: made(), delta: made(), gradient: kernels.array(inputs),
  };

  own.run = ({ beta, threshold, zero = false, detach = true, smooth = false, formula: given = [0, 1, 0] }) => {
    kernels.unroll(own.x, own.w, beta, threshold, zero, smooth, ...given, own.V, own.s);
    kernels.carried_over(own.V, own.s, beta, threshold, zero, detach, ...given, own.slopes, own.factors);
  };

  own.back = () => {
    kernels.sensitivities(own.ofSpikes, own.ofPotentials, own.slopes, own.factors, own.delta);
    kernels.weight_gradient(own.x, own.delta, own.gradient);
  };

  return own;
}

// A line that goes up and down between two x of different y.
export function stairs(x, y) {
  const at = [x[0]];
  const heights = [y[0]];
  for (let k = 1; k < x.length; k += 1) {
    if (y[k] !== y[k - 1]) {
      const middle = 0.5 * (x[k - 1] + x[k]);
      at.push(middle, middle);
      heights.push(y[k - 1], y[k]);
    }
  }
  return [[...at, x.at(-1)], [...heights, y.at(-1)]];
}

// Numbers of the steps with a spike, counted from 1.
export function spikeSteps(s) {
  const found = [];
  s.forEach((spike, k) => spike > 0 && found.push(k + 1));
  return found;
}

// One random word for each stream and draw; stream number `first` and those after it.
export function randomStreams(kernels, seed, first, size) {
  const seeds = kernels.array(2, "u4");
  const streams = kernels.array([4, size], "u4");
  seeds.set([seed, 0]);
  kernels.seed_streams(seeds, first, streams);
  return streams;
}

// A train for each draw: 1 with a probability, else 0.
export function randomTrain(kernels, streams, draws, probability, x) {
  const words = kernels.array([draws, 1], "u4");
  kernels.random_words(streams, words);
  for (let k = 0; k < draws; k += 1) x[k] = words[k] < probability * 2 ** 32 ? 1 : 0;
}
