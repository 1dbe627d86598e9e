/** The upload form in its three states: nothing chosen, an image chosen, an image being sent. */

import { FILE_CHANGED, sendUpload } from "./api.js";
import { showChosen, showGrowth, showNoneChosen } from "./chosen.js";
import { config, t } from "./config.js";
import { byId } from "./dom.js";
import { emailIsValid } from "./email.js";
import { isolate } from "./format.js";
import { inspect, outputProblem } from "./image.js";
import { hideMessage, showMessage } from "./message.js";
import { setUpQuote } from "./quote.js";
import { showSending, showSent } from "./sending.js";
import { watchSources } from "./sources.js";
import { setUpTrial } from "./trial.js";

/** Set up the form; `onAccepted(job)` is called when the server has accepted an image. */
export function setUpUpload(onAccepted) {
  new UploadForm(onAccepted).listen();
}

class UploadForm {
  #form = byId("upload");
  #message = byId("file-message");
  #offerTrial = setUpTrial(this.#form);
  #quote = setUpQuote(this.#form, byId("chosen-quote"));
  #onAccepted;
  #chosen = null;
  #sending = null;
  // Counts the choices, so that a slow inspection of an earlier file never overwrites a later one.
  #choices = 0;

  constructor(onAccepted) {
    this.#onAccepted = onAccepted;
  }

  listen() {
    byId("file").addEventListener("change", (event) => this.#choose([...event.target.files]));
    this.#form.addEventListener("change", (event) => this.#optionChanged(event.target.name));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    byId("sending-stop").addEventListener("click", () => this.#sending?.stop());
    // A browser may restore the options of an earlier visit when the page is loaded again.
    this.#showQuality();
    const isOpen = () => !this.#sending && !byId("landing").hidden;
    watchSources(byId("drop-overlay"), isOpen, (files) => this.#choose([...files]));
    // A file may have been chosen before this script was there.
    this.#choose([...byId("file").files]);
  }

  get #factor() {
    return this.#form.elements.factor.value;
  }

  get #outputFormat() {
    return this.#form.elements.output_format.value;
  }

  async #choose(files) {
    if (this.#sending || !files.length) return;
    const [file] = files;
    this.#choices += 1;
    const choice = this.#choices;
    const found = await inspect(file);
    if (choice !== this.#choices) {
      if (found.url) URL.revokeObjectURL(found.url);
      return;
    }
    this.#forget();
    if (found.problem) {
      showMessage(this.#message, { detail: found.problem });
      return;
    }
    hideMessage(this.#message);
    this.#chosen = { file, ...found };
    showChosen(this.#chosen);
    this.#offerTrial(this.#chosen);
    this.#sizeChanged();
    announce(t("file.chosen", { name: isolate(file.name) }));
    if (files.length > 1 && this.#message.hidden) showMessage(this.#message, { detail: t("file.several") });
  }

  #forget() {
    if (this.#chosen) URL.revokeObjectURL(this.#chosen.url);
    this.#chosen = null;
    showNoneChosen();
    this.#offerTrial(null);
    this.#quote(null);
  }

  #optionChanged(name) {
    if (["factor", "output_format"].includes(name)) this.#sizeChanged();
    else this.#askForQuote();
    if (name === "output_format") this.#showQuality();
  }

  /** Show the size of the result, or why it cannot be made, and ask for a quote. */
  #sizeChanged() {
    const dimensions = this.#chosen?.dimensions ?? null;
    const problem = this.#outputProblem();
    showGrowth(dimensions, this.#factor, Boolean(problem));
    if (problem) this.#quote(null);
    else this.#askForQuote();
    if (!dimensions) return;
    if (problem) showMessage(this.#message, { detail: problem });
    else hideMessage(this.#message);
  }

  #askForQuote() {
    const { file, dimensions } = this.#chosen ?? {};
    this.#quote(dimensions ? { ...dimensions, size_bytes: file.size, mime_type: file.type } : null);
  }

  #outputProblem() {
    const dimensions = this.#chosen?.dimensions;
    return dimensions ? outputProblem(dimensions, this.#factor, this.#outputFormat) : "";
  }

  /** Quality is for lossy formats only; the field shows the default of the chosen one. */
  #showQuality() {
    const { quality } = config.limits.output_formats.find(({ name }) => name === this.#outputFormat);
    byId("quality-field").hidden = quality === null;
    byId("quality").placeholder = quality ?? "";
    if (quality === null) byId("quality").value = "";
  }

  #submit() {
    if (this.#sending) return;
    if (!this.#chosen) {
      showMessage(this.#message, { detail: t("file.none") });
      byId("file").focus();
    } else if (this.#outputProblem()) {
      this.#sizeChanged();
      this.#form.querySelector('[name="factor"]:checked').focus();
    } else if (emailIsValid()) {
      this.#send();
    }
  }

  async #send() {
    hideMessage(this.#message);
    // Read before the fields are locked: locked ones are left out of the form's data.
    const fields = Object.fromEntries([...new FormData(this.#form)].filter(([name]) => name !== "file"));
    this.#sending = sendUpload(this.#chosen.file, fields, showSent);
    this.#quote(null);
    showSending(this.#form, true);
    showSent(0);
    byId("sending-stop").focus();
    try {
      this.#sent(await this.#sending.done);
    } catch (error) {
      if (error.code === FILE_CHANGED) this.#forget();
      showMessage(this.#message, error);
    } finally {
      this.#sendingEnded();
    }
  }

  /** `job` is null after the visitor stopped. */
  #sent(job) {
    if (!job) {
      announce(t("send.canceled"));
      return;
    }
    this.#forget();
    this.#onAccepted(job);
  }

  #sendingEnded() {
    const wasFocused = document.activeElement === byId("sending-stop");
    this.#sending = null;
    showSending(this.#form, false);
    this.#askForQuote();
    // A message may have come into view, which must not leave it again.
    if (wasFocused) byId(this.#chosen ? "submit" : "file").focus({ preventScroll: true });
  }
}

/** Let screen readers read a text aloud. */
function announce(text) {
  byId("upload-status").textContent = text;
}
