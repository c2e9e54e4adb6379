let plotly = null;

function load() {
  if (plotly) return plotly;
  plotly = new Promise((resolve, reject) => {
    if (window.Plotly) return resolve(window.Plotly);
    const script = document.createElement("script");
    const base = (window.__streamlit && window.__streamlit.MAIN_PAGE_BASE_URL) || document.baseURI;
    script.src = new URL("/assets/plotly.min.js", base).href;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      plotly = null;
      reject(new Error("the chart library did not load"));
    };
    document.head.appendChild(script);
  });
  return plotly;
}

function isDark(el) {
  const probe = document.createElement("span");
  probe.style.color = getComputedStyle(el).getPropertyValue("--st-background-color") || "#fff";
  el.parentElement.appendChild(probe);
  const [red, green, blue] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return red + green + blue < 384;
}

const PACKED = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u4: Uint32Array, i2: Int16Array,
  u2: Uint16Array, i1: Int8Array, u1: Uint8Array };

function unpack(value) {
  if (!value || Array.isArray(value) || !value.bdata) return value;
  const bytes = Uint8Array.from(atob(value.bdata), (c) => c.charCodeAt(0));
  return Array.from(new PACKED[value.dtype](bytes.buffer));
}

const asDate = (ms) => (typeof ms === "number" ? new Date(ms).toISOString().slice(0, -1) : ms);

function prepare(data, dark) {
  let text = JSON.stringify(data.figure);
  if (dark) text = text.replace(/#[0-9A-F]{6}|rgba\([\d.,]+\)/g, (c) => data.dark[c] || c);
  const figure = JSON.parse(text);
  for (const trace of figure.data) {
    trace.x = unpack(trace.x).map(asDate);
    trace.y = unpack(trace.y);
  }
  const layout = figure.layout;
  for (const shape of layout.shapes || []) {
    if (shape.xref === "x") [shape.x0, shape.x1] = [asDate(shape.x0), asDate(shape.x1)];
  }
  for (const note of layout.annotations || []) if (note.xref === "x") note.x = asDate(note.x);
  layout.xaxis.range = layout.xaxis.range.map(asDate);
  return figure;
}

const stamp = (range) => range.map((at) => Date.parse(`${String(at).replace(" ", "T")}Z`)).join();

/* Plotly forgets a zoom when the range it is sent moves on, as a live range does. What is on show and was never
   sent by us is the user's own: it stays until the view changes or the user goes back. */
const SHOWN = new WeakMap();

function keepZoom(el, layout) {
  let shown = SHOWN.get(el);
  if (!shown || shown.view !== layout.uirevision) {
    shown = { view: layout.uirevision, sent: new Set() };
    SHOWN.set(el, shown);
  } else if (el.layout && !shown.sent.has(stamp(el.layout.xaxis.range))) {
    layout.xaxis.range = el.layout.xaxis.range;
    return;
  }
  shown.sent.add(stamp(layout.xaxis.range));
}

const CONFIG = {
  displaylogo: false,
  responsive: true,
  showTips: false,
  showSendToCloud: false,
  modeBarButtonsToRemove: ["sendChartToCloud", "select2d", "lasso2d", "toImage", "autoScale2d"],
};

export default function (component) {
  const { data, parentElement } = component;
  const el = parentElement.querySelector(".ebb-plot");
  if (!el || !data) return;
  el.style.minHeight = `${data.height}px`;
  el.setAttribute("aria-label", data.alt);
  const draw = () =>
    load().then(
      (Plotly) => {
        if (!el.isConnected) return;
        const figure = prepare(data, isDark(el));
        figure.layout.xaxis.nticks = Math.max(3, Math.min(9, Math.floor(el.clientWidth / 105)));
        figure.layout.font.family = getComputedStyle(el).fontFamily;
        el.removeAttribute("data-problem");
        keepZoom(el, figure.layout);
        return Plotly.react(el, figure.data, figure.layout, CONFIG);
      },
      (problem) => {
        el.setAttribute("data-problem", "true");
        el.textContent = `The chart cannot be drawn: ${problem.message}. Reload the page to try again.`;
      },
    );
  draw();
  return () => {
    if (window.Plotly) window.Plotly.purge(el);
  };
}
