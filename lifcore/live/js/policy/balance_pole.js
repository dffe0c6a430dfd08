// The trained neuron balances the pole: cart and pole at a moment, the potential and the spikes before it.

import { neuron, niceTop } from "../common.js";
import { DECISION_S, deciderFloats, makeDecider, ribbon, rowsOf } from "./decisions.js";

const WINDOW = 2; // s before the present
const POLE = 1; // m
const TRACK = 2.6; // m to either side
const SPIKES = [1.1, 1.4]; // where their strokes stand, in units of the potential's range
const LEVELS = [35, 75, 150, 300, 1000]; // mV

function drawBalancePole(card, kernels) {
  const { E_L, V_th, V_reset, dt, bias, weights, columns, scales, most, knock_at, limits } = card.fixed;
  const decider = makeDecider(kernels, { columns, scales, steps: 1 });
  const states = kernels.array([most, 4]);
  const V = kernels.array([most, 1]);
  const spikes = kernels.array([most, 1], "u1");
  const start = kernels.array(4);
  let n = neuron(card.fixed, card.values());
  let done = "";
  let count = 0;
  let now = 0; // decisions made by now
  let readouts = {};
  let level = LEVELS[0];

  // The last seconds, and at the beginning the first ones.
  const span = () => [Math.max(0, DECISION_S * now - WINDOW), Math.max(WINDOW, DECISION_S * now)];
  const stateAt = (k) => (k === 0 ? start : states.subarray(4 * (k - 1), 4 * k));

  const scene = card.plot({
    height: 232,
    margin: 24,
    x: { range: () => [-TRACK, TRACK], label: () => "position (m)", splits: () => [-2, -1, 0, 1, 2] },
    y: { range: () => [-0.3, 1.3], splits: () => [] },
    series: [{ role: "soft", width: 1 }],
    annotate(pen) {
      const [x, , angle] = stateAt(now);
      // Lengths of the pole are those of the x axis, so that its angle is seen as it is.
      const stretch = (pen.x(1) - pen.x(0)) / (pen.y(0) - pen.y(1));
      const along = (tilt, length) => [x + length * Math.sin(tilt), length * Math.cos(tilt) * stretch];
      for (const end of [-limits[0], limits[0]]) pen.segment(end, -0.2, end, 0.2, "threshold", { width: 2 });
      for (const tilt of [-limits[1], limits[1]]) {
        pen.segment(x, 0, ...along(tilt, POLE), "threshold", { width: 1, dash: [2, 5] });
      }
      pen.segment(x - 0.2, 0, x + 0.2, 0, "ink", { width: 12 });
      pen.segment(x, 0, ...along(angle, POLE), "membrane", { width: 6 });
      if (now === count && readouts.held < most * DECISION_S) {
        pen.label(`over after ${readouts.held.toFixed(2)} s`, -TRACK, 1.3, "threshold", { dx: 6, dy: 12 });
      } else if (now > 0) {
        const right = spikes[now - 1] === 1;
        const side = right ? 1 : -1;
        pen.segment(x - side * 0.75, 0, x - side * 0.3, 0, "drive", { width: 3 });
        pen.label(right ? "▶" : "◀", x - side * 0.3, 0, "drive", { align: "center", rim: false });
      }
    },
  });
  const trace = card.plot({
    height: 200,
    margin: 46,
    x: { range: span, label: () => "time (s)" },
    y: { range: () => [V_th - level, V_th + SPIKES[1] * level], label: () => "V (mV)" },
    series: [{ role: "membrane" }],
    backdrop(pen) {
      const ends = span();
      ribbon(pen, ends, ends.map(() => V_th - n.Delta), ends.map(() => V_th + n.Delta), "noise", 0.2);
    },
    annotate(pen) {
      const first = Math.max(0, now - Math.round(WINDOW / DECISION_S));
      const times = [];
      for (let k = first; k < now; k += 1) if (spikes[k]) times.push(DECISION_S * (k + 1));
      pen.horizontal(V_th, "threshold");
      pen.strokes(times, V_th + SPIKES[0] * level, V_th + SPIKES[1] * level, "spike", { width: 1.5 });
      if (now * DECISION_S >= knock_at && n.knock !== 0) pen.vertical(knock_at, "noise", { width: 1, dash: [2, 4] });
      pen.name("V_th", V_th, "threshold");
      pen.name("spikes", V_th + 0.5 * (SPIKES[0] + SPIKES[1]) * level, "spike");
    },
  });

  function run() {
    const membrane = [E_L, V_th, n.Delta, dt];
    decider.set(bias, n.tau_m, V_reset, weights);
    decider.seed(n.seed);
    kernels.start_state(decider.words, 0, decider.state);
    start.set(decider.state);
    decider.membrane[0] = E_L;
    const go = (from, to) => kernels.balance(
      decider.parameters, ...membrane, decider.columns, decider.scales, decider.state, decider.membrane, decider.words,
      decider.x, rowsOf(states, from, to), rowsOf(V, from, to), rowsOf(spikes, from, to),
    );
    const before = Math.round(knock_at / DECISION_S);
    count = go(0, before);
    const fallen = () => Math.abs(decider.state[0]) > limits[0] || Math.abs(decider.state[2]) > limits[1];
    if (fallen()) return;
    decider.state[3] += n.knock;
    count += go(before, most);
  }

  function summarise() {
    let [right, tilt] = [0, 0];
    for (let k = 0; k < count; k += 1) right += spikes[k];
    for (let k = 0; k <= count; k += 1) tilt = Math.max(tilt, Math.abs(stateAt(k)[2]));
    return { held: DECISION_S * count, right: (100 * right) / count, tilt: (tilt * 180) / Math.PI };
  }

  return (values) => {
    n = neuron(card.fixed, values);
    const key = [n.Delta, n.tau_m, n.knock, n.seed].join();
    if (key !== done) {
      run();
      done = key;
      readouts = summarise();
    }
    now = Math.min(Math.round(n.t / DECISION_S), count);
    const t = [0];
    const path = [E_L];
    let farthest = 0;
    for (let k = Math.max(0, now - Math.round(WINDOW / DECISION_S) - 1); k < now; k += 1) {
      t.push(DECISION_S * (k + 1), DECISION_S * (k + 1));
      path.push(V[k], spikes[k] ? V_reset : V[k]);
      farthest = Math.max(farthest, Math.abs(V[k] - V_th));
    }
    if (t.length > 2 * (WINDOW / DECISION_S)) [t, path].forEach((list) => list.shift());
    level = niceTop(farthest / 1.02, LEVELS);
    readouts.lean = (stateAt(now)[2] * 180) / Math.PI;
    scene.draw([-TRACK, TRACK], [0, 0]);
    trace.draw(t, path);
    const state = readouts.held === most * DECISION_S ? "still stands" : "is over";
    const summary =
      `After ${(DECISION_S * now).toFixed(2)} s the pole leans by ${readouts.lean.toFixed(1)}°. The run ${state} ` +
      `after ${readouts.held.toFixed(2)} s; ${readouts.right.toFixed(0)} % of its pushes went to the right.`;
    return { readouts: { ...readouts }, summary };
  };
}

export const balancePole = { floats: deciderFloats(1) + 3200, create: drawBalancePole };
