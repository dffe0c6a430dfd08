// Energy of one decision against the firing rate: a spiking network event by event, the same in steps, and a plain CNN.

import { asPoints } from "../series.js";

const LINE = 120;
const [LOWEST, HIGHEST] = [1e-3, 1];
const MICRO = 1e6; // pJ in a µJ
const SPLITS = [0.01, 0.1, 1, 10, 100, 1000, 10000];

function drawEnergyClaim(card) {
  const { counts, measured } = card.fixed;
  const rates = Array.from({ length: LINE }, (_, k) => LOWEST * (HIGHEST / LOWEST) ** (k / (LINE - 1)));
  let { rate } = card.values();
  let found = { cnn: 1, dense: 1, event: 1, break_even: Infinity };

  const plot = card.plot({
    height: 340,
    margin: 106,
    x: {
      log: true,
      range: () => [LOWEST, 1.3 * HIGHEST], // room for the ring at its last place
      label: () => "spikes per neuron and step",
      splits: () => [0.001, 0.01, 0.1, 1],
    },
    y: { log: true, range: () => range, label: () => "energy of a decision (µJ)", splits: () => SPLITS },
    series: [
      { role: "theory" },
      { role: "threshold", width: 1.5 },
      { role: "noise", width: 1.5 },
      { role: "simulation", kind: asPoints },
    ],
    annotate(pen) {
      if (Number.isFinite(found.break_even)) pen.vertical(found.break_even, "soft", { width: 1, dash: [2, 5] });
      pen.dot(rate, found.event, "theory", { radius: 6, hollow: true });
      for (const { penalty, at, energy } of [trained[0], trained.at(-1)]) {
        pen.label(`penalty ${penalty}`, at, energy, "simulation", { dx: 8, dy: 12 });
      }
      pen.name("event by event", found.last, "theory");
      pen.name("in steps", found.dense, "noise");
      pen.name("plain CNN", found.cnn, "threshold");
    },
  });
  let range = [0.1, 1000];
  let trained = [];

  return (values) => {
    const { T, mac, ac, memory, traffic, updates } = values;
    rate = values.rate;
    // Weights come from memory, and so does the potential, there and back, of each membrane that decays.
    const fetched = traffic === "each" ? counts.frame : counts.weights;
    const add = ac + memory;
    const frame = counts.frame * mac + fetched * memory;
    const neurons = T * counts.neurons * (mac + 2 * memory);
    const update = updates ? neurons : 0;
    const event = (at) => ((counts.input + at * T * counts.reached) * add + update) / MICRO;
    const cnn = frame / MICRO;
    const dense = (T * frame + neurons) / MICRO;
    const left = (frame - update) / add - counts.input;
    const readouts = {
      event: event(rate),
      cnn,
      dense,
      ratio: event(rate) / cnn,
      break_even: left > 0 ? left / (T * counts.reached) : Infinity,
      per_neuron: rate * T,
    };
    found = { ...readouts, last: event(HIGHEST) };
    // A real network visits only membranes that something reaches.
    trained = measured.map(([penalty, at, additions, visits]) => {
      return { penalty, at, energy: (additions * add + (updates ? visits * (mac + 2 * memory) : 0)) / MICRO };
    });
    const bounds = [event(LOWEST), cnn, dense, event(HIGHEST), ...trained.map((net) => net.energy)];
    const power = (bound) => 10 ** Math.floor(Math.log10(bound));
    range = [power(Math.min(...bounds)), 10 * power(Math.max(...bounds))];
    plot.set(0, rates, rates.map(event));
    plot.set(1, [LOWEST, HIGHEST], [cnn, cnn]);
    plot.set(2, [LOWEST, HIGHEST], [dense, dense]);
    plot.set(3, trained.map((net) => net.at), trained.map((net) => net.energy));
    plot.draw();
    const summary =
      `At ${rate.toFixed(3)} spikes per neuron and step: ${readouts.event.toFixed(2)} microjoules event by event, ` +
      `${dense.toFixed(1)} in steps, ${cnn.toFixed(2)} for the plain CNN.`;
    return { readouts, summary };
  };
}

export const energyClaim = { floats: 16, create: drawEnergyClaim };
