// What one chip draws against its load, counted per synaptic event, per neuron, or per second.

const LINE = 200;
const [FEWEST, MOST] = [1e8, 1e11];
const POWERS = { 8: "10⁸", 9: "10⁹", 10: "10¹⁰", 11: "10¹¹" };
const SWEEP_SUPPLY = 0.8; // V, of the measurements that the line goes through
const COUNTED = {
  event: { title: "per synaptic event (pJ)", range: [1, 1000], splits: [1, 10, 100, 1000] },
  neuron: { title: "per neuron and ms (pJ)", range: [30, 300], splits: [30, 50, 100, 200, 300] },
  second: { title: "power (mW)", range: [30, 300], splits: [30, 50, 100, 200, 300] },
};

function drawTradeOff(card) {
  const { idle, marginal, neurons, measured, printed } = card.fixed;
  const line = Array.from({ length: LINE }, (_, k) => FEWEST * (MOST / FEWEST) ** (k / (LINE - 1)));
  const powerOf = (events) => idle + marginal * events * 1e-9;
  const counts = {
    event: (events, power) => (power * 1e9) / events,
    neuron: (events, power) => (power * 1e6) / neurons,
    second: (events, power) => power,
  };
  let { per } = card.values();
  let events = 1e9;

  const plot = card.plot({
    height: 350,
    margin: 78,
    x: {
      log: true,
      range: () => [FEWEST, MOST],
      label: () => "synaptic events per second",
      splits: () => [1e8, 1e9, 1e10, 1e11],
      values: (x) => POWERS[Math.round(Math.log10(x))],
    },
    y: { log: true, range: () => COUNTED[per].range, label: () => COUNTED[per].title, splits: () => COUNTED[per].splits },
    series: [{ role: "theory" }],
    annotate(pen) {
      const count = counts[per];
      const floor = per === "event" ? marginal : count(1, idle);
      pen.horizontal(floor, "theory", { width: 1.25, dash: [2, 5] });
      pen.name(per === "event" ? "one more" : "idle", floor, "theory");
      pen.vertical(events, "spike", { width: 1, dash: [2, 5] });
      pen.dot(events, count(events, powerOf(events)), "spike", { radius: 8, hollow: true });
      for (const [at, power, supply] of measured) {
        const role = supply === SWEEP_SUPPLY ? "simulation" : "drive";
        pen.dot(at, count(at, power), role, { radius: 4.5, hollow: per !== "second" });
      }
      if (per === "event") pen.dot(measured[3][0], printed, "drive", { radius: 4.5 });
      const [slow, fast] = [measured[0], measured[2]];
      const below = per === "event" ? { dx: -10, dy: 16, align: "right" } : { dx: 16, dy: 30 };
      pen.label("at 0.8 V", fast[0], count(fast[0], fast[1]), "simulation", { dx: 10, dy: per === "event" ? -12 : 14 });
      pen.label("below 0.8 V", slow[0], count(slow[0], slow[1]), "drive", below);
    },
  });

  return (values) => {
    per = values.per;
    events = neurons * values.rate * values.synapses;
    const power = powerOf(events);
    const readouts = {
      events: events * 1e-9,
      per_event: counts.event(events, power),
      per_neuron: counts.neuron(events, power),
      power,
      idle: (100 * idle) / power,
    };
    plot.draw(line, line.map((at) => counts[per](at, powerOf(at))));
    const summary =
      `At ${readouts.events.toFixed(2)} synaptic events per nanosecond the chip draws ${power.toFixed(1)} milliwatts, ` +
      `${readouts.per_event.toFixed(1)} picojoules per synaptic event.`;
    return { readouts, summary };
  };
}

export const tradeOff = { floats: 16, create: drawTradeOff };
