"""Numbers of the ledger made a second time, by methods that share nothing with lifcore.

An entry of numbers.yml whose source is a simulation names a function of this file. A function takes no argument,
imports nothing of lifcore and returns the number in the entry's unit.
"""

import functools
import json
import math
from pathlib import Path

import mpmath as mp
import numpy as np
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq
from scipy.special import erfcx

ROOT = Path(__file__).parents[1]

# The default neuron, typed here a second time on purpose: ms, MΩ, mV, mV, mV, ms.
TAU_M, R, E_L, V_TH, V_RESET, T_REF = 20.0, 100.0, -70.0, -50.0, -65.0, 2.0


def time_to_threshold(current, start, limit=1e4):
    """Time in ms at which the membrane equation, integrated by DOP853, reaches V_TH from `start` mV.

    Parameters
    ----------
    current : callable
        Current in nA at a time in ms.
    start : float
        Potential at time zero in mV.
    limit : float
        Time in ms after which the search ends.

    Returns
    -------
    float
        `inf` if the threshold is not reached before `limit`.
    """

    def slope(t, V):
        return (E_L - V + R * current(t)) / TAU_M

    def crossing(t, V):
        return V[0] - V_TH

    crossing.terminal = True
    crossing.direction = 1
    solution = solve_ivp(slope, (0.0, limit), [start], method="DOP853", events=crossing, rtol=1e-13, atol=1e-12)
    times = solution.t_events[0]
    return float(times[0]) if times.size else np.inf


# Channelrhodopsin-2 (H134R) after Williams et al. (2013), written from the paper's equations in the paper's units.
G_MAX = 0.02  # µS


def channel_rates(light, V):
    """The rates of the four states per ms and the activation S0, at `light` mW/mm² (470 nm), V mV and 22 °C."""
    photon_energy = 1.986446e-25 / 470e-9
    F = light * 1e3 / photon_energy * 12e-20 / 1.3 / 1e3
    return {
        "k1": 0.8535 * F, "k2": 0.14 * F, "Gd1": 0.075 + 0.043 * math.tanh(-(V + 20) / 20), "Gd2": 0.05,
        "Gr": 0.0000434587 * math.exp(-0.0211539274 * V), "e12": 0.011 + 0.005 * math.log(1 + light / 0.024),
        "e21": 0.008 + 0.004 * math.log(1 + light / 0.024), "S0": 0.5 * (1 + math.tanh(120 * (100 * light - 0.1)))}


def inward_current(V, O1, O2, g_max):
    """The photocurrent in nA, positive where it depolarises."""
    rectification = (10.6408 - 14.6408 * math.exp(-V / 42.7671)) / V
    return -g_max * rectification * (O1 + 0.1 * O2) * (V - 0.0)


def channel_in_membrane(t, state, light, g_max, cell):
    """Time derivative of (C1, O1, O2, C2, p, V); `cell` holds tau_m, R and E_L of the membrane."""
    C1, O1, O2, C2, p, V = state
    r = channel_rates(light, V)
    return [
        -r["k1"] * p * C1 + r["Gd1"] * O1 + r["Gr"] * C2,
        r["k1"] * p * C1 - (r["Gd1"] + r["e12"]) * O1 + r["e21"] * O2,
        r["k2"] * p * C2 - (r["Gd2"] + r["e21"]) * O2 + r["e12"] * O1,
        r["Gd2"] * O2 - (r["k2"] * p + r["Gr"]) * C2,
        (r["S0"] - p) / 1.3,
        (cell.E_L - V + cell.R * inward_current(V, O1, O2, g_max)) / cell.tau_m]


def steady_inward_current(light, V, g_max):
    """The plateau in nA at a held V: the null vector of the rate matrix, by numpy.linalg."""
    r = channel_rates(light, V)
    k1, k2 = r["k1"] * r["S0"], r["k2"] * r["S0"]
    flow = np.array([
        [-k1, r["Gd1"], 0, r["Gr"]], [k1, -r["Gd1"] - r["e12"], r["e21"], 0],
        [0, r["e12"], -r["Gd2"] - r["e21"], k2], [1, 1, 1, 1]])
    _, O1, O2, _ = np.linalg.solve(flow, [0, 0, 0, 1])
    return inward_current(V, O1, O2, g_max)


def lit_neuron(light, stop, g_max, cell):
    """Spike times in ms and largest current in nA of a dark-adapted cell under light: DOP853, restarted at each event."""

    def threshold(t, state, *_):
        return state[5] - cell.V_th

    threshold.terminal, threshold.direction = True, 1
    options = {"method": "DOP853", "rtol": 1e-11, "atol": 1e-13}
    state, t, spikes, peak = np.array([1, 0, 0, 0, channel_rates(0.0, 0.0)["S0"], cell.E_L]), 0.0, [], 0.0
    while t < stop:
        solution = solve_ivp(channel_in_membrane, (t, stop), state, args=(light, g_max, cell), events=threshold, **options)
        peak = max(peak, *(inward_current(y[5], y[1], y[2], g_max) for y in solution.y.T))
        t, state = solution.t[-1], solution.y[:, -1].copy()
        if solution.t_events[0].size:
            spikes.append(t)
            state[5] = cell.V_reset
            pause = solve_ivp(
                lambda s, y: [*channel_in_membrane(s, y, light, g_max, cell)[:5], 0.0], (t, t + cell.t_ref), state,
                **options)
            peak = max(peak, *(inward_current(y[5], y[1], y[2], g_max) for y in pause.y.T))
            t, state = pause.t[-1], pause.y[:, -1]
    return np.array(spikes), peak


