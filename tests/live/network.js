// A network in a page of its own: all spikes of a run, as the module of the figures has them.

import { loadKernels } from "../../lifcore/live/js/kernels.js";
import { makeNetwork, networkFloats } from "../../lifcore/live/js/network/network.js";

// How many steps each call may make: an `advance` to the end, or in parts that are no multiples of the shortest delay.
async function run({ network, populations, runs, dt, steps, part, drive }) {
  const kernels = await loadKernels(networkFloats(network));
  const net = makeNetwork(kernels, network);
  let found = [];
  for (const links of runs) {
    found = [];
    net.begin(populations, links, dt);
    const seen = (time, neuron) => found.push([time, neuron]);
    let step = 0;
    for (let end = part; step < steps; end += part) {
      while (step < Math.min(end, steps)) {
        step = net.advance(Math.min(end, steps), seen, drive ? (at) => drive * (at % 7) : null);
      }
    }
  }
  return { spikes: found, V: [...net.V] };
}

export default { run };
