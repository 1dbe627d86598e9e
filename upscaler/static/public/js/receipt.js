/** What the upscaled image kept and changed, as lists in the visitor's language. */

import { config, fill } from "./config.js";
import { isolate } from "./format.js";

const byId = (id) => document.getElementById(id);
const notes = config.receipt_notes.map(({ note, sentence }) => ({ pattern: patternOf(note), sentence }));

/** A regular expression with a named group for each placeholder of the note. */
function patternOf(note) {
  const literal = note.replace(/[.*+?^${}|[\]\\]/g, "\\$&");
  return new RegExp(`^${literal.replace(/%\((\w+)\)s/g, "(?<$1>.+)")}$`);
}

/** The sentence for a note of the engine; a note that is not known is shown as it is. */
function sentenceOf(text) {
  for (const { pattern, sentence } of notes) {
    const match = text.match(pattern);
    if (!match) continue;
    const values = Object.entries(match.groups ?? {}).map(([name, value]) => [name, isolate(value)]);
    return fill(sentence, Object.fromEntries(values));
  }
  return text;
}

function listItem(text) {
  const item = document.createElement("li");
  item.textContent = sentenceOf(text);
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