class DefaultCell:
    """The default neuron under the names that the functions above read."""

    tau_m, R, E_L, V_th, V_reset, t_ref = TAU_M, R, E_L, V_TH, V_RESET, T_REF


def plateau_at_one_mW():
    return steady_inward_current(1.0, V_TH, G_MAX)


def light_threshold():
    return brentq(lambda light: steady_inward_current(light, V_TH, G_MAX) - (V_TH - E_L) / R, 0.1, 10.0, xtol=1e-13)


def light_threshold_double_R():
    return brentq(lambda light: steady_inward_current(light, V_TH, G_MAX) - (V_TH - E_L) / (2 * R), 0.1, 10.0, xtol=1e-13)


def spikes_at_one_mW():
    return lit_neuron(1.0, 2000.0, G_MAX, DefaultCell)[0].size


def peak_at_one_mW():
    return lit_neuron(1.0, 60.0, G_MAX, DefaultCell)[1]


def transient_light_threshold():
    """The light under which the membrane without a threshold just comes up to V_TH at its highest."""

    def highest(light):
        start = [1, 0, 0, 0, channel_rates(0.0, 0.0)["S0"], E_L]
        solution = solve_ivp(
            channel_in_membrane, (0.0, 200.0), start, args=(light, G_MAX, DefaultCell), method="DOP853", rtol=1e-11,
            atol=1e-13, dense_output=True)
        return solution.sol(np.linspace(0.0, 200.0, 40001))[5].max()

    return brentq(lambda light: highest(light) - V_TH, 0.3, 0.5, xtol=1e-9)


# Noise: Poisson kicks, and simulation with a time step.

def rate_under_kicks(size, rate, tau_m=TAU_M, threshold=V_TH - E_L, reset=V_RESET - E_L, t_ref=T_REF, order=24):
    """Firing rate in Hz under excitatory Poisson kicks of `size` mV at `rate` Hz and nothing else.

    The mean time T(v) from v (mV above rest) to the threshold obeys  v T'(v) / tau_m + r T(v) - r T(v + size) = 1  with T = 0
    from the threshold on. T is smooth between the kinks at the threshold less multiples of the size: Chebyshev collocation
    on each such piece, continuity from piece to piece; at v = 0 the equation itself is the boundary condition.
    """
    r = rate / 1000.0
    edges = [threshold]
    while edges[-1] - size > 1e-9 * threshold:
        edges.append(edges[-1] - size)
    if edges[-1] > 1e-9 * threshold:
        edges.append(0.0)
    edges = np.array(edges[::-1])
    edges[0] = 0.0
    x = np.cos(np.pi * np.arange(order + 1) / order)[::-1]
    weights = np.where((np.arange(order + 1) == 0) | (np.arange(order + 1) == order), 0.5, 1.0) * (-1.0) ** np.arange(order + 1)
    difference = x[:, None] - x[None, :] + np.eye(order + 1)
    D = weights[None, :] / weights[:, None] / difference
    D -= np.diag(D.sum(axis=1))

    def values_at(v):
        """Row that takes T at the nodes of all pieces to T(v), by the barycentric formula."""
        row = np.zeros((edges.size - 1) * (order + 1))
        if v >= threshold * (1.0 - 1e-13):
            return row
        piece = min(int(np.searchsorted(edges, v * (1.0 + 1e-13) + 1e-13, side="right")) - 1, edges.size - 2)
        place = (2.0 * v - edges[piece] - edges[piece + 1]) / (edges[piece + 1] - edges[piece])
        gap = place - x
        values = (np.abs(gap) < 1e-12).astype(float)
        if not values.any():
            values = weights / gap
        row[piece * (order + 1):(piece + 1) * (order + 1)] = values / values.sum()
        return row

    rows, right = [], []
    for piece, (low, high) in enumerate(zip(edges[:-1], edges[1:])):
        nodes = 0.5 * (low + high) + 0.5 * (high - low) * x
        for j, v in enumerate(nodes):
            own = np.zeros((edges.size - 1) * (order + 1))
            at = piece * (order + 1)
            if j == 0 and piece > 0:
                own[at], own[at - 1] = 1.0, -1.0
                rows.append(own)
                right.append(0.0)
                continue
            own[at:at + order + 1] = v / tau_m * D[j] * 2.0 / (high - low)
            own[at + j] += r
            # The last node of a piece, kicked, stands at the end of the next: the limit from below.
            after = v + size
            kicked = values_at(after)
            if j == order and piece + 2 < edges.size:
                shifted = int(np.argmin(np.abs(edges - after)))
                if abs(edges[shifted] - after) < 1e-9 * threshold and 0 < shifted < edges.size - 1:
                    kicked = np.zeros_like(own)
                    kicked[shifted * (order + 1) - 1] = 1.0
            if j == order and abs(after - threshold) < 1e-9 * threshold:
                kicked = np.zeros_like(own)
                kicked[-1] = 1.0
            rows.append(own - r * kicked)
            right.append(1.0)
    T = np.linalg.solve(np.array(rows), np.array(right))
    return 1000.0 / (t_ref + values_at(reset) @ T)


