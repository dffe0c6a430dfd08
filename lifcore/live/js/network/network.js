// A network of noisy neurons, as `lifcore.network.Network` simulates it, without Poisson spikes and synaptic currents.
// Every target has so many sources, and every connection one efficacy and one delay. Connections are drawn once: efficacies,
// drives, noise and delays may change from run to run.

const NETWORK_ROOM = { work: 1408, words: 512, counts: 256, planes: 192 };
const CHUNK = 2048;
const WORDS_OF_CHUNK = CHUNK / 64;
const [SAME_FOR_ALL, AS_BITS] = [-1, -2];
const DENSE = 0.02;

// Chunks of neurons as [first, size, population], the first neuron of each population, and what synapses take.
function divideNetwork({ sizes, connections }) {
  const names = Object.keys(sizes);
  const first = {};
  const rows = [];
  let neurons = 0;
  names.forEach((name, number) => {
    first[name] = neurons;
    for (let begin = 0; begin < sizes[name]; begin += CHUNK) {
      rows.push([neurons + begin, Math.min(CHUNK, sizes[name] - begin), number]);
    }
    neurons += sizes[name];
  });
  let [bitRows, listRows, listed, drawn, streams] = [0, 0, 0, 1, 0];
  for (const { source, target, indegree } of connections) {
    const chunks = Math.ceil(sizes[target] / CHUNK);
    if (isDense(sizes, source, indegree)) bitRows += chunks * sizes[source];
    else [listRows, listed] = [listRows + chunks * (sizes[source] + 1), listed + sizes[target] * indegree];
    drawn = Math.max(drawn, sizes[target] * indegree);
    streams += 3 * sizes[target] + sizes[source] / 8;
  }
  return { names, first, rows, neurons, bitRows, listRows, listed, drawn, streams };
}

function isDense(sizes, source, indegree) {
  return indegree > DENSE * sizes[source];
}

function spikeRoom(rows, most) {
  return Math.max(...rows.map(([, size]) => size)) * most;
}

// Room that it takes, in float64.
export function networkFloats({ sizes, connections, longest, most }) {
  const { names, rows, neurons, bitRows, listRows, listed, drawn, streams } = divideNetwork({ sizes, connections });
  const spikes = 5.5 * rows.length * spikeRoom(rows, most);
  const synapses = bitRows * WORDS_OF_CHUNK + 0.5 * listRows + 0.25 * listed + drawn + streams;
  const signals = 0.5 * names.length * longest * (longest + 1);
  return Math.ceil(neurons * (9 + longest) + spikes + synapses + signals + 2500 + 20 * connections.length + 3 * longest);
}

