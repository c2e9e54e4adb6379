/* One clock for all live panels of the page. It asks a panel's fragment for news when its time has come, never
   while an answer is awaited and never in a hidden tab. The rate is this browser's own. */
const BEAT_MS = 1000;
const EARLY_MS = 300;
const LOST_MS = 60000;
const APART_MS = 80; /* Streamlit takes what is asked at once for one question, of one fragment alone: */
const PATIENCE_MS = 3000; /* the next panel asks when this one was answered, or after so long */
const RATE_KEY = "ebb-rate";

const panels = new Map();
const pickers = new Set();
let timer = null;
let soon = null;
let leaving = 0; /* when the address changed: a question on the way to another page would be taken for the old one's */
let choices = [];
let preset = 15;

function rate() {
  let kept = null;
  try {
    kept = localStorage.getItem(RATE_KEY);
  } catch {
    /* storage may be forbidden: then the preset holds */
  }
  const seconds = kept === null ? NaN : Number(kept);
  return choices.some(([value]) => value === seconds) ? seconds : preset;
}

function beat() {
  const now = Date.now();
  const every = rate();
  const asking = every > 0 && !document.hidden && now - leaving > LOST_MS;
  let since = now;
  let busy = [...panels.values()].some((panel) => panel.asked > panel.answered && now - panel.asked < PATIENCE_MS);
  for (const panel of panels.values()) {
    const waiting = panel.asked > panel.answered;
    const idle = now - panel.asked;
    const due = waiting ? idle > LOST_MS : idle >= Math.max(every, panel.least) * 1000 - EARLY_MS;
    if (asking && due && busy) {
      if (soon === null) soon = setTimeout(next, APART_MS);
    } else if (asking && due) {
      busy = true;
      if (!waiting) panel.first = now;
      panel.asked = now;
      panel.asks += 1;
      panel.mark();
      panel.ask(panel.asks);
    }
    if (waiting) since = Math.min(since, panel.first);
  }
  const silent = asking ? (now - since) / 1000 : 0;
  document.dispatchEvent(new CustomEvent("ebb:beat", { detail: { every, late: silent > 1.5 * every } }));
}

function next() {
  soon = null;
  beat();
}

function wind() {
  const wanted = panels.size > 0 && !document.hidden;
  if (wanted && timer === null) timer = setInterval(beat, BEAT_MS);
  if (!wanted && timer !== null) {
    clearInterval(timer);
    clearTimeout(soon);
    timer = soon = null;
  }
  if (wanted) beat();
}

function panel(component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const box = root.querySelector(".live");
  const now = Date.now();
  let known = panels.get(root);
  if (!known) {
    known = { asked: now, answered: now, first: now, asks: 0, answers: 0, token: data.token };
    panels.set(root, known);
    leaving = 0;
    queueMicrotask(wind);
  }
  known.least = data.at_least;
  known.ask = (number) => setTriggerValue("tick", number);
  known.mark = () => {
    box.dataset.panel = data.panel;
    box.dataset.asks = known.asks;
    box.dataset.answers = known.answers;
  };
  if (known.token !== data.token) {
    known.token = data.token;
    leaving = 0;
    known.answers += 1;
    known.answered = Math.max(now, known.asked);
  }
  known.mark();
  return () => {
    panels.delete(root);
    wind();
  };
}

function picker(component) {
  const { data, parentElement: root } = component;
  const box = root.querySelector(".live");
  [choices, preset] = [data.choices, data.preset];
  let select = box.querySelector("select");
  if (!select) {
    const label = document.createElement("label");
    select = document.createElement("select");
    label.title = "How often the page refreshes by itself; kept in this browser";
    select.setAttribute("aria-label", "Refresh");
    for (const [value, words] of choices) select.add(new Option(words, value));
    label.append(select);
    box.append(label);
    select.onchange = () => {
      try {
        localStorage.setItem(RATE_KEY, select.value);
      } catch {
        preset = Number(select.value);
      }
      beat();
    };
  }
  const follow = () => (select.value = String(rate()));
  follow();
  for (const old of pickers) if (old.root === root) pickers.delete(old);
  pickers.add({ root, follow });
  return () => {
    for (const old of pickers) if (old.root === root) pickers.delete(old);
  };
}

/* Another account or region is another page from the ground up: nothing that this one holds goes along but how times
   are shown. Arrow keys open the list first, so that walking through it visits none of them. */
function places(component) {
  const { data, parentElement: root } = component;
  const box = root.querySelector(".live");
  let select = box.querySelector("select");
  if (!select) {
    const label = document.createElement("label");
    select = document.createElement("select");
    label.title = "Which account and region this page is of";
    select.setAttribute("aria-label", "Place");
    label.append(select);
    box.append(label);
    select.onkeydown = (event) => {
      if (!["ArrowUp", "ArrowDown"].includes(event.key) || !select.showPicker) return;
      event.preventDefault();
      select.showPicker();
    };
    select.onchange = () => {
      const here = new URLSearchParams(location.search);
      const query = new URLSearchParams();
      for (const key of ["zone", "range"]) if (here.has(key)) query.set(key, here.get(key));
      query.set("place", select.value);
      location.assign(`${location.pathname}?${query}`);
    };
  }
  select.replaceChildren(...data.places.map((name) => new Option(name, name)));
  select.value = data.here;
}

document.addEventListener("visibilitychange", wind);
window.addEventListener("popstate", () => (leaving = Date.now()));
window.addEventListener("storage", (event) => {
  if (event.key === RATE_KEY) for (const { follow } of pickers) follow();
});

/* Going to a page of ours is one entry in the browser's history: the address changes here, and Streamlit reads it
   as it does after Back. Its own way writes the page and the parameters as two entries. */
const seen = new Map();

function pathOf(url) {
  return url.pathname.replace(/\/+$/, "");
}

function visit(url) {
  seen.set(pathOf(new URL(location.href)), location.search);
  document.documentElement.dataset.ebbArriving = "true";
  if (url.href !== location.href) history.pushState({}, "", url.href);
  window.dispatchEvent(new PopStateEvent("popstate", { state: {} }));
}

const plain = (event) =>
  event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;

document.addEventListener("ebb:visit", (event) => {
  event.preventDefault();
  visit(new URL(event.detail));
});
document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest && event.target.closest('a[data-testid="stSidebarNavLink"]');
    if (!link || !plain(event)) return;
    const url = new URL(link.href);
    const here = new URLSearchParams(location.search);
    let query = new URLSearchParams(pathOf(url) === pathOf(location) ? "" : seen.get(pathOf(url)) || "");
    if (query.get("place") !== here.get("place")) query = new URLSearchParams(); /* of another account or region */
    for (const key of ["zone", "place"]) {
      query.delete(key);
      if (here.has(key)) query.set(key, here.get(key));
    }
    url.search = query.toString();
    event.preventDefault();
    event.stopPropagation();
    visit(url);
  },
  true,
);

export default function (component) {
  if (!component.data) return;
  if (component.data.kind === "places") return places(component);
  return component.data.kind === "rate" ? picker(component) : panel(component);
}
