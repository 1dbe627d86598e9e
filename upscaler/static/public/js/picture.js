/** What a chosen file is: its kind from its first bytes, its size in pixels, and whether it may be sent. */

import { config, formatInteger, t } from "./config.js";
import { formatBytes, formatDimensions } from "./format.js";

const HEAD_BYTES = 16;
const TIFF_MAGICS = ["49492a00", "4d4d002a", "49492b00", "4d4d002b"];

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The media type that the first bytes tell, or "" when they tell none of ours. */
async function sniffKind(file) {
  const head = hex(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
  if (head.startsWith("ffd8ff")) return "image/jpeg";
  if (head.startsWith("89504e470d0a1a0a")) return "image/png";
  if (head.startsWith("52494646") && head.slice(16, 24) === "57454250") return "image/webp";
  if (TIFF_MAGICS.some((magic) => head.startsWith(magic))) return "image/tiff";
  return "";
}

/** The size in pixels as the browser shows the picture, or null when it cannot show it. */
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

/** The size after enlarging. */
export function enlarged({ width, height }, factor) {
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
  if (!limits.allowed_mimes.includes(await sniffKind(file))) {
    return { problem: t("file.kind", { kinds: limits.kinds_text }) };
  }
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

/** A sentence when the result would have too many pixels, else "". */
export function outputProblem(dimensions, factor) {
  const result = enlarged(dimensions, factor);
  if (result.width * result.height <= config.limits.max_output_pixels) return "";
  return t("file.output", { factor: `${scaleOf(factor)}×`, dimensions: formatDimensions(result) });
}
