// The figures of the chapter on surrogate gradients.

import { renderer } from "./card.js";
import { deadGradient } from "./surrogate/dead_gradient.js";
import { gradientThroughTime } from "./surrogate/gradient_through_time.js";
import { surrogates } from "./surrogate/surrogates.js";
import { threeLosses } from "./surrogate/three_losses.js";

const render = renderer({
  DeadGradient: deadGradient,
  GradientThroughTime: gradientThroughTime,
  Surrogates: surrogates,
  ThreeLosses: threeLosses,
});

export default { render };
