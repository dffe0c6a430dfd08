// The figures of the chapter on the limits of rate models.

import { renderer } from "./card.js";
import { nyquistCurve } from "./limits/nyquist_curve.js";
import { threeWays } from "./limits/three_ways.js";

const render = renderer({ NyquistCurve: nyquistCurve, ThreeWays: threeWays });

export default { render };
