// What comes back of a small oscillation once round the loop, for all frequencies, in the complex plane.

import { neuron } from "../common.js";
import { makeLoop, membraneOf, MODELS, NAMES, ROLES } from "./loop.js";

const HEIGHT = 384;
const AXES = { upright: 58, level: 74 };
const WORDS = 44; // pixels above the plane, for what becomes of each description

function drawNyquistCurve(card, kernels) {
  const { points, states, least, most, wider } = card.fixed;
  const loop = makeLoop(kernels);
  const f = kernels.array(points + 1);
  const outs = MODELS.map(() => kernels.array([2, points + 1]));
  let n = neuron(card.fixed, card.values());
  const critical = {};
  let solved = "";
  let half = least;
  let plot = null;

  // A rate equation with a negative time constant needs no feedback to leave its state.
  function fate(model) {
    if (critical[model] === 0) return "runs away";
    return n.loop_gain > critical[model] ? "oscillates" : "calm";
  }

  // As many pixels to a unit along both axes, which take these pixels of the frame.
  function width() {
    const across = Math.max(plot?.frame.clientWidth ?? 0, 200) - AXES.upright;
    return (half * across) / (HEIGHT - AXES.level - WORDS);
  }

  const top = () => half * (1 + (2 * WORDS) / (HEIGHT - AXES.level - WORDS));

  plot = card.plot({
    height: HEIGHT,
    margin: 12,
    x: { range: () => [-width(), width()], label: () => "real part of L" },
    y: {
      range: () => [-half, top()],
      label: () => "imaginary part of L",
      splits: () => [-3, -2, -1, 0, 1, 2, 3].filter((value) => Math.abs(value) <= half),
    },
    series: [{ role: "theory" }], // curves that go back along x are drawn by the pen
    backdrop(pen) {
      pen.horizontal(0, "soft", { width: 1 });
      pen.segment(0, -half, 0, half, "soft", { width: 1 });
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
        const place = { dx: k % 2 ? 104 : 6, dy: k < 2 ? 14 : 33 };
        pen.label(`${NAMES[model]}: ${fate(model)}`, -width(), top(), ROLES[model], place);
      });
    },
  });

  function trace(pen, out, role, thickness) {
    pen.inside(() => {
      // The words stay clear of the curves.
      pen.ctx.beginPath();
      pen.ctx.rect(pen.x(-width()), pen.y(half), pen.x(width()) - pen.x(-width()), pen.y(-half) - pen.y(half));
      pen.ctx.clip();
      pen.ctx.beginPath();
      for (let k = 0; k <= points; k += 1) {
        pen.ctx.lineTo(pen.x(n.loop_gain * out[k]), pen.y(n.loop_gain * out[points + 1 + k]));
      }
      pen.stroke(role, { width: thickness });
    });
  }

  // The curves for a loop gain of 1: another one only scales them.
  function solve({ delay, tau_s: synapse, state }) {
    const wanted = [delay, synapse, state].join();
    if (wanted === solved) return;
    solved = wanted;
    const end = 1000 / delay + 2 * kernels.rate(n.mu, n.sigma, ...membraneOf(n));
    for (let k = 0; k <= points; k += 1) f[k] = (end * k) / points;
    MODELS.forEach((model, k) => {
      loop.loops(n, delay, synapse, model, f, outs[k]);
      [critical[model], critical[`${model}_f`]] = loop.critical(n, delay, synapse, model);
    });
  }

  return (values) => {
    const [, mu, sigma] = states.find(([name]) => name === values.state);
    n = { ...neuron(card.fixed, values), mu, sigma };
    solve(values);
    const readouts = { ...critical, crossing: n.loop_gain / critical.lif };
    half = Math.min(Math.max(wider * n.loop_gain, least), most);
    plot.draw();
    const named = (end) => MODELS.filter((model) => fate(model) === end).map((model) => NAMES[model]).join(", ");
    const [lost, away] = [named("oscillates"), named("runs away")];
    const summary =
      `The LIF population oscillates from a loop gain of ${readouts.lif.toFixed(2)} on, at ${readouts.lif_f.toFixed(0)} Hz. ` +
      (lost ? `At ${n.loop_gain} oscillate: ${lost}.` : `At ${n.loop_gain} none oscillates.`) +
      (away ? ` Even without feedback runs away: ${away}.` : "");
    return { readouts, summary };
  };
}

export const nyquistCurve = { floats: 9000, create: drawNyquistCurve };
