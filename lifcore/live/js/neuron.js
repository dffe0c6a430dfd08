// The figures of chapter 1.

import { renderer } from "./card.js";
import { membraneTrace } from "./neuron/membrane_trace.js";
import { fiCurve } from "./neuron/fi_curve.js";
import { strengthDuration } from "./neuron/strength_duration.js";
import { lightResponse } from "./neuron/light_response.js";

const render = renderer({
  MembraneTrace: membraneTrace,
  FICurve: fiCurve,
  StrengthDuration: strengthDuration,
  LightResponse: lightResponse,
});

export default { render };
