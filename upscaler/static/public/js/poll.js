/** Ask for a job's state until it has ended: often at first and after a change, then less and less. */

import { getJob } from "./api.js";

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 5000;
const GROWTH = 1.5;
const ENDED = ["completed", "failed", "canceled"];

/** Whether a job in this state will not change any more. */
export function hasEnded(status) {
  return ENDED.includes(status);
}

/**
 * Poll a job.
 *
 * `onJob(job)` gets every answer, `onTrouble(error)` a failure that will be retried, `onError(error)` one that will
 * not. Nothing is asked while the tab is hidden; when it is shown again, or the network returns, it is asked at once.
 * Also a job that has ended is asked for again when the tab is shown, because its links expire. Returns a function
 * that stops it all.
 */
export function pollJob(jobId, { onJob, onTrouble, onError }) {
  const lifetime = new AbortController();
  let delay = FIRST_DELAY_MS;
  let timer = null;
  let lastSeen = "";
  let asking = false;

  const schedule = (milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(ask, milliseconds);
  };

  function answered(job) {
    const seen = `${job.status} ${job.progress_exact}`;
    delay = seen === lastSeen ? Math.min(delay * GROWTH, LONGEST_DELAY_MS) : FIRST_DELAY_MS;
    lastSeen = seen;
    if (!hasEnded(job.status)) schedule(delay);
    onJob(job);
  }

  function failed(error) {
    if (lifetime.signal.aborted) return;
    if (!error.transient) {
      lifetime.abort();
      onError(error);
      return;
    }
    delay = Math.min(delay * GROWTH, LONGEST_DELAY_MS);
    schedule(Math.max(delay, (error.retryAfter ?? 0) * 1000));
    onTrouble(error);
  }

  async function ask() {
    if (asking || document.hidden || lifetime.signal.aborted) return;
    asking = true;
    try {
      answered(await getJob(jobId, lifetime.signal));
    } catch (error) {
      failed(error);
    } finally {
      asking = false;
    }
  }

  function askNow() {
    delay = FIRST_DELAY_MS;
    schedule(0);
  }

  const options = { signal: lifetime.signal };
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : askNow()), options);
  window.addEventListener("online", askNow, options);
  lifetime.signal.addEventListener("abort", () => clearTimeout(timer));
  schedule(0);
  return () => lifetime.abort();
}
