// A trained network in the page: the flat arrays of lifcore.snn.Sequential.prepared, and the kernel that runs them.
//   const net = makeNetwork(kernels, packed);
//   net.start(x); net.step()       one sample, step by step; net.counts and net.total go with it
//   net.spikes(layer, t), net.potentials(layer, t)       channels last; only of a network that keeps its steps

// Numbers in base64, as Python packed them.
export function unpackFloats(text) {
  return new Float32Array(unpackBytes(text).buffer);
}

export function unpackBytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

// How many float64 the arrays of a network with so many weights and so much room take, at most.
export function networkFloats(weights, room) {
  return Math.ceil((weights + room) / 2) + 3000;
}

export function makeNetwork(kernels, packed) {
  const { program: rows, inputs, scratch, places } = packed;
  const program = kernels.array([rows.length, rows[0].length], "i4");
  program.set(rows.flat());
  const constants = kernels.array([rows.length, packed.constants[0].length], "f4");
  constants.set(packed.constants.flat());
  const values = unpackFloats(packed.weights);
  const weights = kernels.array(values.length, "f4");
  weights.set(values);
  const x = kernels.array([1, inputs], "f4");
  // In the order of the kernel's arguments: room for values and potentials first, what is counted last.
  const rest = scratch.map(([size, type]) => kernels.array(size, type));
  const [work, total, counts] = [rest[0], rest.at(-2), rest.at(-1)];
  let t = 0;

  const part = (start, size) => work.subarray(start, start + size);
  return {
    total,
    counts,
    start(sample) {
      x.set(sample);
      t = 0;
    },
    step() {
      kernels.forward(program, constants, weights, x, t, t + 1, false, ...rest);
      t += 1;
    },
    spikes: (layer, at) => part(places[layer].spikes + at * places[layer].size, places[layer].size),
    potentials: (layer, at) => part(places[layer].potentials + (at + 1) * places[layer].size, places[layer].size),
  };
}
