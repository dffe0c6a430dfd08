// The figure of the first page.

import { renderer } from "./card.js";
import { firstSpike } from "./intro/first_spike.js";
import { PushSlider } from "./intro/push.js";

const render = renderer({ FirstSpike: firstSpike }, { slider: PushSlider });

export default { render };
