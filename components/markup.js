/* The words of format.age. */
const WORDS = (age) => {
  const s = Math.round(age);
  if (s < 3) return "just now";
  if (s < 60) return `${s} s ago`;
  const [min, h] = [Math.floor(s / 60), Math.floor(s / 3600)];
  const two = (great, unit, small, word) => `${great} ${unit}${small ? ` ${small} ${word}` : ""} ago`;
  if (min < 60) return `${min} min ago`;
  return h < 24 ? two(h, "h", min % 60, "min") : two(Math.floor(h / 24), "d", h % 24, "h");
};

/* After a link was followed (live.js says so) the new page's heading takes the focus that the old page took along. */
function arrive(box, before) {
  const heading = box.querySelector("h1");
  if (!heading || heading.textContent === before || !document.documentElement.dataset.ebbArriving) return;
  delete document.documentElement.dataset.ebbArriving;
  const active = document.activeElement;
  if (active && active !== document.body && !active.closest('[data-testid="stMain"]')) return;
  heading.focus({ preventScroll: true });
}

function focusKey(root) {
  const active = root.activeElement || document.activeElement;
  return active && active.getAttribute ? active.getAttribute("data-focus") : null;
}

/* How old a reading is, told by the clock of live.js: the age grows also while the server is silent. */
function age(root, state, { every, late }) {
  for (const el of root.querySelectorAll("[data-asof]")) {
    const stamp = `${el.getAttribute("data-asof")} ${el.getAttribute("data-age")}`;
    if (state.stamp !== stamp) {
      state.stamp = stamp;
      state.since = Date.now();
    }
    const old = Number(el.getAttribute("data-age") || 0) + (Date.now() - state.since) / 1000;
    const usual = Math.max(every, Number(el.getAttribute("data-usual") || 0));
    const text = WORDS(old) + (every === 0 ? " · refresh is off" : late ? " · no answer from Ebb" : "");
    const words = el.querySelector("[data-words]");
    if (words && words.textContent !== text) words.textContent = text;
    el.classList.toggle("late", late || (every > 0 && old > 2.5 * usual + 5));
  }
}

/* Turn what is on show into `next` and touch only what differs: selected text, focus and what is folded open stay. */
function become(shown, next) {
  const wanted = [...next.childNodes];
  wanted.forEach((child, n) => {
    const old = shown.childNodes[n];
    if (!old) shown.append(child);
    else if (!alike(old, child)) old.replaceWith(child);
    else if (child.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== child.data) old.data = child.data;
    } else {
      for (const { name } of [...old.attributes]) {
        if (name !== "open" && !child.hasAttribute(name)) old.removeAttribute(name);
      }
      for (const { name, value } of child.attributes) {
        if (old.getAttribute(name) !== value) old.setAttribute(name, value);
      }
      become(old, child);
    }
  });
  while (shown.childNodes.length > wanted.length) shown.lastChild.remove();
}

/* Two nodes with different data-focus are different things, however alike they look. */
function alike(old, child) {
  if (old.nodeName !== child.nodeName) return false;
  if (old.nodeType !== Node.ELEMENT_NODE) return true;
  return old.getAttribute("data-focus") === child.getAttribute("data-focus");
}

const STATES = new WeakMap();

function scheme(el) {
  const probe = document.createElement("span");
  probe.style.color = getComputedStyle(el).getPropertyValue("--st-background-color") || "#fff";
  el.appendChild(probe);
  const [red, green, blue] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return red + green + blue < 384 ? "dark" : "light";
}

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement;
  const box = root.querySelector(".ebb");
  if (!box) return;
  let state = STATES.get(root);
  if (!state) {
    state = { html: null, stamp: null, since: Date.now(), beat: { every: 1, late: false } };
    state.listen = (event) => {
      state.beat = event.detail;
      age(box, state, state.beat);
    };
    STATES.set(root, state);
    document.addEventListener("ebb:beat", state.listen);
  }
  box.style.colorScheme = scheme(box);
  document.documentElement.style.colorScheme = box.style.colorScheme; // dialogs stand outside of the app's own box
  const next = (data && data.html) || "";
  if (state.html !== next) {
    const held = focusKey(root);
    const before = (box.querySelector("h1") || {}).textContent;
    const fresh = document.createElement("div");
    fresh.innerHTML = next;
    become(box, fresh);
    if (held && focusKey(root) !== held) {
      const again = box.querySelector(`[data-focus="${CSS.escape(held)}"]`);
      if (again) again.focus({ preventScroll: true });
    }
    state.html = next;
    arrive(box, before);
  }
  box.onclick = (event) => {
    const link = event.target.closest("a.go");
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const visit = new CustomEvent("ebb:visit", { detail: link.href, cancelable: true });
    if (!document.dispatchEvent(visit)) event.preventDefault();
  };
  age(box, state, state.beat);
  return () => {
    document.removeEventListener("ebb:beat", state.listen);
    STATES.delete(root);
  };
}
