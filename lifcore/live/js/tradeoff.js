// The figures of the chapter on the trade-off.

import { renderer } from "./card.js";
import { fiveMachines } from "./tradeoff/five_machines.js";
import { tradeOff } from "./tradeoff/trade_off.js";

const render = renderer({ FiveMachines: fiveMachines, TradeOff: tradeOff });

export default { render };
