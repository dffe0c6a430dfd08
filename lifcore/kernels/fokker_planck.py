"""The density of a population of noisy neurons, as probability that moves between cells of the potential axis.

    dp/dt = -dJ/dV + r(t - t_ref) delta(V - V_reset)
    J = [(E_L + mu - V) p - (sigma**2 / 2) dp/dV] / tau_m
    p(V_th) = 0,    r(t) = J(V_th, t),    J = 0 at the lowest face

Units: ms, mV; rates in Hz at the surface, per ms inside.  `probability` holds the integral of p over each cell.  The
flux between two cells is exact where it is constant from centre to centre (Scharfetter & Gummel 1969).  That makes the
cells a Markov chain: `up[i]` is the rate of leaving cell i upwards, the last one over the threshold, `down[i]` that of
leaving cell i + 1 downwards.  Neither is negative for any drift and any noise.

A step is TR-BDF2 (Bank et al. 1985): second order, and it damps what it cannot follow.  Where it would leave less than
nothing in a cell, its flux is mixed with that of implicit Euler, which never does (limited as in Zalesak 1979).  What
leaves one cell arrives in another, so no probability is made or lost.

Refractory neurons stand in a delay line: the outflow of each step, with the time until which it is given back.  What is
due within the step itself is put in at V_reset there and then; without a refractory period that is all of it.

For a caller on the page's side every kernel takes float64 arrays and numbers only:

`faces`        cells + 1 potentials, increasing, the last V_th; made by `cell_faces`
`reset`        number of cells below V_reset, which is faces[reset]
`probability`  cells
`release`, `waiting`  the delay line, t_ref / dt + 3 places or more
`state`        STATE numbers: time in ms, part of the neurons that is not refractory, and of the delay line the first
               place in use, the number of places in use and the time from which the first is due
`work`         WORK_ARRAYS * cells
"""

from __future__ import annotations

import numpy as np

from lifcore.kernels._jit import kernel
from lifcore.kernels.elementary import exp, expm1

__all__ = [
    "FREE", "STATE", "WORK_ARRAYS", "W_END", "advance", "cell_faces", "follow", "gaussian_start", "stationary_start",
    "transition_rates",
]

# An operator is made of `up` and `down`, three arrays of factors and the response to what is put in at V_reset.
DOWN, INVERSE, FORWARD, BACKWARD, RESPONSE = 1, 2, 3, 4, 5
OPERATOR_ARRAYS = 6
WORK_ARRAYS = 22
# Places in `state`.
TIME, FREE, FIRST, PLACES, DUE = 0, 1, 2, 3, 4
STATE = 5
# TR-BDF2 with gamma = 2 - sqrt(2), for which both stages have one matrix.  Its first stage is an implicit Euler step to
# the middle of (0, gamma), at W_END of the step, and an extrapolation: that middle and the end carry the flux of the
# whole step, with these weights.
SQRT_2 = 1.4142135623730951
W_MIDDLE = 0.5 * SQRT_2
W_END = 1.0 - 0.5 * SQRT_2
HUGE = 1e200
# Four Gauss-Legendre points on (0, 1): positions and weights of the two below the middle.
GAUSS_OUTER, GAUSS_INNER = 0.06943184420297371, 0.33000947820757187
GAUSS_OUTER_WEIGHT, GAUSS_INNER_WEIGHT = 0.17392742256872692, 0.32607257743127307
GAUSSIAN_REACH = 9.0


@kernel("f8(f8[::1])")
def _sum(x):
    """Sum of all elements."""
    total = 0.0
    for value in x:
        total += value
    return total


@kernel("f8(f8)")
def _bernoulli(x):
    """x / (exp(x) - 1) for x >= 0."""
    return 1.0 if x == 0.0 else x / expm1(x)