def rate_of_steps(mu, sigma, dt, tau_m=TAU_M, threshold=V_TH - E_L, reset=V_RESET - E_L, t_ref=T_REF, nodes=600):
    """Firing rate in Hz of exact Ornstein-Uhlenbeck steps of `dt` ms with the threshold seen at their ends only.

    The mean number m of steps to the threshold obeys  m(x) = 1 + integral of p(x -> y) m(y) over y below the threshold; the
    Nystroem method on Gauss-Legendre nodes. A refractory period is a whole number of steps.
    """
    decay = math.exp(-dt / tau_m)
    spread = sigma * math.sqrt(0.5 * (1.0 - decay * decay))
    low = min(mu, reset) - 7.0 * sigma
    x, weights = np.polynomial.legendre.leggauss(nodes)
    y = 0.5 * (threshold + low) + 0.5 * (threshold - low) * x
    weights = 0.5 * (threshold - low) * weights

    def density(start):
        z = (y - mu - (start - mu) * decay) / spread
        return np.exp(-0.5 * z * z) / (math.sqrt(2.0 * math.pi) * spread)

    m = np.linalg.solve(np.eye(nodes) - np.array([density(start) for start in y]) * weights, np.ones(nodes))
    steps = 1.0 + np.sum(density(reset) * weights * m)
    return 1000.0 / (dt * (steps + math.ceil(t_ref / dt - 1e-9)))


# Stochastic resonance of the default neuron: closed forms in mpmath, after Lindner & Schimansky-Geier (2001), with the
# parabolic cylinder function written here a second time. Drives are in mV above E_L, noises in mV, frequencies in Hz.


def hermite_pair(s, y):
    """H_{-s}(-y) and its derivative in y, with mpmath's parabolic cylinder function."""

    def at(order):
        return mp.power(2, -order / 2) * mp.exp(y * y / 2) * mp.pcfd(-order, -mp.sqrt(2) * y)

    return at(s), 2 * s * at(s + 1)


def siegert(mu, sigma, V_th=V_TH, t_ref=T_REF, V_reset=V_RESET):
    """Firing rate in 1/s: Siegert's integral, by mpmath's quadrature."""
    mean = mp.mpf(E_L) + mu
    y_th, y_r = (V_th - mean) / sigma, (V_reset - mean) / sigma
    integral = mp.quad(lambda u: mp.exp(u * u) * mp.erfc(-u), mp.linspace(y_r, y_th, 7))
    return 1000 / (t_ref + TAU_M * mp.sqrt(mp.pi) * integral)


def line_and_noise(mu, sigma, f, V_th=V_TH, t_ref=T_REF, phase=True):
    """|chi|**2 in (Hz/mV)**2 and the two-sided spectrum in Hz; `phase` is that of the refractory period in chi."""
    mean = mp.mpf(E_L) + mu
    y_th, y_r = (V_th - mean) / sigma, (V_RESET - mean) / sigma
    nu = siegert(mu, sigma, V_th, t_ref)
    omega = 2 * mp.pi * mp.mpf(f) / 1000
    s = mp.mpc(0, omega * TAU_M)
    (f_th, d_th), (f_r, d_r) = hermite_pair(s, y_th), hermite_pair(s, y_r)
    wait = mp.expj(-omega * t_ref)
    chi = nu / sigma / (1 + s) * (d_th - d_r) / (f_th - (wait if phase else 1) * f_r)
    rho = wait * f_r / f_th
    return abs(chi) ** 2, nu * (1 - abs(rho) ** 2) / abs(1 - rho) ** 2


def resonance(mu, sigma, f, measure="snr", **neuron):
    line, noise = line_and_noise(mu, sigma, f, **neuron)
    return {"snr": line / noise, "amplification": line, "poisson": line / siegert(mu, sigma)}[measure]


# Slow against everything, and still far from the rounding error of forty digits.
SLOW = mp.mpf("1e-10")


@functools.cache
def best_noise(mu, f, measure="snr", start=3.5, **neuron):
    """The sigma at which a measure is largest, from the root of the slope of its logarithm."""
    with mp.workdps(40):
        h = mp.mpf("1e-8")

        def slope(x):
            up, down = (mp.log(resonance(mu, mp.exp(x + d), f, measure, **neuron)) for d in (h, -h))
            return (up - down) / (2 * h)

        x = mp.log(start)
        return mp.exp(mp.findroot(slope, (x, x + mp.mpf("0.05")), solver="secant", tol=1e-20, verify=False))


def sr_optimum_snr():
    return best_noise(15, 10)


def sr_best_snr():
    with mp.workdps(40):
        return resonance(15, best_noise(15, 10), 10)


def sr_optimum_amplification():
    return best_noise(15, 10, "amplification", 5)


def sr_best_amplification():
    with mp.workdps(40):
        return resonance(15, best_noise(15, 10, "amplification", 5), 10, "amplification")


