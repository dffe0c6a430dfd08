// The figures of the chapter on networks.

import { renderer } from "./card.js";
import { balancedNetwork } from "./network/balanced_network.js";
import { selfConsistency } from "./network/self_consistency.js";

const render = renderer({
  BalancedNetwork: balancedNetwork,
  SelfConsistency: selfConsistency,
});

export default { render };
