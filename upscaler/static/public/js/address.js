/** The address of a job's page. */

import { config } from "./config.js";

/** The path of a job's page. */
export function pathOfJob(jobId) {
  return `${config.root}/jobs/${encodeURIComponent(jobId)}`;
}

/** The id of the job that the address names, or "". */
export function jobIdFromAddress() {
  const match = window.location.pathname.slice(config.root.length).match(/^\/jobs\/([^/]+)\/?$/);
  return match ? decodeURIComponent(match[1]) : "";
}
