/** The button that copies the address of the page. */

import { t } from "./config.js";
import { byId } from "./dom.js";

const SHOWN_MS = 2000;

/** Set up the button; without a clipboard it is removed. */
export function setUpCopyLink() {
  const button = byId("job-copy-link");
  if (!navigator.clipboard) {
    button.remove();
    return;
  }
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(window.location.href);
    byId("job-status").textContent = t("job.link_copied");
    button.classList.add("is-done");
    setTimeout(() => button.classList.remove("is-done"), SHOWN_MS);
  });
}
