/** The e-mail address for the message at the end of a job. */

import { t } from "./config.js";
import { byId } from "./dom.js";
import { hideMessage, showMessage } from "./message.js";

/** Whether the address is empty or complete, or not asked for; otherwise show what is wrong. */
export function emailIsValid() {
  const email = byId("email");
  if (!email) return true;
  const box = byId("email-message");
  const valid = email.checkValidity();
  email.setAttribute("aria-invalid", String(!valid));
  if (valid) {
    hideMessage(box);
  } else {
    showMessage(box, { detail: t("email.invalid") });
    email.focus();
  }
  return valid;
}
