/** The upload form while an image is sent: locked fields, progress, a way to stop. */

import { t } from "./config.js";
import { byId } from "./dom.js";
import { formatPercent } from "./format.js";

/** Lock or unlock the fields of the form, and show progress in place of the button. */
export function showSending(form, active) {
  form.classList.toggle("is-sending", active);
  byId("sending").hidden = !active;
  byId("submit").hidden = active;
  for (const part of form.querySelectorAll("fieldset")) part.disabled = active;
  byId("file").disabled = active;
}

/** Show how much has been sent, from 0 to 100; at 100 the server checks the image. */
export function showSent(percent) {
  const words = percent < 100 ? t("send.progress", { percent: formatPercent(percent) }) : t("send.waiting");
  byId("sending-progress").value = percent;
  byId("sending-words").textContent = words;
}
