// The same current on five machines: their spikes in rows, those of the exact solution through all of them, and one membrane.

import { asRaster } from "../series.js";
import { machineFloats, makeMachines } from "./machines.js";

const MOST_STEPS = 3000;
const MOST_SPIKES = 200;

function drawFiveMachines(card, kernels) {
  const { duration, constant, hold, seed, cost, machines: words } = card.fixed;
  const n = card.fixed;
  const machines = makeMachines(kernels, n, MOST_STEPS, MOST_SPIKES);
  const keys = card.fixed.names.map(([key]) => key);
  const names = Object.fromEntries(card.fixed.names);
  const [first, second] = [0, 1].map(() => kernels.array(MOST_SPIKES));
  const work = kernels.array(MOST_SPIKES + 1);
  const pieces = Math.round(duration / hold);
  const quiet = Math.round(constant / hold);
  const normals = kernels.array([pieces, 1]);
  const stream = kernels.array([4, 1], "u4");
  const seeds = kernels.array(2, "u4");
  seeds.set([seed, 0]);
  kernels.seed_streams(seeds, 0, stream);
  kernels.random_normals(stream, normals);
  normals.fill(0, 0, quiet);
  let found = {};
  let shown = card.values().membrane;
  const time = () => [0, duration];
  const height = (key) => keys.length - keys.indexOf(key);

  const drive = card.plot({
    height: 120,
    margin: 118,
    x: { range: time, values: () => "" },
    y: { range: () => [-0.1, 1.05], label: () => "I (nA)", splits: () => [0, 0.5, 1] },
    series: [{ role: "drive" }],
    annotate(pen) {
      pen.vertical(constant, "noise", { width: 1, dash: [2, 5] });
    },
  });
  const raster = card.plot({
    height: 210,
    margin: 118,
    x: { range: time, values: () => "" },
    y: { range: () => [0.4, keys.length + 0.6], label: () => "spikes", splits: () => [] },
    series: [{ kind: asRaster, role: "spike" }, { kind: asRaster, role: "theory" }],
    backdrop(pen) {
      if (found.processor) pen.strokes(found.processor.spikes, 0.4, keys.length + 0.6, "theory", { width: 1, alpha: 0.4 });
    },
    annotate(pen) {
      for (const key of keys) {
        const role = key === "processor" ? "theory" : "spike";
        if (found[key]) pen.name(`${names[key]} ${found[key].spikes.length}`, height(key), role);
      }
    },
  });
  const membrane = card.plot({
    height: 210,
    margin: 118,
    x: { range: time, label: () => "time (ms)" },
    y: { range: () => [-75, -45], label: () => "V (mV)", splits: () => [-70, -60, -50] },
    series: [{ role: "theory", width: 1.25 }, { role: "membrane", width: 1.75 }],
    annotate(pen) {
      pen.horizontal(n.V_th, "threshold");
      pen.name("V_th", n.V_th, "threshold");
      pen.name(names[shown], -60, "membrane");
      pen.name("exact", -66, "theory");
    },
  });

  function distance(one, other) {
    first.set(one);
    second.set(other);
    return kernels.spike_distance(first.subarray(0, one.length), second.subarray(0, other.length), cost, work);
  }

  return (values) => {
    const dt = Number(values.step);
    const every = Math.round(hold / dt);
    const current = Float64Array.from({ length: pieces * every }, (_, k) => {
      return values.I + values.fluctuation * normals[Math.floor(k / every)];
    });
    shown = values.membrane;
    found = {};
    for (const key of keys) {
      const own = words[values.step][key];
      found[key] = machines[key](key === "brainscales" ? own[values.unlike ? 1 : 0] : own, current, dt);
    }
    const exact = found.processor.spikes;
    const readouts = { exact: exact.length };
    for (const key of keys) if (key !== "processor") readouts[key] = distance(found[key].spikes, exact);

    const t = Float64Array.from(current, (_, k) => dt * (k + 1));
    const [corners, levels] = [[], []];
    for (let k = 0; k < pieces; k += 1) {
      corners.push(hold * k, hold * (k + 1));
      levels.push(current[k * every], current[k * every]);
    }
    drive.draw(corners, levels);
    const others = keys.filter((key) => key !== "processor");
    const spikes = others.flatMap((key) => found[key].spikes.map((time) => [time, height(key)]));
    spikes.sort((a, b) => a[0] - b[0]);
    raster.set(0, spikes.map((spike) => spike[0]), spikes.map((spike) => spike[1]));
    raster.set(1, exact, exact.map(() => height("processor")));
    raster.draw();
    membrane.draw(t, found.processor.V, found[shown].V);
    const summary =
      `${exact.length} exact spikes; distances: ` +
      `${others.map((key) => `${names[key]} ${readouts[key].toFixed(2)}`).join(", ")}.`;
    return { readouts, summary };
  };
}

export const fiveMachines = { floats: machineFloats(MOST_STEPS, MOST_SPIKES) + 5 * MOST_SPIKES + 400, create: drawFiveMachines };
