/** The quote: time and file size to expect, before anything is sent. */

import { getQuote } from "./api.js";
import { chosenIn } from "./choices.js";
import { config, t } from "./config.js";
import { formatBytes, formatDuration } from "./format.js";

// Several changes in a row are one question.
const PAUSE_MS = 250;

/** Keep `box` up to date: the returned function is called with what is known of the image, or null, after each change. */
export function setUpQuote(form, box) {
  let timer = 0;
  let asking = null;

  function hide() {
    box.hidden = true;
    box.textContent = "";
  }

  async function ask(source) {
    asking = new AbortController();
    const { signal } = asking;
    const chosen = chosenIn(form, config.limits.quote_options);
    try {
      const quote = await getQuote({ ...source, ...Object.fromEntries(chosen) }, signal);
      box.textContent = words(quote);
      box.hidden = false;
    } catch {
      // An aborted question has a newer one behind it. Other errors need no message: sending does not depend on a quote.
      if (!signal.aborted) hide();
    }
  }

  return (source) => {
    clearTimeout(timer);
    asking?.abort();
    if (source) timer = setTimeout(() => ask(source), PAUSE_MS);
    else hide();
  };
}

function words({ estimated_seconds, estimated_bytes, queue_position, status_reason }) {
  if (estimated_seconds === null) return status_reason.detail;
  const isNext = queue_position === 1;
  const values = { duration: formatDuration(estimated_seconds), position: queue_position };
  if (estimated_bytes === null) return isNext ? t("quote.next_unsized", values) : t("quote.waiting_unsized", values);
  const sized = { ...values, size: formatBytes(estimated_bytes) };
  return isNext ? t("quote.next", sized) : t("quote.waiting", sized);
}