def sr_record():
    """Record in s in which a line of 2 mV is as high as the noise beside it."""
    return 4 / mp.mpf(2) ** 2 / sr_best_snr()


def sr_rate_at_optimum():
    with mp.workdps(40):
        return siegert(15, best_noise(15, 10))


def sr_rate_at_amplification():
    with mp.workdps(40):
        return siegert(15, best_noise(15, 10, "amplification", 5))


def sr_slow_snr():
    return best_noise(15, SLOW, start=3.1)


def sr_slow_amplification():
    return best_noise(15, SLOW, "amplification", 4.7)


def sr_slow_poisson():
    return best_noise(15, SLOW, "poisson", 2.8)


def sr_fast_snr():
    return best_noise(15, 200, start=4)


def sr_fast_amplification():
    return best_noise(15, 200, "amplification", 8.6)


def sr_estimate_over_rate():
    """The rate that rare spikes would have over the true one, at the noise that the estimate calls best."""
    with mp.workdps(40):
        sigma = 5 * mp.sqrt(mp.mpf(2) / 5)
        return 1000 * 5 / sigma / TAU_M / mp.sqrt(mp.pi) * mp.exp(-(5 / sigma) ** 2) / siegert(15, sigma)


def sr_slow_snr_scatter():
    """CV**2 at the best noise for slow signals: S(0) over the rate."""
    with mp.workdps(40):
        sigma = best_noise(15, SLOW, start=3.1)
        return line_and_noise(15, sigma, SLOW)[1] / siegert(15, sigma)


def sr_close_optimum():
    return best_noise(19, 10, start=0.63)


def sr_close_best():
    with mp.workdps(40):
        return resonance(19, best_noise(19, 10, start=0.63), 10)


def seen_on_a_grid(quantity, sigma):
    """What a grid of 0.1 ms changes, in per cent, if it lifts the threshold as Broadie, Glasserman & Kou (1997) found."""
    with mp.workdps(30):
        lift = -mp.zeta(mp.mpf(1) / 2) / mp.sqrt(2 * mp.pi) * sigma * mp.sqrt(mp.mpf("0.1") / TAU_M)
        return 100 * (quantity(V_TH + lift) / quantity(V_TH) - 1)


def sr_grid_rate():
    return seen_on_a_grid(lambda V_th: siegert(15, 2, V_th), 2)


def sr_grid_snr():
    return seen_on_a_grid(lambda V_th: resonance(15, 2, 10, V_th=V_th), 2)


def sr_grid_amplification():
    return seen_on_a_grid(lambda V_th: resonance(15, 2, 10, "amplification", V_th=V_th), 2)


def sr_phase_rate():
    with mp.workdps(30):
        return siegert(25, 5)


def phase_left_out(mu, sigma, f):
    """|chi| without the phase of the refractory period over |chi| with it."""
    with mp.workdps(40):
        wrong, right = (line_and_noise(mu, sigma, f, phase=phase)[0] for phase in (False, True))
        return mp.sqrt(wrong / right)


def sr_phase_slow():
    return phase_left_out(25, 5, SLOW)


def sr_phase_here():
    with mp.workdps(40):
        return phase_left_out(15, best_noise(15, 10), SLOW)


# The probability cloud: the same closed forms for the susceptibility to drive and to noise.


def susceptibility(mu, sigma, f, of="mu"):
    """Linear response in Hz/mV to mu or sigma at f Hz, complex, after Brunel et al. (2001) and Lindner & Schimansky-Geier."""
    with mp.workdps(40):
        mean = mp.mpf(E_L) + mu
        y_th, y_r = (V_TH - mean) / sigma, (V_RESET - mean) / sigma
        omega = 2 * mp.pi * mp.mpf(f) / 1000
        s = mp.mpc(0, omega * TAU_M)
        (f_th, d_th), (f_r, d_r) = hermite_pair(s, y_th), hermite_pair(s, y_r)
        loop = f_th - mp.expj(-omega * T_REF) * f_r
        if of == "mu":
            change = (d_th - d_r) / (1 + s)
        else:
            # The second derivatives, from the equation that f obeys.
            change = (2 * y_th * d_th + 2 * s * f_th - 2 * y_r * d_r - 2 * s * f_r) / (2 + s)
        return complex(siegert(mu, sigma) / sigma * change / loop)


def cloud_gain_fast():
    return abs(susceptibility(15, 5, 100))


def cloud_lag_fast():
    return -np.angle(susceptibility(15, 5, 100), deg=True)


def cloud_delay_fast():
    return cloud_lag_fast() / 360 * 10


def cloud_share_fast():
    return 100 * cloud_gain_fast() / abs(susceptibility(15, 5, 1e-6))


def cloud_noise_gain_fast():
    return abs(susceptibility(15, 5, 100, "sigma"))


def cloud_noise_phase_fast():
    return -np.angle(susceptibility(15, 5, 100, "sigma"), deg=True)


def cloud_resonant_gain():
    return abs(susceptibility(30, 2, 50))