@kernel("i4(f8, f8, f8, f8[::1])")
def cell_faces(V_th, V_reset, lower, faces):
    """Faces of the cells from about `lower` to V_th, one of them at V_reset; returns the number of cells below it.

    Equal cells, the lowest face at or below `lower`; where that would leave less than an eighth of the cells above
    V_reset, an eighth is put there and those below grow by a constant factor.
    """
    cells = faces.size - 1
    above = np.int64(cells * ((V_th - V_reset) / (V_th - lower)))
    stretched = above < cells // 8
    above = min(max(above, cells // 8), cells - 2)
    below = cells - above
    width = (V_th - V_reset) / above
    for i in range(above + 1):
        faces[below + i] = V_reset + i * width
    faces[cells] = V_th
    growth = 1.0
    if stretched:
        low = 1.0
        high = 4.0
        for _ in range(60):
            growth = 0.5 * (low + high)
            length = 0.0
            step = width
            for i in range(below):
                length += step
                step *= growth
            if length < V_reset - lower:
                low = growth
            else:
                high = growth
        growth = high
    if growth == 1.0:
        for i in range(below):
            faces[i] = V_reset - (below - i) * width
    else:
        for i in range(below):
            faces[below - 1 - i] = faces[below - i] - width
            width *= growth
    return below


@kernel("void(f8, f8, f8, f8, f8[::1], f8[::1], f8[::1])")
def transition_rates(mu, sigma, tau_m, E_L, faces, up, down):
    """Rates per ms between neighbouring cells: `up` from each cell, `down` to each cell from the one above it."""
    cells = up.size
    variance = 0.5 * sigma * sigma
    V_inf = E_L + mu
    for i in range(cells):
        width = faces[i + 1] - faces[i]
        centre = 0.5 * (faces[i] + faces[i + 1])
        # Beyond the last cell lies the threshold itself, where the density is zero.
        following = 0.5 * (faces[i + 1] + faces[i + 2]) if i < cells - 1 else faces[i + 1]
        distance = following - centre
        # The drift is linear, so its value half way gives the difference of the potentials it derives from exactly.
        drift = (V_inf - 0.5 * (centre + following)) * distance / variance
        against = _bernoulli(abs(drift))
        along = against + abs(drift)
        conductance = variance / (tau_m * distance)
        up[i] = conductance * (along if drift > 0.0 else against) / width
        if i < cells - 1:
            down[i] = conductance * (against if drift > 0.0 else along) / (faces[i + 2] - faces[i + 1])
    down[cells - 1] = 0.0


@kernel("f8(f8[::1], i4)")
def _share_below(faces, reset):
    """Part of what is reset that goes to the cell below V_reset: the mean of the two parts lies at V_reset."""
    return (faces[reset + 1] - faces[reset]) / (faces[reset + 1] - faces[reset - 1])


@kernel("void(f8, f8[::1])")
def _begin(free, state):
    """Time 0, the given part of the neurons in the cells, an empty delay line."""
    for i in range(STATE):
        state[i] = 0.0
    state[FREE] = free


@kernel("void(f8, f8, f8, f8[::1], f8[::1], f8[::1])")
def _keep(amount, start, end, release, waiting, state):
    """Puts `amount` into the delay line, due from `start` to `end`; into its last place if there is none left."""
    places = np.int64(release.size)
    count = np.int64(state[PLACES])
    if count == 0:
        state[DUE] = start
    if count < places:
        count += 1
        state[PLACES] = count
    last = np.int64(state[FIRST]) + count - 1
    if last >= places:
        last -= places
    waiting[last] += amount
    release[last] = end


@kernel("f8(f8, f8, f8, f8, f8, f8[::1], i4, f8[::1], f8[::1], f8[::1], f8[::1], f8[::1])")
def stationary_start(mu, sigma, tau_m, E_L, t_ref, faces, reset, probability, release, waiting, state, work):
    """The stationary state of the cells, refractory neurons included, at time 0; returns its rate in Hz.

    The flux through each face is known but for a factor: from the threshold down every term is positive.
    """
    cells = probability.size
    up = work[:cells]
    down = work[cells:2 * cells]
    transition_rates(mu, sigma, tau_m, E_L, faces, up, down)
    flux = 1.0
    for k in range(cells):
        i = cells - 1 - k
        through = flux
        if i < reset:
            through = 0.0 if i < reset - 1 else flux * _share_below(faces, reset)
        arriving = through + (down[i] * probability[i + 1] if k > 0 else 0.0)
        if arriving < HUGE * up[i]:
            probability[i] = arriving / up[i]
        else:
            # Rates of 1e-300 Hz and less: the scale moves on to where the neurons are.
            scale = up[i] / arriving
            probability[i] = 1.0
            flux *= scale
            for j in range(i + 1, cells):
                probability[j] *= scale
    total = flux * t_ref + _sum(probability)
    for i in range(cells):
        probability[i] /= total
    flux /= total
    _begin(_sum(probability), state)
    if t_ref > 0.0:
        _keep(flux * t_ref, 0.0, t_ref, release, waiting, state)
    return 1000.0 * flux


@kernel("void(f8, f8, f8[::1], f8[::1])")
def _deposit(V, amount, faces, probability):
    """Adds `amount` at V, divided between the two nearest centres so that its mean lies at V."""
    low = 0
    high = probability.size
    while high - low > 1:
        middle = (low + high) // 2
        if faces[middle] <= V:
            low = middle
        else:
            high = middle
    centre = 0.5 * (faces[low] + faces[low + 1])
    other = low + 1 if V > centre else low - 1
    if other < 0 or other >= probability.size:
        probability[low] += amount
        return
    share = (V - centre) / (0.5 * (faces[other] + faces[other + 1]) - centre)
    probability[low] += amount * (1.0 - share)
    probability[other] += amount * share


@kernel("f8(i8, f8[::1])")
def _face_or_centre(half, faces):
    """Face and centre in turn, from the lowest face up."""
    i = half // 2
    return faces[i] if half % 2 == 0 else 0.5 * (faces[i] + faces[i + 1])


@kernel("void(f8, f8, f8[::1], f8[::1], f8[::1])")
def gaussian_start(mean, sd, faces, probability, state):
    """A Gaussian below the threshold at time 0, no neuron refractory; all at `mean` mV if sd = 0."""
    cells = probability.size
    for i in range(cells):
        probability[i] = 0.0
    _begin(1.0, state)
    if sd == 0.0 or mean - GAUSSIAN_REACH * sd >= faces[cells] or mean + GAUSSIAN_REACH * sd <= faces[0]:
        _deposit(mean, 1.0, faces, probability)
        return
    bottom = max(faces[0], mean - GAUSSIAN_REACH * sd)
    top = min(faces[cells], mean + GAUSSIAN_REACH * sd)
    # Exponents are taken from the largest, which lies at the threshold if the mean is above it.
    peak = (min(mean, top) - mean) / sd
    # From a face to a centre to a face, because `_deposit` changes its slope there.
    for half in range(2 * cells):
        low = max(bottom, _face_or_centre(half, faces))
        length = min(top, _face_or_centre(half + 1, faces)) - low
        if length > 0.0:
            parts = 1 + np.int64(4.0 * length / sd)
            length /= parts
            for part in range(parts):
                for k in range(4):
                    at = GAUSS_OUTER if k % 3 == 0 else GAUSS_INNER
                    weight = GAUSS_OUTER_WEIGHT if k % 3 == 0 else GAUSS_INNER_WEIGHT
                    V = low + length * (part + (at if k < 2 else 1.0 - at))
                    z = (V - mean) / sd
                    _deposit(V, length * weight * exp(0.5 * (peak - z) * (peak + z)), faces, probability)
    total = _sum(probability)
    for i in range(cells):
        probability[i] /= total


@kernel("void(f8[::1], f8[::1])")
def _solve_chain(operator, x):
    """x becomes the solution for the right-hand side x, nothing being put in at V_reset."""
    cells = x.size
    inverse = operator[INVERSE * cells:FORWARD * cells]
    forward = operator[FORWARD * cells:BACKWARD * cells]
    backward = operator[BACKWARD * cells:RESPONSE * cells]
    for i in range(1, cells):
        x[i] += forward[i - 1] * x[i - 1]
    x[cells - 1] *= inverse[cells - 1]
    for k in range(1, cells):
        i = cells - 1 - k
        x[i] = inverse[i] * x[i] + backward[i] * x[i + 1]


@kernel("f8(f8, f8, f8, i4, f8[::1])")
def _factorise(k, again, below, reset, operator):
    """The matrix 1 - k L of the chain's generator L, as a product of two triangles; sums of positive numbers only.

    The part `again` of what leaves the last cell is put in at V_reset, a change of rank one (Sherman & Morrison 1950).
    For each unit in the last cell, the value returned times `response`, the solution for one unit put in, is added.
    """
    cells = operator.size // OPERATOR_ARRAYS
    up = operator[:cells]
    down = operator[DOWN * cells:INVERSE * cells]
    inverse = operator[INVERSE * cells:FORWARD * cells]
    forward = operator[FORWARD * cells:BACKWARD * cells]
    backward = operator[BACKWARD * cells:RESPONSE * cells]
    response = operator[RESPONSE * cells:]
    rest = 1.0
    for i in range(cells):
        pivot = rest + k * up[i]
        inverse[i] = 1.0 / pivot
        forward[i] = k * up[i] / pivot
        backward[i] = k * down[i] / pivot
        rest = 1.0 + k * down[i] * (rest / pivot)
    if again == 0.0:
        return 0.0
    for i in range(cells):
        response[i] = 0.0
    response[reset - 1] = below
    response[reset] = 1.0 - below
    _solve_chain(operator, response)
    leaving = k * up[cells - 1]
    # What was put in is in the cells or has left: this is 1 - leaving * again * response[-1], without the cancellation.
    return leaving * again / (_sum(response) + leaving * (1.0 - again) * response[cells - 1])


@kernel("void(f8, f8[::1], f8[::1])")
def _solve(gain, operator, x):
    """x becomes the solution for the right-hand side x; `gain` is what `_factorise` returned."""
    _solve_chain(operator, x)
    if gain > 0.0:
        response = operator[RESPONSE * x.size:]
        amount = gain * x[x.size - 1]
        for i in range(x.size):
            x[i] += amount * response[i]


@kernel("f8(f8, f8, f8, f8, f8, f8, f8, f8[::1], i4, f8[::1])")
def _operator(k, mu, sigma, tau_m, E_L, again, below, faces, reset, operator):
    """Transition rates and factors for one stage of a step."""
    cells = faces.size - 1
    transition_rates(mu, sigma, tau_m, E_L, faces, operator[:cells], operator[DOWN * cells:INVERSE * cells])
    return _factorise(k, again, below, reset, operator)


@kernel("f8(f8, f8[::1], f8[::1], f8[::1])")
def _give_back(end, release, waiting, state):
    """Takes from the delay line what is due until time `end`; each place gives evenly over its time."""
    due = 0.0
    while state[PLACES] > 0.0:
        first = np.int64(state[FIRST])
        if release[first] > end:
            if end > state[DUE]:
                part = waiting[first] * ((end - state[DUE]) / (release[first] - state[DUE]))
                waiting[first] -= part
                due += part
                state[DUE] = end
            break
        due += waiting[first]
        waiting[first] = 0.0
        state[DUE] = release[first]
        state[FIRST] = first + 1 if first + 1 < release.size else 0
        state[PLACES] -= 1.0
    return due


@kernel("void(f8, f8[::1])")
def _put_back_rounding(expected, probability):
    """Multiplies by 1 + a few 1e-16, so that the sum is `expected`: over many steps rounding errors would add up."""
    # Where next to nothing is left in the cells, what is expected there is a rounding error itself.
    if expected > 1e-3:
        factor = expected / _sum(probability)
        for i in range(probability.size):
            probability[i] *= factor


@kernel("f8(f8, f8, f8, i4, f8[::1], f8[::1], f8[::1], f8[::1])")
def _limit(outflow, again, below, reset, second, excess, limits, euler):
    """Brings `euler` as near to `second` as leaves no cell below zero; returns the outflow of the step.

    `excess` is what passes each upper face in the second-order step and does not in that of implicit Euler, whose
    outflow is given.  A cell that would give more than it has scales down all that it gives.
    """
    cells = euler.size
    last = cells - 1
    leaving = excess[last]
    for i in range(cells):
        given = max(excess[i], 0.0)
        if i > 0:
            given += max(-excess[i - 1], 0.0)
        if leaving < 0.0:
            # Less over the threshold is less at V_reset.
            given -= again * leaving * (below if i == reset - 1 else 1.0 - below if i == reset else 0.0)
        limits[i] = 1.0 if given <= euler[i] else euler[i] / given
    limit = limits[last]
    if leaving < 0.0:
        limit = min(limits[reset - 1], limits[reset], 1.0 if outflow >= -leaving else outflow / -leaving)
    leaving *= limit
    for i in range(last):
        excess[i] *= limits[i] if excess[i] > 0.0 else limits[i + 1]
    excess[last] = leaving
    for i in range(cells):
        scaled = min(limits[max(i - 1, 0)], limits[i], limits[min(i + 1, last)])
        if i == last or i == reset or i == reset - 1:
            scaled = min(scaled, limit)
        arriving = excess[i - 1] if i > 0 else 0.0
        if again > 0.0:
            arriving += again * leaving * (below if i == reset - 1 else 1.0 - below if i == reset else 0.0)
        # Where nothing is scaled down the sum is `second`, but with more rounding; either may round to less than zero.
        euler[i] = max(second[i] if scaled == 1.0 else euler[i] + arriving - excess[i], 0.0)
    return max(outflow + leaving, 0.0)


@kernel(
    "f8(f8, f8, f8, f8[::1], f8[::1], f8, i4, f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1])")
def _step(
        dt, gain, end_gain, operator, end_operator, t_ref, reset, faces, probability, release, waiting, state, work):
    """One step with the operators of its two stages; returns what passed the threshold."""
    cells = probability.size
    last = cells - 1
    middle = work[:cells]
    end = work[cells:2 * cells]
    limits = work[2 * cells:3 * cells]
    euler = work[3 * cells:4 * cells]
    up = end_operator[:cells]
    down = end_operator[DOWN * cells:INVERSE * cells]
    middle_up = operator[:cells]
    middle_down = operator[DOWN * cells:INVERSE * cells]
    below = _share_below(faces, reset)
    # The part of the outflow that is still refractory at the end of the step; the rest has been reset.
    held = min(t_ref / dt, 1.0)
    again = 1.0 - held
    time = state[TIME]
    due = _give_back(time + dt, release, waiting, state)
    for i in range(cells):
        middle[i] = probability[i]
    middle[reset - 1] += W_END * due * below
    middle[reset] += W_END * due * (1.0 - below)
    _solve(gain, operator, middle)
    for i in range(cells):
        end[i] = (1.0 + SQRT_2) * middle[i] - SQRT_2 * probability[i]
    end[reset - 1] += W_END * due * below
    end[reset] += W_END * due * (1.0 - below)
    _solve(end_gain, end_operator, end)
    outflow = dt * (W_MIDDLE * middle_up[last] * middle[last] + W_END * up[last] * end[last])
    lowest = outflow
    for i in range(cells):
        lowest = min(lowest, end[i])
    if lowest < 0.0:
        euler_operator = work[4 * cells:(4 + OPERATOR_ARRAYS) * cells]
        for i in range(INVERSE * cells):
            euler_operator[i] = end_operator[i]
        euler_gain = _factorise(dt, again, below, reset, euler_operator)
        for i in range(cells):
            euler[i] = probability[i]
        euler[reset - 1] += due * below
        euler[reset] += due * (1.0 - below)
        _solve(euler_gain, euler_operator, euler)
        for i in range(cells):
            passing = W_MIDDLE * middle_up[i] * middle[i] + up[i] * (W_END * end[i] - euler[i])
            if i < last:
                passing -= W_MIDDLE * middle_down[i] * middle[i + 1] + down[i] * (W_END * end[i + 1] - euler[i + 1])
            middle[i] = dt * passing
        outflow = _limit(dt * up[last] * euler[last], again, below, reset, end, middle, limits, euler)
        for i in range(cells):
            probability[i] = euler[i]
    else:
        for i in range(cells):
            probability[i] = end[i]
    state[FREE] += due - held * outflow
    _put_back_rounding(state[FREE], probability)
    state[TIME] = time + dt
    if held > 0.0:
        _keep(held * outflow, time + max(dt, t_ref), time + dt + t_ref, release, waiting, state)
    return outflow


@kernel(
    "f8(i4, f8, f8, f8, f8, f8, f8, f8[::1], i4, f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1])")
def advance(
        steps, dt, mu, sigma, tau_m, E_L, t_ref, faces, reset, probability, release, waiting, state, work, rates):
    """Moves the state on by `steps` steps of dt ms under a constant input; returns the mean rate of that time in Hz.

    Writes the rate at the end of each step, in Hz, as far as `rates` reaches.
    """
    cells = probability.size
    operator = work[:OPERATOR_ARRAYS * cells]
    rest = work[OPERATOR_ARRAYS * cells:]
    again = 1.0 - min(t_ref / dt, 1.0)
    gain = _operator(W_END * dt, mu, sigma, tau_m, E_L, again, _share_below(faces, reset), faces, reset, operator)
    total = 0.0
    for step in range(steps):
        total += _step(
            dt, gain, gain, operator, operator, t_ref, reset, faces, probability, release, waiting, state, rest)
        if step < rates.size:
            rates[step] = 1000.0 * operator[cells - 1] * probability[cells - 1]
    return 1000.0 * total / (steps * dt)


@kernel(
    "void(f8[::1], f8[::1], f8[::1], f8, f8, f8, f8[::1], i4, f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1])")
def follow(dt, mu, sigma, tau_m, E_L, t_ref, faces, reset, probability, release, waiting, state, work, rates):
    """As many steps as `dt` has values, under an input that changes; writes the rate at the end of each, in Hz.

    `mu` and `sigma` have two values for each step: at W_END of its length and at its end.
    """
    cells = probability.size
    size = OPERATOR_ARRAYS * cells
    rest = work[2 * size:]
    below = _share_below(faces, reset)
    gain = 0.0
    end_gain = 0.0
    for j in range(dt.size):
        known = j > 0 and dt[j] == dt[j - 1]
        for i in range(2 * j, 2 * j + 2):
            known = known and mu[i] == mu[2 * j - 1] and sigma[i] == sigma[2 * j - 1]
        # Under a constant input both stages have one operator; a step that goes on under the same one has it already.
        constant = mu[2 * j] == mu[2 * j + 1] and sigma[2 * j] == sigma[2 * j + 1]
        first = 0 if constant else size
        if not known:
            k = W_END * dt[j]
            again = 1.0 - min(t_ref / dt[j], 1.0)
            end_gain = _operator(
                k, mu[2 * j + 1], sigma[2 * j + 1], tau_m, E_L, again, below, faces, reset, work[:size])
            gain = end_gain
            if not constant:
                gain = _operator(
                    k, mu[2 * j], sigma[2 * j], tau_m, E_L, again, below, faces, reset, work[size:2 * size])
        _step(
            dt[j], end_gain if constant else gain, end_gain, work[first:first + size], work[:size], t_ref, reset, faces,
            probability, release, waiting, state, rest)
        rates[j] = 1000.0 * work[cells - 1] * probability[cells - 1]
