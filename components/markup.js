const WORDS = (s) => {
  if (s < 3) return "just now";
  if (s < 60) return `${Math.floor(s)} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  return `${Math.floor(s / 3600)} h ago`;
};

function focusKey(root) {
  const active = root.activeElement || document.activeElement;
  return active && active.getAttribute ? active.getAttribute("data-focus") : null;
}

function tick(root, state) {
  for (const el of root.querySelectorAll("[data-asof]")) {
    const stamp = `${el.getAttribute("data-asof")} ${el.getAttribute("data-age")}`;
    if (state.stamp !== stamp) {
      state.stamp = stamp;
      state.since = performance.now();
    }
    const known = Number(el.getAttribute("data-age") || 0);
    const age = known + (performance.now() - state.since) / 1000;
    const every = Number(el.getAttribute("data-every") || 0);
    const words = el.querySelector("[data-words]");
    if (words && words.textContent !== WORDS(age)) words.textContent = WORDS(age);
    el.classList.toggle("late", every > 0 && age > 3 * every + 30);
  }
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
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement;
  const box = root.querySelector(".ebb");
  if (!box) return;
  let state = STATES.get(root);
  if (!state) {
    state = { html: null, stamp: null, since: performance.now(), timer: null };
    STATES.set(root, state);
  }
  box.style.colorScheme = scheme(box);
  const next = (data && data.html) || "";
  if (state.html !== next) {
    const held = focusKey(root);
    const open = [...box.querySelectorAll("details[open]")].map((d) => d.getAttribute("data-focus"));
    box.innerHTML = next;
    for (const d of box.querySelectorAll("details")) {
      if (open.includes(d.getAttribute("data-focus"))) d.open = true;
    }
    if (held) {
      const again = box.querySelector(`[data-focus="${CSS.escape(held)}"]`);
      if (again) again.focus({ preventScroll: true });
    }
    state.html = next;
  }
  box.onclick = (event) => {
    const link = event.target.closest("a.go");
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const query = {};
    new URL(link.href).searchParams.forEach((value, name) => (query[name] = value));
    setTriggerValue("go", { page: link.getAttribute("data-page"), query });
  };
  tick(box, state);
  if (state.timer === null) state.timer = setInterval(() => tick(box, state), 1000);
  return () => {
    clearInterval(state.timer);
    state.timer = null;
    STATES.delete(root);
  };
}
