// A population that inhibits itself with a delay: what comes back once round the loop, and where that becomes 1.

const [OWN, FILTERED] = [0, 1];
export const MODELS = ["lif", "static", "tau_m", "tau_eff"];
export const ROLES = { lif: "theory", static: "drive", tau_m: "noise", tau_eff: "membrane" };
export const NAMES = { lif: "LIF", static: "static gain", tau_m: "τ_m", tau_eff: "τ_eff" };

export function membraneOf({ tau_m: tau, E_L: rest, V_th: threshold, V_reset: reset, t_ref: wait }) {
  return [tau, rest, threshold, reset, wait];
}

// With which a rate equation follows, in ms.
export function timeConstant(kernels, n, model) {
  if (model === "tau_eff") return kernels.effective_time(n.mu, n.sigma, ...membraneOf(n));
  return model === "tau_m" ? n.tau_m : 0;
}

// critical(n, delay, tau_s, model) -> [loop gain, frequency];  loops(n, delay, tau_s, model, f, out) fills out
export function makeLoop(kernels) {
  const found = kernels.array(1);
  const answer = (model) => (model === "lif" ? OWN : FILTERED);
  return {
    critical(n, delay, synapse, model) {
      const nu = kernels.rate(n.mu, n.sigma, ...membraneOf(n));
      const highest = 1000 / delay + 4 * nu;
      const pieces = Math.trunc(Math.max(400, Math.min((50 * highest) / Math.max(nu, 1), 40000)));
      const loopGain = kernels.critical_point(
        answer(model), timeConstant(kernels, n, model), n.mu, n.sigma, ...membraneOf(n), delay, synapse, highest, pieces, found,
      );
      return [loopGain, found[0]];
    },
    loops(n, delay, synapse, model, f, out) {
      const tau = timeConstant(kernels, n, model);
      kernels.loops(f, answer(model), tau, n.mu, n.sigma, ...membraneOf(n), delay, synapse, out);
    },
  };
}
