/** Try every kind of upscaled image on a small piece of the chosen image, to choose by. */

import { createPreview, getPreview } from "./api.js";
import { chosenIn } from "./choices.js";
import { t } from "./config.js";
import { hasEnded } from "./poll.js";

const PIECE_SIDE = 256;
const ASKED = ["factor", "denoise", "sharpen", "detail"];
const PAUSE_MS = 700;
// Workers that are all away, or gone, are not waited for any longer.
const PATIENCE_MS = 120_000;

/**
 * Offer trials in `form`. Returns `offer(chosen)`, to be called with what `inspect` found and its file, or null, whenever
 * the image or what is tried on it has changed: pieces that were tried before are taken away.
 */
export function setUpTrial(form) {
  const box = form.querySelector("#trial");
  const button = form.querySelector("#trial-start");
  const words = form.querySelector("#trial-words");
  const views = [...form.querySelectorAll("[data-trial]")];
  let chosen = null;
  let running = null;

  function clear() {
    running?.abort();
    running = null;
    button.disabled = false;
    words.textContent = t("trial.offer");
    for (const view of views) {
      view.hidden = true;
      view.removeAttribute("src");
    }
  }

  function show(preview) {
    for (const { preset, image } of preview.items) {
      const view = views.find((one) => one.dataset.trial === preset);
      if (!image || !view || !view.hidden) continue;
      view.src = image;
      view.hidden = false;
    }
  }

  async function run() {
    clear();
    running = new AbortController();
    const { signal } = running;
    button.disabled = true;
    words.textContent = t("trial.working");
    try {
      const fields = chosenIn(form, ASKED);
      const [piece, name] = await pieceOf(chosen);
      let preview = await createPreview(piece, name, fields, signal);
      const deadline = Date.now() + PATIENCE_MS;
      while (!hasEnded(preview.status) && Date.now() < deadline) {
        await pause(PAUSE_MS, signal);
        preview = await getPreview(preview.preview_id, signal);
        if (signal.aborted) return;
        show(preview);
      }
      show(preview);
      const worked = views.some((view) => !view.hidden);
      words.textContent = worked ? t("trial.done") : t("trial.nothing");
    } catch (error) {
      if (signal.aborted) return;
      words.textContent = error.detail ?? t("trial.nothing");
    } finally {
      if (!signal.aborted) button.disabled = false;
    }
  }

  button.addEventListener("click", run);
  form.addEventListener("change", (event) => {
    if (ASKED.includes(event.target.name)) clear();
  });
  return (found) => {
    chosen = found;
    clear();
    box.hidden = !found;
  };
}

/** The middle of the image as a small file; all of it where the browser cannot show its kind. */
async function pieceOf({ file, dimensions }) {
  if (!dimensions) return [file, file.name];
  const width = Math.min(PIECE_SIDE, dimensions.width);
  const height = Math.min(PIECE_SIDE, dimensions.height);
  const left = Math.floor((dimensions.width - width) / 2);
  const top = Math.floor((dimensions.height - height) / 2);
  const bitmap = await createImageBitmap(file, left, top, width, height, { premultiplyAlpha: "none" });
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  const piece = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return [piece, "piece.png"];
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
