// The way to rest in words of s16.15: its time constant is that of the word exp_TC, and it ends at the edge of a dead zone.

import { neuron, niceTop } from "../common.js";
import { asPoints } from "../series.js";
import { arithmeticFloats, decayWord, makeWordNeuron, ONE, toWord } from "./arithmetic.js";

const MOST_AT_ONCE = 1000; // steps between two points: 4 * 6000 ms / 0.1 ms / 240

// Largest distances, in units of the last bit, at which a potential below its target and one above it stay.
function deadZone(word, rounding) {
  if (word === ONE) return [Infinity, Infinity];
  const half = (0.5 * ONE) / (ONE - word);
  if (rounding === "nearest") return [Math.floor(half), Math.ceil(half) - 1];
  return [0, rounding === "floor" ? Math.ceil(2 * half) - 1 : 0];
}

function drawRealisedTimeConstant(card, kernels) {
  const { spans, points, seed, levels } = card.fixed;
  const machine = makeWordNeuron(kernels, MOST_AT_ONCE);
  let n = neuron(card.fixed, card.values());
  let readouts = {};
  let end = 1;
  let range = [-1, 1];

  const plot = card.plot({
    height: 320,
    margin: 96,
    x: { range: () => [0, end], label: () => "time (ms)" },
    y: { range: () => range, label: () => "distance from rest (mV)" },
    series: [
      { role: "theory", width: 1.25, dash: [5, 5] },
      { role: "theory" },
      { kind: asPoints, role: "simulation", size: 4 },
    ],
    backdrop(pen) {
      for (const edge of [-readouts.below, readouts.above]) {
        if (Number.isFinite(edge) && edge !== 0) pen.horizontal(edge, "noise", { width: 1.25, dash: [1, 4] });
      }
    },
    annotate(pen) {
      if (readouts.above > 0 && Number.isFinite(readouts.above)) pen.name("dead zone", readouts.above, "noise");
      else if (readouts.below > 0 && Number.isFinite(readouts.below)) pen.name("dead zone", -readouts.below, "noise");
      pen.name("asked for", n.start * kernels.exp(-spans), "theory");
      pen.name("s16.15", readouts.end, "simulation");
    },
  });

  return (values) => {
    n = neuron(card.fixed, values);
    const dt = Number(n.step);
    const wanted = Math.ceil((spans * n.tau_m) / dt);
    const every = Math.ceil(wanted / points);
    machine.start(n, dt, n.rounding, seed, n.E_L + n.start);
    const t = [0];
    const distance = [toWord(n.E_L + n.start) / ONE - n.E_L];
    for (let k = 1; k <= Math.ceil(wanted / every); k += 1) {
      t.push(dt * every * k);
      distance.push(machine.advance(every).V[every - 1] / ONE - n.E_L);
    }
    end = t.at(-1);
    const word = decayWord(kernels, n.tau_m, dt);
    const [below, above] = deadZone(word, n.rounding);
    readouts = {
      exp_TC: word,
      realised: dt / Math.abs(kernels.log(word / ONE)),
      below: below / ONE,
      above: above / ONE,
      end: distance.at(-1),
    };
    const top = niceTop(Math.abs(n.start) / 1.02, levels);
    range = n.start >= 0 ? [-0.25 * top, 1.05 * top] : [-1.05 * top, 0.25 * top];
    const decay = (tau) => t.map((time) => n.start * kernels.exp(-time / tau));
    plot.draw(t, decay(readouts.realised), decay(n.tau_m), distance);
    const realised = Number.isFinite(readouts.realised) ? `${readouts.realised.toFixed(2)} ms` : "infinite, nothing moves";
    const summary =
      `The word ${word} stands for a time constant of ${realised}; asked for were ${n.tau_m} ms. ` +
      `The potential ends ${readouts.end.toFixed(4)} mV from rest.`;
    return { readouts, summary };
  };
}

export const realisedTimeConstant = { floats: arithmeticFloats(MOST_AT_ONCE), create: drawRealisedTimeConstant };