def variation(mu, sigma, V_reset=V_RESET):
    """Coefficient of variation of the interval: 2 pi nu**2 tau_m**2 integral of exp(x**2) from y_r to y_th of the integral of
    exp(v**2) (1 + erf v)**2 up to x (Brunel 2000, appendix A.1)."""

    def inner(x):
        # Both exponentials in one: exp(x**2 - v**2) times a scaled error function squared.
        return quad(lambda v: math.exp((x - v) * (x + v)) * erfcx(-v) ** 2, x - 12.0, x, epsabs=0.0, epsrel=1e-11)[0]

    ends = [(V - E_L - mu) / sigma for V in (V_reset, V_TH)]
    integral = quad(inner, *ends, epsabs=0.0, epsrel=1e-10)[0]
    return math.sqrt(2.0 * math.pi * integral) * float(siegert(mu, sigma, V_reset=V_reset)) / 1000.0 * TAU_M


def noise_large_exact():
    return rate_under_kicks(2.5, 200.0)


def noise_cv_regular():
    return variation(30.0, 1.0)


def noise_cv():
    return variation(15.0, 5.0)


def noise_cv_deep():
    return variation(10.0, 5.0)


def noise_bias():
    return 100.0 * (1.0 - rate_of_steps(15.0, 5.0, 0.1) / float(siegert(15.0, 5.0)))


# An analog membrane between ground and supply: nS, nA, V.

def clipped_plateau(I):
    """Where a source that fades near its supply meets a leak of 2 V linear range, by Brent's method."""
    def surplus(V):
        return I * (1.0 - math.exp(-(1.2 - V) / (0.1 / 3.0))) - 220.0 * 2.0 * math.tanh((V - 0.4) / 2.0)

    return brentq(surplus, 0.4, 1.2, xtol=1e-15, rtol=1e-15)


def clipped_plateau_200():
    return clipped_plateau(200.0)


def clipped_plateau_400():
    return clipped_plateau(400.0)


# A spiking network of two convolutions, in steps, with plain arrays.

def plain_convolution(x, weight):
    """Images (samples, channels, rows, columns) and a kernel of three by three, with zeros around the image."""
    rows, columns = x.shape[2:]
    x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return sum(
        np.einsum("oc,ncij->noij", weight[:, :, a, b], x[:, :, a:a + rows, b:b + columns])
        for a in range(3) for b in range(3))


def plain_pool(x):
    return x[:, :, ::2, ::2] + x[:, :, 1::2, ::2] + x[:, :, ::2, 1::2] + x[:, :, 1::2, 1::2]


def plain_spiking_cnn(parameters, images, steps, beta=0.9):
    """A constant image into convolution, neurons, sums of squares, convolution, neurons, sums, ten outputs; in float64.

    Returns, for each sample and step: the mean of the outputs so far, the spikes and the synaptic operations so far, and how
    near to the threshold a potential has come. A value reaches a synapse for each output it is part of; an image that stays
    is convolved once.
    """
    w = {name: np.asarray(array, float) for name, array in parameters.items()}
    x = np.asarray(images, float)
    samples = len(x)
    V1 = V2 = s1 = s2 = 0.0
    total = np.zeros((samples, w["7.weight"].shape[0]))
    found = np.empty((samples, steps, total.shape[1])), *np.empty((3, samples, steps))
    current = plain_convolution(x, w["0.weight"]) + w["0.bias"][:, None, None]
    spikes, operations, nearest = np.zeros(samples), len(w["0.bias"]) * reached(x != 0), np.inf
    for t in range(steps):
        V1 = beta * V1 + current - s1
        s1 = (V1 > 1.0) * 1.0
        pooled = plain_pool(s1)
        V2 = beta * V2 + plain_convolution(pooled, w["3.weight"]) + w["3.bias"][:, None, None] - s2
        s2 = (V2 > 1.0) * 1.0
        counts = plain_pool(s2).reshape(samples, -1)
        total = total + counts @ w["7.weight"].T + w["7.bias"]
        spikes = spikes + s1.sum(axis=(1, 2, 3)) + s2.sum(axis=(1, 2, 3))
        operations = operations + len(w["3.bias"]) * reached(pooled) + counts.sum(axis=1) * total.shape[1]
        for V in (V1, V2):
            nearest = np.minimum(nearest, np.abs(V - 1.0).min(axis=(1, 2, 3)))
        for array, value in zip(found, (total / (t + 1), spikes, operations, nearest), strict=True):
            array[:, t] = value
    return found


def reached(x):
    """Each value times the places of a kernel of three by three with zeros around the image at which it is seen."""
    rows, columns = (
        np.minimum(np.arange(side) + 1, side - 1) - np.maximum(np.arange(side) - 1, 0) + 1 for side in x.shape[2:])
    return np.einsum("ncij,i,j->n", x * 1.0, rows, columns)


