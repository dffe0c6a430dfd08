// One current on five machines, each with its own words, which Python has chosen: card.fixed.machines by step.
// A machine is (words, current, dt) -> { spikes, V }, the spike times in ms and the potential in mV at each step's end.

// Room that the machines take, in float64.
export function machineFloats(steps, spikes) {
  return 12 * steps + 2 * spikes + 600;
}

function row(array, steps) {
  const part = array.subarray(0, steps);
  part.shape = [steps, 1];
  return part;
}

// A current as whole numbers, one a step; what a step's number lacks comes with the next.
function wholeNumbers(unit, I) {
  let charge = 0;
  let brought = 0;
  return Float64Array.from(I, (current) => {
    charge += unit * current;
    const whole = Math.floor(charge + 0.5);
    const number = whole - brought;
    brought = whole;
    return number;
  });
}

export function makeMachines(kernels, neuron, mostSteps, mostSpikes) {
  const times = kernels.array(mostSpikes);
  const current = kernels.array(mostSteps);
  const potential = kernels.array(mostSteps);
  const edges = kernels.array(mostSteps + 1);
  const input = kernels.array([mostSteps, 1], "i4");
  const record = kernels.array([mostSteps, 1], "i4");
  const other = [0, 1].map(() => kernels.array([mostSteps, 1], "i4"));
  const fired = kernels.array([mostSteps, 1], "b1");
  const one = (value, type = "i4") => {
    const array = kernels.array(1, type);
    array[0] = value;
    return array;
  };

  function ends(steps, dt) {
    const spikes = [];
    for (let k = 0; k < steps; k += 1) if (fired[k] !== 0) spikes.push(dt * (k + 1));
    return spikes;
  }

  const circuitState = kernels.array(2);
  function brainscales(words, I) {
    // The nearest whole number, a tie to the even one.
    const nearest = (x) => x + 6755399441055744 - 6755399441055744;
    for (let k = 0; k < I.length; k += 1) current[k] = nearest(I[k] * words.gain * words.words) * words.current;
    const parameters = words.parameters.map((value) => value ?? Infinity);
    circuitState.set([parameters[3], 0]);
    const V = potential.subarray(0, I.length);
    const count = kernels.trace(current.subarray(0, I.length), words.dt, ...parameters, circuitState, V, times);
    return {
      spikes: Array.from(times.subarray(0, count), (t) => t * words.time),
      V: Float64Array.from(V, (v) => neuron.E_L + (v - words.rest) / words.volts),
    };
  }

  const [du, dv, vth, bias, u, v, waiting] = [0, 0, 0, 0, 0, 0, 0].map((value) => one(value));
  function loihi(words, I, dt) {
    const steps = I.length;
    input.set(wholeNumbers(words.unit, I));
    [du[0], dv[0], vth[0], bias[0], u[0], v[0], waiting[0]] = [words.du, words.dv, words.vth, words.bias, 0, words.v0, 0];
    kernels.loihi_steps(
      row(input, steps), du, dv, vth, bias, words.t_ref, false, u, v, waiting, row(other[0], steps), row(record, steps),
      row(fired, steps),
    );
    const V = Float64Array.from(record.subarray(0, steps), (word) => neuron.V_reset + word / words.scale);
    return { spikes: ends(steps, dt), V };
  }

  // One axon that spikes in every tick and weighs what the tick's axons would weigh together.
  const spiking = [one(0), kernels.array(2, "i8"), one(1, "u1"), one(0, "u1")];
  spiking[1].set([0n, 1n]);
  const weights = kernels.array(4, "i4");
  const stochastic = kernels.array(4, "u1");
  const noise = [kernels.array([1, 1], "u1"), one(0, "u1"), one(0)];
  const tick = [one(0), one(0, "b1")];
  function truenorth(words, I, dt) {
    const registers = words.words.slice(0, 9);
    let state = words.words[9];
    const V = new Float64Array(I.length);
    const brought = wholeNumbers(words.unit, I);
    for (let k = 0; k < I.length; k += 1) {
      weights[0] = brought[k];
      state = kernels.truenorth_ticks(...spiking, weights, stochastic, ...registers, state, ...noise, false, ...tick);
      V[k] = neuron.E_L + state / words.scale;
      fired[k] = tick[1][0];
    }
    return { spikes: ends(I.length, dt), V };
  }

  const silent = kernels.array([1, 1], "i4");
  const parameters = kernels.array([10, 1], "i8");
  const state = kernels.array([4, 1], "i4");
  const draws = kernels.array([1, 1], "u4");
  function spinnaker(words, I, dt) {
    const steps = I.length;
    for (let k = 0; k < steps; k += 1) {
      const exact = I[k] * 32768;
      const whole = Math.floor(exact);
      input[k] = whole + (exact - whole >= 0.5 ? 1 : 0);
    }
    parameters.set(words.words.map(BigInt));
    state.set([words.words[2], 0, 0, 0]);
    kernels.fixed_point_steps(
      silent, silent, row(input, steps), parameters, words.rounding, draws, state, row(record, steps), row(other[0], steps),
      row(other[1], steps), row(fired, steps),
    );
    return { spikes: ends(steps, dt), V: Float64Array.from(record.subarray(0, steps), (word) => word / 32768) };
  }

  function processor(_, I, dt) {
    const n = neuron;
    for (let k = 0; k <= I.length; k += 1) edges[k] = dt * k;
    current.set(I);
    // The first sample is the start.
    const V = new Float64Array(I.length);
    const samples = edgesSamples.subarray(0, I.length + 1);
    const count = kernels.piecewise_trace(
      edges.subarray(0, I.length + 1), current.subarray(0, I.length), n.tau_m, n.R, n.E_L, n.V_th, n.V_reset, n.t_ref, n.E_L,
      dt, samples, times,
    );
    V.set(samples.subarray(1));
    return { spikes: Array.from(times.subarray(0, count)), V };
  }
  const edgesSamples = kernels.array(mostSteps + 1);

  return { brainscales, truenorth, loihi, spinnaker, processor };
}
