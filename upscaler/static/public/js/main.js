/** Which part of the page is shown follows the address: the form at "/", a job at "/jobs/<id>". */

import { setUpCompare } from "./compare.js";
import { config } from "./config.js";
import { jobIdFromAddress, openJob, setUpCopyLink } from "./job.js";
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
  // The language switch returns to the address that is shown now.
  for (const field of document.querySelectorAll('input[name="next"]')) field.value = window.location.pathname;
  if (jobId) stopJob = openJob(jobId);
  else document.title = homeTitle;
}

for (const figure of document.querySelectorAll("[data-compare]")) setUpCompare(figure);
setUpCopyLink();
if (landing) {
  setUpUpload(({ job_id: jobId }) => {
    window.history.pushState(null, "", `${config.root}/jobs/${encodeURIComponent(jobId)}`);
    showAddress();
    window.scrollTo(0, 0);
    document.getElementById("job-title").focus({ preventScroll: true });
  });
  window.addEventListener("popstate", showAddress);
}
showAddress();
