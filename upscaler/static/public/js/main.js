/** The start of every public page. The address decides what is shown: the form at "/", a job at "/jobs/<id>". */

import { jobIdFromAddress, pathOfJob } from "./address.js";
import { setUpCompare } from "./compare.js";
import { setUpCopyLink } from "./copy_link.js";
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
if (landing) {
  setUpUpload(({ job_id: jobId }) => {
    window.history.pushState(null, "", pathOfJob(jobId));
    showAddress();
    window.scrollTo(0, 0);
    document.getElementById("job-title").focus({ preventScroll: true });
  });
  window.addEventListener("popstate", showAddress);
}
showAddress();
