// The figures of the chapter on analog silicon.

import { renderer } from "./card.js";
import { siliconMembrane } from "./analog/silicon_membrane.js";
import { calibration } from "./analog/calibration.js";

const render = renderer({ SiliconMembrane: siliconMembrane, Calibration: calibration });

export default { render };
