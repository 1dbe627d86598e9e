/** The page of a job: follows its state, cancels and deletes it. */

import { cancelJob, deleteJob } from "./api.js";
import { t } from "./config.js";
import { byId } from "./dom.js";
import { showResult } from "./job_result.js";
import { showDeleted, showError, showLoading, showProgress, showStatus } from "./job_status.js";
import { hideMessage, showMessage } from "./message.js";
import { hasEnded, pollJob } from "./poll.js";

/** Show the job with this id until the returned function is called. */
export function openJob(jobId) {
  let shownStatus = "";
  showLoading();

  function show(job) {
    byId("job-trouble").hidden = true;
    if (job.status !== shownStatus) {
      shownStatus = job.status;
      showStatus(job);
      if (job.status === "completed") showResult(job);
    }
    if (!hasEnded(job.status)) showProgress(job);
    byId("job-cancel").hidden = !job.may_change;
    byId("job-delete").hidden = !(job.may_change && hasEnded(job.status));
    // Links expire: each answer brings fresh ones.
    if (job.result_file) byId("job-download").href = job.result_file;
  }

  function onTrouble() {
    const box = byId("job-trouble");
    byId("job-progress-card").hidden = hasEnded(shownStatus);
    box.textContent = t("job.offline");
    box.hidden = false;
  }

  const stop = pollJob(jobId, { onJob: show, onTrouble, onError: showError });
  byId("job-cancel").onclick = () => cancel(jobId, show);
  byId("job-delete").onclick = () => confirmAndDelete(jobId, stop);
  return stop;
}

async function cancel(jobId, onCanceled) {
  await disabledDuring(byId("job-cancel"), async () => {
    try {
      onCanceled(await cancelJob(jobId));
      byId("job-title").focus();
    } catch (error) {
      // 409: the job ended a moment before. The next answer of the poll shows how.
      if (error.status !== 409) throw error;
    }
  });
}

async function confirmAndDelete(jobId, stop) {
  if (!window.confirm(t("job.delete.question"))) return;
  await disabledDuring(byId("job-delete"), async () => {
    await deleteJob(jobId);
    stop();
    showDeleted();
  });
}

/** Run an action while its button is disabled, and show its error. */
async function disabledDuring(button, action) {
  button.disabled = true;
  hideMessage(byId("job-message"));
  try {
    await action();
  } catch (error) {
    showMessage(byId("job-message"), error);
  } finally {
    button.disabled = false;
  }
}
