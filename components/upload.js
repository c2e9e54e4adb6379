/* A file on its way into S3: chosen or dropped, sent piece by piece by the browser itself, with its progress.
   The page is asked for leave first (trigger "wanted"), answers with a token for this one file, and is told of the
   end (trigger "ended"). Nothing of the file goes through the page. */
const STATES = new WeakMap();
const UNITS = [
  ["GB", 1e9],
  ["MB", 1e6],
  ["KB", 1e3],
];

function size(bytes) {
  for (const [unit, length] of UNITS) {
    if (bytes >= length) return `${Number((bytes / length).toPrecision(3))} ${unit}`;
  }
  return bytes === 1 ? "1 byte" : `${bytes} bytes`;
}

function scheme(el) {
  const probe = document.createElement("span");
  probe.style.color = getComputedStyle(el).getPropertyValue("--st-background-color") || "#fff";
  el.appendChild(probe);
  const [red, green, blue] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return red + green + blue < 384 ? "dark" : "light";
}

function parts(box) {
  return Object.fromEntries(
    [...box.querySelectorAll("[data-part]")].map((part) => [part.getAttribute("data-part"), part]),
  );
}

function draw(state) {
  const { part } = state;
  const busy = state.phase === "asking" || state.phase === "sending" || state.phase === "storing";
  part.drop.hidden = busy;
  part.going.hidden = !busy;
  part.cancel.hidden = state.phase === "storing";
  part.said.className = `said ${state.tone || ""}`;
  if (part.said.textContent !== state.said) part.said.textContent = state.said;
  if (!busy) return;
  const share = state.size ? Math.min(1, state.sent / state.size) : 0;
  const percent = Math.floor(share * 100);
  part.fill.style.width = `${share * 100}%`;
  part.bar.setAttribute("aria-valuenow", String(percent));
  const counted = `${size(state.sent)} of ${size(state.size)} · ${percent} %`;
  part.bar.setAttribute("aria-valuetext", counted);
  part.name.textContent = state.name;
  part.count.textContent = state.phase === "storing" ? `${size(state.size)} sent · S3 puts it together` : counted;
}

function say(state, phase, said, tone) {
  Object.assign(state, { phase, said, tone });
  draw(state);
}

function choose(state, file) {
  if (!file || state.xhr) return;
  state.file = file;
  if (file.size === 0) return say(state, "idle", `${file.name} is empty: choose another file.`, "wrong");
  if (file.size > state.data.most) {
    return say(
      state,
      "idle",
      `${file.name} has ${size(file.size)}. SageMaker takes at most 1 GB: split it, or give the address of a smaller object.`,
      "wrong",
    );
  }
  state.asked += 1;
  Object.assign(state, { name: file.name, size: file.size, sent: 0 });
  say(state, "asking", "", "");
  state.tell("wanted", { number: state.asked, name: file.name, size: file.size });
}

function send(state, token) {
  const base = (window.__streamlit && window.__streamlit.MAIN_PAGE_BASE_URL) || document.baseURI;
  const xhr = new XMLHttpRequest();
  state.xhr = xhr;
  state.token = token;
  xhr.open("POST", new URL(`/upload/${token}`, base).href);
  xhr.setRequestHeader("Content-Type", "application/octet-stream");
  xhr.upload.onprogress = (event) => {
    state.sent = event.loaded;
    draw(state);
  };
  xhr.upload.onload = () => {
    state.sent = state.size;
    state.phase = "storing";
    draw(state);
  };
  const ended = (how, said, tone) => {
    if (state.xhr !== xhr) return;
    state.xhr = null;
    state.file = null;
    state.part.file.value = "";
    say(state, "idle", said, tone);
    state.tell("ended", { token, how });
  };
  xhr.onload = () => {
    if (xhr.status === 200) return ended("done", "", "");
    let told = {};
    try {
      told = JSON.parse(xhr.responseText);
    } catch {
      /* not ours, a proxy's: the status has to do */
    }
    const what = told.error || `The upload was refused (HTTP ${xhr.status}).`;
    ended("refused", `${what} ${told.hint || "Try again."}`, "wrong");
  };
  xhr.onerror = () =>
    ended("broken", "The connection broke before the end. Nothing was kept: choose the file again.", "wrong");
  xhr.onabort = () => ended("cancelled", "Cancelled. Nothing was kept of it.", "");
  xhr.send(state.file);
  say(state, "sending", "", "");
}

function wire(state) {
  const { part } = state;
  part.file.onchange = () => choose(state, part.file.files[0]);
  part.choose.onclick = () => part.file.click();
  part.cancel.onclick = () => {
    if (state.xhr) state.xhr.abort();
    else {
      state.asked += 1; /* leave for this one comes too late */
      say(state, "idle", "Cancelled. Nothing was sent.", "");
    }
    part.choose.focus();
  };
  const over = (on) => (event) => {
    event.preventDefault();
    part.drop.classList.toggle("over", on);
  };
  part.drop.ondragover = over(true);
  part.drop.ondragleave = over(false);
  part.drop.ondrop = (event) => {
    over(false)(event);
    choose(state, event.dataTransfer.files[0]);
  };
}

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const box = root.querySelector(".upload");
  if (!box || !data) return;
  box.style.colorScheme = scheme(box);
  let state = STATES.get(root);
  if (!state) {
    state = { part: parts(box), phase: "idle", said: "", tone: "", asked: Date.now(), sent: 0, size: 0, xhr: null };
    STATES.set(root, state);
    wire(state);
  }
  state.data = data;
  state.tell = setTriggerValue;
  if (state.phase === "asking" && data.number === state.asked) {
    if (data.token) send(state, data.token);
    else if (data.refused) say(state, "idle", data.refused, "wrong");
  }
  if (data.told && state.phase === "idle" && state.token === data.told.token) {
    state.token = null; /* the connection broke because the upload was refused: this is why */
    say(state, "idle", data.told.said, "wrong");
  }
  state.part.limit.textContent = data.has
    ? "Another file takes the place of this one."
    : "One file, up to 1 GB. It goes straight on into S3.";
  state.part.choose.textContent = data.has ? "Choose another file" : "Choose a file";
  draw(state);
  return () => {
    const { xhr } = state;
    state.xhr = null;
    STATES.delete(root);
    if (xhr) xhr.abort();
  };
}
