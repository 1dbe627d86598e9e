/** What a chosen file is: its kind from its first bytes, its size in pixels, and whether it may be sent. */

import { config, formatInteger, t } from "./config.js";
import { formatBytes, formatDimensions } from "./format.js";

const HEAD_BYTES = 64;
const TIFF_MAGICS = ["49492a00", "4d4d002a", "49492b00", "4d4d002b"];
// Kinds of the ISO base media format, by the brands that their files name.
const BRANDS = {
  "image/avif": ["avif", "avis"],
  "image/heic": ["heic", "heix", "heim", "heis", "hevc", "hevx"],
};

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The media type that the brands of an ISO base media file tell, or "". */
function kindByBrands(bytes) {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const brands = [text.slice(8, 12), ...(text.slice(16).match(/.{4}/gs) ?? [])];
  return Object.keys(BRANDS).find((kind) => BRANDS[kind].some((brand) => brands.includes(brand))) ?? "";
}

/** The media type that the first bytes tell, or "" when they tell none of ours. */
async function sniffKind(file) {
  const bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const head = hex(bytes);
  if (head.slice(8, 16) === "66747970") return kindByBrands(bytes);
  if (head.startsWith("474946383761") || head.startsWith("474946383961")) return "image/gif";
  if (head.startsWith("424d")) return "image/bmp";
  if (head.startsWith("ffd8ff")) return "image/jpeg";
  if (head.startsWith("89504e470d0a1a0a")) return "image/png";
  if (head.startsWith("52494646") && head.slice(16, 24) === "57454250") return "image/webp";
  if (TIFF_MAGICS.some((magic) => head.startsWith(magic))) return "image/tiff";
  return "";
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
