// The figures of the chapter on noise.

import { renderer } from "./card.js";
import { bombardment } from "./noise/bombardment.js";
import { intervals } from "./noise/intervals.js";
import { missedCrossings } from "./noise/missed_crossings.js";

const render = renderer({ Bombardment: bombardment, Intervals: intervals, MissedCrossings: missedCrossings });

export default { render };
