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
  const layout = figure.layout;
  const dated = layout.xaxis.type === "date";
  for (const trace of figure.data) {
    trace.x = unpack(trace.x);
    if (dated) trace.x = trace.x.map(asDate);
    trace.y = unpack(trace.y);
  }
  if (!dated) return figure;
  for (const shape of layout.shapes || []) {
    if (shape.xref === "x") [shape.x0, shape.x1] = [asDate(shape.x0), asDate(shape.x1)];
  }
  for (const note of layout.annotations || []) if (note.xref === "x") note.x = asDate(note.x);
  layout.xaxis.range = layout.xaxis.range.map(asDate);
  return figure;
}

const wallMs = (at) => Date.parse(`${String(at).replace(" ", "T")}Z`);
const stamp = (range) => range.map(wallMs).join();

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
  shown.last = layout.xaxis.range;
  shown.sent.add(stamp(layout.xaxis.range));
}

/* Plots of one group show the same part of time and the same moment under the pointer. */
const GROUPS = new Map();

function others(el, group) {
  return group ? [...(GROUPS.get(group) || [])].filter((other) => other !== el && other.data) : [];
}

function join(el, group) {
  leave(el);
  if (!group) return;
  if (!GROUPS.has(group)) GROUPS.set(group, new Set());
  GROUPS.get(group).add(el);
}

function leave(el) {
  for (const members of GROUPS.values()) members.delete(el);
}

/* The moment under the pointer as a line in the other plots, and their words where they have any at that moment. */
function point(el, clientX) {
  const axis = el._fullLayout.xaxis;
  const pixel = clientX - el.getBoundingClientRect().left - axis._offset;
  const inside = pixel >= 0 && pixel <= axis._length;
  for (const other of others(el, el.group)) {
    if (!inside) {
      other.cursor?.remove();
      continue;
    }
    const { _fullLayout: full } = other;
    const at = axis.p2d(pixel);
    other.cursor ||= Object.assign(document.createElement("div"), { className: "ebb-cursor" });
    other.cursor.style.cssText = `left:${full.xaxis._offset + full.xaxis.d2p(at)}px;top:${full._size.t}px;height:${full._size.h}px`;
    if (!other.cursor.isConnected) other.append(other.cursor);
    other.classList.add("led");
    window.Plotly.Fx.hover(other, { xval: axis.d2c ? axis.d2c(at) : at }, Object.keys(full._plots), true);
  }
}

function listen(el) {
  if (el.heard) return;
  el.heard = true;
  el.on("plotly_relayout", (change) => {
    if (el.following || !("xaxis.range[0]" in change || "xaxis.range" in change)) return;
    const range = el.layout.xaxis.range;
    for (const other of others(el, el.group)) {
      other.following = true;
      Promise.resolve(window.Plotly.relayout(other, { "xaxis.range": [...range] })).finally(() => {
        other.following = false;
      });
    }
    if (el.group) el.zoom(range.map(wallMs));
  });
  el.on("plotly_doubleclick", () => {
    if (el.group && el.zoomed) el.zoom("back");
    else if (!el.group && SHOWN.has(el)) {
      const { last } = SHOWN.get(el);
      window.Plotly.relayout(el, { "xaxis.range": [...last] });
    }
    return false;
  });
  const told = (event) => event.points.map((each) => each.customdata).find((each) => Number.isInteger(each));
  el.on("plotly_click", (event) => {
    const number = told(event);
    if (el.picks && number !== undefined) el.pick(number);
  });
  el.on("plotly_hover", (event) => el.classList.toggle("on-point", el.picks && told(event) !== undefined));
  el.on("plotly_unhover", () => el.classList.remove("on-point"));
  el.addEventListener("mousemove", (event) => {
    if (el.group) point(el, event.clientX);
  });
  el.addEventListener("mouseleave", () => {
    for (const other of others(el, el.group)) {
      other.cursor?.remove();
      other.classList.remove("led");
      window.Plotly.Fx.unhover(other);
    }
  });
}

/* A chart that leaves the page is taken apart when nothing draws in it any more: Plotly draws in several steps, and
   a step that finds the chart gone throws. What Plotly draws by itself, after a drag or with the window, has so long. */
const LAST_MS = 1000;

function takeApart(el) {
  const left = (el.left = {});
  leave(el);
  const purge = () => el.left === left && window.Plotly && window.Plotly.purge(el);
  Promise.resolve(el.drawing).then(() => setTimeout(purge, LAST_MS));
}

const CONFIG = {
  displaylogo: false,
  responsive: true,
  showTips: false,
  showSendToCloud: false,
  doubleClick: false,
  modeBarButtonsToRemove: [
    "sendChartToCloud", "select2d", "lasso2d", "toImage", "autoScale2d", "resetScale2d", "pan2d", "zoom2d",
  ],
};

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const el = parentElement.querySelector(".ebb-plot");
  if (!el || !data) return;
  el.left = null;
  el.style.minHeight = `${data.height}px`;
  el.setAttribute("aria-label", data.alt);
  const draw = () =>
    load().then(
      (Plotly) => {
        if (!el.isConnected || el.left) return;
        const figure = prepare(data, isDark(el));
        figure.layout.xaxis.nticks = Math.max(5, Math.min(9, Math.floor(el.clientWidth / 105)));
        if (matchMedia("(pointer: coarse)").matches) figure.layout.dragmode = false; /* a finger scrolls the page */
        figure.layout.font.family = getComputedStyle(el).fontFamily;
        for (const note of figure.layout.annotations || []) {
          if (note.hoverlabel) note.hoverlabel.font.family = figure.layout.font.family;
        }
        el.removeAttribute("data-problem");
        el.style.setProperty("--ebb-row", `${figure.layout.meta?.row || 0}px`);
        keepZoom(el, figure.layout);
        if (figure.layout.hoverlabel?.font) figure.layout.hoverlabel.font.family = figure.layout.font.family;
        join(el, data.group);
        Object.assign(el, { group: data.group, zoomed: data.zoomed, picks: data.picks });
        el.zoom = (part) => setTriggerValue("zoom", part);
        el.pick = (number) => setTriggerValue("pick", number);
        const drawing = Plotly.react(el, figure.data, figure.layout, CONFIG);
        el.drawing = Promise.allSettled([el.drawing, drawing]);
        return drawing.then(() => el.left || listen(el));
      },
      (problem) => {
        el.setAttribute("data-problem", "true");
        el.textContent = `The chart cannot be drawn: ${problem.message}. Reload the page to try again.`;
      },
    );
  draw();
  return () => takeApart(el);
}
