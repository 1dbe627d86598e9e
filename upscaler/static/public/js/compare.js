/** Two images on top of each other, divided where the range input stands. */

import { t } from "./config.js";
import { formatPercent } from "./format.js";

/** Let the range of a `figure[data-compare]` move its dividing line. */
export function setUpCompare(figure) {
  const range = figure.querySelector(".compare__range");
  const update = () => {
    figure.style.setProperty("--split", `${range.value}%`);
    range.setAttribute("aria-valuetext", t("result.split", { percent: formatPercent(Number(range.value)) }));
  };
  range.addEventListener("input", update);
  update();
}

/** Fill a comparison. Where the original cannot be shown, the result stands alone. */
export function fillCompare(figure, { before, beforeAlt, after, afterAlt, width, height }) {
  const result = figure.querySelector(".compare__after");
  const original = figure.querySelector(".compare__before");
  for (const image of [result, original]) {
    image.width = width;
    image.height = height;
  }
  figure.style.setProperty("--ratio", String(width / height));
  original.addEventListener("error", () => figure.classList.add("compare--alone"), { once: true });
  figure.classList.toggle("compare--alone", !before);
  result.alt = afterAlt;
  result.src = after;
  original.alt = beforeAlt;
  if (before) original.src = before;
}
