/** Calls of the REST API. Every failure is an `ApiError` with words that can be shown. */

import { config, t } from "./config.js";
import { isReadable } from "./file_access.js";

const API = `${config.root}/api/v1`;

export class ApiError extends Error {
  /** `status` is 0 when no answer came; `retryAfter` is in seconds, or null. */
  constructor({ title, detail, code, status, retryAfter = null }) {
    super(detail);
    this.title = title;
    this.detail = detail;
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether asking again later may help without the visitor doing anything. */
  get transient() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The code of the error of a file that changed or vanished after it was chosen. */
export const FILE_CHANGED = "file_changed";

/** The error of a file that cannot be read any more. */
export function fileChangedError() {
  return new ApiError({
    title: t("error.file.title"),
    detail: t("error.file.detail"),
    code: FILE_CHANGED,
    status: 0,
  });
}

/** The error of a request with a file that got no answer: browsers do not say whether the network failed or the file. */
async function noAnswerError(file) {
  return (await isReadable(file)) ? networkError() : fileChangedError();
}

function networkError() {
  return new ApiError({
    title: t("error.network.title"),
    detail: t("error.network.detail"),
    code: "network",
    status: 0,
  });
}

function problemError(status, text, retryAfter) {
  let problem = {};
  try {
    problem = JSON.parse(text) ?? {};
  } catch {
    // A proxy in between may answer with a page of its own: the words below serve for it.
  }
  const seconds = Number.parseInt(retryAfter ?? "", 10);
  return new ApiError({
    title: problem.title ?? t("error.unknown.title"),
    detail: problem.detail ?? t("error.unknown.detail"),
    code: problem.code ?? "unknown",
    status,
    retryAfter: Number.isNaN(seconds) ? null : seconds,
  });
}

function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]').content;
}

async function requestJson(path, options = {}) {
  let response;
  let text;
  try {
    response = await fetch(`${API}${path}`, { headers: { Accept: "application/json" }, ...options });
    text = await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw networkError();
  }
  if (!response.ok) throw problemError(response.status, text, response.headers.get("Retry-After"));
  // 204 has no body.
  return text ? JSON.parse(text) : null;
}

const LINKS = ["original_file", "original_preview_file", "result_file", "preview_file"];

/** A link that leads to where this page came from: the service may have been opened under another of its names. */
function ownLink(link) {
  const { pathname, search } = new URL(link, location.href);
  return `${pathname}${search}`;
}

function withOwnLinks(job) {
  for (const field of LINKS) if (job[field]) job[field] = ownLink(job[field]);
  return job;
}

/** The state of a job. */
export async function getJob(jobId, signal) {
  return withOwnLinks(await requestJson(`/jobs/${encodeURIComponent(jobId)}`, { signal, cache: "no-store" }));
}

/** Cancel a job; the answer is its new state. */
export async function cancelJob(jobId) {
  const job = await requestJson(`/jobs/${encodeURIComponent(jobId)}/cancel`, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
  });
  return withOwnLinks(job);
}

/** What to expect of an image: `values` are its width and height, and what was chosen. */
export async function getQuote(values, signal) {
  return requestJson(`/quote?${new URLSearchParams(values)}`, { signal, cache: "no-store" });
}

function withOwnImages(preview) {
  for (const item of preview.items) if (item.image_file) item.image_file = ownLink(item.image_file);
  return preview;
}

/** Request previews of a part of an image with every preset; `fields` are pairs. Returns the state of the previews. */
export async function createPreview(piece, name, fields, signal) {
  const body = new FormData();
  for (const field of fields) body.append(...field);
  body.append("file", piece, name);
  const headers = { Accept: "application/json", "X-CSRFToken": csrfToken() };
  try {
    return withOwnImages(await requestJson("/previews", { method: "POST", headers, body, signal }));
  } catch (error) {
    throw error.code === "network" ? await noAnswerError(piece) : error;
  }
}

/** The state of a trial. */
export async function getPreview(previewId, signal) {
  const path = `/previews/${encodeURIComponent(previewId)}`;
  return withOwnImages(await requestJson(path, { signal, cache: "no-store" }));
}

/** Delete a job with its images. */
export async function deleteJob(jobId) {
  await requestJson(`/jobs/${encodeURIComponent(jobId)}`, {
    method: "DELETE",
    headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
  });
}

/**
 * Send an image. XMLHttpRequest, because fetch does not report the progress of what it sends.
 *
 * `fields` are the form's other values. Returns `{ done, stop }`: `done` resolves to the accepted job, or to null
 * after `stop()`.
 */
export function sendUpload(file, fields, onProgress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress((100 * event.loaded) / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status === 202) resolve(JSON.parse(request.responseText));
      else reject(problemError(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    });
    request.addEventListener("error", async () => reject(await noAnswerError(file)));
    request.addEventListener("abort", () => resolve(null));
  });
  const body = new FormData();
  // The file goes last, so that the server knows the other values when it meets it.
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append("file", file, file.name);
  request.open("POST", `${API}/uploads`);
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRFToken", csrfToken());
  request.send(body);
  return { done, stop: () => request.abort() };
}
