// Loihi's u and v under strong input: u wraps, v saturates.

import { plural } from "../common.js";

const MILLION = 1e6;
const U_UNITY = 4095;
const RAIL_24 = 2 ** 23 - 1;

function drawOverflow(card, kernels) {
  const { steps, dv, vth } = card.fixed;
  const word = (value = 0) => kernels.array(1, "i4").fill(value);
  const registers = { du: word(), dv: word(dv), vth: word(vth), bias: word() };
  const state = [word(), word(), word()];
  const input = kernels.array([steps, 1], "i4");
  const u = kernels.array([steps, 1], "i4");
  const v = kernels.array([steps, 1], "i4");
  const fires = kernels.array([steps, 1], "b1");
  const step = Float64Array.from({ length: steps }, (_, k) => k + 1);
  const threshold = (64 * vth) / MILLION;
  const rails = [-RAIL_24 / MILLION, RAIL_24 / MILLION];
  let spikes = [];
  const range = () => [-12.5, 12.5];
  const splits = () => [-10, -5, 0, 5, 10];

  const above = card.plot({
    height: 220,
    margin: 56,
    x: { range: () => [0, steps], values: () => "" },
    y: { range, splits, label: () => "u (million)" },
    series: [{ role: "theory", width: 1.5, dash: [5, 5] }, { role: "drive" }],
    annotate(pen) {
      for (const rail of rails) pen.horizontal(rail, "threshold", { dash: [2, 5] });
      pen.name("2²³", rails[1], "threshold");
      pen.name("−2²³", rails[0], "threshold");
      pen.name("u", u[steps - 1] / MILLION, "drive");
    },
  });
  const below = card.plot({
    height: 220,
    margin: 56,
    x: { range: () => [0, steps], label: () => "step" },
    y: { range, splits, label: () => "v (million)" },
    series: [{ role: "membrane" }],
    annotate(pen) {
      for (const rail of rails) pen.horizontal(rail, "threshold", { dash: [2, 5] });
      pen.horizontal(threshold, "threshold");
      pen.strokes(spikes, threshold, 8, "spike", { width: 1.25 });
      pen.name("64 vth", threshold, "threshold");
      pen.name("v", v[steps - 1] / MILLION, "membrane");
    },
  });

  return (values) => {
    const { a, every, du, overflow } = values;
    registers.du[0] = du;
    for (const word of state) word[0] = 0;
    for (let t = 0; t < steps; t += 1) input[t] = t % every === 0 ? a : 0;
    kernels.loihi_steps(
      input, registers.du, registers.dv, registers.vth, registers.bias, 0, overflow === "twos_complement", ...state,
      u, v, fires,
    );
    let free = 0;
    let highest = 0;
    let wraps = 0;
    let saturated = 0;
    const longer = [];
    spikes = [];
    for (let t = 0; t < steps; t += 1) {
      free = Math.floor((free * (U_UNITY - du)) / 4096) + 64 * input[t];
      highest = Math.max(highest, free);
      longer.push(free / MILLION);
      const before = t > 0 ? u[t - 1] : 0;
      if (Math.trunc((before * (U_UNITY - du)) / 4096) + 64 * input[t] !== u[t]) wraps += 1;
      if (Math.abs(v[t]) === RAIL_24) saturated += 1;
      if (fires[t]) spikes.push(t + 1);
    }
    above.set(0, step, longer);
    above.set(1, step, Array.from(u, (value) => value / MILLION));
    above.draw();
    below.set(0, step, Array.from(v, (value) => value / MILLION));
    below.draw();
    const readouts = { wraps, spikes: spikes.length, saturated, highest: highest / MILLION };
    const summary =
      `u wraps ${plural(wraps, "time")}; ${plural(spikes.length, "spike")}; v lies at an end of its word for ` +
      `${plural(saturated, "step")}.`;
    return { readouts, summary };
  };
}

export const overflow = { floats: 1000, create: drawOverflow };
