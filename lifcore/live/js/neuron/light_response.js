// Half a second of light on a cell with channelrhodopsin: the photocurrent peaks, sinks to a plateau, and only the
// plateau decides whether the cell keeps firing.

import { neuron, plural } from "../common.js";
import { drawSpikes, joinSpikes } from "./trace.js";

function drawLightResponse(card, kernels) {
  const { onset, offset, shown, dt } = card.fixed;
  const V = kernels.array(Math.round(shown / dt) + 1);
  const photocurrent = kernels.array(V.length);
  const times = kernels.array(1000);
  const t = Array.from(V, (_, j) => j * dt);
  let n = neuron(card.fixed, card.values());
  let readouts = {};
  let spikes = [];
  let top = 1;
  const time = () => [0, shown];
  const light = (pen) => pen.band(onset, offset, "drive", 0.12);

  const current = card.plot({
    height: 210,
    margin: 72,
    x: { range: time, values: () => "" },
    y: { range: () => [0, top], label: () => "photocurrent (nA)" },
    series: [{ role: "drive" }],
    backdrop: light,
    annotate(pen) {
      pen.horizontal(readouts.rheobase, "threshold");
      pen.name("rheobase", readouts.rheobase, "threshold");
      const plateau = readouts.plateau_current;
      pen.segment(onset, plateau, offset, plateau, "drive", { width: 1.25, dash: [2, 5] });
      pen.name("plateau", plateau, "drive");
      pen.label("light on", 0.5 * (onset + offset), top, "drive", { dy: 12, align: "center", rim: false });
    },
  });
  const membrane = card.plot({
    height: 220,
    margin: 72,
    x: { range: time, label: () => "time (ms)" },
    y: { range: () => [-75, -25], label: () => "V (mV)", splits: () => [-70, -60, -50, -40, -30] },
    series: [{ role: "membrane" }],
    backdrop: light,
    annotate(pen) {
      pen.horizontal(n.V_th, "threshold");
      drawSpikes(pen, spikes, n.V_th);
      pen.name("V_th", n.V_th, "threshold");
    },
  });

  return (values) => {
    n = neuron(card.fixed, values);
    const count = kernels.light_trace(
      n.light, onset, offset, n.g_max, n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref, dt, V, photocurrent, times,
    );
    spikes = times.slice(0, count);
    const peak = photocurrent.reduce((largest, value) => Math.max(largest, value), 0);
    const within = (from, to) => spikes.filter((spike) => spike > from && spike <= to).length;
    const rheobase = kernels.rheobase(n.R, n.E_L, n.V_th);
    const plateau = kernels.steady_photocurrent(n.light, n.V_th, n.g_max);
    readouts = {
      peak_current: peak,
      plateau_current: plateau,
      rheobase,
      first_spikes: within(onset, onset + 100),
      last_spikes: within(offset - 100, offset),
      repetitive: plateau > rheobase,
      critical_light: kernels.light_threshold(n.g_max, n.R, n.E_L, n.V_th),
    };
    // A few fixed heights, so that the axis rests while a slider moves.
    top = [0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10].find((height) => height >= 1.05 * Math.max(peak, rheobase)) ?? 10;
    current.draw(t, photocurrent);
    membrane.draw(...joinSpikes(V, dt, spikes, n));
    const side = readouts.repetitive ? "above rheobase, so it fires as long as the light lasts" : "not above rheobase";
    const summary =
      `${plural(count, "spike")} under ${n.light} mW/mm². The photocurrent peaks at ${peak.toFixed(2)} nA; ` +
      `its plateau, ${plateau.toFixed(3)} nA, is ${side}.`;
    return { readouts, summary };
  };
}

export const lightResponse = { floats: 9000, create: drawLightResponse };
