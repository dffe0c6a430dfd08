// What the figures of one neuron share: a potential whose spikes stand where they are, not at the next sample.

export const SPIKE_TOP = -30; // mV; a spike has no height in this model, so any will do

// Samples at j * dt and exact spike times become one polyline, which rises to V_th and falls to V_reset at each spike.
export function joinSpikes(V, dt, spikes, { V_th, V_reset }, before = []) {
  const t = before.map(([time]) => time);
  const line = before.map(([, potential]) => potential);
  let next = 0;
  for (let j = 0; j < V.length; j += 1) {
    while (next < spikes.length && spikes[next] <= j * dt) {
      t.push(spikes[next], spikes[next]);
      line.push(V_th, V_reset);
      next += 1;
    }
    t.push(j * dt);
    line.push(V[j]);
  }
  return [t, line];
}

export function drawSpikes(pen, spikes, V_th) {
  pen.strokes(spikes, V_th, SPIKE_TOP, "spike", { width: 1.75 });
}