// sizes: of the populations, as { E: 800, I: 200 };  seed: of noise, a whole number below 2**32
// connections: { source, target, indegree, streams }, where `streams` are the two words that seed the draw of its sources
// longest: the longest delay, in steps;  most: spikes of a neuron within the shortest delay
export function makeNetwork(kernels, { sizes, connections, seed, longest, most }) {
  const { names, first, rows, neurons, ...counted } = divideNetwork({ sizes, connections });
  const table = (lines, type) => {
    const made = kernels.array([lines.length, lines[0].length], type);
    made.set(lines.flat());
    return made;
  };
  const chunks = table(rows, "i4");
  const constants = kernels.array([names.length, 7]);
  const [external, thresholds] = [kernels.array([names.length, 3], "i4"), kernels.array([names.length, 1], "i4")];
  const projections = table(connections.map(({ source, target }) => {
    return [first[source], first[source] + sizes[source], names.indexOf(target), 0, 1, SAME_FOR_ALL, 0];
  }), "i4");
  const J = kernels.array(connections.length);
  const offsets = kernels.array([rows.length, connections.length], "i4");
  const synapses = drawSynapses();

  const room = spikeRoom(rows, most);
  const fired = [0, 1].map(() => ({
    times: kernels.array([rows.length, room]), neurons: kernels.array([rows.length, room], "i4"),
    steps: kernels.array([rows.length, room], "i4"), counts: kernels.array(rows.length, "i4"),
  }));
  const listed = kernels.array(rows.length * room, "i4");
  const [V, wait, mu] = [kernels.array(neurons), kernels.array(neurons), kernels.array(neurons)];
  const [words, normals] = [kernels.array([4, neurons], "u4"), kernels.array([2, neurons])];
  const [currents, tauS] = [kernels.array([1, neurons]), kernels.array(1)];
  const ring = kernels.array([1, longest + 1, neurons]);
  const [work, workWords] = [kernels.array(NETWORK_ROOM.work), kernels.array(NETWORK_ROOM.words, "u4")];
  const [workCounts, planes] = [kernels.array(NETWORK_ROOM.counts, "i4"), kernels.array(NETWORK_ROOM.planes, "u8")];
  const ownSynapses = kernels.array(1, "u8");
  const [cursors, spans] = [kernels.array([2, listed.length], "i4"), kernels.array([2, longest + 1], "i4")];
  const seeds = kernels.array(2, "u4");
  seeds.set([seed, 0]);
  const allEnds = kernels.array(longest + 1, "i4");
  const signals = new Map();
  let window = 1;
  let step = 0;
  let windows = 0;
  let dt = 1;

  // Targets in the order of their chunks, and in each chunk the synapses source after source; dense connections as bits.
  function drawSynapses() {
    const [drawn, order] = [kernels.array(counted.drawn, "i4"), kernels.array(counted.drawn, "i4")];
    const bits = kernels.array(Math.max(1, counted.bitRows * WORDS_OF_CHUNK), "u8");
    const starts = kernels.array(Math.max(1, counted.listRows), "i4");
    const targets = kernels.array(Math.max(1, counted.listed), "u2");
    const key = kernels.array(2, "u4");
    let [bitRow, row, base] = [0, 0, 0];
    connections.forEach(({ source, target, indegree, streams }, k) => {
      const begins = kernels.array(sizes[target] + 1, "i4");
      for (let t = 0; t <= sizes[target]; t += 1) begins[t] = t * indegree;
      const state = kernels.array([4, sizes[target]], "u4");
      key.set(streams);
      kernels.seed_streams(key, 0, state);
      const seen = kernels.array(sizes[source], "u1");
      kernels.draw_sources(state, sizes[source], source === target, begins, seen, drawn);
      const dense = isDense(sizes, source, indegree);
      if (dense) projections[7 * k + 5] = AS_BITS;
      rows.forEach(([begin, size, number], q) => {
        if (names[number] !== target) return;
        const from = begin - first[target];
        offsets[connections.length * q + k] = dense ? bitRow : row;
        if (dense) {
          kernels.arrange_bits(drawn, begins, from, from + size, bits.subarray(bitRow * WORDS_OF_CHUNK));
          bitRow += sizes[source];
        } else {
          kernels.arrange(
            drawn, begins, from, from + size, base, starts.subarray(row, row + sizes[source] + 1), targets.subarray(base), order,
          );
          row += sizes[source] + 1;
          base += size * indegree;
        }
      });
    });
    return { bits, starts, targets };
  }

  // Room for the drive of a window: its length is part of its shape.
  function signalFor(count) {
    if (!signals.has(count)) signals.set(count, kernels.array([names.length, count]));
    return signals.get(count);
  }

  return {
    names,
    first,
    neurons,
    V,
    // A new run: of each population its neuron, `mu` and `sigma`; of each connection `J`, and `delay` in steps.
    // Potentials begin evenly spread from reset to threshold.
    begin(populations, links, length) {
      dt = length;
      names.forEach((name, k) => {
        const n = populations[name];
        constants.set([n.tau_m, n.E_L, n.V_th, n.V_reset, n.t_ref, n.sigma, 0], 7 * k);
        mu.fill(n.mu, first[name], first[name] + sizes[name]);
        for (let i = 0; i < sizes[name]; i += 1) {
          V[first[name] + i] = n.V_reset + (n.V_th - n.V_reset) * ((i + 0.5) / sizes[name]);
        }
      });
      links.forEach((link, k) => {
        if (link.delay > longest) throw new RangeError(`a delay of ${link.delay} steps is longer than ${longest}`);
        J[k] = link.J;
        projections[7 * k + 4] = link.delay;
      });
      window = Math.min(...links.map(({ delay }) => delay));
      for (const array of [wait, normals, ring, ...fired.map(({ counts }) => counts)]) array.fill(0);
      kernels.seed_streams(seeds, 0, words);
      [step, windows] = [0, 0];
    },
    // Advances by a shortest delay, or to the last step; `seen(time, neuron)` is told of every spike, those of a neuron in
    // their order, and `drive(step)` says what is added to mu of all neurons in a step. Returns how many steps are made.
    advance(last, seen, drive = null) {
      const count = Math.min(window, last - step);
      const [past, present] = [fired[windows % 2], fired[1 - (windows % 2)]];
      const before = Math.max(0, step - window);
      const ends = allEnds.subarray(0, window + 1);
      kernels.list_spikes(past.neurons, past.steps, past.counts, before, listed, ends);
      const signal = signalFor(count);
      for (let k = 0; k < signal.length; k += 1) signal[k] = drive ? drive(step + (k % count)) : 0;
      const stopped = kernels.network_steps(
        0, rows.length, chunks, constants, external, thresholds, tauS, mu, signal, projections, J, offsets, synapses.starts,
        synapses.targets, ownSynapses, synapses.bits, dt, before, step, count, V, wait, words, normals, currents, ring, work,
        workWords, workCounts, planes, cursors, spans, listed, ends, present.times, present.neurons, present.steps,
        present.counts,
      );
      if (stopped >= 0) throw new RangeError("a neuron fires more spikes than there is room for");
      for (let q = 0; q < rows.length; q += 1) {
        for (let m = q * room; m < q * room + present.counts[q]; m += 1) seen(present.times[m], present.neurons[m]);
      }
      [step, windows] = [step + count, windows + 1];
      return step;
    },
  };
}
