// The spikes of one neuron in six arithmetics, and by how much each comes later than in float64.

import { neuron } from "../common.js";
import { asRaster } from "../series.js";
import { arithmeticFloats, firingSteps, makeFloatNeuron, makeWordNeuron } from "./arithmetic.js";

const MOST_STEPS = 10000;
const LATEST = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]; // ms
const ROLES = { float64: "theory", float32: "soft", Euler: "ink" };
const DASHES = { floor: [7, 4], stochastic: [1, 5] };

const roleOf = (kind) => ROLES[kind] ?? "simulation";

function drawSpikeShift(card, kernels) {
  const { duration, seed, kinds } = card.fixed;
  const others = kinds.slice(1);
  const machine = makeWordNeuron(kernels, MOST_STEPS);
  const run = makeFloatNeuron(kernels, MOST_STEPS);
  const time = () => [0, duration];
  const height = (kind) => kinds.length - kinds.indexOf(kind);
  let n = neuron(card.fixed, card.values());
  let found = {};
  let late = {};
  let range = [-1, 1];

  const raster = card.plot({
    height: 220,
    margin: 104,
    x: { range: time, values: () => "" },
    y: { range: () => [0.4, kinds.length + 0.6], label: () => "spikes", splits: () => [] },
    series: [{ kind: asRaster, role: "spike" }, { kind: asRaster, role: "theory" }],
    annotate(pen) {
      for (const kind of kinds) {
        if (found[kind]) pen.name(`${kind} ${found[kind].length}`, height(kind), roleOf(kind));
      }
    },
  });
  const shifts = card.plot({
    height: 220,
    margin: 104,
    x: { range: time, label: () => "time (ms)" },
    y: { range: () => range, label: () => "late by (ms)" },
    series: others.map((kind) => ({ role: roleOf(kind), dash: DASHES[kind] })),
    annotate(pen) {
      for (const kind of others) if (late[kind]?.length) pen.name(kind, late[kind].at(-1), roleOf(kind));
    },
  });

  function stepsOf(kind, dt, steps) {
    if (roleOf(kind) !== "simulation") {
      return firingSteps(run(n, dt, steps, { single: kind === "float32", euler: kind === "Euler" }).spikes);
    }
    machine.start(n, dt, kind, seed);
    return firingSteps(machine.advance(steps).spikes);
  }

  // The first step in which one of two fires and the other does not.
  function firstApart(one, other) {
    for (let k = 0; k < Math.max(one.length, other.length); k += 1) {
      if (one[k] !== other[k]) return Math.min(one[k] ?? Infinity, other[k] ?? Infinity);
    }
    return Infinity;
  }

  return (values) => {
    n = neuron(card.fixed, values);
    const dt = Number(n.step);
    const steps = Math.round(duration / dt);
    found = Object.fromEntries(kinds.map((kind) => [kind, stepsOf(kind, dt, steps)]));
    const exact = found.float64;
    const readouts = {};
    late = {};
    others.forEach((kind, k) => {
      readouts[kind] = dt * firstApart(found[kind], exact);
      const both = found[kind].slice(0, exact.length);
      late[kind] = both.map((step, j) => dt * (step - exact[j]));
      shifts.set(k, both.map((step) => dt * step), late[kind]);
    });
    const all = Object.values(late).flat();
    const reach = (sign) => LATEST.find((bound) => all.every((shift) => sign * shift <= bound)) ?? LATEST.at(-1);
    range = [-reach(-1), reach(1)];
    shifts.draw();
    const rest = others.flatMap((kind) => found[kind].map((step) => [dt * step, height(kind)])).sort((a, b) => a[0] - b[0]);
    raster.set(0, rest.map((spike) => spike[0]), rest.map((spike) => spike[1]));
    raster.set(1, exact.map((step) => dt * step), exact.map(() => height("float64")));
    raster.draw();
    const told = others.map((kind) => `${kind} ${Number.isFinite(readouts[kind]) ? `${readouts[kind].toFixed(1)} ms` : "none"}`);
    const summary = `${exact.length} spikes in float64. First shift: ${told.join(", ")}.`;
    return { readouts, summary };
  };
}

export const spikeShift = { floats: 2 * arithmeticFloats(MOST_STEPS), create: drawSpikeShift };