@functools.cache
def digits_to_test():
    """The test images of the course, values 0 to 1, and their labels: scikit-learn's digits, 360 of them set apart."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    _, test = train_test_split(np.arange(bunch.target.size), test_size=360, stratify=bunch.target, random_state=0)
    return bunch.images[test][:, None] / 16.0, bunch.target[test]


@functools.cache
def read_by_stored(name):
    """Evidence, spikes and operations of the test digits in ten steps, by the plain network with stored weights."""
    stored = np.load(ROOT / "lifcore" / "snn" / "data" / f"{name}.npz")
    return plain_spiking_cnn({key: stored[key] for key in stored.files if key[0].isdigit()}, digits_to_test()[0], 10)


def right_by_stored(name, steps=10):
    return 100.0 * float(np.mean(read_by_stored(name)[0][:, steps - 1].argmax(axis=1) == digits_to_test()[1]))


def cnn_quiet_right():
    return right_by_stored("quiet-0.5")


def cnn_loud_right():
    return right_by_stored("quiet-0")


def cnn_three_right():
    return right_by_stored("quiet-0.5", steps=3)


def cnn_quiet_share():
    return 100.0 * float(read_by_stored("quiet-0.5")[2][:, -1].sum() / read_by_stored("quiet-0")[2][:, -1].sum())


def decided_with_margin():
    """Steps until the first lead of three, or ten, and whether the digit was right."""
    evidence, labels = read_by_stored("quiet-0.5")[0], digits_to_test()[1]
    steps, right = [], 0
    for sample, label in zip(evidence, labels, strict=True):
        top = np.sort(sample, axis=1)
        enough = np.flatnonzero(top[:, -1] - top[:, -2] >= 3.0)
        t = int(enough[0]) if enough.size else 9
        steps.append(t + 1)
        right += sample[t].argmax() == label
    return float(np.mean(steps)), 100.0 * right / len(labels)


def cnn_margin_steps():
    return decided_with_margin()[0]


def cnn_margin_right():
    return decided_with_margin()[1]


# Surrogate gradients.

def surrogate_walk(points=4000):
    """Slope times step around a square of two weights, for two neurons in a chain and one step: L = s2**2 / 2, k = 5."""
    corners = [(1.2, 1.2), (1.8, 1.2), (1.8, 1.8), (1.2, 1.8), (1.2, 1.2)]
    climbed = 0.0
    for (a1, a2), (b1, b2) in zip(corners, corners[1:]):
        for k in range(points):
            w1 = a1 + (b1 - a1) * (k + 0.5) / points
            w2 = a2 + (b2 - a2) * (k + 0.5) / points
            # Both neurons fire everywhere on the square: s1 = s2 = 1.
            second = 1.0 / (1.0 + 5.0 * abs(w2 - 1.0)) ** 2
            first = second * w2 / (1.0 + 5.0 * abs(w1 - 1.0)) ** 2
            climbed += (first * (b1 - a1) + second * (b2 - a2)) / points
    return climbed


# Networks: the reset of the papers is 10 mV above rest.

def nw_rate():
    return siegert(15.0, 5.0, V_reset=-60.0)


def nw_clock_rate():
    return siegert(30.0, mp.sqrt(3), V_reset=-60.0)


def nw_clock_cv():
    return variation(30.0, math.sqrt(3.0), V_reset=-60.0)
# The neuron of the papers on networks, of which the reset is 10 mV above rest: rate equations and what they leave out.

PAPERS_RESET = -60.0


def papers_rate(mu, sigma):
    """Firing rate in Hz: Siegert's integral, by mpmath's quadrature."""
    y_th, y_r = (V_TH - E_L - mu) / mp.mpf(sigma), (PAPERS_RESET - E_L - mu) / mp.mpf(sigma)
    integral = mp.quad(lambda u: mp.exp(u * u) * mp.erfc(-u), mp.linspace(y_r, y_th, 7))
    return 1000 / (T_REF + TAU_M * mp.sqrt(mp.pi) * integral)


def papers_response(mu, sigma, f):
    """Susceptibility in Hz/mV and the mean of exp(-2 pi i f T) over the intervals T, complex with 40 digits."""
    y_th, y_r = (V_TH - E_L - mu) / mp.mpf(sigma), (PAPERS_RESET - E_L - mu) / mp.mpf(sigma)
    omega = 2 * mp.pi * mp.mpf(f) / 1000
    s = mp.mpc(0, omega * TAU_M)
    (f_th, d_th), (f_r, d_r) = hermite_pair(s, y_th), hermite_pair(s, y_r)
    wait = mp.expj(-omega * T_REF)
    chi = papers_rate(mu, sigma) / sigma / (1 + s) * (d_th - d_r) / (f_th - wait * f_r)
    return chi, wait * f_r / f_th


def papers_gain(mu, sigma):
    """Slope of the rate in Hz/mV, by mpmath's derivative of the integral."""
    with mp.workdps(40):
        return mp.diff(lambda m: papers_rate(m, sigma), mp.mpf(mu))


def static_error(mu, sigma, f):
    """abs(Phi' / chi(f) - 1)."""
    with mp.workdps(40):
        return abs(papers_gain(mu, sigma) / papers_response(mu, sigma, f)[0] - 1)


def lag_time(mu, sigma):
    """tau_eff in ms: the limit of -Im chi / (2 pi f Re chi) for f to 0, from a frequency whose square is below rounding."""
    with mp.workdps(50):
        f = mp.mpf("1e-9")
        chi = papers_response(mu, sigma, f)[0]
        return -chi.imag / chi.real / (2 * mp.pi * f / 1000)


