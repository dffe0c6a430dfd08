// Many neurons of one design on one chip: their rates with equal words, and with the words that a calibration found.

import { niceTop, plural } from "../common.js";
import { asBars, asPoints } from "../series.js";

function drawCalibration(card, kernels) {
  const { neurons, capacitors, slope, bins, C, g_L, E_L, V_th, V_reset, t_ref, V_DD, V_comp } = card.fixed;
  const seed = kernels.array(2, "u4");
  const streams = kernels.array([4, neurons], "u4");
  const wrong = kernels.array([8, neurons]);
  const right = kernels.array([8, 1]);
  const wanted = kernels.array(7);
  const full = kernels.array(6);
  const perfect = kernels.array([6, 1], "i4");
  const words = kernels.array([6, neurons], "i4");
  const beyond = kernels.array([6, neurons], "u1");
  const beyondOne = kernels.array([6, 1], "u1");
  const held = kernels.array([7, neurons]);
  const rates = kernels.array(neurons);
  const found = kernels.array(2);
  wanted.set([C, g_L, 1, t_ref, E_L, V_th, V_reset]);
  full.set([2 * g_L, 2, 2 / t_ref, V_DD, V_DD, V_DD]);
  right.set([1, 1, 1, 1, 0, 0, 0, 0]);
  const numbers = Array.from({ length: neurons }, (_, k) => k + 1);
  let design = 0;
  let most = 10;
  const top = () => Math.max(2 * design, 1);

  const scatter = card.plot({
    height: 230,
    margin: 62,
    x: { range: () => [0, neurons + 1], label: () => "neuron" },
    y: { range: () => [0, top()], label: () => "firing rate (kHz)" },
    series: [{ kind: asPoints, role: "noise", size: 5 }, { kind: asPoints, role: "simulation", size: 5 }],
    annotate(pen) {
      pen.horizontal(design, "theory", { dash: [5, 5] });
      pen.name("design", design, "theory");
    },
  });
  const histogram = card.plot({
    height: 190,
    margin: 62,
    x: { range: () => [0, top()], label: () => "firing rate (kHz)" },
    y: { range: () => [0, most], label: () => "neurons" },
    series: [
      { kind: asBars, role: "noise", alpha: 0.3 },
      { kind: asBars, role: "simulation", alpha: 0.3 },
    ],
    annotate(pen) {
      pen.vertical(design, "theory", { dash: [5, 5] });
      const right = { dx: -8, align: "right" };
      pen.label("before", top(), 0.9 * most, "noise", right);
      pen.label("calibrated", top(), 0.76 * most, "simulation", right);
    },
  });

  function measure(bits, I) {
    kernels.chip_values(bits, wanted, full, wrong, words, held);
    kernels.chip_rates(I, held, Infinity, V_DD, V_comp, rates);
    kernels.mean_and_spread(rates, found);
    const width = top() / bins;
    const counts = new Array(bins).fill(0);
    for (const rate of rates) {
      const bin = Math.floor(rate / width);
      if (bin < bins) counts[bin] += 1;
    }
    return { rates: Array.from(rates), spread: 100 * found[1], counts };
  }

  return ({ I, mismatch, bits, chip }) => {
    design = 1000 / kernels.interspike_interval(I, C, g_L, Infinity, E_L, V_th, V_reset, t_ref, V_DD, V_comp);
    seed.set([chip, 0]);
    kernels.seed_streams(seed, 0, streams);
    kernels.deviations(streams, mismatch / 100, capacitors, slope, wrong);
    kernels.calibrate(bits, wanted, full, right, perfect, beyondOne);
    // All neurons as the design has it, each row of words after the other.
    for (let register = 0; register < 6; register += 1) {
      words.fill(perfect[register], register * neurons, (register + 1) * neurons);
    }
    const before = measure(bits, I);
    kernels.calibrate(bits, wanted, full, wrong, words, beyond);
    const after = measure(bits, I);
    const lost = numbers.filter((_, j) => [0, 1, 2, 3, 4, 5].some((register) => beyond[register * neurons + j]));

    const shown = (list) => list.map((rate) => (rate <= top() ? rate : null));
    scatter.set(0, numbers, shown(before.rates));
    scatter.set(1, numbers, shown(after.rates));
    scatter.draw();
    most = niceTop(Math.max(...before.counts, ...after.counts), [20, 40, 60, 80, 120, 160, 220]);
    const edges = Array.from({ length: bins + 1 }, (_, k) => (k * top()) / bins);
    histogram.set(0, edges, before.counts);
    histogram.set(1, edges, after.counts);
    histogram.draw();
    const readouts = {
      design,
      before: before.spread,
      after: after.spread,
      silent: before.rates.filter((rate) => rate === 0).length,
      out_of_range: lost.length,
    };
    const summary =
      `The rates of ${neurons} neurons spread by ${before.spread.toFixed(1)} per cent before and ` +
      `${after.spread.toFixed(2)} per cent after calibration with ${bits} bits; for ${plural(lost.length, "neuron")} ` +
      "some word was out of range.";
    return { readouts, summary };
  };
}

export const calibration = { floats: 8000, create: drawCalibration };
