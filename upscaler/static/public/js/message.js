/** Messages that a visitor has to see: words first, then what to do next. */

import { t } from "./config.js";
import { formatDuration } from "./format.js";

/** Show `detail`, under `title` when there is one, in a box with role="alert". */
export function showMessage(box, { title = "", detail, retryAfter = null }) {
  box.replaceChildren();
  if (title) {
    const heading = document.createElement("strong");
    heading.textContent = title;
    box.append(heading);
  }
  const text = document.createElement("p");
  text.textContent = detail;
  box.append(text);
  if (retryAfter) {
    const hint = document.createElement("p");
    hint.textContent = t("error.retry_after", { duration: formatDuration(retryAfter) });
    box.append(hint);
  }
  box.hidden = false;
}

/** Empty and hide the box. */
export function hideMessage(box) {
  box.hidden = true;
  box.replaceChildren();
}
