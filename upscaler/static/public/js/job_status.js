/** The head, the progress and the foot of a job's page. */

import { t } from "./config.js";
import { byId } from "./dom.js";
import { formatDuration, formatPercent } from "./format.js";
import { hideMessage, showMessage } from "./message.js";
import { hasEnded } from "./poll.js";

const siteTitle = document.title.split(" · ").at(-1);

/** Empty the page until the first answer comes. */
export function showLoading() {
  for (const id of ["job-progress-card", "job-result", "job-foot", "job-trouble"]) byId(id).hidden = true;
  hideMessage(byId("job-message"));
  byId("job-title").textContent = t("job.loading");
  byId("job-detail").textContent = "";
}

/** Show a state that the job has just entered. */
export function showStatus(job) {
  const ended = hasEnded(job.status);
  showHead(job.status, detailOf(job));
  byId("job-progress-card").hidden = ended;
  byId("job-result").hidden = job.status !== "completed";
  showFoot({ copy: job.status !== "canceled", again: ended && job.status !== "completed" });
  if (job.status === "failed") showFailure(job);
}

/** Show that the job and its images were deleted. */
export function showDeleted() {
  showHead("deleted", t("job.deleted.detail"));
  byId("job-result").hidden = true;
  showFoot({ copy: false, again: true });
  byId("job-title").focus();
}

/** Show why there is nothing to show, such as an unknown job. */
export function showError({ title, detail }) {
  byId("job-title").textContent = title;
  byId("job-detail").textContent = "";
  byId("job-progress-card").hidden = true;
  showMessage(byId("job-message"), { detail });
  showFoot({ copy: false, again: true });
}

/** Show how far the job is, and how long it still takes. */
export function showProgress(job) {
  const percent = formatPercent(job.progress);
  byId("job-progress").value = job.progress_exact;
  byId("job-percent").textContent = percent;
  const estimate = byId("job-estimate");
  estimate.hidden = !job.estimated_seconds;
  if (job.estimated_seconds) {
    const sentence = job.takes_longer ? "job.estimate.longer" : "job.estimate";
    estimate.textContent = t(sentence, { duration: formatDuration(job.estimated_seconds) });
  }
  if (job.step) byId("job-title").textContent = t(`job.step.${job.step}`);
  if (job.status === "running") document.title = `${t("job.title", { percent })} · ${siteTitle}`;
}

/** Title and detail of a status, also for screen readers and the window. */
function showHead(status, detail) {
  const title = t(`job.${status}`);
  byId("job").dataset.status = status;
  byId("job-title").textContent = title;
  byId("job-status").textContent = title;
  byId("job-detail").textContent = detail;
  document.title = `${title} · ${siteTitle}`;
}

function detailOf(job) {
  return job.status === "completed"
    ? t("job.completed.detail", { duration: formatDuration(job.duration_seconds ?? 0) })
    : t(`job.${job.status}.detail`);
}

function showFailure(job) {
  const { title, detail } = job.error ?? {};
  if (title) byId("job-title").textContent = title;
  if (detail) byId("job-detail").textContent = detail;
}

function showFoot({ copy, again }) {
  byId("job-foot").hidden = false;
  byId("job-again").hidden = !again;
  for (const part of byId("job-foot").querySelectorAll("p, #job-copy-link")) part.hidden = !copy;
  byId("job-delete").hidden = true;
}
