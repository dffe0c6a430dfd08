// A capacitor between ground and supply: its potential, and the two currents whose difference charges it.

import { niceTop, plural } from "../common.js";
import { asPoints } from "../series.js";
import { joinSpikes } from "../neuron/trace.js";

const SPIKE_END = 0.95; // V; a spike has no height in this model, so any will do
const POINTS = 301;

function drawSiliconMembrane(card, kernels) {
  const { duration, dt, runs, C, g_L, E_L, V_th, V_reset, t_ref, V_comp } = card.fixed;
  const steps = Math.round(duration / dt);
  const current = kernels.array(steps);
  const state = kernels.array(2);
  const V = kernels.array(steps + 1);
  const times = kernels.array(1000);
  let now = card.values();
  let V_lin = Number(now.leak);
  let spikes = [];
  let readouts = {};
  let stored = [];

  // An ideal membrane has a resistor as leak, an ideal source and no supply.
  function run(range, supply, compliance) {
    current.fill(now.I);
    state.set([E_L, 0]);
    V[0] = E_L;
    const level = now.comparator ? V_th : Infinity;
    const count = kernels.trace(
      current, dt, C, g_L, range, E_L, level, V_reset, t_ref, supply, compliance, state, V.subarray(1), times,
    );
    spikes = times.slice(0, count);
    return joinSpikes(V, dt, spikes, { V_th, V_reset });
  }

  const membrane = card.plot({
    height: 270,
    margin: 68,
    x: { range: () => [0, duration], label: () => "time since the current was switched on (µs)" },
    y: { range: () => [0.2, 1.6], label: () => "V (V)", splits: () => [0.4, 0.8, 1.2, 1.6] },
    series: [
      { role: "theory", dash: [5, 5], width: 1.5 },
      { role: "membrane" },
      { kind: asPoints, role: "simulation", size: 6 },
    ],
    annotate(pen) {
      const right = { dx: -4, align: "right" };
      pen.label("ideal", duration, 1.55, "theory", right);
      if (stored.length > 0) pen.label("circuit simulator", duration, 1.43, "simulation", right);
      pen.horizontal(now.V_DD, "ink");
      pen.name("supply", now.V_DD, "ink");
      if (now.comparator) {
        pen.horizontal(V_th, "threshold");
        pen.name("V_th", V_th, "threshold");
        pen.strokes(spikes, V_th, SPIKE_END, "spike", { width: 1.75 });
      } else {
        pen.name("plateau", readouts.plateau, "membrane");
      }
    },
  });
  const balance = card.plot({
    height: 210,
    margin: 68,
    x: { range: () => [0.3, 1.5], label: () => "potential of the capacitor (V)" },
    y: { range: () => [-30, niceTop(1.08 * Math.max(now.I, 100), [150, 250, 450])], label: () => "current (nA)" },
    series: [{ role: "theory", dash: [5, 5], width: 1.5 }, { role: "membrane" }, { role: "drive" }],
    annotate(pen) {
      pen.vertical(V_th, "threshold", { width: 1 });
      pen.label("V_th", V_th, -30, "threshold", { dx: 5, dy: -10 });
      pen.vertical(now.V_DD, "ink", { width: 1 });
      const end = kernels.leak(now.V_DD - E_L, V_lin) * g_L;
      pen.dot(readouts.plateau, kernels.leak(readouts.plateau - E_L, V_lin) * g_L, "membrane");
      pen.label("resistor", 0.62, g_L * (0.62 - E_L), "theory", { dx: -6, dy: -9, align: "right" });
      pen.name("leak", end, "membrane");
      pen.name("source", now.I, "drive");
    },
  });
  balance.handle({
    name: "I",
    role: "drive",
    cursor: "ns-resize",
    at: () => [0.45, now.I],
    drag: (_, I) => card.drag({ I }),
  });

  return (values) => {
    now = values;
    V_lin = Number(now.leak);
    const drive = now.I / g_L;
    const rise = (from) =>
      kernels.rise_time(from, V_th, drive, (1000 * C) / g_L, V_lin, E_L, now.V_DD, V_comp);
    readouts = {
      plateau_ideal: kernels.plateau(drive, Infinity, E_L, Infinity, 0),
      plateau: kernels.plateau(drive, V_lin, E_L, now.V_DD, V_comp),
      rheobase: kernels.rheobase(g_L, V_lin, E_L, V_th, now.V_DD, V_comp, 1),
      first_spike: now.comparator ? rise(E_L) : Infinity,
      rate: now.comparator ? 1000 / (t_ref + rise(V_reset)) : 0,
    };
    stored = runs.find(([I, range, comparator]) =>
      I === now.I && range === V_lin && comparator === now.comparator && now.V_DD === 1.2)?.[3] ?? [];
    membrane.set(0, ...run(Infinity, Infinity, 0));
    membrane.set(1, ...run(V_lin, now.V_DD, V_comp));
    membrane.set(2, stored.map((_, k) => k), stored.map((millivolts) => millivolts / 1000));
    membrane.draw();

    const along = Array.from({ length: POINTS }, (_, k) => 0.3 + ((now.V_DD - 0.3) * k) / (POINTS - 1));
    balance.draw(
      along,
      along.map((v) => g_L * (v - E_L)),
      along.map((v) => g_L * kernels.leak(v - E_L, V_lin)),
      along.map((v) => now.I * kernels.source(drive, v, now.V_DD, V_comp)),
    );
    const summary =
      `Under ${now.I} nA the plateau is ${readouts.plateau.toFixed(3)} V, ideally ${readouts.plateau_ideal.toFixed(3)} V; ` +
      `${plural(spikes.length, "spike")} in ${duration} µs; the rheobase is ${readouts.rheobase.toFixed(1)} nA.`;
    return { readouts, summary };
  };
}

export const siliconMembrane = { floats: 3000, create: drawSiliconMembrane };
