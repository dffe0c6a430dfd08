// The figures of the chapter on the probability cloud.

import { renderer } from "./card.js";
import { cloudInTime } from "./cloud/cloud_in_time.js";
import { stationaryDensity } from "./cloud/stationary_density.js";
import { rateResponse } from "./cloud/rate_response.js";

const render = renderer({
  Cloud: cloudInTime,
  StationaryDensity: stationaryDensity,
  RateResponse: rateResponse,
});

export default { render };
