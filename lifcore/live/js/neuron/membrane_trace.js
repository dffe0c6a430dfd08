// A neuron at rest gets a constant current: V approaches E_L + R I and fires if that lies above threshold.

import { neuron, plural } from "../common.js";
import { drawSpikes, joinSpikes } from "./trace.js";

function drawMembraneTrace(card, kernels) {
  const { duration, dt } = card.fixed;
  const before = -0.1 * duration;
  const V = kernels.array(Math.round(duration / dt) + 1);
  const times = kernels.array(Math.ceil(duration / 0.1));
  const edges = kernels.array(2);
  const current = kernels.array(1);
  edges.set([0, duration]);
  let n = neuron(card.fixed, card.values());
  let spikes = [];
  let readouts = {};
  const time = () => [before, duration];

  const membrane = card.plot({
    height: 250,
    margin: 68,
    x: { range: time, values: () => "" },
    y: { range: () => [-75, -25], label: () => "V (mV)", splits: () => [-70, -60, -50, -40, -30] },
    series: [{ role: "membrane" }],
    annotate(pen) {
      pen.horizontal(n.V_th, "threshold");
      pen.horizontal(readouts.steady_state, "membrane", { dash: [2, 5] });
      drawSpikes(pen, spikes, n.V_th);
      pen.name("V_th", n.V_th, "threshold");
      const beyond = readouts.steady_state > -25 ? " ↑" : "";
      pen.name(`E_L + R I${beyond}`, readouts.steady_state, "membrane");
    },
  });
  const drive = card.plot({
    height: 150,
    margin: 68,
    x: { range: time, label: () => "time since the current was switched on (ms)" },
    y: { range: () => [0, 0.62], label: () => "I (nA)", splits: () => [0, 0.2, 0.4, 0.6] },
    series: [{ role: "drive" }],
    annotate(pen) {
      pen.horizontal(readouts.rheobase, "threshold");
      pen.name("rheobase", readouts.rheobase, "threshold");
      pen.name("current", n.I, "drive");
    },
  });
  drive.handle({
    name: "I",
    role: "drive",
    cursor: "ns-resize",
    at: () => [0.5 * duration, n.I],
    drag: (_, I) => card.drag({ I }),
  });

  return (values) => {
    n = neuron(card.fixed, values);
    current[0] = n.I;
    const count = kernels.piecewise_trace(
      edges, current, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref, n.E_L, dt, V, times,
    );
    spikes = times.slice(0, count);
    readouts = {
      rheobase: kernels.rheobase(n.R, n.E_L, n.V_th),
      steady_state: n.E_L + n.R * n.I,
      rate: kernels.firing_rate(n.I, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref),
      latency: kernels.latency(n.I, n.tau_m, n.R, n.E_L, n.V_th, n.E_L),
      spikes: count,
    };
    membrane.draw(...joinSpikes(V, dt, spikes, n, [[before, n.E_L]]));
    drive.draw([before, 0, 0, duration], [0, 0, n.I, n.I]);
    const side = readouts.steady_state > n.V_th ? "above" : "not above";
    const summary =
      `${plural(count, "spike")} in ${duration} ms under ${n.I} nA; the steady state, ` +
      `${readouts.steady_state.toFixed(1)} mV, is ${side} the threshold at ${n.V_th} mV.`;
    return { readouts, summary };
  };
}

export const membraneTrace = { floats: 6000, create: drawMembraneTrace };
