/** The chosen image on the upload form: preview, file size, and the size it will have. */

import { t } from "./config.js";
import { byId } from "./dom.js";
import { formatBytes, formatDimensions, isolate } from "./format.js";
import { upscaled } from "./image.js";

/** Show a file with its preview; `dimensions` is null where the browser cannot show this kind of image. */
export function showChosen({ file, url, dimensions }) {
  showPreview(url, dimensions, file.name);
  byId("chosen-name").textContent = file.name;
  byId("chosen-size").textContent = formatBytes(file.size);
  byId("chosen-note").textContent = t("file.no_preview");
  byId("chosen-note").hidden = Boolean(dimensions);
  byId("file-label").hidden = true;
  byId("chosen").hidden = false;
}

/** Show the empty drop zone. */
export function showNoneChosen() {
  byId("file").value = "";
  byId("chosen").hidden = true;
  byId("file-label").hidden = false;
}

/** Show the size before and after upscaling; nothing where the size is not known. */
export function showGrowth(dimensions, factor, isTooLarge) {
  const growth = byId("chosen-growth");
  growth.hidden = !dimensions;
  if (!dimensions) return;
  growth.textContent = t("file.growth", {
    before: formatDimensions(dimensions),
    after: formatDimensions(upscaled(dimensions, factor)),
  });
  growth.classList.toggle("is-too-large", isTooLarge);
}

function showPreview(url, dimensions, name) {
  const image = byId("chosen-image");
  image.hidden = !dimensions;
  byId("chosen-blank").hidden = Boolean(dimensions);
  if (dimensions) {
    image.src = url;
    image.alt = t("file.alt", { name: isolate(name) });
  } else {
    image.removeAttribute("src");
  }
}
