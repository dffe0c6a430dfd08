// A digit that the reader draws, the spikes it makes in two layers, and the evidence of the ten outputs.

import { plural } from "../common.js";
import { drawMap, roomOf, writeAt } from "./maps.js";
import { makeNetwork, networkFloats } from "./network.js";

const GAP = 4; // CSS pixels between two maps
const HEADING = 18;

// The largest side of a pixel at which so many maps fit, and how many of them stand in a row.
function arrange(count, columns, width, height) {
  let best = { side: 0, across: 1 };
  for (let across = 1; across <= count; across += 1) {
    const down = Math.ceil(count / across);
    const room = Math.min((width - GAP * (across - 1)) / across, (height - GAP * (down - 1)) / down);
    const side = Math.floor(room / columns);
    if (side > best.side) best = { side, across };
  }
  return best;
}

function drawDrawDigit(card, kernels) {
  const { network, steps, layers, full } = card.fixed;
  const net = makeNetwork(kernels, network);
  const { classes } = network;
  const evidence = Array.from({ length: classes }, () => new Float64Array(steps + 1));
  const times = Float64Array.from({ length: steps + 1 }, (_, k) => k);
  const spikesUntil = new Float64Array(steps + 1);
  const operationsUntil = new Float64Array(steps + 1);
  let { t, potentials } = card.values();
  let winner = 0;

  const maps = card.plot({
    height: 236,
    x: { bare: true },
    y: { bare: true },
    series: [{ role: "spike" }], // empty: everything is a map
    annotate(pen) {
      const { width } = roomOf(pen);
      let top = 0;
      for (const { name, layer, channels, columns, height } of layers) {
        const told = potentials ? "potential, and who fires now" : "faint: has fired, full: fires now";
        writeAt(pen, `${name}. ${told}`, 0, top + HEADING / 2, "soft");
        top += HEADING;
        const { side, across } = arrange(channels, columns, width, height);
        for (let c = 0; c < channels; c += 1) {
          const { shades, marks } = shadesOf(layer, channels, c);
          const left = (c % across) * (columns * side + GAP);
          const down = Math.floor(c / across) * (columns * side + GAP);
          drawMap(pen, left, top + down, side, columns, shades, potentials ? "membrane" : "spike", marks);
        }
        top += height + 10;
      }
    },
  });
  const lines = card.plot({
    height: 200,
    margin: 24,
    x: { range: () => [0, steps + 0.2], label: () => "step", splits: () => [0, 2, 4, 6, 8, 10] },
    y: { range: () => evidenceRange, label: () => "evidence" },
    series: [
      ...evidence.map(() => ({ role: "soft", width: 1 })),
      { role: "membrane", width: 2.5 },
    ],
    annotate(pen) {
      pen.vertical(t, "drive", { width: 1, dash: [2, 5] });
      evidence.forEach((line, digit) => pen.name(String(digit), line[steps], digit === winner ? "membrane" : "soft"));
      pen.dot(t, evidence[winner][t], "membrane", { radius: 4.5 });
    },
  });
  let evidenceRange = [-1, 1];

  // What one map shows after step t: who fired in it, and of the others the share of steps in which they have, or V.
  function shadesOf(layer, channels, channel) {
    const size = net.spikes(layer, 0).length / channels;
    const shades = new Float64Array(size);
    const marks = new Array(size).fill("");
    for (let k = 0; k < size; k += 1) {
      const at = k * channels + channel;
      let fired = 0;
      for (let s = 0; s < t; s += 1) fired += net.spikes(layer, s)[at];
      if (potentials) shades[k] = net.potentials(layer, t - 1)[at];
      else shades[k] = (0.6 * fired) / t;
      if (net.spikes(layer, t - 1)[at] > 0) marks[k] = "spike";
    }
    return { shades, marks };
  }

  // The greatest and the one after it, as Python's argmax has it: of equal ones the first.
  function bestTwo(at) {
    let first = 0;
    for (let k = 1; k < classes; k += 1) if (evidence[k][at] > evidence[first][at]) first = k;
    let second = first === 0 ? 1 : 0;
    for (let k = 0; k < classes; k += 1) if (k !== first && evidence[k][at] > evidence[second][at]) second = k;
    return [first, second];
  }

  let before = "";
  function run(digit) {
    if (digit === before) return;
    before = digit;
    net.start(Array.from(digit, (ink) => parseInt(ink, 16) / full));
    for (let s = 1; s <= steps; s += 1) {
      net.step();
      for (let k = 0; k < classes; k += 1) evidence[k][s] = Math.fround(net.total[k] / s);
      spikesUntil[s] = network.neurons.reduce((sum, row) => sum + net.counts[row], 0);
      operationsUntil[s] = network.synapses.reduce((sum, row) => sum + net.counts[row], 0);
    }
    const all = evidence.flatMap((line) => [...line]);
    const reach = Math.max(...all) - Math.min(...all);
    evidenceRange = [Math.min(...all) - 0.05 * reach - 1e-3, Math.max(...all) + 0.05 * reach + 1e-3];
  }

  return (values) => {
    ({ t, potentials } = values);
    run(values.digit);
    const [first, second] = bestTwo(t);
    winner = first;
    const readouts = {
      decision: first,
      lead: evidence[first][t] - evidence[second][t],
      spikes: spikesUntil[t],
      operations: operationsUntil[t],
    };
    maps.draw();
    evidence.forEach((line, k) => lines.set(k, times, line));
    lines.set(classes, times, evidence[first]);
    lines.draw();
    const summary =
      `After ${plural(t, "step")}: ${first}, ${readouts.lead.toFixed(2)} ahead of ${second}, ` +
      `${plural(readouts.spikes, "spike")} and ${plural(readouts.operations, "synaptic operation")}.`;
    return { readouts, summary };
  };
}

export const drawDigit = { floats: networkFloats(6000, 120000), create: drawDrawDigit };
