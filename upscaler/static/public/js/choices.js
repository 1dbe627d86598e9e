/** What is chosen in a form. */

/** The pairs of these names that have a value. */
export function chosenIn(form, names) {
  return [...new FormData(form)].filter(([name, value]) => names.includes(name) && value !== "");
}
