/** A small piece of an image, for trials. */

import { fileChangedError } from "./api.js";
import { isReadable } from "./file_access.js";

const SIDE = 256;

/** The middle of the image as `[blob, name]`; all of it where the browser cannot show its kind. */
export async function pieceOf({ file, dimensions }) {
  if (!dimensions) return [file, file.name];
  const width = Math.min(SIDE, dimensions.width);
  const height = Math.min(SIDE, dimensions.height);
  const left = Math.floor((dimensions.width - width) / 2);
  const top = Math.floor((dimensions.height - height) / 2);
  const bitmap = await decoded(file, left, top, width, height);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  const piece = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return [piece, "piece.png"];
}

async function decoded(file, left, top, width, height) {
  try {
    return await createImageBitmap(file, left, top, width, height, { premultiplyAlpha: "none" });
  } catch (error) {
    throw (await isReadable(file)) ? error : fileChangedError();
  }
}
