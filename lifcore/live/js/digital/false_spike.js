// TrueNorth's V under nothing but inhibition: a word that saturates stays at its end, one that wraps comes in at the other.

import { plural } from "../common.js";

const THOUSAND = 1e3;
const RAIL_20 = 2 ** 19;
const MOST_AXONS = 256;

function drawFalseSpike(card, kernels) {
  const { ticks, beta } = card.fixed;
  const active = kernels.array(ticks * MOST_AXONS, "i4");
  const first = kernels.array(ticks + 1, "i8");
  const synapses = kernels.array([1, MOST_AXONS], "u1").fill(1);
  const types = kernels.array(MOST_AXONS, "u1");
  const weights = kernels.array([1, 4], "i4");
  const stochastic = kernels.array([1, 4], "u1");
  const registers = kernels.array([1, 10], "i4");
  const noSynapseNoise = kernels.array([ticks, MOST_AXONS], "u1");
  const noLeakNoise = kernels.array(ticks, "u1");
  const noThresholdNoise = kernels.array(ticks, "i4");
  const V = kernels.array([1, ticks], "i4");
  const fires = kernels.array([1, ticks], "b1");
  const tick = Float64Array.from({ length: ticks + 1 }, (_, k) => k);
  const ends = [-RAIL_20 / THOUSAND, (RAIL_20 - 1) / THOUSAND];
  let spikes = [];
  let alpha = 0;
  let floor = false;

  const plot = card.plot({
    height: 320,
    margin: 52,
    x: { range: () => [0, ticks], label: () => "tick" },
    y: { range: () => [-600, 600], splits: () => [-500, -250, 0, 250, 500], label: () => "V (thousand)" },
    series: [{ role: "membrane" }],
    annotate(pen) {
      for (const end of ends) pen.horizontal(end, "threshold", { dash: [2, 5] });
      pen.name("2¹⁹", ends[1], "threshold");
      pen.name("−2¹⁹", ends[0], "threshold");
      pen.horizontal(alpha / THOUSAND, "threshold");
      pen.name("α", alpha / THOUSAND, "threshold");
      if (floor) {
        pen.horizontal(-beta / THOUSAND, "threshold");
        pen.name("−β", -beta / THOUSAND, "threshold");
      }
      pen.strokes(spikes, alpha / THOUSAND, 600, "spike", { width: 1.5 });
      pen.name("V", V[ticks - 1] / THOUSAND, "membrane");
    },
  });

  return (values) => {
    ({ alpha, floor } = values);
    const { axons, weight, overflow } = values;
    weights[0] = weight;
    for (let t = 0; t < ticks; t += 1) for (let i = 0; i < axons; i += 1) active[t * axons + i] = i;
    for (let t = 0; t <= ticks; t += 1) first[t] = BigInt(t * axons);
    // eps, lam, c, alpha, beta, M, gamma, kappa, R, V0: no leak, no noise; a spike takes alpha from V (gamma = 1), and
    // without the floor nothing stops V below.
    registers.set([0, 0, 0, alpha, floor ? beta : 0, 0, 1, floor ? 1 : 0, 0, 0]);
    kernels.truenorth_neurons(
      active, first, synapses, types, weights, stochastic, registers, noSynapseNoise, noLeakNoise, noThresholdNoise,
      overflow === "wrap", V, fires,
    );
    spikes = [];
    for (let t = 0; t < ticks; t += 1) if (fires[t]) spikes.push(t + 1);
    plot.draw(tick, [0, ...Array.from(V, (value) => value / THOUSAND)]);
    const readouts = {
      drop: weight * axons,
      spikes: spikes.length,
      first: spikes[0] ?? Infinity,
      lowest: Math.min(...V),
    };
    const summary =
      `Inhibited by ${-readouts.drop} a tick, the neuron fires ${plural(readouts.spikes, "spike")} in ${ticks} ticks; ` +
      `its word ${overflow === "wrap" ? "wraps" : "saturates"}.`;
    return { readouts, summary };
  };
}

export const falseSpike = { floats: 12000, create: drawFalseSpike };
