"""One leaky integrate-and-fire neuron that decides: its spikes are actions, and it learns by trial.

    tau_m dV/dt = E_L - V + bias + weights . x           x constant within a step of dt
    P(spike at the end of the step) = 1 / (1 + exp(-(V - V_th) / Delta));    spike: V = V_reset

With the equation, the step, the threshold and the reset stated, the probability of every spike train is a formula, and
so is its gradient: learning needs no surrogate.  The task is to balance a pole on a cart.  A decision is due every 20
ms; a spike within them pushes the cart to the right, silence to the left.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from lifcore._validate import finite_array, finite_number, flag, instance_of, several, whole_number, words
from lifcore.kernels import cartpole, random
from lifcore.kernels import policy as kernels
from lifcore.simulation import _seed

__all__ = [
    "CartPole", "Episode", "EscapeNoiseLIF", "Learning", "SpikeTrain", "balance", "bias_for_interval",
    "confidence_band", "evaluate", "log_likelihood", "record", "reinforce", "running_mean", "sample", "score",
]

LARGEST = 1e6  # mV and ms: far beyond any neuron, and no exponent overflows
SMALLEST_TIME, SMALLEST_WIDTH = 1e-6, 1e-6
DECISION = 20.0  # ms
# What is one for the neuron: m, m/s, rad, rad/s.
SCALES = (1.0, 1.0, 0.2, 1.0)
SEEN = {4: (0, 1, 2, 3), 2: (0, 2)}
LEARNABLE = ("bias", "tau_m", "V_reset", "weights")
MOST_STEPS = 1_000_000


@dataclass(frozen=True)
class EscapeNoiseLIF:
    """A leaky integrate-and-fire neuron with escape noise, in steps of dt; checked when made, fixed ever after.

    ::

        tau_m dV/dt = E_L - V + bias + weights . x       x constant within a step
        P(spike) = 1 / (1 + exp(-(V - V_th) / Delta))    at the end of each step
        V = V_reset                                      after a spike

    The step is exact: V becomes V_inf + beta (V - V_inf), with beta = exp(-dt / tau_m) and V_inf = E_L + bias +
    weights . x. A run begins at V = E_L. There is no refractory period.

    Parameters
    ----------
    weights : array_like, shape (inputs,)
        Drive in mV for an input of one.
    bias : float
        Constant drive in mV.
    tau_m : float
        Membrane time constant in ms; 0 for a membrane that forgets everything between two steps.
    V_reset, E_L, V_th : float
        Reset, leak reversal and threshold potential in mV; the last above the two others.
    Delta : float
        Width of the noise in mV; 0 for a neuron that fires if and only if V reaches V_th at the end of a step.
    dt : float
        Step in ms.

    Raises
    ------
    TypeError, ValueError
        Naming the parameter, its value and what is allowed.

    Examples
    --------
    >>> n = EscapeNoiseLIF(weights=[0.0, 0.0], bias=20.0)
    >>> n.replace(V_th=-40.0).spike_probability(-40.0)
    0.5

    References
    ----------
    Gerstner, Kistler, Naud & Paninski (2014), *Neuronal Dynamics*, section 9.1; Plesser & Gerstner (2000), Neural
    Computation 12: 367-384.
    """

    weights: tuple[float, ...]
    bias: float = 20.0
    tau_m: float = 20.0
    V_reset: float = -70.0
    E_L: float = -70.0
    V_th: float = -50.0
    Delta: float = 14.0
    dt: float = 20.0

    def __post_init__(self):
        weights = finite_array("weights", self.weights, "mV", at_least=-LARGEST, at_most=LARGEST)
        if weights.ndim != 1 or not weights.size:
            raise ValueError(f"weights must be a list with a number for each input, got shape {weights.shape}")
        object.__setattr__(self, "weights", tuple(map(float, weights)))
        for name in ("bias", "V_reset", "E_L", "V_th"):
            value = finite_number(name, getattr(self, name), "mV", at_least=-LARGEST, at_most=LARGEST)
            object.__setattr__(self, name, value)
        for name, unit, smallest in (("tau_m", "ms", SMALLEST_TIME), ("Delta", "mV", SMALLEST_WIDTH)):
            value = finite_number(name, getattr(self, name), unit, at_least=0.0, at_most=LARGEST)
            if 0.0 < value < smallest:
                raise ValueError(f"{name} must be 0 or at least {smallest:g} {unit}, got {value:g} {unit}")
            object.__setattr__(self, name, value)
        object.__setattr__(self, "dt", finite_number("dt", self.dt, "ms", at_least=SMALLEST_TIME, at_most=LARGEST))
        for name in ("E_L", "V_reset"):
            if not getattr(self, name) < self.V_th:
                raise ValueError(f"{name} must be less than V_th = {self.V_th:g} mV, got {getattr(self, name):g} mV")

    @property
    def beta(self) -> float:
        """exp(-dt / tau_m): what a step leaves of a distance from V_inf."""
        return float(kernels.decay_factor(self.tau_m, self.dt))

    def replace(self, **changes) -> EscapeNoiseLIF:
        """A copy with some parameters changed."""
        names = [field.name for field in dataclasses.fields(self)]
        unknown = sorted(set(changes) - set(names))
        if unknown:
            raise TypeError(f"EscapeNoiseLIF has no parameter {unknown[0]!r}; its parameters are {', '.join(names)}")
        return dataclasses.replace(self, **changes)

    def spike_probability(self, V):
        """Probability of a spike at the end of a step.

        Parameters
        ----------
        V : array_like
            Potential there in mV.

        Returns
        -------
        ndarray or float
        """
        found = kernels.spike_probability.ufunc(finite_array("V", V, "mV"), self.V_th, self.Delta)
        return found if np.ndim(found) else float(found)

    def _learnable(self):
        """What the kernels call `parameters`."""
        return np.array([self.bias, self.tau_m, self.V_reset, *self.weights])

    def _fixed(self):
        return self.E_L, self.V_th, self.Delta, self.dt


@dataclass(frozen=True)
class SpikeTrain:
    """What a neuron did with a sequence of inputs.

    Attributes
    ----------
    V : ndarray, shape (steps,)
        Potential in mV at the end of each step, before a spike resets it.
    spikes : ndarray of uint8, shape (steps,)
        1 where there is a spike.
    """

    V: np.ndarray
    spikes: np.ndarray


def bias_for_interval(n: EscapeNoiseLIF, interval: float) -> float:
    """The bias with which the neuron fires regularly while its inputs are 0, without noise.

    The potential returns from V_reset to V_th within the interval if V_th - E_L = bias + (V_reset - E_L - bias) q with
    q = exp(-interval / tau_m).

    Parameters
    ----------
    n : EscapeNoiseLIF
        Its own bias does not count. With tau_m = 0 the bias is that which just reaches threshold.
    interval : float
        Between two spikes in ms, positive.

    Returns
    -------
    float
        mV.
    """
    _neuron(n)
    interval = finite_number("interval", interval, "ms", at_least=SMALLEST_TIME, at_most=LARGEST)
    left = float(kernels.decay_factor(n.tau_m, interval))
    return (n.V_th - n.E_L - (n.V_reset - n.E_L) * left) / (1.0 - left)


def _inputs(n, x):
    _neuron(n)
    x = finite_array("x", x, "", at_least=-LARGEST, at_most=LARGEST)
    if x.ndim != 2 or x.shape[1] != len(n.weights):
        raise ValueError(f"x must have the shape (steps, {len(n.weights)}), a column for each weight, got {x.shape}")
    return np.require(x, requirements="C")


def _train(n, x, spikes):
    x = _inputs(n, x)
    if not n.Delta > 0.0:
        raise ValueError("Delta must be greater than 0 mV, got 0 mV: without noise a spike train has no gradient")
    spikes = words("spikes", spikes, 0, 1, dtype=np.uint8)
    if spikes.shape != x.shape[:1]:
        raise ValueError(f"spikes must have the shape ({len(x)},), one for each step of x, got {spikes.shape}")
    return x, np.require(spikes, requirements="C")


def _neuron(n):
    instance_of("n", n, EscapeNoiseLIF, "an EscapeNoiseLIF, as EscapeNoiseLIF(weights=[0.0, 0.0])")


def _streams(rng, count):
    streams = np.empty((4, count), np.uint32)
    random.seed_streams(_seed(rng), 0, streams)
    return streams


def sample(n: EscapeNoiseLIF, x, rng=None) -> SpikeTrain:
    """A spike train of the neuron.

    Parameters
    ----------
    n : EscapeNoiseLIF
    x : array_like, shape (steps, inputs)
        Input in each step, without unit.
    rng : int or numpy.random.Generator, optional
        Seed, or the generator that draws one; fresh randomness if not given.

    Returns
    -------
    SpikeTrain
    """
    x = _inputs(n, x)
    V, spikes = np.empty(len(x)), np.empty(len(x), np.uint8)
    kernels.sample(n._learnable(), *n._fixed(), x, _streams(rng, 1), V, spikes)
    return SpikeTrain(V, spikes)


def log_likelihood(n: EscapeNoiseLIF, x, spikes) -> float:
    """Natural logarithm of the probability of a spike train.

    The sum of log P over the steps with a spike and of log(1 - P) over those without, each P at the potential to which
    the inputs and the spikes before have led.

    Parameters
    ----------
    n : EscapeNoiseLIF
        With Delta above 0.
    x : array_like, shape (steps, inputs)
    spikes : array_like, shape (steps,)
        0 and 1.

    Returns
    -------
    float

    References
    ----------
    Pfister, Toyoizumi, Barber & Gerstner (2006), Neural Computation 18: 1318-1348, in continuous time.
    """
    x, spikes = _train(n, x, spikes)
    return float(kernels.log_likelihood(n._learnable(), *n._fixed(), x, spikes))


def score(n: EscapeNoiseLIF, x, spikes) -> dict[str, np.ndarray | float]:
    """Gradient of `log_likelihood` by the neuron's parameters, exact: no surrogate takes the place of anything.

    Parameters
    ----------
    n, x, spikes
        As in `log_likelihood`.

    Returns
    -------
    dict
        ``"weights"``: ndarray, shape (inputs,), in 1/mV; ``"bias"`` and ``"V_reset"``: float, in 1/mV; ``"tau_m"``:
        float, in 1/ms.

    Notes
    -----
    Each derivative of V is carried along as an eligibility trace that leaks as V does: e becomes beta e + (1 - beta) x
    for a weight, and 0 at a spike. Surprise (s - P) / Delta times trace, summed over the steps, is the gradient.

    References
    ----------
    Pfister et al. (2006), Neural Computation 18: 1318-1348; Florian (2007), Neural Computation 19: 1468-1502.
    """
    x, spikes = _train(n, x, spikes)
    parameters = n._learnable()
    traces, gradient = np.empty(parameters.size), np.empty(parameters.size)
    kernels.score(parameters, *n._fixed(), x, spikes, traces, gradient)
    found = {name: float(value) for name, value in zip(LEARNABLE, gradient[:kernels.WEIGHTS], strict=False)}
    return found | {"weights": gradient[kernels.WEIGHTS:]}


class CartPole:
    """A pole on a cart, as CartPole-v1 of Gymnasium has it.

    The pole falls when it leans by more than 12 degrees, or when the cart leaves its track at 2.4 m from the middle.

    Parameters
    ----------
    rng : int or numpy.random.Generator, optional
        For the state at the start, whose numbers are uniform between -0.05 and 0.05.
    state : array_like, shape (4,), optional
        The state at the start, in place of a random one: position in m, its velocity in m/s, angle from the vertical in
        rad, its velocity in rad/s.

    Attributes
    ----------
    state : ndarray, shape (4,)
        The present state.

    References
    ----------
    Barto, Sutton & Anderson (1983), IEEE Transactions on Systems, Man, and Cybernetics 13: 834-846; Florian (2007),
    *Correct equations for the dynamics of the cart-pole system*.
    """

    def __init__(self, rng=None, state=None):
        self.state = np.empty(4)
        if state is None:
            kernels.start_state(_streams(rng, 1), 0, self.state)
            return
        if rng is not None:
            raise ValueError(f"rng must not be given together with state, got {rng!r}")
        self.state[:] = _state(state)

    @property
    def observation(self) -> np.ndarray:
        """The state as float32, as Gymnasium gives it."""
        return self.state.astype(np.float32)

    def step(self, action: int) -> bool:
        """20 ms under a push of 10 N, to the right for action 1, to the left for 0; whether the pole has fallen."""
        action = whole_number("action", action, at_least=0)
        if action > 1:
            raise ValueError(f"action must be 0 or 1, got {action}")
        return self.push(kernels.FORCE if action else -kernels.FORCE)

    def push(self, force: float) -> bool:
        """20 ms under a constant force in N; whether the pole has fallen."""
        return bool(cartpole.cart_pole_step(self.state, finite_number("force", force, "N", at_least=-1e6, at_most=1e6)))


def _state(state):
    state = finite_array("state", state, "", at_least=-LARGEST, at_most=LARGEST)
    if state.shape != (4,):
        raise ValueError(f"state must have the shape (4,): x, x', angle, angle', got {state.shape}")
    return state


def _sight(n):
    """Columns of the state that the neuron sees, their scales, and its steps in a decision."""
    _neuron(n)
    inputs = len(n.weights)
    if inputs not in SEEN:
        raise ValueError(
            f"weights must be 4 (position, velocity, angle, angular velocity) or 2 (position and angle), got {inputs}")
    steps = round(DECISION / n.dt)
    if steps < 1 or abs(steps * n.dt - DECISION) > 1e-9:
        raise ValueError(
            f"dt must be {DECISION:g} ms over a whole number, got {n.dt:g} ms: a decision takes {DECISION:g} ms")
    columns = np.array(SEEN[inputs], np.int32)
    return columns, np.array(SCALES)[columns], steps


def balance(n: EscapeNoiseLIF, episodes: int = 100, most: int = 500, rng=None) -> np.ndarray:
    """How long the neuron keeps the pole up.

    A neuron with four weights sees position, velocity, angle and angular velocity, in units of 1 m, 1 m/s, 0.2 rad and
    1 rad/s; one with two weights sees position and angle.

    Parameters
    ----------
    n : EscapeNoiseLIF
        Its dt is 20 ms or a whole part of it. Any spike within 20 ms pushes to the right, none to the left.
    episodes : int
    most : int
        Decisions after which an episode ends though the pole stands.
    rng : int or numpy.random.Generator, optional
        As in `sample`; every episode has a stream of its own.

    Returns
    -------
    ndarray of int64, shape (episodes,)
        Decisions until the pole fell.
    """
    columns, scales, steps = _sight(n)
    episodes = whole_number("episodes", episodes, at_least=1)
    most = _most(most)
    returns = np.empty(episodes, np.int32)
    kernels.balance_returns(
        n._learnable(), *n._fixed(), columns, scales, most, _streams(rng, episodes), np.empty(columns.size),
        np.empty(4), np.empty(steps), np.empty(steps, np.uint8), returns)
    return returns.astype(np.int64)


def _most(most):
    if whole_number("most", most, at_least=1) > MOST_STEPS:
        raise ValueError(f"most must be at most {MOST_STEPS}, got {most}")
    return int(most)


@dataclass(frozen=True)
class Episode:
    """One episode on the cart, decision by decision.

    Attributes
    ----------
    states : ndarray, shape (decisions + 1, 4)
        Position in m, velocity in m/s, angle in rad, angular velocity in rad/s; the first is the start.
    V : ndarray, shape (decisions, steps of the neuron in a decision)
        Potential in mV at the end of each of its steps, before a spike resets it.
    spikes : ndarray of uint8, shape of V
    fallen : bool
        Whether the pole fell.
    """

    states: np.ndarray
    V: np.ndarray
    spikes: np.ndarray
    fallen: bool

    @property
    def actions(self) -> np.ndarray:
        """1 for a push to the right and 0 for one to the left, shape (decisions,)."""
        return self.spikes.max(axis=1).astype(np.int64)


def record(n: EscapeNoiseLIF, most: int = 500, rng=None, state=None) -> Episode:
    """One episode in full.

    Parameters
    ----------
    n, most, rng
        As in `balance`; the same seed gives the first of its episodes.
    state : array_like, shape (4,), optional
        Where to start, in place of a random state.

    Returns
    -------
    Episode
    """
    columns, scales, steps = _sight(n)
    most = _most(most)
    streams, present = _streams(rng, 1), np.empty(4)
    kernels.start_state(streams, 0, present)
    if state is not None:
        present[:] = _state(state)
    states, V, spikes = np.empty((most + 1, 4)), np.empty((most, steps)), np.empty((most, steps), np.uint8)
    states[0] = present
    count = kernels.balance(
        n._learnable(), *n._fixed(), columns, scales, present, np.array([n.E_L]), streams, np.empty(columns.size),
        states[1:], V, spikes)
    fallen = abs(present[0]) > cartpole.LARGEST_X or abs(present[2]) > cartpole.LARGEST_ANGLE
    return Episode(states[:count + 1], V[:count], spikes[:count], bool(fallen))


@dataclass(frozen=True)
class Learning:
    """What came of learning.

    Attributes
    ----------
    neuron : EscapeNoiseLIF
        With what it has learnt.
    returns : ndarray of int64, shape (episodes,)
        Decisions until the pole fell, in each episode.
    """

    neuron: EscapeNoiseLIF
    returns: np.ndarray


def reinforce(
    n: EscapeNoiseLIF, episodes: int = 299, learning_rate: float = 2.0, discount: float = 0.99, batch: int = 1,
    learn=("weights", "bias"), fade: bool = False, target: float | None = None, most: int = 500, rng=None,
    progress: bool = False
) -> Learning:
    """Learn to balance the pole by trial: REINFORCE with the exact score of the spike trains.

    After each `batch` of episodes the parameters move along the mean, over the decisions, of (return - baseline) times
    score. The return of a decision counts the decisions from it on, each the factor `discount` less than the one
    before; if the pole still stands at the end, as if it stood for ever. The baseline is a running mean of the returns
    of earlier episodes, and makes the mean no different. The size of the move is Adam's (Kingma & Ba 2015), with 0.9
    and 0.99 for its two moments.

    Parameters
    ----------
    n : EscapeNoiseLIF
        Where to begin; Delta above 0, and the rest as in `balance`.
    episodes : int
        At most so many, a multiple of `batch`.
    learning_rate : float
        How far weights, bias and V_reset move at most in an update, about, in mV; tau_m moves by this over V_th - E_L,
        as a share of itself.
    discount : float
        From 0 to less than 1.
    batch : int
        Episodes before an update.
    learn : sequence of str
        Which of ``"weights"``, ``"bias"``, ``"tau_m"`` and ``"V_reset"`` move.
    fade : bool
        Whether the learning rate shrinks to nothing, in equal parts, over the episodes.
    target : float, optional
        End as soon as the mean of the last 100 episodes has reached this.
    most : int
        Decisions after which an episode ends though the pole stands.
    rng : int or numpy.random.Generator, optional
        As in `sample`.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Learning

    Raises
    ------
    ValueError
        Naming the argument; also if learning leaves what a neuron can be.

    References
    ----------
    Williams (1992), Machine Learning 8: 229-256; Florian (2007), Neural Computation 19: 1468-1502.
    """
    from tqdm.auto import tqdm

    columns, scales, steps = _sight(n)
    if not n.Delta > 0.0:
        raise ValueError("Delta must be greater than 0 mV, got 0 mV: a neuron without noise tries nothing new")
    flag("fade", fade), flag("progress", progress)
    batch = whole_number("batch", batch, at_least=1)
    if whole_number("episodes", episodes, at_least=1) % batch:
        raise ValueError(f"episodes must be a multiple of batch = {batch}, got {episodes}")
    learning_rate = finite_number("learning_rate", learning_rate, "mV", above=0.0, at_most=LARGEST)
    discount = finite_number("discount", discount, "", at_least=0.0)
    if discount >= 1.0:
        raise ValueError(f"discount must be less than 1, got {discount:g}")
    if target is not None:
        target = finite_number("target", target, "decisions")
    parameters, rates = n._learnable(), _rates(n, learn, learning_rate)
    size, most = parameters.size, _most(most)
    moments, baseline, streams = np.zeros((2, size)), np.zeros(2), _streams(rng, 1)
    room = (np.empty(columns.size), np.empty(4), np.empty(steps), np.empty(steps, np.uint8), np.empty(size),
            np.empty((most, size)), np.empty(size))
    returns, updates, done = np.empty(episodes, np.int32), episodes // batch, 0
    with tqdm(total=episodes, disable=not progress, unit="episode") as bar:
        while done < updates:
            lengths = returns[done * batch:(done + 1) * batch]
            kernels.reinforce_updates(
                parameters, rates, *n._fixed(), columns, scales, discount, batch, done, 1, updates if fade else 0,
                moments, baseline, streams, *room, lengths)
            done += 1
            bar.update(batch)
            if target is not None and done * batch >= 100 and returns[done * batch - 100:done * batch].mean() >= target:
                break
    learnt = dict(zip(LEARNABLE, parameters[:kernels.WEIGHTS].tolist(), strict=False))
    try:
        neuron = n.replace(weights=parameters[kernels.WEIGHTS:], **learnt)
        if rates[kernels.TAU] and not neuron.tau_m:
            raise ValueError("tau_m is too small for a number")
    except ValueError as error:
        raise ValueError(f"learning_rate = {learning_rate:g} mV is too large: learning ended where {error}") from error
    return Learning(neuron, returns[:done * batch].astype(np.int64))


def _rates(n, learn, learning_rate):
    """Size of a move of each parameter, 0 for those that stay."""
    learn = several("learn", learn, LEARNABLE)
    if not learn:
        raise ValueError(f"learn must be some of {', '.join(map(repr, LEARNABLE))}, got none")
    if "tau_m" in learn and n.tau_m == 0.0:
        raise ValueError("tau_m must be greater than 0 ms to be learnt, got 0 ms")
    size = {name: learning_rate if name in learn else 0.0 for name in LEARNABLE}
    size["tau_m"] /= n.V_th - n.E_L
    return np.array([size["bias"], size["tau_m"], size["V_reset"], *[size["weights"]] * len(n.weights)])


def evaluate(n: EscapeNoiseLIF, episodes: int = 100, rng=None, progress: bool = False) -> np.ndarray:
    """How long the neuron keeps the pole up in Gymnasium's own CartPole-v1.

    Parameters
    ----------
    n : EscapeNoiseLIF
        As in `balance`. With Delta = 0 it decides without noise.
    episodes : int
    rng : int or numpy.random.Generator, optional
        As in `sample`; seeds the environment too.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    ndarray of int64, shape (episodes,)
        Sum of the rewards of each episode: one for each decision, 500 at most.

    Raises
    ------
    ImportError
        If Gymnasium is not installed: says how to install it.
    """
    from tqdm.auto import tqdm

    columns, scales, steps = _sight(n)
    episodes = whole_number("episodes", episodes, at_least=1)
    flag("progress", progress)
    streams = _streams(rng, episodes)
    try:
        import gymnasium
    except ImportError as error:
        raise ImportError("evaluate needs Gymnasium: pip install 'lifcore[learning]', or gymnasium alone") from error
    parameters, fixed = n._learnable(), (n.E_L, n.V_th, n.Delta, n.beta)
    x, V, spikes = np.empty(columns.size), np.empty(steps), np.empty(steps, np.uint8)
    seeds = np.empty((1, episodes), np.uint32)
    random.random_words(streams, seeds)
    returns = np.zeros(episodes, np.int64)
    environment = gymnasium.make("CartPole-v1")
    for episode in tqdm(range(episodes), disable=not progress, unit="episode"):
        seen, _ = environment.reset(seed=int(seeds[0, episode]))
        potential, over = n.E_L, False
        while not over:
            x[:] = seen[columns] / scales
            potential = kernels.decide(parameters, *fixed, x, potential, streams, episode, V, spikes)
            seen, reward, terminated, truncated, _ = environment.step(int(spikes.any()))
            returns[episode] += int(reward)
            over = terminated or truncated
    environment.close()
    return returns


def running_mean(returns, window: int = 100) -> np.ndarray:
    """Mean of the last `window` values at each value from the first that has so many.

    Parameters
    ----------
    returns : array_like, shape (..., episodes)
    window : int

    Returns
    -------
    ndarray, shape (..., episodes - window + 1)
    """
    returns = finite_array("returns", returns, "")
    window = whole_number("window", window, at_least=1)
    if returns.ndim == 0 or returns.shape[-1] < window:
        raise ValueError(f"window must be at most the number of returns, got {window} for shape {returns.shape}")
    sums = np.cumsum(np.concatenate([np.zeros((*returns.shape[:-1], 1)), returns], axis=-1), axis=-1)
    return (sums[..., window:] - sums[..., :-window]) / window


def confidence_band(curves, level: float = 0.95) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean of several curves, and a band for the mean that ever more of them would have.

    Student's interval at each point: mean +- t s / sqrt(n) with the standard deviation s over the n curves and the
    quantile t of n - 1 degrees of freedom. It takes the curves as independent, and each point by itself.

    Parameters
    ----------
    curves : array_like, shape (curves, points)
        Two curves or more, as one for each seed.
    level : float
        Between 0 and 1.

    Returns
    -------
    mean, low, high : ndarray, shape (points,)
    """
    from scipy.special import stdtrit

    curves = finite_array("curves", curves, "")
    level = finite_number("level", level, "", above=0.0)
    if level >= 1.0:
        raise ValueError(f"level must be less than 1, got {level:g}")
    if curves.ndim != 2 or len(curves) < 2:
        raise ValueError(f"curves must have the shape (curves, points) with two curves or more, got {curves.shape}")
    mean = curves.mean(axis=0)
    half = stdtrit(len(curves) - 1, 0.5 + 0.5 * level) * curves.std(axis=0, ddof=1) / math.sqrt(len(curves))
    return mean, mean - half, mean + half
