// What the figures of the chapter share: the room that the kernels of `lifcore.kernels.policy` work in.

export const DECISION_S = 0.02; // s
export const BIAS_AT = 0;
export const WEIGHTS_AT = 3;

// The first rows of an array of two dimensions, or those from `start` on.
export function rowsOf(array, start, end) {
  const width = array.shape[1];
  const part = array.subarray(start * width, end * width);
  part.shape = [end - start, width];
  return part;
}

// A neuron that sees some columns of the state, `steps` steps of its own in a decision.
export function makeDecider(kernels, { columns, scales, steps, streams = 1 }) {
  const size = WEIGHTS_AT + columns.length;
  const room = {
    size,
    parameters: kernels.array(size),
    columns: kernels.array(columns.length, "i4"),
    scales: kernels.array(scales.length),
    x: kernels.array(columns.length),
    state: kernels.array(4),
    membrane: kernels.array(1),
    V: kernels.array(steps),
    spikes: kernels.array(steps, "u1"),
    seeds: kernels.array(2, "u4"),
    words: kernels.array([4, streams], "u4"),
    set(bias, tau_m, V_reset, weights) {
      this.parameters.set([bias, tau_m, V_reset, ...weights]);
    },
    seed(seed, first = 0) {
      this.seeds.set([seed, 0]);
      kernels.seed_streams(this.seeds, first, this.words);
    },
  };
  room.columns.set(columns);
  room.scales.set(scales);
  return room;
}

// What lies between two lines over the same xs, in a plot.
export function ribbon(pen, xs, low, high, role, alpha) {
  const { ctx } = pen;
  pen.inside(() => {
    ctx.beginPath();
    xs.forEach((x, k) => ctx.lineTo(pen.x(x), pen.y(high[k])));
    for (let k = xs.length - 1; k >= 0; k -= 1) ctx.lineTo(pen.x(xs[k]), pen.y(low[k]));
    ctx.globalAlpha = alpha;
    ctx.fillStyle = pen.palette[role];
    ctx.fill();
  });
}

// Room of a decider, in float64.
export function deciderFloats(steps, streams = 1) {
  return 80 + 2 * steps + 2 * streams;
}
