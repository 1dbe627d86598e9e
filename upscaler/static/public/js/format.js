/** Numbers, sizes and times as people read them, in the language of the page. */

import { config, formatInteger, plural, t } from "./config.js";

const decimals = new Intl.NumberFormat(config.locale, { maximumFractionDigits: 1, numberingSystem: "latn" });
const percents = new Intl.NumberFormat(config.locale, { style: "percent", maximumFractionDigits: 0, numberingSystem: "latn" });

// Keeps "1200 × 800" in this order inside right-to-left text (Unicode isolates).
const LEFT_TO_RIGHT_ISOLATE = "\u2066";
const POP_ISOLATE = "\u2069";

/** Width and height in pixels, such as "1,200 × 800". */
export function formatDimensions({ width, height }) {
  return `${LEFT_TO_RIGHT_ISOLATE}${formatInteger(width)}\u00a0×\u00a0${formatInteger(height)}${POP_ISOLATE}`;
}

/** A file size from bytes; a megabyte is a million bytes, as in the limits. */
export function formatBytes(bytes) {
  return bytes < 1e6
    ? t("unit.kilobytes", { size: formatInteger(Math.max(1, Math.round(bytes / 1e3))) })
    : t("unit.megabytes", { size: decimals.format(bytes / 1e6) });
}

/** A share from 0 to 100 with the language's percent sign. */
export function formatPercent(percent) {
  return percents.format(percent / 100);
}

/** A time from seconds, in the largest unit that fits. */
export function formatDuration(seconds) {
  if (seconds < 60) return plural("seconds", Math.max(1, Math.round(seconds)));
  if (seconds < 3600) return plural("minutes", Math.round(seconds / 60));
  return plural("hours", Math.round(seconds / 3600));
}

/** A name that comes from outside, kept apart from the direction of the text around it. */
export function isolate(name) {
  return `\u2068${name}${POP_ISOLATE}`;
}
