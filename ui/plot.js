// One card: title, export menu, chart drawn in place, table twin, notes. Nothing is fetched from outside this server.

const load = (source) => (window.outreachPlotly ??= new Promise((done, failed) => {
  if (window.Plotly) return done(window.Plotly);
  window.PlotlyGeoAssets = { topojson: {} };
  const script = Object.assign(document.createElement("script"), { src: source, onerror: failed });
  script.onload = () => done(window.Plotly);
  document.head.append(script);
}));

const element = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};

const dark = (node) => {
  const parts = getComputedStyle(node).getPropertyValue("--st-background-color").trim();
  const hex = parts.startsWith("#") ? parts.slice(1) : "ffffff";
  const [r, g, b] = [0, 2, 4].map((start) => parseInt(hex.slice(start, start + 2), 16));
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
};

// Role names (`@bar`) become colours, `@shapes` the district boundaries.
const painted = (value, palette, shapes) => {
  if (Array.isArray(value)) return value.map((part) => painted(part, palette, shapes));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, painted(part, palette, shapes)]));
  return value === "@shapes" ? shapes : typeof value === "string" && value[0] === "@" ? palette[value] ?? value : value;
};

const save = (href, name) => element("a", { href, download: name }).click();

async function image(Plotly, data, format, shown) {
  const { title, lines, footer } = data.print;
  const figure = painted(data.figure, data.palettes.light, data.shapes);
  // Labels above a chart make its margin wider while it is drawn; the title goes above them.
  const labels = Math.max(figure.layout.margin.t, shown?._fullLayout?._size?.t ?? 0);
  const top = 64 + 18 * lines.length, bottom = 34 + 15 * footer.length, width = 1200;
  const height = Math.max(420, data.height + 60) + top + bottom + labels - figure.layout.margin.t;
  const text = (content, y, size, anchor) => ({ text: content, x: 0, y, xref: "paper", yref: "paper", xanchor: "left", yanchor: anchor, showarrow: false, align: "left", font: { size, color: "#23313f" } });
  const layout = { ...figure.layout, width, height, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff", autosize: false };
  // A picture is drawn without the page's own fonts, so it is measured without them too.
  layout.font = { ...layout.font, family: "Noto Sans CJK SC, Noto Sans, PingFang SC, Microsoft YaHei, Segoe UI, Arial, sans-serif", size: 14 };
  layout.margin = { ...layout.margin, l: Math.max(24, layout.margin.l), r: 24, t: labels + top, b: layout.margin.b + bottom };
  const inner = height - layout.margin.t - layout.margin.b;
  layout.annotations = [...(layout.annotations ?? []),
    { ...text(`<b>${title}</b>`, 1, 20, "top"), yshift: layout.margin.t - 14 },
    { ...text(lines.join("<br>"), 1, 13, "top"), yshift: layout.margin.t - 46 },
    { ...text(footer.join("<br>"), 0, 11, "bottom"), yshift: -(layout.margin.b - 8) }];
  if (inner < 120) layout.height = height + 200;
  framed(layout, width, layout.height);
  const url = await Plotly.toImage({ data: figure.data, layout, config: config(data) }, { format, width, height: layout.height, scale: format === "png" ? 3 : 1 });
  save(url, `${data.file}.${format}`);
}

const config = () => ({ displayModeBar: false, responsive: false, topojsonURL: 'data:application/json,{"type":"Topology","objects":{},"arcs":[]}#' });

function menu(data, api) {
  const box = element("details", { className: "menu" }, element("summary", { title: data.words.export, ariaLabel: `${data.words.export}: ${data.title}` }, data.menu ?? "⤓"));
  const list = element("div", { role: "menu" });
  for (const [format, name] of data.formats) {
    const button = element("button", { type: "button", role: "menuitem", textContent: name });
    button.dataset.format = format;
    button.onclick = async () => {
      box.open = false;
      if (format === "png" || format === "svg") await image(await load(data.library), data, format, api.parentElement.querySelector(".plot"));
      else api.setTriggerValue("export", format);
    };
    list.append(button);
  }
  box.append(list);
  box.onkeydown = (event) => { if (event.key === "Escape") { box.open = false; box.firstChild.focus(); } };
  box.addEventListener("focusout", (event) => { if (!box.contains(event.relatedTarget)) box.open = false; });
  return box;
}

function twin(table) {
  const head = element("tr", {}, ...table.columns.map((name) => element("th", { scope: "col", textContent: name })));
  const rows = table.rows.map((cells, number) => element("tr", {}, ...cells.map((cell, column) => {
    const content = column === 0 && table.links[number] ? element("a", { href: table.links[number], textContent: cell }) : document.createTextNode(cell);
    return element("td", { className: column >= table.text ? "number" : "" }, content);
  })));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
}

// Findings that can be taken into a text: each leads to what it states and has a button that copies it.
function findings(list, label) {
  return list.map(({ text, href }) => {
    const button = element("button", { type: "button", className: "copy", ariaLabel: `${label}: ${text}`, title: label, textContent: label });
    button.onclick = () => navigator.clipboard.writeText(text).then(() => { button.textContent = "✓"; setTimeout(() => { button.textContent = label; }, 1500); });
    return element("li", {}, href ? element("a", { href, textContent: text }) : element("span", { textContent: text }), ...(label ? [button] : []));
  });
}

function about(text) {
  return text ? [element("details", { className: "about" }, element("summary", { textContent: "ⓘ", ariaLabel: text }), element("p", { textContent: text }))] : [];
}

function notes(list) {
  return list.map(({ text, href }) => (href ? element("a", { href, textContent: text }) : element("span", { textContent: text })));
}

export default function (api) {
  const { data, parentElement } = api;
  const card = parentElement.querySelector(".card");
  let plot = card.querySelector(".plot");
  if (!plot) {
    plot = element("div", { className: "plot" });
    card.append(element("header"), plot, element("div", { className: "twin" }), element("ol", { className: "findings" }), element("footer"));
  }
  const [header, , table, list, footer] = card.children;
  const open = header.querySelector("details[open]");
  const toggle = element("button", { type: "button", className: "toggle", ariaLabel: `${data.words.table}: ${data.title}`, title: data.words.table, textContent: "☷" });
  toggle.setAttribute("aria-pressed", String(!!data.table));
  toggle.onclick = () => api.setStateValue("table", !data.table);
  card.classList.toggle("slide", !!data.slide);
  const tools = data.slide ? [element("span", { className: "sentence", textContent: data.slide.sentence })] : [...about(data.about), ...(data.figure || data.sentences.length ? [toggle] : []), menu(data, api)];
  if (!open) header.replaceChildren(element("h3", { textContent: data.title }), ...tools);
  table.replaceChildren(...(data.table ? [twin(data.table)] : []));
  list.replaceChildren(...findings(data.sentences, data.slide ? "" : data.words.copy));
  footer.replaceChildren(...(data.slide?.note ? [element("em", { textContent: data.slide.note })] : []), ...notes(data.notes), ...(data.slide ? [element("b", { textContent: data.slide.number })] : []));
  card.dataset.key = data.key;
  if (data.file_content && card.dataset.saved !== data.file_content.id) {
    card.dataset.saved = data.file_content.id;
    save(`data:${data.file_content.mime};base64,${data.file_content.base64}`, data.file_content.name);
  }
  plot.hidden = !data.figure;
  if (!data.figure) return () => {};
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", data.alt);
  plot.style.height = `${data.height}px`;

  const draw = (Plotly) => {
    const figure = painted(data.figure, data.palettes[dark(plot) ? "dark" : "light"], data.shapes);
    figure.layout.font.family = getComputedStyle(plot).fontFamily;
    figure.layout.height = data.height;
    figure.layout.width = plot.clientWidth || undefined;
    narrowed(figure, plot.clientWidth);
    if (figure.layout.geo2?.showframe && plot.clientWidth < 480 && figure.layout.legend) {
      // On a phone the legend goes below the map, which would lie under it.
      Object.assign(figure.layout.legend, { orientation: "h", y: 0, yanchor: "top", title: {} });
      figure.layout.margin = { ...figure.layout.margin, b: 110 };
      figure.layout.height = Math.min(data.height, Math.round(plot.clientWidth * 0.95) + 120);
    }
    framed(figure.layout, plot.clientWidth, figure.layout.height);
    plot.style.height = `${figure.layout.height}px`;
    return Plotly.react(plot, figure.data, figure.layout, config()).then(() => {
      plot.removeAllListeners("plotly_click");
      plot.on("plotly_click", ({ points }) => { const href = points[0]?.customdata; if (typeof href === "string" && href && !data.slide) window.outreachGo(href); });
      plot.dataset.drawn = data.stamp;
    });
  };
  load(data.library).then(draw).catch(() => api.setStateValue("failed", true));

  plot.observer?.disconnect();
  plot.observer = new ResizeObserver(() => {
    if (window.Plotly && plot.layout && plot.clientWidth && Math.abs(plot.layout.width - plot.clientWidth) > 1) draw(window.Plotly);
  });
  plot.observer.observe(plot);
  return () => {
    plot.observer?.disconnect();
    if (window.Plotly) Plotly.purge(plot);
  };
}
