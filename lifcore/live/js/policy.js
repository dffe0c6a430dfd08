// The figures of the chapter on a neuron that decides.

import { renderer } from "./card.js";
import { balancePole } from "./policy/balance_pole.js";
import { hiddenVelocity } from "./policy/hidden_velocity.js";
import { learningCurve } from "./policy/learning_curve.js";

const render = renderer({
  BalancePole: balancePole,
  HiddenVelocity: hiddenVelocity,
  LearningCurve: learningCurve,
});

export default { render };
