// Two rates: the lines on which one of them rests, the points where both do, and the way from where the reader begins.

import { neuron, niceTop } from "../common.js";

const TOPS = [10, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 500];
const MOST_POINTS = 5;

// A line that may turn back: its points in the order of time.
function windingPath(u, k) {
  const [x, y] = u.data[k];
  const stroke = new Path2D();
  for (let j = 0; j < x.length; j += 1) {
    const [across, up] = [u.valToPos(x[j], "x", true), u.valToPos(y[j], "y", true)];
    if (j === 0) stroke.moveTo(across, up);
    else stroke.lineTo(across, up);
  }
  return { stroke, flags: 1 };
}

const asOrbit = { paths: windingPath };

function drawPhasePlane(card, kernels) {
  const { steps, dt, drives: count, lowest, near, far } = card.fixed;
  const network = kernels.array(14);
  const orbit = kernels.array([2, steps + 1]);
  const drives = kernels.array(count);
  const points = kernels.array([2, MOST_POINTS]);
  const mode = kernels.array(2);
  const lines = kernels.array([4, count]);
  const times = Float64Array.from({ length: steps + 1 }, (_, k) => k * dt);
  for (let k = 0; k < count; k += 1) {
    const u = k / (count - 1);
    drives[k] = lowest + near * u + far * u * u * u;
  }
  const [E, I] = [orbit.subarray(0, steps + 1), orbit.subarray(steps + 1)];
  // Of each line its points: nu_E, then nu_I.
  const [restsE, restsI] = [0, 2].map((row) =>
    [row, row + 1].map((each) => lines.subarray(each * count, (each + 1) * count)));
  let n = neuron(card.fixed, card.values());
  let rests = [];
  let [topE, topI] = [20, 20];

  const plane = card.plot({
    height: 330,
    margin: 74,
    x: { range: () => [0, topE], label: () => "excitatory rate (Hz)" },
    y: { range: () => [0, topI], label: () => "inhibitory rate (Hz)" },
    series: [{ role: "drive" }, { role: "membrane" }, { role: "theory", kind: asOrbit, width: 1.5 }],
    annotate(pen) {
      for (const { nuE, nuI, growth } of rests) pen.dot(nuE, nuI, "spike", { radius: 5, hollow: growth > 0 });
      for (const [text, [nuE, nuI], role] of [["ν_E rests", restsE, "drive"], ["ν_I rests", restsI, "membrane"]]) {
        // Beside a line's end, or where it leaves the plot.
        const last = nuE.findLastIndex((each, k) => each <= topE && nuI[k] <= topI);
        if (nuE[Math.min(last + 1, count - 1)] > topE) pen.name(text, Math.max(nuI[last], 0), role);
        else pen.label(text, nuE[last], topI, role, { dx: -16, dy: 8, align: "right" });
      }
    },
  });
  plane.handle({
    name: "start",
    role: "theory",
    cursor: "grab",
    at: () => [n.start_E, n.start_I],
    drag: (nuE, nuI) => card.drag({ start_E: nuE, start_I: nuI }),
  });
  const time = card.plot({
    height: 180,
    margin: 74,
    x: { range: () => [0, steps * dt], label: () => "time (ms)" },
    y: { range: () => [0, Math.max(topE, topI)], label: () => "rate (Hz)" },
    series: [{ role: "drive" }, { role: "membrane" }],
    annotate(pen) {
      pen.name("ν_E", E[steps], "drive");
      pen.name("ν_I", I[steps], "membrane");
    },
  });

  function findRests() {
    rests = Array.from({ length: kernels.crossings(network, drives, points) }, (_, k) => {
      const [nuE, nuI] = [points[k], points[MOST_POINTS + k]];
      kernels.slowest_mode(nuE, nuI, network, mode);
      return { nuE, nuI, growth: mode[0], frequency: mode[1] };
    });
  }

  return (values) => {
    n = neuron(card.fixed, values);
    network.set([
      n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, n.sigma, n.mu_E, n.mu_I, n.w_EE, n.w_EI, n.w_IE, n.w_II, n.tau_E, n.tau_I,
    ]);
    [E[0], I[0]] = [n.start_E, n.start_I];
    kernels.orbit(network, dt, orbit);
    findRests();
    topE = niceTop(Math.max(...E, ...rests.map(({ nuE }) => 1.2 * nuE)), TOPS);
    topI = niceTop(Math.max(...I, ...rests.map(({ nuI }) => 1.2 * nuI)), TOPS);
    kernels.resting_lines(network, drives, lines);
    plane.set(0, ...restsE);
    plane.set(1, ...restsI);
    plane.set(2, E, I);
    plane.draw();
    time.set(0, times, E);
    time.set(1, times, I);
    time.draw();
    const [{ nuE, nuI, growth, frequency }] = rests;
    const summary =
      `The rates rest at ${nuE.toFixed(1)} and ${nuI.toFixed(1)} Hz; small deviations `
      + `${growth > 0 ? "grow" : "decay"}, with ${frequency.toFixed(0)} cycles a second.`;
    return { readouts: { nu_E: nuE, nu_I: nuI, growth, frequency }, summary };
  };
}

export const phasePlane = { floats: 9000, create: drawPhasePlane };
