// An edge passes three columns of pixels; one neuron, with a weight for each column, tells how fast and which way.

import { plural } from "../common.js";
import { asPoints, asRaster } from "../series.js";

const NAMES = ["left", "middle", "right"];

function drawEventStream(card) {
  const { steps, middle, longest, kernels: weights, threshold } = card.fixed;
  const steady = Object.fromEntries(weights);
  const t = Float64Array.from({ length: steps }, (_, k) => k);
  const intervals = Array.from({ length: 2 * longest + 1 }, (_, k) => k - longest);
  const V = new Float64Array(steps);
  const input = new Float64Array(steps);
  let { interval, kernel } = card.values();
  let events = [];
  let spikes = [];
  let highest = 0;

  const raster = card.plot({
    height: 120,
    margin: 78,
    x: { range: () => [0, steps], values: () => "" },
    y: { range: () => [0.4, 3.6], label: () => "events", splits: () => [] },
    series: [{ kind: asRaster, role: "drive" }],
    annotate(pen) {
      NAMES.forEach((name, k) => pen.name(`${name} ${steady[kernel][k].toFixed(1)}`, 3 - k, "drive"));
    },
  });
  const membrane = card.plot({
    height: 190,
    margin: 78,
    x: { range: () => [0, steps], label: () => "step" },
    y: { range: () => [0, 1.6], label: () => "V", splits: () => [0, 0.5, 1, 1.5] },
    series: [{ role: "membrane" }],
    annotate(pen) {
      pen.strokes(spikes, threshold, 1.5, "spike", { width: 2 });
      pen.horizontal(threshold, "threshold");
      pen.name("threshold", threshold, "threshold");
    },
  });
  const tuning = card.plot({
    height: 190,
    margin: 78,
    x: {
      range: () => [-longest - 0.5, longest + 0.5],
      label: () => "steps from one column to the next",
      splits: () => [-10, -5, 0, 5, 10],
    },
    y: { range: () => [0, 1.6], label: () => "highest V, were there no reset", splits: () => [0, 0.5, 1, 1.5] },
    series: [{ kind: asPoints, role: "simulation" }],
    annotate(pen) {
      pen.horizontal(threshold, "threshold");
      pen.name("threshold", threshold, "threshold");
      pen.dot(interval, highest, "membrane", { radius: 7, hollow: true });
      pen.dot(interval, highest, "simulation", { radius: 3.5 });
      pen.label("leftwards", -longest, 0.12, "soft");
      pen.label("rightwards", longest, 0.12, "soft", { align: "right" });
    },
  });

  function arrive(apart) {
    input.fill(0);
    steady[kernel].forEach((weight, k) => (input[middle + (k - 1) * apart] += weight));
  }

  function highestAt(apart, beta) {
    arrive(apart);
    let [potential, top] = [0, 0];
    for (let k = 0; k < steps; k += 1) {
      potential = beta * potential + input[k];
      top = Math.max(top, potential);
    }
    return top;
  }

  // The longest interval at which it still fires, the sign for the direction.
  function reach(sign, beta) {
    for (let apart = longest; apart >= 0; apart -= 1) if (highestAt(sign * apart, beta) > threshold) return apart;
    return Infinity;
  }

  return (values) => {
    const { beta } = values;
    ({ interval, kernel } = values);
    arrive(interval);
    spikes = [];
    for (let k = 0; k < steps; k += 1) {
      const before = k > 0 && V[k - 1] <= threshold ? V[k - 1] : 0;
      V[k] = beta * before + input[k];
      if (V[k] > threshold) spikes.push(k);
    }
    events = NAMES.map((_, k) => [middle + (k - 1) * interval, 3 - k]).sort((a, b) => a[0] - b[0]);
    highest = highestAt(interval, beta);
    const readouts = {
      spikes: spikes.length,
      highest,
      other: highestAt(-interval, beta),
      rightwards: reach(1, beta),
      leftwards: reach(-1, beta),
    };
    raster.draw(events.map((event) => event[0]), events.map((event) => event[1]));
    membrane.draw(t, V);
    tuning.draw(intervals, intervals.map((apart) => highestAt(apart, beta)));
    const direction = interval > 0 ? "rightwards" : "leftwards";
    const way = interval === 0 ? "at once" : `${Math.abs(interval)} steps apart, ${direction}`;
    const summary =
      `Columns pass ${way}: ${plural(spikes.length, "spike")}, highest potential ${highest.toFixed(2)}; ` +
      `in the other direction ${readouts.other.toFixed(2)}.`;
    return { readouts, summary };
  };
}

export const eventStream = { floats: 16, create: drawEventStream };
