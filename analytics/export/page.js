// Charts are drawn from the figures that stand in the page. Nothing is fetched: the boundaries are in it too.

const told = (node) => JSON.parse(node.textContent);
const shapes = told(document.getElementById("outreach-shapes"));
// Without it, plotly would ask a server for the world's coastlines.
const config = { displayModeBar: false, responsive: false, topojsonURL: 'data:application/json,{"type":"Topology","objects":{},"arcs":[]}#' };
const PAPER = { width: 1000, height: 690 };

// "@shapes" becomes the district boundaries.
const shaped = (value) => {
  if (Array.isArray(value)) return value.map(shaped);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shaped(part)]));
  return value === "@shapes" ? shapes : value;
};

async function draw(plot) {
  const { data = [], layout = {} } = shaped(told(plot.parentElement.querySelector("script.figure")));
  const width = plot.clientWidth, height = Number(plot.dataset.height);
  layout.font = { ...layout.font, family: getComputedStyle(plot).fontFamily };
  Object.assign(layout, { width, height, autosize: false });
  narrowed({ data, layout }, width);
  framed(layout, width, layout.height);
  plot.style.height = `${layout.height}px`;
  await Plotly.react(plot, data, layout, config);
  plot.dataset.drawn = "true";
}

const plots = [...document.querySelectorAll(".plot")];
const resize = () => Promise.all(plots.filter((plot) => plot.layout && Math.abs(plot.layout.width - plot.clientWidth) > 1).map(draw));

// Each item shrinks as a whole until it fits its page; in a picture it grows or shrinks with the window.
function fit() {
  for (const section of document.querySelectorAll("main > section:not(.flows)")) {
    const zoomed = document.body.classList.contains("alone");
    if (zoomed) section.style.setProperty("--window", 1);
    const height = section.offsetHeight - (section.querySelector("details")?.offsetHeight ?? 0);
    const paper = Math.min(1, PAPER.height / height);
    // A table much longer than a page goes on to the next one instead.
    section.style.setProperty("--paper", paper < 0.6 && !section.querySelector(".plot") ? 1 : Math.floor(paper * 1000) / 1000);
    if (zoomed) section.style.setProperty("--window", Math.min(innerWidth / PAPER.width, innerHeight / height));
  }
}

// The chart alone; texts are put around it where the file is made.
async function drawing() {
  const figure = document.querySelector("script.figure");
  if (!figure) return "";
  const { data, layout } = shaped(told(figure)), height = Number(plots[0].dataset.height);
  const look = { autosize: false, width: 1152, height, font: { ...layout.font, family: getComputedStyle(document.body).fontFamily } };
  const fitted = { ...layout, ...look };
  framed(fitted, fitted.width, height);
  return Plotly.toImage({ data, layout: fitted, config }, { format: "svg", width: 1152, height });
}

async function start() {
  for (const plot of plots) await draw(plot);
  fit();
  if (document.body.classList.contains("alone")) {
    const svg = await drawing();
    document.querySelectorAll("script").forEach((script) => script.remove());
    document.body.append(Object.assign(document.createElement("script"), { type: "text/plain", id: "outreach-svg", textContent: svg }));
  }
  document.documentElement.dataset.drawn = "true";
}

addEventListener("resize", () => resize().then(fit));
addEventListener("beforeprint", () => { document.body.classList.add("paper"); resize(); fit(); });
addEventListener("afterprint", () => { document.body.classList.remove("paper"); resize().then(fit); });
start();
