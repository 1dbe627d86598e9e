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
  const words = byId("job-copy-words");
  const unchanged = words.textContent;
  button.addEventListener("click", async () => {
    const copied = await navigator.clipboard.writeText(window.location.href).then(
      () => true,
      () => false,
    );
    words.textContent = t(copied ? "job.link_copied" : "job.link_not_copied");
    byId("job-status").textContent = words.textContent;
    button.classList.toggle("is-done", copied);
    setTimeout(() => {
      words.textContent = unchanged;
      button.classList.remove("is-done");
    }, SHOWN_MS);
  });
}
