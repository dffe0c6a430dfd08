// What comes back of a small oscillation once round the loop, for all frequencies, in the complex plane.

import { neuron } from "../common.js";
import { makeLoop, MODELS, NAMES, ROLES } from "./loop.js";

function drawNyquistCurve(card, kernels) {
  const { points, states, least, most, wider } = card.fixed;
  const loop = makeLoop(kernels);
  const f = kernels.array(points + 1);
  const outs = MODELS.map(() => kernels.array([2, points + 1]));
  let n = neuron(card.fixed, card.values());
  let critical = {};
  let half = least;
  let plot = null;

  // As many pixels to a unit along both axes.
  function width() {
    const { clientWidth, clientHeight } = plot?.u.over ?? {};
    return clientWidth > 0 && clientHeight > 0 ? (half * clientWidth) / clientHeight : 1.7 * half;
  }

  plot = card.plot({
    height: 340,
    margin: 12,
    x: { range: () => [-width(), width()], label: () => "real part of L" },
    y: { range: () => [-half, half], label: () => "imaginary part of L" },
    series: [{ role: "theory" }], // curves that go back along x are drawn by the pen
    backdrop(pen) {
      pen.horizontal(0, "soft", { width: 1 });
      pen.vertical(0, "soft", { width: 1 });
    },
    annotate(pen) {
      outs.forEach((out, k) => trace(pen, out, ROLES[MODELS[k]], k === 0 ? 2.2 : 1.4));
      MODELS.forEach((model) => {
        const across = n.loop_gain / critical[model];
        if (across <= width()) pen.dot(across, 0, ROLES[model], { radius: 4.5 });
      });
      pen.segment(1 - 0.035 * half, 0, 1 + 0.035 * half, 0, "threshold", { width: 3 });
      pen.segment(1, -0.055 * half, 1, 0.055 * half, "threshold", { width: 3 });
      pen.label("1", 1, 0, "threshold", { dx: 6, dy: 16 });
      MODELS.forEach((model, k) => {
        const lost = n.loop_gain > critical[model] ? "oscillates" : "calm";
        pen.label(`${NAMES[model]}: ${lost}`, -width(), half, ROLES[model], { dx: 8, dy: 14 + 18 * k });
      });
    },
  });

  function trace(pen, out, role, width) {
    pen.inside(() => {
      pen.ctx.beginPath();
      for (let k = 0; k <= points; k += 1) {
        pen.ctx.lineTo(pen.x(n.loop_gain * out[k]), pen.y(n.loop_gain * out[points + 1 + k]));
      }
      pen.stroke(role, { width });
    });
  }

  return (values) => {
    const [, mu, sigma] = states.find(([name]) => name === values.state);
    n = { ...neuron(card.fixed, values), mu, sigma };
    const membrane = [n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref];
    const end = 1000 / n.delay + 2 * kernels.rate(mu, sigma, ...membrane);
    for (let k = 0; k <= points; k += 1) f[k] = (end * k) / points;
    const readouts = {};
    MODELS.forEach((model, k) => {
      loop.loops(n, n.delay, n.tau_s, model, f, outs[k]);
      [readouts[model], readouts[`${model}_f`]] = loop.critical(n, n.delay, n.tau_s, model);
    });
    critical = readouts;
    half = Math.min(Math.max(wider * n.loop_gain, least), most);
    plot.draw();
    const lost = MODELS.filter((model) => n.loop_gain > critical[model]).map((model) => NAMES[model]);
    const summary =
      `The LIF population oscillates from a loop gain of ${readouts.lif.toFixed(2)} on, at ${readouts.lif_f.toFixed(0)} Hz. ` +
      (lost.length > 0 ? `At ${n.loop_gain} oscillate: ${lost.join(", ")}.` : `At ${n.loop_gain} none oscillates.`);
    return { readouts, summary };
  };
}

export const nyquistCurve = { floats: 9000, create: drawNyquistCurve };
