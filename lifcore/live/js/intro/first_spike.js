// A current flows for as long as the reader pushes: V climbs, fires above threshold, and falls back afterwards.

import { neuron, plural } from "../common.js";
import { drawSpikes, joinSpikes } from "../neuron/trace.js";

const MOST_SPIKES = 100;
const BEFORE = -10; // ms at rest

function drawFirstSpike(card, kernels) {
  const { duration, dt } = card.fixed;
  const V = kernels.array(Math.round(duration / dt) + 1);
  const times = kernels.array(MOST_SPIKES);
  const edges = kernels.array(3);
  const current = kernels.array(2);
  const sampleTimes = Array.from(V, (_, j) => j * dt);
  let n = neuron(card.fixed, card.values());
  let spikes = [];
  let readouts = {};
  let steady = n.E_L;

  const membrane = card.plot({
    height: 216,
    margin: 72,
    x: { range: () => [BEFORE, duration], label: () => "time (ms)", splits: () => [0, 50, 100, 150] },
    y: { range: () => [-75, -25], label: () => "V (mV)", splits: () => [-70, -60, -50, -40, -30] },
    series: [{ role: "membrane" }, { role: "membrane", width: 1.25 }],
    backdrop: (pen) => pen.band(0, n.held, "drive", 0.16),
    annotate(pen) {
      pen.horizontal(n.V_th, "threshold");
      pen.horizontal(steady, "membrane", { dash: [2, 5] });
      drawSpikes(pen, spikes, n.V_th);
      pen.dot(n.held, readouts.potential, "membrane", { radius: 5 });
      pen.name("threshold", n.V_th, "threshold");
      pen.name("heads for", steady, "membrane");
    },
  });

  return (values) => {
    n = neuron(card.fixed, values);
    edges.set([0, n.held, duration]);
    current.set([n.I, 0]);
    const count = kernels.piecewise_trace(
      edges, current, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref, n.E_L, dt, V, times,
    );
    const last = Math.round(n.held / dt);
    spikes = times.slice(0, count);
    readouts = { spikes: count, potential: V[last] };
    steady = n.E_L + n.R * n.I;
    membrane.set(0, ...joinSpikes(V.subarray(0, last + 1), dt, spikes, n, [[BEFORE, n.E_L]]));
    membrane.set(1, sampleTimes.slice(last), V.subarray(last));
    membrane.draw();
    const reached = count > 0 ? plural(count, "spike") : `no spike: the potential reached ${V[last].toFixed(1)} mV`;
    const side = steady > n.V_th ? "above" : "not above";
    const summary =
      `${n.held} ms of ${n.I} nA: ${reached}. Under this current it heads for ${steady.toFixed(1)} mV, ` +
      `which is ${side} the threshold at ${n.V_th} mV.`;
    return { readouts, summary };
  };
}

export const firstSpike = { floats: 1000, create: drawFirstSpike };
