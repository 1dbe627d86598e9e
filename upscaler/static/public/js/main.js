/** The start of the pages of images. The address decides what is shown: the form at "/", a job at "/jobs/<id>". */

import { jobIdFromAddress, pathOfJob } from "./address.js";
import { setUpCompare } from "./compare.js";
import { setUpCopyLink } from "./copy_link.js";
import { followHistory } from "./history.js";
import { openJob } from "./job.js";
import { setUpUpload } from "./upload.js";

const landing = document.getElementById("landing");
const job = document.getElementById("job");
const homeTitle = document.title;
let stopJob = null;

function showAddress() {
  stopJob?.();
  stopJob = null;
  const jobId = jobIdFromAddress();
  if (landing) landing.hidden = Boolean(jobId);
  job.hidden = !jobId;
  // The choice of language returns to the current address.
  for (const field of document.querySelectorAll('input[name="next"]')) field.value = window.location.pathname;
  if (jobId) stopJob = openJob(jobId);
  else document.title = homeTitle;
}

for (const figure of document.querySelectorAll("[data-compare]")) setUpCompare(figure);
setUpCopyLink();
// The page of a job has no form: where the address leads back to it, its page is loaded.
const go = followHistory(() => landing !== null || jobIdFromAddress() !== "", showAddress);
if (landing) {
  setUpUpload(({ job_id: jobId }) => {
    go(pathOfJob(jobId));
    window.scrollTo(0, 0);
    document.getElementById("job-title").focus({ preventScroll: true });
  });
}
showAddress();
