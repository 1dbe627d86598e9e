/** The checks of a chosen file: its format from its first bytes, its size in pixels. */

import { config, formatInteger, t } from "./config.js";
import { isReadable } from "./file_access.js";
import { formatBytes, formatDimensions } from "./format.js";

const HEAD_BYTES = 64;
const FILE_TYPE_BOX = "66747970";

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The brands that a file of the ISO base media format names (ISO/IEC 14496-12, 4.3). */
function brandsOf(head) {
  if (hex(head.slice(4, 8)) !== FILE_TYPE_BOX) return [];
  const end = Math.min(new DataView(head.buffer).getUint32(0), head.length);
  const offsets = [8];
  for (let offset = 16; offset + 4 <= end; offset += 4) offsets.push(offset);
  return offsets.map((offset) => String.fromCharCode(...head.slice(offset, offset + 4)));
}

/** The accepted format that a file begins as, whatever its name, or undefined. */
async function formatOf(file) {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const found = brandsOf(head);
  const isSigned = (signature) =>
    signature.every(([offset, magic]) => hex(head.slice(offset, offset + magic.length / 2)) === magic);
  return config.limits.input_formats.find(
    ({ signatures, brands }) => signatures.some(isSigned) || brands.some((brand) => found.includes(brand)),
  );
}

/** Whether a file that begins as a TIFF is a camera's raw image: a reader finds a thumbnail in it. */
function isCameraRaw(file, format) {
  const extension = file.name.split(".").slice(1).pop()?.toLowerCase();
  return format.name === "tiff" && config.limits.raw_extensions.includes(extension);
}

/** The size in pixels as the browser shows the image, or null when it cannot show it. */
function measure(url) {
  return new Promise((resolve) => {
    const image = new Image();
    image.addEventListener("load", () => resolve({ width: image.naturalWidth, height: image.naturalHeight }));
    image.addEventListener("error", () => resolve(null));
    image.src = url;
  });
}

/** The factor as a number: "4x" is 4. */
export function scaleOf(factor) {
  return Number.parseInt(factor, 10);
}

/** The size after upscaling. */
export function upscaled({ width, height }, factor) {
  return { width: width * scaleOf(factor), height: height * scaleOf(factor) };
}

/**
 * Look at a file before it is sent.
 *
 * Returns `{ problem }` with a sentence when it cannot be accepted, else `{ url, dimensions }`: a local address for
 * the preview, and its size, which is null where the browser cannot show this kind. The caller revokes the address.
 */
export async function inspect(file) {
  const { limits } = config;
  if (file.size === 0) return { problem: t("file.empty") };
  if (!(await isReadable(file))) return { problem: t("error.file.detail") };
  const format = await formatOf(file);
  if (!format) return { problem: t("file.kind", { kinds: limits.kinds_text }) };
  if (isCameraRaw(file, format)) return { problem: t("file.raw") };
  if (file.size > limits.max_upload_bytes) {
    return {
      problem: t("file.bytes", { size: formatBytes(file.size), limit: formatBytes(limits.max_upload_bytes) }),
    };
  }
  const url = URL.createObjectURL(file);
  const dimensions = await measure(url);
  const problem = dimensions && pixelProblem(dimensions);
  if (problem) {
    URL.revokeObjectURL(url);
    return { problem };
  }
  return { url, dimensions };
}

function pixelProblem({ width, height }) {
  const { limits } = config;
  const dimensions = formatDimensions({ width, height });
  if (Math.max(width, height) > limits.max_side) {
    return t("file.side", { dimensions, limit: formatInteger(limits.max_side) });
  }
  if (width * height > limits.max_pixels) return t("file.pixels", { dimensions });
  return "";
}

/** A sentence when the result would have too many pixels, or more than its kind of file holds, else "". */
export function outputProblem(dimensions, factor, formatName) {
  const { width, height } = upscaled(dimensions, factor);
  const words = { factor: `${scaleOf(factor)}×`, dimensions: formatDimensions({ width, height }) };
  if (width * height > config.limits.max_output_pixels) return t("file.output", words);
  const format = config.limits.output_formats.find(({ name }) => name === formatName);
  const holds = ({ max_side, max_pixels }) =>
    Math.max(width, height) <= max_side && (!max_pixels || width * height <= max_pixels);
  if (!format || holds(format)) return "";
  const roomy = config.limits.output_formats.filter(holds).map(({ label }) => label);
  return t("file.format", { ...words, kind: format.label, kinds: roomy.join(t("list.separator")) });
}
