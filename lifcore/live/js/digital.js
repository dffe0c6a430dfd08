// The figures of the chapter on digital silicon.

import { renderer } from "./card.js";
import { deadZone } from "./digital/dead_zone.js";
import { overflow } from "./digital/overflow.js";
import { falseSpike } from "./digital/false_spike.js";

const render = renderer({ DeadZone: deadZone, Overflow: overflow, FalseSpike: falseSpike });

export default { render };
