/** The result of a completed job: both images, what is known of them, and the receipt. */

import { fillCompare } from "./compare.js";
import { config, has, t } from "./config.js";
import { byId } from "./dom.js";
import { formatBytes, formatDimensions, isolate } from "./format.js";
import { showReceipt } from "./receipt.js";

const QUICK_BYTES = 4e6;

/** Fill the result's part of the page. */
export function showResult(job) {
  const { upload, result } = job;
  const name = isolate(upload.filename);
  fillCompare(byId("job-compare"), {
    ...imagesOf(job),
    beforeAlt: t("result.before", { name }),
    afterAlt: t("result.after", { name }),
    width: result.width,
    height: result.height,
  });
  byId("job-facts").replaceChildren(...detailsOf(job).map(detailRow));
  showReceipt(job.receipt ?? {});
}

/** Both images in full where they load quickly, because they show every detail; else the previews of both. */
function imagesOf(job) {
  const quick = ({ size_bytes, mime_type }) => size_bytes <= QUICK_BYTES && config.shown_mimes.includes(mime_type);
  return quick(job.upload) && quick(job.result)
    ? { before: job.original_file, after: job.result_file }
    : { before: job.original_preview_file, after: job.preview_file };
}

/** The rows of the details, as pairs of a label's key and a text. */
function detailsOf({ upload, result, params, model, device }) {
  const factor = Number.parseInt(params.factor, 10);
  const settings = [factor ? isolate(`${factor}×`) : "", named(`preset.${params.preset}`, params.preset)];
  if (params.denoise) settings.push(named(`denoise.${params.denoise}`, params.denoise));
  const details = [
    ["fact.file", isolate(upload.filename)],
    ["fact.pixels", t("file.growth", { before: formatDimensions(upload), after: formatDimensions(result) })],
    ["fact.bytes", t("fact.bytes_value", { before: formatBytes(upload.size_bytes), after: formatBytes(result.size_bytes) })],
    ["fact.settings", settings.filter(Boolean).join(t("list.separator"))],
    ["fact.model", isolate(model)],
  ];
  if (device) details.push(["fact.engine", isolate(device)]);
  return details;
}

function detailRow([key, value]) {
  const row = document.createElement("div");
  const term = document.createElement("dt");
  const description = document.createElement("dd");
  term.textContent = t(key);
  description.textContent = value;
  row.append(term, description);
  return row;
}

function named(key, fallback) {
  return has(key) ? t(key) : fallback;
}
