// The figures of the chapter on spiking convolutional networks.

import { renderer } from "./card.js";
import { Drawing } from "./drawing.js";
import { anytime } from "./cnn/anytime.js";
import { drawDigit } from "./cnn/draw_digit.js";
import { energyClaim } from "./cnn/energy_claim.js";
import { eventStream } from "./cnn/event_stream.js";

const figures = { Anytime: anytime, DrawDigit: drawDigit, EnergyClaim: energyClaim, EventStream: eventStream };
const render = renderer(figures, { drawing: Drawing });

export default { render };