def filter_error(mu, sigma, f, tau):
    """abs(Phi' / (1 + 2 pi i f tau) / chi(f) - 1)."""
    with mp.workdps(40):
        turn = 1 + mp.mpc(0, 2 * mp.pi * mp.mpf(f) * tau / 1000)
        return abs(papers_gain(mu, sigma) / turn / papers_response(mu, sigma, f)[0] - 1)


@functools.cache
def spread_of_counts(mu, sigma, window):
    """Variance over mean of the spikes in a window of `window` ms: the spectrum seen through it, by Gauss-Legendre sums."""
    nu = float(papers_rate(mu, sigma))
    x, weights = np.polynomial.legendre.leggauss(16)
    total = 0.0
    for low, high in ((0.0, 25.0), (25.0, 60.0), (60.0, 130.0), (130.0, 300.0), (300.0, 600.0)):
        for node, weight in zip(x, weights):
            f = 0.5 * (low + high) + 0.5 * (high - low) * node
            with mp.workdps(25):
                rho = complex(papers_response(mu, sigma, f)[1])
            differs = (1 - abs(rho) ** 2) / abs(1 - rho) ** 2 - 1
            total += 0.5 * (high - low) * weight * differs * np.sinc(f * window / 1000.0) ** 2
    return 1.0 + 2e-3 * window * total


def scatter_of_activity(N, window):
    """In per cent of the rate, at 15 mV and 5 mV."""
    return 100.0 * math.sqrt(1000.0 * spread_of_counts(15, 5, window) / (N * float(papers_rate(15, 5)) * window))


def rates_large():
    return scatter_of_activity(1000, 10.0)


def rate_under_equal_kicks(mu, sigma, J, parts=48):
    """Firing rate in Hz under kicks of J and of -J mV that have the drive mu and the noise sigma.

    The mean time from v is 1 / r plus what is left after the next kick, so that along a path that falls towards rest
    T = 1 / r + integral of exp(-r t) times the mean over both kicks of T(v exp(-t / tau_m) +- J). The mean is taken to be
    linear between nodes J / parts apart, for which the integral is known; nodes end below the threshold, where T jumps to 0.
    """
    from scipy.sparse import csr_matrix, eye
    from scipy.sparse.linalg import spsolve

    excitation, inhibition = ((sigma / J) ** 2 + mu / J) / (2 * TAU_M), ((sigma / J) ** 2 - mu / J) / (2 * TAU_M)
    r, h, threshold = excitation + inhibition, J / parts, V_TH - E_L
    # Multiples of J from the threshold are nodes twice: their limits from either side differ where T jumps or bends.
    count = int((threshold + 25.0) / h)
    above, below = int(round(threshold / h)), count - int(round(threshold / h))
    rows, columns, values = [], [], []

    def weight(row, node, amount):
        rows.append(row), columns.append(node), values.append(amount)

    def after_kicks(row, k, amount, towards_lower):
        """`amount` times the mean over kicks of T at node k, the limit from its piece on the lower or the upper side."""
        if k - parts > 0 or (k - parts == 0 and towards_lower):
            weight(row, k - parts, amount * excitation / r)
        weight(row, min(k + parts, count), amount * inhibition / r)

    # Node k is at threshold - k h; what is kicked to the threshold itself is taken as just below it on lower pieces.
    for k in range(count + 1):
        v = threshold - k * h
        if k == above:
            after_kicks(k, k, 1.0, True)
            continue
        step = 1 if k < above else -1
        span = TAU_M * math.log(abs(v) / (abs(v) - h)) if abs(abs(v) - h) > 1e-9 else math.inf
        left = math.exp(-r * span) if span < math.inf else 0.0
        # The mean of v exp(-t / tau_m) over the time of the kick says how it is divided between the two nodes.
        mean = (1.0 - left * (1.0 - h / abs(v))) / (1.0 + 1.0 / (r * TAU_M))
        share = ((1.0 - left) - mean) * abs(v) / h
        after_kicks(k, k, 1.0 - left - share, step == 1)
        after_kicks(k, k + step, share, step != 1)
        # T less 1 / r of the next node, with what is left.
        weight(k, k + step, left)
    matrix = eye(count + 1) - csr_matrix((values, (rows, columns)), shape=(count + 1, count + 1))
    gain = np.ones(count + 1) / r
    for k in range(count + 1):
        if k != above:
            v = abs(threshold - k * h)
            gain[k] *= 1.0 - (math.exp(-r * TAU_M * math.log(v / (v - h))) if abs(v - h) > 1e-9 else 0.0)
    T = spsolve(matrix.tocsc(), gain)
    return 1000.0 / (T_REF + T[int(round((V_TH - PAPERS_RESET) / h))])


def kick_error(J):
    """In per cent: the rate under kicks of J against white noise, at 15 mV and 5 mV, from two steps (Richardson)."""
    coarse, fine = (rate_under_equal_kicks(15.0, 5.0, J, parts) for parts in (24, 48))
    return 100.0 * ((4.0 * fine - coarse) / 3.0 / float(papers_rate(15, 5)) - 1.0)


def rates_noisy():
    return kick_error(0.1)


def rates_slow():
    return 100 * static_error(15, 5, 10)


def rates_large_more():
    return scatter_of_activity(100_000, 10.0)


