// Velocities hidden: how long fifty poles stand, and the share of pushes that the neuron makes of an angle.

import { neuron } from "../common.js";
import { asPoints } from "../series.js";
import { BIAS_AT, DECISION_S, deciderFloats, makeDecider, WEIGHTS_AT } from "./decisions.js";

const POLES_AT_ONCE = 5; // episodes of a piece
const SHORT = 500; // decisions
const DEGREE = Math.PI / 180;

function drawHiddenVelocity(card, kernels) {
  const { E_L, V_th, dt, columns, scales, interval, angle_over_x } = card.fixed;
  const { episodes, seed, angles, decisions, longest, least_slope } = card.fixed;
  const steps = Math.round((1000 * DECISION_S) / dt);
  const decider = makeDecider(kernels, { columns, scales, steps, streams: POLES_AT_ONCE });
  const returns = kernels.array(POLES_AT_ONCE, "i4");
  const constant = kernels.array([decisions * steps, 2]);
  const V = kernels.array(decisions * steps);
  const spikes = kernels.array(decisions * steps, "u1");
  const own = kernels.array([4, 1], "u4");
  const fine = Array.from({ length: 241 }, (_, k) => (longest * (k - 120)) / 120);
  let n = neuron(card.fixed, card.values());
  let lengths = [];
  let readouts = {};
  let most = SHORT;

  const lasting = card.plot({
    height: 190,
    margin: 24,
    x: { range: () => [0, episodes + 1], label: () => "pole, in the order of their times" },
    y: { range: () => [0, 1.08 * most * DECISION_S], label: () => "stands for (s)" },
    series: [{ kind: asPoints, role: "simulation", size: 6 }],
    annotate(pen) {
      if (readouts.mean === null) return;
      const mean = readouts.mean * DECISION_S;
      pen.horizontal(mean, "simulation", { width: 1, dash: [5, 4] });
      const text = `mean ${mean.toFixed(1)} s`;
      // The points rise from left to right: room is above the line on the left, and below it on the right.
      if (mean > 0.8 * most * DECISION_S) {
        pen.label(text, episodes + 1, mean, "simulation", { dx: -6, dy: 11, align: "right" });
      } else pen.label(text, 0, mean, "simulation", { dx: 6, dy: -9 });
    },
  });
  const code = card.plot({
    height: 210,
    margin: 24,
    x: { range: () => [-longest, longest], label: () => "angle of the pole (degrees), cart in the middle" },
    y: { range: () => [-0.04, 1.04], label: () => "share of pushes to the right", splits: () => [0, 0.5, 1] },
    series: [
      { role: "threshold", width: 1, dash: [2, 5] },
      { role: "theory" },
      { kind: asPoints, role: "simulation", size: 7 },
    ],
    annotate(pen) {
      pen.label("from the f–I curve", longest, 0.12, "theory", { dx: -6, align: "right" });
      pen.label("● with its noise", longest, 0.26, "simulation", { dx: -6, align: "right" });
      pen.label("least slope", -longest, 0.88, "threshold", { dx: 6 });
    },
  });

  // The bias with which the undisturbed neuron fires once in `interval` ms.
  function restingBias() {
    const left = kernels.decay_factor(n.tau_m, interval);
    return (V_th - E_L - (n.V_reset - E_L) * left) / (1 - left);
  }

  const input = (degrees) => (degrees * DEGREE) / scales[1];

  function share(degrees) {
    const drive = decider.parameters[BIAS_AT] + decider.parameters[WEIGHTS_AT + 1] * input(degrees);
    const rate = kernels.firing_rate(drive, n.tau_m, 1, E_L, V_th, n.V_reset, 0);
    return Math.min(1, rate * DECISION_S);
  }

  function measured(degrees) {
    for (let k = 0; k < decisions * steps; k += 1) constant[2 * k + 1] = input(degrees);
    decider.seeds.set([seed, 0]);
    kernels.seed_streams(decider.seeds, 0, own);
    kernels.sample(decider.parameters, E_L, V_th, n.Delta, dt, constant, own, V, spikes);
    let right = 0;
    for (let k = 0; k < decisions; k += 1) if (spikes.subarray(k * steps, (k + 1) * steps).includes(1)) right += 1;
    return right / decisions;
  }

  function simulation() {
    lengths = [];
    return {
      step() {
        decider.seed(seed, lengths.length);
        kernels.balance_returns(
          decider.parameters, E_L, V_th, n.Delta, dt, decider.columns, decider.scales, most, decider.words, decider.x,
          decider.state, decider.V, decider.spikes, returns,
        );
        lengths.push(...returns);
        return lengths.length / episodes;
      },
      show,
    };
  }

  function show() {
    const ordered = [...lengths].sort((a, b) => a - b);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const squares = lengths.reduce((sum, length) => sum + length * length, 0);
    const complete = lengths.length === episodes;
    readouts.mean = complete ? total / episodes : null;
    readouts.error = complete
      ? Math.sqrt(Math.max((squares - (total * total) / episodes) / (episodes - 1), 0) / episodes) : null;
    readouts.standing = complete ? lengths.filter((length) => length === most).length : null;
    lasting.draw(ordered.map((_, k) => k + 1), ordered.map((length) => length * DECISION_S));
    const told = complete
      ? `${episodes} poles stand for ${readouts.mean.toFixed(0)} decisions on average, ${readouts.standing} to the end.`
      : `${lengths.length} of ${episodes} poles have fallen or come to the end.`;
    return { readouts: { ...readouts }, summary: told };
  }

  return (values) => {
    n = neuron(card.fixed, values);
    most = n.long ? 10 * SHORT : SHORT;
    decider.set(restingBias(), n.tau_m, n.V_reset, [n.weight / angle_over_x, n.weight]);
    readouts = {
      mean: null,
      error: null,
      standing: null,
      bias: decider.parameters[BIAS_AT],
      slope: (100 * (share(0.5) - share(-0.5))),
    };
    code.set(0, [-longest, longest], [-longest, longest].map((degrees) => 0.5 + least_slope * DEGREE * degrees));
    code.set(1, fine, fine.map(share));
    code.set(2, angles, angles.map(measured));
    code.draw();
    const pending = simulation();
    return { ...show(), pending };
  };
}

export const hiddenVelocity = { floats: deciderFloats(20, 5) + 4 * 4000 + 400, create: drawHiddenVelocity };
