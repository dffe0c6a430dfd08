// Kinds of series other than lines: { kind: asPoints, role: "simulation" }. Theory is a line, simulation is points.
//   asArea     y over x, filled down to zero; alpha
//   asPoints   dots; size in CSS pixels. With an error for each, a bar of that length up and down
//   asBars     a histogram: y[k] from edge x[k] to edge x[k + 1], so x is one longer than y; alpha
//   asRaster   an upright tick for each spike: x its time, y the number of its neuron, in a row of height 1 around it
// A gap is null; in points and histograms also NaN.

import { linear, pixelRatio } from "./plot.js";

const FAINT = 0.16;

const isThere = (value) => value !== null && Number.isFinite(value);

// A colour of the tables, "#rrggbb", let through.
function faint(colour, { alpha = FAINT }) {
  return colour + Math.round(255 * alpha).toString(16).padStart(2, "0");
}

// In pixels of the canvas. What is not positive lies at the foot of a logarithmic axis.
function heightOf(u, value) {
  const { distr, min } = u.scales.y;
  return u.valToPos(distr === 3 && value <= 0 ? min : value, "y", true);
}

function errorBars(u, k) {
  const [x, y, error] = u.data[k];
  if (!error) return null;
  const stroke = new Path2D();
  const cap = 3 * pixelRatio(u);
  for (let j = 0; j < x.length; j += 1) {
    if (!isThere(y[j]) || !(error[j] > 0)) continue;
    const across = u.valToPos(x[j], "x", true);
    const [low, high] = [heightOf(u, y[j] - error[j]), heightOf(u, y[j] + error[j])];
    stroke.moveTo(across, low);
    stroke.lineTo(across, high);
    for (const end of [low, high]) {
      stroke.moveTo(across - cap, end);
      stroke.lineTo(across + cap, end);
    }
  }
  return { stroke, flags: 1 };
}

function dots(u, k, { size = 7 }) {
  const [x, y] = u.data[k];
  const fill = new Path2D();
  const radius = 0.5 * size * pixelRatio(u);
  for (let j = 0; j < x.length; j += 1) {
    if (!isThere(y[j])) continue;
    const across = u.valToPos(x[j], "x", true);
    const up = heightOf(u, y[j]);
    fill.moveTo(across + radius, up);
    fill.arc(across, up, radius, 0, 2 * Math.PI);
  }
  return { fill, flags: 1 };
}

function steps(u, k) {
  const [edges, y] = u.data[k];
  const stroke = new Path2D();
  const ground = heightOf(u, Math.max(u.scales.y.min, 0));
  let open = false;
  for (let j = 0; j <= y.length; j += 1) {
    const across = u.valToPos(edges[j], "x", true);
    const isBar = j < y.length && isThere(y[j]);
    if (open && !isBar) stroke.lineTo(across, ground);
    if (!open && isBar) stroke.moveTo(across, ground);
    if (isBar) {
      const up = heightOf(u, y[j]);
      stroke.lineTo(across, up);
      stroke.lineTo(u.valToPos(edges[j + 1], "x", true), up);
    }
    open = isBar;
  }
  return { stroke, fill: stroke, flags: 1 };
}

function ticks(u, k) {
  const [x, y] = u.data[k];
  const fill = new Path2D();
  const { left, width } = u.bbox;
  const ratio = pixelRatio(u);
  const height = Math.max(0.8 * Math.abs(u.valToPos(1, "y", true) - u.valToPos(0, "y", true)), ratio);
  const broad = Math.max(1, Math.round(1.25 * ratio));
  for (let j = 0; j < x.length; j += 1) {
    const across = u.valToPos(x[j], "x", true);
    if (!(across >= left && across <= left + width)) continue;
    fill.rect(Math.round(across - broad / 2), u.valToPos(y[j], "y", true) - height / 2, broad, height);
  }
  return { fill, flags: 1 };
}

export const asArea = { paths: linear, fill: faint };

export const asPoints = { paths: errorBars, dots, width: 1.5 };

export const asBars = { paths: steps, fill: faint, width: 1.25 };

export const asRaster = { paths: ticks, fill: (colour) => colour, width: 0 };
