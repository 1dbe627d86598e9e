// The dashboard's chart. Its data stands in the page as JSON; its colours are the page's own.

const COLOURS = { completed: "--accent", failed: "--danger", canceled: "--line-strong", accepted: "--info" };

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function datasets(series) {
  return series.map(({ name, label, values }) => {
    const shade = colour(COLOURS[name]);
    return name === "accepted"
      ? { type: "line", label, data: values, borderColor: shade, backgroundColor: shade, borderWidth: 2, pointRadius: 2, tension: 0.3, order: 0 }
      : { type: "bar", label, data: values, backgroundColor: shade, stack: "ended", borderRadius: 3, maxBarThickness: 36, order: 1 };
  });
}

function options(isRtl, language) {
  const text = colour("--ink-soft");
  const grid = colour("--line");
  const label = { color: text, font: { family: colour("--font") } };
  return {
    animation: false,
    maintainAspectRatio: false,
    locale: language,
    interaction: { mode: "index", intersect: false },
    scales: {
      x: { stacked: true, reverse: isRtl, grid: { display: false }, border: { color: grid }, ticks: { ...label, maxRotation: 0, autoSkipPadding: 12 } },
      y: { beginAtZero: true, position: isRtl ? "right" : "left", grid: { color: grid }, border: { display: false }, ticks: { ...label, precision: 0 } },
    },
    plugins: {
      legend: { rtl: isRtl, position: "bottom", labels: { ...label, boxWidth: 12, boxHeight: 12 } },
      tooltip: { rtl: isRtl },
    },
  };
}

function draw() {
  const canvas = document.getElementById("jobs-chart");
  const data = JSON.parse(document.getElementById("jobs-data").textContent);
  const isRtl = document.documentElement.dir === "rtl";
  window.Chart.getChart(canvas)?.destroy();
  new window.Chart(canvas, {
    type: "bar",
    data: { labels: data.labels, datasets: datasets(data.series) },
    options: options(isRtl, document.documentElement.lang),
  });
}

draw();
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
