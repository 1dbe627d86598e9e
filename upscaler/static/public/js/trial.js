/** Trials: every preset on a small piece of the chosen image, to compare before anything is sent. */

import { createPreview, getPreview } from "./api.js";
import { chosenIn } from "./choices.js";
import { config, t } from "./config.js";
import { byId } from "./dom.js";
import { pieceOf } from "./piece.js";
import { hasEnded } from "./poll.js";

const PAUSE_MS = 700;
// Longer than any trial takes while a worker is online.
const PATIENCE_MS = 120_000;

/**
 * Set up trials in `form`. Returns `offer(chosen)`, to be called with the result of `inspect` and its file, or with
 * null, whenever the image changes. Earlier pieces are removed then, and when an option that a trial uses changes.
 */
export function setUpTrial(form) {
  const trial = new Trial(form);
  trial.listen();
  return (chosen) => trial.offer(chosen);
}

class Trial {
  #form;
  #button = byId("trial-start");
  #words = byId("trial-words");
  #views;
  #chosen = null;
  #running = null;

  constructor(form) {
    this.#form = form;
    this.#views = [...form.querySelectorAll("[data-trial]")];
  }

  listen() {
    this.#button.addEventListener("click", () => this.#run());
    this.#form.addEventListener("change", (event) => {
      if (config.limits.preview_options.includes(event.target.name)) this.#clear();
    });
  }

  offer(chosen) {
    this.#chosen = chosen;
    this.#clear();
    byId("trial").hidden = !chosen;
  }

  #clear() {
    this.#running?.abort();
    this.#running = null;
    this.#button.disabled = false;
    this.#words.textContent = t("trial.offer");
    for (const view of this.#views) {
      view.hidden = true;
      view.removeAttribute("src");
    }
  }

  async #run() {
    this.#clear();
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.#button.disabled = true;
    this.#words.textContent = t("trial.working");
    try {
      await this.#follow(signal);
      if (signal.aborted) return;
      const worked = this.#views.some((view) => !view.hidden);
      this.#words.textContent = worked ? t("trial.done") : t("trial.nothing");
    } catch (error) {
      if (!signal.aborted) this.#words.textContent = error.detail ?? t("trial.nothing");
    } finally {
      if (!signal.aborted) this.#button.disabled = false;
    }
  }

  /** Start a trial and show its pieces as they are done. */
  async #follow(signal) {
    const fields = chosenIn(this.#form, config.limits.preview_options);
    const [piece, name] = await pieceOf(this.#chosen);
    let preview = await createPreview(piece, name, fields, signal);
    const deadline = Date.now() + PATIENCE_MS;
    while (!hasEnded(preview.status) && Date.now() < deadline) {
      await pause(PAUSE_MS, signal);
      preview = await getPreview(preview.id, signal);
      if (signal.aborted) return;
      this.#show(preview);
    }
    this.#show(preview);
  }

  #show(preview) {
    for (const { preset, image_file: image } of preview.items) {
      const view = this.#views.find((one) => one.dataset.trial === preset);
      if (!image || !view || !view.hidden) continue;
      view.src = image;
      view.hidden = false;
    }
  }
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
