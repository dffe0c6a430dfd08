// Loihi's v under a constant bias, beside a real number in its place; and what the leak takes in a step.

const DECAY_UNITY = 4096;
const HIGHEST_VTH = 131071;
const ZONE_ALPHA = 0.12;

// The values that stay, as a band across the plot.
function shadeBetween(pen, low, high, role) {
  const { ctx, u } = pen;
  pen.inside(() => {
    ctx.globalAlpha = ZONE_ALPHA;
    ctx.fillStyle = pen.palette[role];
    ctx.fillRect(u.bbox.left, pen.y(high), u.bbox.width, Math.max(pen.y(low) - pen.y(high), pen.ratio));
  });
}

function drawDeadZone(card, kernels) {
  const longest = card.fixed.time_constants * DECAY_UNITY;
  const word = (value = 0) => kernels.array(1, "i4").fill(value);
  const [du, dv, vth, bias] = [word(4095), word(), word(HIGHEST_VTH), word()];
  const [u, v, waiting] = [word(), word(), word()];
  const input = kernels.array([longest, 1], "i4");
  const potential = kernels.array([longest, 1], "i4");
  const current = kernels.array([longest, 1], "i4");
  const spikes = kernels.array([longest, 1], "b1");
  const steps = Float64Array.from({ length: longest + 1 }, (_, k) => k);
  const trace = new Float64Array(longest + 1);
  const curve = new Float64Array(longest + 1);
  let readouts = {};
  let zone = [0, 0];
  let count = 1;
  let top = 1;
  let b = 1;
  let decay = 1;

  const above = card.plot({
    height: 270,
    margin: 52,
    x: { range: () => [0, count], label: () => "step" },
    y: { range: () => [0, top], label: () => "v" },
    series: [{ role: "theory", width: 1.5 }, { role: "membrane" }],
    backdrop: (pen) => shadeBetween(pen, ...zone, "threshold"),
    annotate(pen) {
      pen.name("real", readouts.real, "theory");
      pen.name("word", readouts.rest, "membrane");
    },
  });
  const below = card.plot({
    height: 190,
    margin: 52,
    x: { range: () => [0, top], label: () => "v" },
    y: { range: () => [0, (1.15 * top * decay) / DECAY_UNITY + 0.5], label: () => "leak of a step" },
    series: [{ role: "theory", width: 1.5 }, { role: "membrane" }],
    backdrop: (pen) => pen.band(...zone, "threshold", ZONE_ALPHA),
    annotate(pen) {
      pen.horizontal(b, "drive");
      pen.name("b_v", b, "drive");
      pen.dot(readouts.rest, b, "membrane", { radius: 4.5 });
    },
  });

  function part(array) {
    return Object.assign(array.subarray(0, count), { shape: [count, 1] });
  }

  return (values) => {
    decay = values.dv;
    b = values.bias;
    const real = (DECAY_UNITY * b) / decay;
    const v0 = Math.floor(values.start * real);
    count = Math.ceil(longest / decay);
    dv[0] = decay;
    bias[0] = b;
    u[0] = 0;
    v[0] = v0;
    waiting[0] = 0;
    kernels.loihi_steps(
      part(input), du, dv, vth, bias, 0, false, u, v, waiting, part(current), part(potential), part(spikes),
    );
    zone = [kernels.lowest_rest(b, decay), kernels.highest_rest(b, decay)];
    readouts = {
      rest: Math.min(Math.max(v0, zone[0]), zone[1]),
      real,
      width: zone[1] - zone[0] + 1,
      tau: kernels.time_constant(decay, 1),
      v0,
    };
    top = 1.1 * Math.max(real, v0);
    trace[0] = curve[0] = v0;
    let left = v0 - real;
    for (let k = 1; k <= count; k += 1) {
      trace[k] = potential[k - 1];
      left *= 1 - decay / DECAY_UNITY;
      curve[k] = real + left;
    }
    const x = steps.subarray(0, count + 1);
    above.set(0, x, curve.subarray(0, count + 1));
    above.set(1, x, trace.subarray(0, count + 1));
    above.draw();
    const [edges, treads] = [[0], [0]];
    for (let k = 1; edges.at(-1) < top; k += 1) {
      edges.push(edges.at(-1), (k * DECAY_UNITY) / decay);
      treads.push(k, k);
    }
    below.set(0, [0, top], [0, (top * decay) / DECAY_UNITY]);
    below.set(1, edges, treads);
    below.draw();
    const summary =
      `From ${v0}, v comes to rest at ${readouts.rest}; a real number would at ${real.toFixed(1)}. ` +
      `${readouts.width} values stay where they are.`;
    return { readouts, summary };
  };
}

export const deadZone = { floats: 60000, create: drawDeadZone };
