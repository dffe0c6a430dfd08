// The figures of the chapter on rates.

import { renderer } from "./card.js";
import { phasePlane } from "./rates/phase_plane.js";
import { slowInput } from "./rates/slow_input.js";

const render = renderer({ SlowInput: slowInput, PhasePlane: phasePlane });

export default { render };
