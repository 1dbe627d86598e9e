/** The start of public pages that show one thing only, such as an error. */

import { followHistory } from "./history.js";

followHistory(
  () => false,
  () => {},
);
