/** The upload form: choose, look, send. */

import { sendUpload } from "./api.js";
import { config, t } from "./config.js";
import { formatBytes, formatDimensions, formatPercent, isolate } from "./format.js";
import { hideMessage, showMessage } from "./message.js";
import { upscaled, inspect, outputProblem } from "./image.js";
import { setUpQuote } from "./quote.js";
import { watchSources } from "./sources.js";
import { setUpTrial } from "./trial.js";

const byId = (id) => document.getElementById(id);

/** Bring the form to life; `onAccepted(job, file)` is called when the server has taken an image. */
export function setUpUpload(onAccepted) {
  const form = byId("upload");
  const message = byId("file-message");
  const offerTrial = setUpTrial(form);
  const quote = setUpQuote(form, byId("chosen-quote"));
  let chosen = null;
  let sending = null;
  // Counts the choices, so that a slow look at an earlier file never overwrites a later one.
  let turn = 0;

  const announce = (text) => {
    byId("upload-status").textContent = text;
  };
  const factor = () => form.elements.factor.value;
  const outputFormat = () => form.elements.output_format.value;

  async function choose(files) {
    if (sending || !files.length) return;
    const [file] = files;
    turn += 1;
    const mine = turn;
    const found = await inspect(file);
    if (mine !== turn) {
      if (found.url) URL.revokeObjectURL(found.url);
      return;
    }
    forget();
    if (found.problem) {
      showMessage(message, { detail: found.problem });
      return;
    }
    hideMessage(message);
    chosen = { file, ...found };
    showChosen();
    announce(t("file.chosen", { name: isolate(file.name) }));
    if (files.length > 1 && message.hidden) showMessage(message, { detail: t("file.several") });
  }

  function forget() {
    if (chosen) URL.revokeObjectURL(chosen.url);
    chosen = null;
    byId("file").value = "";
    byId("chosen").hidden = true;
    byId("file-label").hidden = false;
    offerTrial(null);
    quote(null);
  }

  function showChosen() {
    const { file, url, dimensions } = chosen;
    const image = byId("chosen-image");
    image.hidden = !dimensions;
    byId("chosen-blank").hidden = Boolean(dimensions);
    if (dimensions) {
      image.src = url;
      image.alt = t("file.alt", { name: isolate(file.name) });
    } else {
      image.removeAttribute("src");
    }
    byId("chosen-name").textContent = file.name;
    byId("chosen-size").textContent = formatBytes(file.size);
    byId("chosen-note").textContent = t("file.no_preview");
    byId("chosen-note").hidden = Boolean(dimensions);
    byId("file-label").hidden = true;
    byId("chosen").hidden = false;
    offerTrial(chosen);
    showGrowth();
  }

  function showGrowth() {
    const growth = byId("chosen-growth");
    growth.hidden = !chosen?.dimensions;
    if (growth.hidden) {
      quote(null);
      return;
    }
    const { dimensions } = chosen;
    const problem = outputProblem(dimensions, factor(), outputFormat());
    growth.textContent = t("file.growth", {
      before: formatDimensions(dimensions),
      after: formatDimensions(upscaled(dimensions, factor())),
    });
    growth.classList.toggle("is-too-large", Boolean(problem));
    quote(problem ? null : dimensions);
    if (problem) showMessage(message, { detail: problem });
    else hideMessage(message);
  }

  /** Quality is for kinds of file that lose something; the box shows the one they have by themselves. */
  function showQuality() {
    const { quality } = config.limits.output_formats.find(({ name }) => name === outputFormat());
    byId("quality-field").hidden = quality === null;
    byId("quality").placeholder = quality ?? "";
    if (quality === null) byId("quality").value = "";
  }

  function setSending(active) {
    form.classList.toggle("is-sending", active);
    // Before the choices are locked, which takes them out of the form.
    quote(active ? null : chosen?.dimensions);
    byId("sending").hidden = !active;
    byId("submit").hidden = active;
    for (const part of form.querySelectorAll("fieldset")) part.disabled = active;
    byId("file").disabled = active;
  }

  function showProgress(percent) {
    const words = percent < 100 ? t("send.progress", { percent: formatPercent(percent) }) : t("send.waiting");
    byId("sending-progress").value = percent;
    byId("sending-words").textContent = words;
  }

  /** Whether the e-mail address, where one is asked for, is empty or complete; otherwise say so. */
  function emailIsFine() {
    const email = byId("email");
    if (!email) return true;
    const box = byId("email-message");
    const fine = email.checkValidity();
    email.setAttribute("aria-invalid", String(!fine));
    if (fine) {
      hideMessage(box);
    } else {
      showMessage(box, { detail: t("email.invalid") });
      email.focus();
    }
    return fine;
  }

  async function send() {
    if (sending) return;
    if (!chosen) {
      showMessage(message, { detail: t("file.none") });
      byId("file").focus();
      return;
    }
    if (chosen.dimensions && outputProblem(chosen.dimensions, factor(), outputFormat())) {
      showGrowth();
      form.querySelector('[name="factor"]:checked').focus();
      return;
    }
    if (!emailIsFine()) return;
    hideMessage(message);
    const fields = Object.fromEntries([...new FormData(form)].filter(([name]) => name !== "file"));
    sending = sendUpload(chosen.file, fields, showProgress);
    setSending(true);
    showProgress(0);
    byId("sending-stop").focus();
    try {
      const job = await sending.done;
      const { file } = chosen;
      if (job) {
        forget();
        onAccepted(job, file);
      } else {
        announce(t("send.canceled"));
      }
    } catch (error) {
      showMessage(message, error);
    } finally {
      const wasFocused = document.activeElement === byId("sending-stop");
      sending = null;
      setSending(false);
      if (wasFocused) byId("submit").focus();
    }
  }

  byId("file").addEventListener("change", (event) => choose([...event.target.files]));
  form.addEventListener("change", (event) => {
    if (["factor", "output_format"].includes(event.target.name)) showGrowth();
    else if (chosen?.dimensions) quote(chosen.dimensions);
    if (event.target.name === "output_format") showQuality();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  byId("sending-stop").addEventListener("click", () => sending?.stop());
  // A browser may bring back what was chosen before the page was loaded again.
  showQuality();
  watchSources(byId("drop-overlay"), () => !sending && !byId("landing").hidden, (files) => choose([...files]));
}
