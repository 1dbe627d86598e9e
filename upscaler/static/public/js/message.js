/** Messages that a visitor has to see: words first, then what to do next. */

/** Show `detail`, under `title` when there is one, in a box with role="alert", and bring it into view. */
export function showMessage(box, { title = "", detail }) {
  box.replaceChildren();
  if (title) {
    const heading = document.createElement("strong");
    heading.textContent = title;
    box.append(heading);
  }
  const text = document.createElement("p");
  text.textContent = detail;
  box.append(text);
  box.hidden = false;
  // The button that was pressed may be screens away.
  box.scrollIntoView({ block: "nearest" });
}

/** Empty and hide the box. */
export function hideMessage(box) {
  box.hidden = true;
  box.replaceChildren();
}
