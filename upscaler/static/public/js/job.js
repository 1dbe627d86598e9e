/** The page of a job: its progress, then both images and the download. */

import { cancelJob, deleteJob } from "./api.js";
import { fillCompare } from "./compare.js";
import { config, has, t } from "./config.js";
import { formatBytes, formatDimensions, formatDuration, formatPercent, isolate } from "./format.js";
import { hideMessage, showMessage } from "./message.js";
import { hasEnded, pollJob } from "./poll.js";
import { showReceipt } from "./receipt.js";

const byId = (id) => document.getElementById(id);
const QUICK_BYTES = 4e6;
const SHOWN_KINDS = ["image/png", "image/jpeg", "image/webp"];
const siteTitle = document.title.split(" · ").at(-1);

/** Show the job with this id until the returned function is called. */
export function openJob(jobId) {
  let shownStatus = "";
  reset();

  function show(job) {
    byId("job-trouble").hidden = true;
    if (job.status !== shownStatus) {
      shownStatus = job.status;
      showStatus(job);
    }
    if (!hasEnded(job.status)) showProgress(job);
    byId("job-cancel").hidden = !job.may_change;
    byId("job-delete").hidden = !(job.may_change && hasEnded(job.status));
    // Links are signed for a while only: each answer brings fresh ones.
    if (job.result_file) byId("job-download").href = job.result_file;
  }

  function onTrouble() {
    const box = byId("job-trouble");
    byId("job-progress-card").hidden = hasEnded(shownStatus);
    box.textContent = t("job.offline");
    box.hidden = false;
  }

  function onError(error) {
    byId("job-title").textContent = error.title;
    byId("job-detail").textContent = "";
    byId("job-progress-card").hidden = true;
    showMessage(byId("job-message"), { detail: error.detail });
    showFoot({ copy: false, again: true });
  }

  const stop = pollJob(jobId, { onJob: show, onTrouble, onError });

  byId("job-cancel").onclick = async () => {
    byId("job-cancel").disabled = true;
    hideMessage(byId("job-message"));
    try {
      show(await cancelJob(jobId));
      byId("job-title").focus();
    } catch (error) {
      // 409: it ended a moment before. The next answer of the poll shows how.
      if (error.status !== 409) showMessage(byId("job-message"), error);
    } finally {
      byId("job-cancel").disabled = false;
    }
  };

  byId("job-delete").onclick = async () => {
    if (!window.confirm(t("job.delete.question"))) return;
    byId("job-delete").disabled = true;
    hideMessage(byId("job-message"));
    try {
      await deleteJob(jobId);
      stop();
      showDeleted();
    } catch (error) {
      showMessage(byId("job-message"), error);
    } finally {
      byId("job-delete").disabled = false;
    }
  };
  return stop;
}

function showDeleted() {
  byId("job").dataset.status = "deleted";
  byId("job-title").textContent = t("job.deleted");
  byId("job-status").textContent = t("job.deleted");
  byId("job-detail").textContent = t("job.deleted.detail");
  document.title = `${t("job.deleted")} · ${siteTitle}`;
  byId("job-result").hidden = true;
  showFoot({ copy: false, again: true });
  byId("job-title").focus();
}

function reset() {
  for (const id of ["job-progress-card", "job-result", "job-foot", "job-trouble"]) byId(id).hidden = true;
  hideMessage(byId("job-message"));
  byId("job-title").textContent = t("job.loading");
  byId("job-detail").textContent = "";
}

function showStatus(job) {
  const ended = hasEnded(job.status);
  byId("job").dataset.status = job.status;
  byId("job-title").textContent = t(`job.${job.status}`);
  byId("job-status").textContent = t(`job.${job.status}`);
  byId("job-detail").textContent =
    job.status === "completed"
      ? t("job.completed.detail", { duration: formatDuration(job.duration_seconds ?? 0) })
      : t(`job.${job.status}.detail`);
  document.title = `${t(`job.${job.status}`)} · ${siteTitle}`;
  byId("job-progress-card").hidden = ended;
  byId("job-result").hidden = job.status !== "completed";
  showFoot({ copy: job.status !== "canceled", again: ended && job.status !== "completed" });
  if (job.status === "completed") showResult(job);
  if (job.status === "failed") showFailure(job);
}

function showFoot({ copy, again }) {
  byId("job-foot").hidden = false;
  byId("job-again").hidden = !again;
  for (const part of byId("job-foot").querySelectorAll("p, #job-copy-link")) part.hidden = !copy;
  byId("job-delete").hidden = true;
}

function showProgress(job) {
  const percent = formatPercent(job.progress);
  byId("job-progress").value = job.progress;
  byId("job-percent").textContent = percent;
  const estimate = byId("job-estimate");
  estimate.hidden = !job.estimated_seconds;
  if (job.estimated_seconds) estimate.textContent = t("job.estimate", { duration: formatDuration(job.estimated_seconds) });
  if (job.status === "running") document.title = `${t("job.title", { percent })} · ${siteTitle}`;
}

function showFailure(job) {
  const { title, detail } = job.error ?? {};
  if (title) byId("job-title").textContent = title;
  if (detail) byId("job-detail").textContent = detail;
}

function showResult(job) {
  const { upload, result } = job;
  const name = isolate(upload.filename);
  fillCompare(byId("job-compare"), {
    ...imagesOf(job),
    beforeAlt: t("result.before", { name }),
    afterAlt: t("result.after", { name }),
    width: result.width,
    height: result.height,
  });
  showFacts(job);
  showReceipt(job.receipt ?? {});
}

/** Both images themselves where they load quickly, because they show every detail; else the previews of both. */
function imagesOf(job) {
  const quick = ({ size_bytes, mime_type }) => size_bytes <= QUICK_BYTES && SHOWN_KINDS.includes(mime_type);
  return quick(job.upload) && quick(job.result)
    ? { before: job.original_file, after: job.result_file }
    : { before: job.original_preview, after: job.preview_file };
}

function showFacts({ upload, result, params, model }) {
  const factor = Number.parseInt(params.factor, 10);
  const settings = [factor ? `${factor}×` : "", named(`preset.${params.preset}`, params.preset)];
  if (params.denoise) settings.push(named(`denoise.${params.denoise}`, params.denoise));
  const facts = [
    ["fact.file", isolate(upload.filename)],
    ["fact.pixels", t("file.growth", { before: formatDimensions(upload), after: formatDimensions(result) })],
    ["fact.bytes", t("fact.bytes_value", { before: formatBytes(upload.size_bytes), after: formatBytes(result.size_bytes) })],
    ["fact.settings", settings.filter(Boolean).join(t("list.separator"))],
    ["fact.model", isolate(model)],
  ];
  byId("job-facts").replaceChildren(
    ...facts.map(([key, value]) => {
      const row = document.createElement("div");
      const term = document.createElement("dt");
      const description = document.createElement("dd");
      term.textContent = t(key);
      description.textContent = value;
      row.append(term, description);
      return row;
    }),
  );
}

function named(key, fallback) {
  return has(key) ? t(key) : fallback;
}

/** Let the button copy the address of the page; without a clipboard the button is taken away. */
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
    setTimeout(() => button.classList.remove("is-done"), 2000);
  });
}

/** The id of the job that the address names, or "". */
export function jobIdFromAddress() {
  const match = window.location.pathname.slice(config.root.length).match(/^\/jobs\/([^/]+)\/?$/);
  return match ? decodeURIComponent(match[1]) : "";
}
