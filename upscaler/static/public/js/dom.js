/** Access to the elements of the page. */

/** The element with this id. */
export const byId = (id) => document.getElementById(id);
