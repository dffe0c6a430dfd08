// Images of few pixels in a plot without axes. Places are in CSS pixels from the plot's upper left corner.

export function roomOf(pen) {
  const { width, height } = pen.u.bbox;
  return { width: width / pen.ratio, height: height / pen.ratio };
}

// Rows of `columns` pixels; shades[k] is the share of ink, from 0 to 1, or marks[k] a role in full.
export function drawMap(pen, left, top, side, columns, shades, role, marks) {
  const { ctx, ratio, palette } = pen;
  const [x, y] = [pen.u.bbox.left + left * ratio, pen.u.bbox.top + top * ratio];
  const pixel = side * ratio;
  const [width, height] = [columns * pixel, (shades.length / columns) * pixel];
  ctx.save();
  ctx.fillStyle = palette.wash;
  ctx.fillRect(x, y, width, height);
  for (let k = 0; k < shades.length; k += 1) {
    if (!(shades[k] > 0) && !marks[k]) continue;
    ctx.globalAlpha = marks[k] ? 1 : Math.min(shades[k], 1);
    ctx.fillStyle = palette[marks[k] || role];
    ctx.fillRect(x + (k % columns) * pixel, y + Math.floor(k / columns) * pixel, pixel, pixel);
  }
  ctx.globalAlpha = 1;
  ctx.strokeStyle = palette.rule;
  ctx.lineWidth = ratio;
  ctx.strokeRect(x, y, width, height);
  ctx.restore();
}

export function writeAt(pen, text, left, middle, role) {
  const { left: x, top: y } = pen.u.bbox;
  pen.write(text, x + left * pen.ratio, y + middle * pen.ratio, role);
}
