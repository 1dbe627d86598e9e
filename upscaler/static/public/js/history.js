/** The history of the window: what is shown follows the address, whichever document the browser kept for it. */

/**
 * Call `show()` when the window goes back or forward to another address that `canShow()` is true for; load the page of
 * any other address. Returns `go(path)`, which adds an address and shows it.
 *
 * Addresses that were added share a document. After a reload of one of them the browser still goes to the others
 * without loading them, though the document may be another one now.
 */
export function followHistory(canShow, show) {
  const here = () => `${window.location.pathname}${window.location.search}`;
  let shown = here();

  window.addEventListener("popstate", () => {
    // A part of the same page, such as "#how".
    if (here() === shown) return;
    shown = here();
    if (canShow()) show();
    else window.location.reload();
  });

  return (path) => {
    window.history.pushState(null, "", path);
    shown = here();
    show();
  };
}
