"""A LIF neuron with escape noise: its spike trains, their likelihood and its gradient, and the loop with a pole.

    tau_m dV/dt = E_L - V + bias + sum of w_i x_i        x constant within a step of dt
    P(spike at the end of the step) = 1 / (1 + exp(-(V - V_th) / Delta));    spike: V = V_reset

The step is exact: V = V_inf + beta (V - V_inf) with beta = exp(-dt / tau_m) and V_inf = E_L + bias + sum of w_i x_i.
What can be learnt stands in one array, ``parameters``: bias in mV, tau_m in ms, V_reset in mV, then the weights in mV.

The derivatives of V by the parameters, its eligibility traces, obey the same recursion as V.  With V and e before the
step on the right::

    bias      e = beta e + (1 - beta)
    tau_m     e = beta e + (d beta / d tau_m) (V - V_inf)
    V_reset   e = beta e
    w_i       e = beta e + (1 - beta) x_i

A spike makes V = V_reset, so that all of them become 0 and the third 1.  With s = 1 for a spike and 0 for none, the
logarithm of the probability of a spike train has as its derivatives the sums over the steps of (s - P) e / Delta
(Pfister et al. 2006; Florian 2007).
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.cartpole import cart_pole_step, observe
from lifcore.kernels.elementary import exp, log1p
from lifcore.kernels.random import _next, _uniform

__all__ = [
    "balance", "balance_returns", "decay_factor", "decide", "log_likelihood", "reinforce_updates", "sample", "score",
    "spike_probability", "start_state",
]

BIAS, TAU, RESET, WEIGHTS = 0, 1, 2, 3
FORCE = 10.0  # N
START = 0.05  # the largest number of a state at the start, of either sign
# Moments and their smallest root, as in Adam (Kingma & Ba 2015).
FIRST_MOMENT, SECOND_MOMENT, SMALLEST_ROOT = 0.9, 0.99, 1e-8
BASELINE_MEMORY = 0.9


@kernel("f8(f8, f8)")
def decay_factor(tau, dt):
    """exp(-dt / tau), and 0 for a membrane without memory, tau = 0."""
    return exp(-dt / tau) if tau > 0.0 else 0.0


@kernel("f8(f8, f8)")
def _decay_slope(tau, dt):
    """The derivative of `decay_factor` by tau."""
    return exp(-dt / tau) * dt / (tau * tau) if tau > 0.0 else 0.0


@kernel("f8(f8, f8, f8)")
def spike_probability(V, V_th, Delta):
    """Probability of a spike at the end of a step; without noise, Delta = 0, a spike wherever V reaches V_th."""
    if Delta == 0.0:
        return 1.0 if V >= V_th else 0.0
    return 1.0 / (1.0 + exp(-(V - V_th) / Delta))


@kernel("f8(u4[:, ::1], i4)")
def _draw(words, j):
    """The next number of stream j, between 0 and 1."""
    number, a, b, c, d = _next(words[0, j], words[1, j], words[2, j], words[3, j])
    words[0, j] = a
    words[1, j] = b
    words[2, j] = c
    words[3, j] = d
    return _uniform(number)


@kernel("f8(f8[::1], f8, f8[::1])")
def _steady_state(parameters, E_L, x):
    drive = parameters[BIAS]
    for i in range(x.size):
        drive += parameters[WEIGHTS + i] * x[i]
    return E_L + drive


@kernel("void(f8[::1], f8, f8, f8, f8, f8[::1], f8[::1])")
def _move_traces(parameters, V, V_inf, beta, slope, x, traces):
    """The eligibility traces at the end of a step that begins at V."""
    for i in range(traces.size):
        traces[i] *= beta
    traces[BIAS] += 1.0 - beta
    traces[TAU] += slope * (V - V_inf)
    for i in range(x.size):
        traces[WEIGHTS + i] += (1.0 - beta) * x[i]


@kernel("void(f8[::1])")
def _reset_traces(traces):
    traces[:] = 0.0
    traces[RESET] = 1.0


@kernel("f8(f8[::1], f8, f8, f8, f8, f8[:, ::1], u1[::1])")
def log_likelihood(parameters, E_L, V_th, Delta, dt, x, spikes):
    """Logarithm of the probability that the inputs x, shape (steps, inputs), make just these spikes, from V = E_L."""
    beta = decay_factor(parameters[TAU], dt)
    V = E_L
    total = 0.0
    for k in range(spikes.size):
        V_inf = _steady_state(parameters, E_L, x[k])
        V = V_inf + beta * (V - V_inf)
        # log P for a spike and log(1 - P) for none are the same function of u and of -u.
        u = (V - V_th) / Delta
        if not spikes[k]:
            u = -u
        total += min(u, 0.0) - log1p(exp(-abs(u)))
        if spikes[k]:
            V = parameters[RESET]
    return total


@kernel("void(f8[::1], f8, f8, f8, f8, f8[:, ::1], u1[::1], f8[::1], f8[::1])")
def score(parameters, E_L, V_th, Delta, dt, x, spikes, traces, gradient):
    """The derivatives of `log_likelihood` by the parameters, into `gradient`; `traces` is room of the same size."""
    beta, slope = decay_factor(parameters[TAU], dt), _decay_slope(parameters[TAU], dt)
    V = E_L
    traces[:] = 0.0
    gradient[:] = 0.0
    for k in range(spikes.size):
        V_inf = _steady_state(parameters, E_L, x[k])
        _move_traces(parameters, V, V_inf, beta, slope, x[k], traces)
        V = V_inf + beta * (V - V_inf)
        surprise = (np.float64(spikes[k] != 0) - spike_probability(V, V_th, Delta)) / Delta
        for i in range(gradient.size):
            gradient[i] += surprise * traces[i]
        if spikes[k]:
            V = parameters[RESET]
            _reset_traces(traces)


@kernel("void(f8[::1], f8, f8, f8, f8, f8[:, ::1], u4[:, ::1], f8[::1], u1[::1])")
def sample(parameters, E_L, V_th, Delta, dt, x, words, V, spikes):
    """Spikes for the inputs x, shape (steps, inputs), from V = E_L; V at the end of each step, before a reset."""
    beta = decay_factor(parameters[TAU], dt)
    before = E_L
    for k in range(spikes.size):
        V_inf = _steady_state(parameters, E_L, x[k])
        V[k] = V_inf + beta * (before - V_inf)
        spikes[k] = _draw(words, 0) < spike_probability(V[k], V_th, Delta)
        before = parameters[RESET] if spikes[k] else V[k]


@kernel("void(u4[:, ::1], i4, f8[::1])")
def start_state(words, j, state):
    """A state from stream j, each of its numbers uniform between -0.05 and 0.05."""
    for i in range(state.size):
        state[i] = START * (2.0 * _draw(words, j) - 1.0)


@kernel("f8(f8[::1], f8, f8, f8, f8, f8[::1], f8, u4[:, ::1], i4, f8[::1], u1[::1])")
def decide(parameters, E_L, V_th, Delta, beta, x, before, words, j, V, spikes):
    """One decision: V.size steps under the input x, from the potential `before`; returns the potential afterwards."""
    V_inf = _steady_state(parameters, E_L, x)
    for k in range(V.size):
        V[k] = V_inf + beta * (before - V_inf)
        spikes[k] = _draw(words, j) < spike_probability(V[k], V_th, Delta)
        before = parameters[RESET] if spikes[k] else V[k]
    return before


@kernel("f8(u1[::1])")
def _force(spikes):
    """Any spike pushes to the right, none to the left."""
    for k in range(spikes.size):
        if spikes[k]:
            return FORCE
    return -FORCE


@kernel(
    "i4(f8[::1], f8, f8, f8, f8, i4[::1], f8[::1], f8[::1], f8[::1], u4[:, ::1], f8[::1], f8[:, ::1], f8[:, ::1], "
    "u1[:, ::1])")
def balance(parameters, E_L, V_th, Delta, dt, columns, scales, state, membrane, words, x, states, V, spikes):
    """The neuron balances the pole until it falls or the records are full; the number of decisions.

    `state` and `membrane` (one number, V) say where it goes on, and are where it ended.  `states` has a row for each
    decision, the state it leads to; `V` and `spikes` have one too, with a column for each step of the neuron in it.
    """
    beta = decay_factor(parameters[TAU], dt)
    for t in range(states.shape[0]):
        observe(state, columns, scales, x)
        membrane[0] = decide(parameters, E_L, V_th, Delta, beta, x, membrane[0], words, 0, V[t], spikes[t])
        fallen = cart_pole_step(state, _force(spikes[t]))
        for i in range(state.size):
            states[t, i] = state[i]
        if fallen:
            return t + 1
    return states.shape[0]


@kernel("void(f8[::1], f8, f8, f8, f8, i4[::1], f8[::1], i4, u4[:, ::1], f8[::1], f8[::1], f8[::1], u1[::1], i4[::1])")
def balance_returns(parameters, E_L, V_th, Delta, dt, columns, scales, most, words, x, state, V, spikes, returns):
    """For each stream of `words` the number of decisions, `most` at most, until the pole falls; from a random state.

    `V` and `spikes` are room for the steps of one decision.
    """
    beta = decay_factor(parameters[TAU], dt)
    for j in range(returns.size):
        start_state(words, j, state)
        before = E_L
        returns[j] = most
        for t in range(most):
            observe(state, columns, scales, x)
            before = decide(parameters, E_L, V_th, Delta, beta, x, before, words, j, V, spikes)
            if cart_pole_step(state, _force(spikes)):
                returns[j] = t + 1
                break


@kernel(
    "b1(f8[::1], f8, f8, f8, f8, i4[::1], f8[::1], u4[:, ::1], f8[::1], f8[::1], f8[::1], u1[::1], f8[::1], "
    "f8[:, ::1], i4[::1])")
def _trial(parameters, E_L, V_th, Delta, dt, columns, scales, words, x, state, V, spikes, traces, scores, length):
    """One episode of learning, scores.shape[0] decisions at most; whether the pole fell.

    Row t of `scores` gets the derivatives of the log-probability of the spikes of decision t.
    """
    beta, slope = decay_factor(parameters[TAU], dt), _decay_slope(parameters[TAU], dt)
    start_state(words, 0, state)
    traces[:] = 0.0
    before = E_L
    for t in range(scores.shape[0]):
        observe(state, columns, scales, x)
        V_inf = _steady_state(parameters, E_L, x)
        scores[t] = 0.0
        for k in range(V.size):
            _move_traces(parameters, before, V_inf, beta, slope, x, traces)
            V[k] = V_inf + beta * (before - V_inf)
            P = spike_probability(V[k], V_th, Delta)
            spikes[k] = _draw(words, 0) < P
            surprise = (np.float64(spikes[k]) - P) / Delta
            for i in range(traces.size):
                scores[t, i] += surprise * traces[i]
            before = V[k]
            if spikes[k]:
                before = parameters[RESET]
                _reset_traces(traces)
        if cart_pole_step(state, _force(spikes)):
            length[0] = t + 1
            return True
    length[0] = scores.shape[0]
    return False


@kernel(
    "void(f8[::1], f8[::1], f8, f8, f8, f8, i4[::1], f8[::1], f8, i4, i4, i4, i4, f8[:, ::1], f8[::1], u4[:, ::1], "
    "f8[::1], f8[::1], f8[::1], u1[::1], f8[::1], f8[:, ::1], f8[::1], i4[::1])")
def reinforce_updates(
    parameters, rates, E_L, V_th, Delta, dt, columns, scales, discount, batch, first, updates, fade, moments, baseline,
    words, x, state, V, spikes, traces, scores, gradient, lengths):
    """Learning by trial: `updates` of the parameters, each after `batch` episodes; the lengths of all these episodes.

    The return of a decision is the discounted number of decisions from it on, that of an endless episode where the pole
    still stands at the last; the baseline, a running mean over earlier episodes, is taken from it.  The gradient is the
    mean over the decisions of return minus baseline, times the score.  Adam's step has the size `rates`, in mV, and of
    tau_m as a share of it; 0 for what is not learnt.  If `fade` is positive, it shrinks in equal parts to nothing at
    the update `fade`.  `first` is the number of updates before; `moments`, shape (2, parameters), `baseline` (mean, and
    episodes so far) and `words` are carried from call to call, and are 0, 0 and seeded at first.
    """
    endless = 1.0 / (1.0 - discount)
    for update in range(first, first + updates):
        gradient[:] = 0.0
        decisions = 0
        for episode in range(batch):
            at = (update - first) * batch + episode
            fallen = _trial(
                parameters, E_L, V_th, Delta, dt, columns, scales, words, x, state, V, spikes, traces, scores,
                lengths[at:at + 1])
            length = lengths[at]
            mean = 0.0
            total = 0.0 if fallen else endless
            for t in range(length - 1, -1, -1):
                total = 1.0 + discount * total
                mean += total
                advantage = total - baseline[0]
                for i in range(gradient.size):
                    gradient[i] += advantage * scores[t, i]
            mean /= length
            memory = BASELINE_MEMORY if baseline[1] > 0.0 else 0.0
            baseline[0] = memory * baseline[0] + (1.0 - memory) * mean
            baseline[1] += 1.0
            decisions += length
        size = 1.0 - update / fade if fade > 0 else 1.0
        first_left, second_left = 1.0, 1.0
        for _ in range(update + 1):
            first_left *= FIRST_MOMENT
            second_left *= SECOND_MOMENT
        for i in range(gradient.size):
            if rates[i] == 0.0:
                continue
            slope = gradient[i] / decisions
            if i == TAU:
                slope *= parameters[TAU]
            moments[0, i] = FIRST_MOMENT * moments[0, i] + (1.0 - FIRST_MOMENT) * slope
            moments[1, i] = SECOND_MOMENT * moments[1, i] + (1.0 - SECOND_MOMENT) * slope * slope
            root = np.sqrt(moments[1, i] / (1.0 - second_left))
            step = size * rates[i] * (moments[0, i] / (1.0 - first_left)) / (root + SMALLEST_ROOT)
            if i == TAU:
                parameters[TAU] *= exp(step)
            else:
                parameters[i] += step
