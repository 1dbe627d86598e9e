/** The ways an image gets onto the page besides the file field: dropped anywhere, or pasted. */

function carriesFiles(event) {
  return Array.from(event.dataTransfer?.types ?? []).includes("Files");
}

/**
 * Call `onFiles` with what is dropped or pasted while `isOpen()` is true.
 *
 * A dropped file never navigates away from the page, even while the page does not take one.
 */
export function watchSources(overlay, isOpen, onFiles) {
  // Entering a child fires before leaving its parent, so the pointer is inside while the count is above zero.
  let depth = 0;
  const show = (visible) => overlay.classList.toggle("is-visible", visible);

  document.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    show(isOpen());
  });
  document.addEventListener("dragleave", (event) => {
    if (!carriesFiles(event)) return;
    depth -= 1;
    if (depth <= 0) {
      depth = 0;
      show(false);
    }
  });
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = isOpen() ? "copy" : "none";
  });
  document.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    show(false);
    if (isOpen() && event.dataTransfer.files.length) onFiles(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (isOpen() && event.clipboardData?.files.length) onFiles(event.clipboardData.files);
  });
}