def rates_slow_one():
    return 100 * static_error(15, 5, 1)


def rates_filter_rhythm():
    return 100 * filter_error(15, 5, 20, TAU_M)


def rates_tau():
    return lag_time(15, 5)


def rates_tau_loud():
    return lag_time(15, 15)


def rates_tau_driven():
    return lag_time(25, 2)
# When rates lie: one population that inhibits itself, its reset 10 mV above rest, after Brunel & Hakim (1999).


def inhibited_chi(mu, sigma, f):
    """Susceptibility in Hz/mV of that neuron to its drive, complex; at f = 0 the slope of Siegert's rate."""
    y_th, y_r = mp.mpf(20 - mu) / sigma, mp.mpf(10 - mu) / sigma
    nu = inhibited_rate(mu, sigma)
    if f == 0:
        return mp.mpc(nu**2 * TAU_M * mp.sqrt(mp.pi) / 1000 / sigma * (
            mp.exp(y_th**2) * mp.erfc(-y_th) - mp.exp(y_r**2) * mp.erfc(-y_r)))
    omega = 2 * mp.pi * f / 1000
    s = mp.mpc(0, omega * TAU_M)
    (f_th, d_th), (f_r, d_r) = hermite_pair(s, y_th), hermite_pair(s, y_r)
    return nu / sigma * (d_th - d_r) / (1 + s) / (f_th - mp.expj(-omega * T_REF) * f_r)


@functools.cache
def inhibited_rate(mu, sigma):
    """Its rate in Hz, by mpmath's quadrature."""
    y_th, y_r = mp.mpf(20 - mu) / sigma, mp.mpf(10 - mu) / sigma
    return 1000 / (T_REF + TAU_M * mp.sqrt(mp.pi) * mp.quad(lambda u: mp.exp(u * u) * mp.erfc(-u), mp.linspace(y_r, y_th, 7)))


@functools.cache
def inhibited_tau_eff(mu, sigma):
    """-d arg(chi) / d omega at 0 in ms, from a low frequency with thirty digits."""
    with mp.workdps(30):
        chi = inhibited_chi(mu, sigma, mp.mpf("1e-9"))
        return -mp.arg(chi) / (2 * mp.pi * mp.mpf("1e-12"))


@functools.cache
def inhibited_critical(near, delay=2, tau_s=0, tau=None, mu=15, sigma=5):
    """(loop gain, frequency) of the crossing of the positive axis near a frequency; of the neuron, or with a filter tau."""
    with mp.workdps(25):
        still = inhibited_chi(mu, sigma, 0)

        def loop(f):
            turn = 2j * mp.pi * f / 1000
            passed = inhibited_chi(mu, sigma, f) / still if tau is None else 1 / (1 + turn * tau)
            return -passed * mp.exp(-turn * delay) / (1 + turn * tau_s)

        f = mp.findroot(lambda f: loop(mp.re(f)).imag, (near, near + 1), solver="secant")
        assert loop(f).real > 0
        return float(1 / loop(f).real), float(f)


def limits_rate():
    return inhibited_rate(15, 5)


def limits_gain():
    return inhibited_chi(15, 5, 0).real


def limits_critical():
    return inhibited_critical(183)[0]


def limits_critical_f():
    return inhibited_critical(183)[1]


def limits_critical_tau_m():
    return inhibited_critical(130, tau=20)[0]


def limits_tau_eff():
    return inhibited_tau_eff(15, 5)


def limits_too_stable():
    return limits_critical_tau_m() / limits_critical()


def limits_share():
    return 100 * abs(inhibited_chi(15, 5, 250)) / inhibited_chi(15, 5, 0).real


def limits_lag():
    return -mp.degrees(mp.arg(inhibited_chi(15, 5, 250)))


def limits_slow_critical():
    return inhibited_critical(127, delay=1, tau_s=20)[0]


def limits_slow_f():
    return inhibited_critical(127, delay=1, tau_s=20)[1]


def limits_off():
    with mp.workdps(25):
        return 100 * abs(inhibited_chi(15, 5, mp.mpf("2.4")) / inhibited_chi(15, 5, 0) - 1)


def limits_strong_rate():
    return inhibited_rate(30, 2)


def limits_strong_critical():
    return inhibited_critical(223, mu=30, sigma=2)[0]


def limits_strong_far():
    return inhibited_critical(67.7, delay=50, mu=30, sigma=2)[0]


def brunel_hakim_onset(quantity):
    """Of the stored critical points of a sparse inhibitory network, the one with J = 0.1 mV and 2 ms of refractory period."""
    rows = json.loads((ROOT / "tests" / "reference" / "R8_brunel_hakim.json").read_text(encoding="utf-8"))
    (row,) = [row for row in rows if row.get("varied") == "sg_ext" and row["J"] == 0.1 and row["tr"] == 2.0]
    return row[quantity]


def limits_bh_sigma():
    return brunel_hakim_onset("critical_value")


def limits_bh_f():
    return brunel_hakim_onset("f_Hz_at_onset")


def limits_bh_nu():
    return brunel_hakim_onset("nu_Hz")


def limits_bh_cycles():
    return brunel_hakim_onset("f_over_nu")
