/** Access to a chosen file, which may change or vanish on the visitor's disk after it was chosen. */

/** Whether a file can still be read as it was when it was chosen. */
export async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
