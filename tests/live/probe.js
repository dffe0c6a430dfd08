// A figure that has one of everything: dice thrown in pieces, a clock that plays, a choice of what is drawn, a sheet to draw on.

import { renderer } from "../../lifcore/live/js/card.js";
import { Drawing } from "../../lifcore/live/js/drawing.js";
import { asArea, asBars, asPoints, asRaster } from "../../lifcore/live/js/series.js";

const FACES = 6;
const KINDS = { bars: asBars, points: asPoints, area: asArea, line: undefined, raster: asRaster };
const SHAPES = Object.keys(KINDS);

function drawDice(card, kernels) {
  const { piece, seed, neurons } = card.fixed;
  const state = kernels.array(1, "u4");
  const counts = kernels.array(FACES, "u4");
  // As much room as a large population takes.
  const room = kernels.array(neurons);
  room[neurons - 1] = 1;
  const edges = Float64Array.from({ length: FACES + 1 }, (_, k) => k + 0.5);
  const faces = Float64Array.from({ length: FACES }, (_, k) => k + 1);
  const share = new Float64Array(FACES);
  const error = new Float64Array(FACES);
  const log = { updates: 0, steps: 0, shows: 0 };
  globalThis.probe = log;
  let work = null;
  let thrown = 0;
  let t = 0;
  let shape = "";
  let sheet = "";

  const plot = card.plot({
    height: 220,
    margin: 60,
    x: { range: () => [0.5, FACES + 0.5], label: () => "face" },
    y: { range: () => [0, 0.4], label: () => "share" },
    series: SHAPES.map((name) => ({ kind: KINDS[name], role: name === "raster" ? "spike" : "simulation" })),
    annotate(pen) {
      pen.horizontal(1 / FACES, "theory");
      pen.name("1/6", 1 / FACES, "theory");
      pen.vertical(1 + 2 * t, "drive");
      pen.label(`${thrown} throws`, 1, 0.35, "soft");
      pen.label(sheet, 3, 0.35, "drive");
    },
  });

  function show() {
    log.shows += 1;
    for (let k = 0; k < FACES; k += 1) {
      share[k] = counts[k] / thrown;
      error[k] = Math.sqrt((share[k] * (1 - share[k])) / thrown);
    }
    SHAPES.forEach((_, k) => plot.set(k, [], []));
    const k = SHAPES.indexOf(shape);
    if (shape === "bars") plot.set(k, edges, share);
    else if (shape === "points") plot.set(k, faces, share, error);
    else if (shape === "line") plot.set(k, [1, 2, 3, 4, 5, 6], [share[0], share[1], null, share[3], share[4], share[5]]);
    else plot.set(k, faces, share);
    plot.draw();
    const done = thrown > 0 && !work;
    const readouts = { t, sixes: done ? counts[FACES - 1] : null, thrown: done ? thrown : null };
    return { readouts, summary: done ? `${thrown} throws at ${t} s.` : "Throwing." };
  }

  let before = "";
  return (values) => {
    log.updates += 1;
    ({ t, shape, sheet } = values);
    const pieces = values.pieces;
    const given = String([pieces]);
    if (given !== before) {
      before = given;
      state[0] = seed;
      counts.fill(0);
      thrown = 0;
      let done = 0;
      work = {
        step() {
          log.steps += 1;
          kernels.throw_dice(state, piece, counts);
          thrown += piece;
          done += 1;
          if (done === pieces) work = null;
          return done / pieces;
        },
        show,
      };
    }
    return { ...show(), pending: work ?? undefined };
  };
}

export default { render: renderer({ Dice: { floats: 1300000, create: drawDice } }, { drawing: Drawing }) };
