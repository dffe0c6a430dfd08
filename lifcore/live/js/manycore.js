// The figures of the chapter on software on many cores.

import { renderer } from "./card.js";
import { eulerStability } from "./manycore/euler_stability.js";
import { realisedTimeConstant } from "./manycore/realised_time_constant.js";
import { spikeShift } from "./manycore/spike_shift.js";

const render = renderer({
  EulerStability: eulerStability,
  RealisedTimeConstant: realisedTimeConstant,
  SpikeShift: spikeShift,
});

export default { render };
