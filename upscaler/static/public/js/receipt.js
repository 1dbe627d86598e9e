/** The notes of the receipt: what was kept and what was changed, as lists. */

import { byId } from "./dom.js";

function listItem({ text }) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

/** Show a receipt's lists; a list without entries is hidden. */
export function showReceipt({ kept = [], changed = [] }) {
  for (const [id, entries] of [
    ["job-kept", kept],
    ["job-changed", changed],
  ]) {
    byId(id).hidden = !entries.length;
    byId(id)
      .querySelector("ul")
      .replaceChildren(...entries.map(listItem));
  }
  byId("job-receipt").hidden = !kept.length && !changed.length;
}
