// A network of noisy neurons, as `lifcore.network.Network` simulates it, without Poisson spikes and synaptic currents.
// Every target has so many sources, and every connection one efficacy and one delay. Connections are drawn once: efficacies,
// drives, noise and delays may change from run to run.

const ROOM = { work: 1408, words: 512, counts: 256 };
const CHUNK = 2048;
const WORDS_OF_CHUNK = CHUNK / 64;
const [SAME, BITS] = [-1, -2];
const DENSE = 0.02;

// sizes: of the populations, as { E: 800, I: 200 };  seed: of noise
// connections: { source, target, indegree, streams }, where `streams` are the two words that seed the draw of its sources
// longest: the longest delay, in steps;  most: spikes of a neuron within the longest delay
export function makeNetwork(kernels, { sizes, connections, seed, longest, most }) {
  const names = Object.keys(sizes);
  const neurons = names.reduce((sum, name) => sum + sizes[name], 0);
  const first = {};
  const rows = [];
  names.reduce((sum, name, number) => {
    first[name] = sum;
    for (let begin = 0; begin < sizes[name]; begin += CHUNK) {
      rows.push([sum + begin, Math.min(CHUNK, sizes[name] - begin), number]);
    }
    return sum + sizes[name];
  }, 0);
  const table = (lines, type) => {
    const made = kernels.array([lines.length, lines[0].length], type);
    made.set(lines.flat());
    return made;
  };
  const chunks = table(rows, "i4");
  const constants = kernels.array([names.length, 7]);
  const [external, thresholds] = [kernels.array([names.length, 3], "i4"), kernels.array([names.length, 1], "i4")];
  const projections = table(connections.map(({ source, target }) => {
    return [first[source], first[source] + sizes[source], names.indexOf(target), 0, 1, SAME, 0];
  }), "i4");
  const J = kernels.array(connections.length);
  const offsets = kernels.array([rows.length, connections.length], "i4");
  const synapses = drawSynapses();

  const room = Math.max(...rows.map(([, size]) => size)) * most;
  const fired = [0, 1].map(() => ({
    times: kernels.array([rows.length, room]), neurons: kernels.array([rows.length, room], "i4"),
    steps: kernels.array([rows.length, room], "i4"), counts: kernels.array(rows.length, "i4"),
  }));
  const listed = kernels.array(rows.length * room, "i4");
  const [V, wait, mu] = [kernels.array(neurons), kernels.array(neurons), kernels.array(neurons)];
  const [words, normals] = [kernels.array([4, neurons], "u4"), kernels.array([2, neurons])];
  const [currents, tauS] = [kernels.array([1, neurons]), kernels.array(1)];
  const ring = kernels.array([1, longest + 1, neurons]);
  const [work, workWords] = [kernels.array(ROOM.work), kernels.array(ROOM.words, "u4")];
  const [workCounts, planes] = [kernels.array(ROOM.counts, "i4"), kernels.array(6 * WORDS_OF_CHUNK, "u8")];
  const [weights, delays] = [kernels.array(1, "f4"), kernels.array(1, "u2")];
  const seeds = kernels.array(2, "u4");
  seeds.set([seed, 0]);
  const allEnds = kernels.array(longest + 1, "i4");
  const signals = new Map();
  let window = 1;
  let step = 0;
  let windows = 0;
  let dt = 1;

  function drawSynapses() {
    const most = Math.max(...connections.map(({ target, indegree }) => sizes[target] * indegree));
    const drawn = kernels.array(most, "i4");
    const order = kernels.array(most, "i4");
    const ofTarget = (target) => rows.map((row, q) => [...row, q]).filter(([, , number]) => names[number] === target);
    const isDense = ({ source, indegree }) => indegree > DENSE * sizes[source];
    let [bitRows, listRows, targets] = [0, 0, 0];
    for (const each of connections) {
      const mine = ofTarget(each.target).length;
      if (isDense(each)) bitRows += mine * sizes[each.source];
      else [listRows, targets] = [listRows + mine * (sizes[each.source] + 1), targets + sizes[each.target] * each.indegree];
    }
    const bits = kernels.array(Math.max(1, bitRows * WORDS_OF_CHUNK), "u8");
    const [starts, ends] = [kernels.array(Math.max(1, listRows), "i4"), kernels.array(Math.max(1, targets), "u2")];
    let [bitRow, row, base] = [0, 0, 0];
    connections.forEach((each, k) => {
      const { source, target, indegree, streams } = each;
      const begins = kernels.array(sizes[target] + 1, "i4");
      for (let t = 0; t <= sizes[target]; t += 1) begins[t] = t * indegree;
      const [state, key] = [kernels.array([4, sizes[target]], "u4"), kernels.array(2, "u4")];
      key.set(streams);
      kernels.seed_streams(key, 0, state);
      const seen = kernels.array(sizes[source], "u1");
      kernels.draw_sources(state, sizes[source], source === target, begins, seen, drawn);
      for (const [begin, size, , q] of ofTarget(target)) {
        const from = begin - first[target];
        if (isDense(each)) {
          projections[7 * k + 5] = BITS;
          offsets[connections.length * q + k] = bitRow;
          kernels.arrange_bits(drawn, begins, from, from + size, bits.subarray(bitRow * WORDS_OF_CHUNK));
          bitRow += sizes[source];
          continue;
        }
        offsets[connections.length * q + k] = row;
        kernels.arrange(
          drawn, begins, from, from + size, base, starts.subarray(row, row + sizes[source] + 1), ends.subarray(base), order,
        );
        row += sizes[source] + 1;
        base += size * indegree;
      }
    });
    return { bits, starts, ends };
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
    // A new run: of each population its neuron, `mu` and `sigma`; of each connection `J` and `delay`, in steps.
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
        J[k] = link.J;
        projections[7 * k + 4] = link.delay;
      });
      window = Math.min(...links.map(({ delay }) => delay));
      for (const array of [wait, normals, ring, ...fired.map(({ counts }) => counts)]) array.fill(0);
      kernels.seed_streams(seeds, 0, words);
      [step, windows] = [0, 0];
    },
    // Advances by a shortest delay, or to the last step; `seen(time, neuron)` is told of every spike, and `drive(step)`
    // says what is added to mu of all neurons in a step. Returns how many steps have been made.
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
        synapses.ends, weights, delays, synapses.bits, dt, before, step, count, V, wait, words, normals, currents, ring,
        work, workWords, workCounts, planes, listed, ends, present.times, present.neurons, present.steps, present.counts,
      );
      if (stopped >= 0) throw new RangeError("a neuron fires more spikes than there is room for");
      rows.forEach((_, q) => {
        for (let m = q * room; m < q * room + present.counts[q]; m += 1) seen(present.times[m], present.neurons[m]);
      });
      [step, windows] = [step + count, windows + 1];
      return step;
    },
  };
}
