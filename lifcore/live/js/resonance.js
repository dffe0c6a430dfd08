// The figures of the chapter on stochastic resonance.

import { renderer } from "./card.js";
import { hiddenSignal } from "./resonance/hidden_signal.js";
import { resonanceCurve } from "./resonance/resonance_curve.js";
import { refractoryPhase } from "./resonance/refractory_phase.js";

const render = renderer({
  HiddenSignal: hiddenSignal,
  ResonanceCurve: resonanceCurve,
  RefractoryPhase: refractoryPhase,
});

export default { render };
