// Rates that agree with themselves, nu = Phi(mu(nu), sigma(nu)), where mu and sigma**2 are straight lines in nu.

const LEAST_RATE = 1e-4; // Hz; rates are looked for between 0, this one, and so on by a constant factor
const RATIO = 1.08;
const BISECTIONS = 60;

function gridUpTo(highest) {
  const grid = [0];
  for (let nu = LEAST_RATE; nu < highest; nu *= RATIO) grid.push(nu);
  grid.push(highest);
  return grid;
}

// n: the neuron; inputs: mu and variance from outside in mV and mV**2, drive and noise from the network for each Hz.
export function response(kernels, n, inputs, nu) {
  return kernels.rate(
    inputs.mu + inputs.drive * nu, Math.sqrt(inputs.variance + inputs.noise * nu), n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref,
  );
}

// The states by their rates, each as { nu, stable }: stable where the answer to a little more is less than that.
export function findStates(kernels, n, inputs) {
  const answersMore = (nu) => nu === 0 || response(kernels, n, inputs, nu) > nu;
  const grid = gridUpTo(1000 / n.t_ref);
  const above = grid.map(answersMore);
  const states = [];
  for (let k = 1; k < grid.length; k += 1) {
    if (above[k] === above[k - 1]) continue;
    let [low, high] = [grid[k - 1], grid[k]];
    for (let round = 0; round < BISECTIONS; round += 1) {
      const middle = 0.5 * (low + high);
      if (answersMore(middle) === above[k - 1]) low = middle;
      else high = middle;
    }
    states.push({ nu: 0.5 * (low + high), stable: above[k - 1] });
  }
  return states;
}
