/* One button that copies a text; where the browser forbids it, the text is shown and marked instead. */
const SAID_MS = 6000;

async function copied(text) {
  if (navigator.clipboard && window.isSecureContext) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      /* forbidden: the older way may still work */
    }
  }
  const field = Object.assign(document.createElement("textarea"), { value: text });
  field.style.cssText = "position:fixed;top:0;left:0;width:1px;height:1px;opacity:0";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}

function mark(shown) {
  const range = document.createRange();
  range.selectNodeContents(shown);
  const chosen = getSelection();
  chosen.removeAllRanges();
  chosen.addRange(range);
}

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
  const box = parentElement.querySelector(".handover");
  if (!box || !data) return;
  box.style.colorScheme = scheme(box);
  const [button, said, details, shown] = ["button", ".said", "details", "pre"].map((s) => box.querySelector(s));
  if (shown.textContent !== data.text) shown.textContent = data.text;
  button.onclick = async () => {
    const focused = parentElement.activeElement || document.activeElement;
    const done = await copied(shown.textContent);
    if (focused && focused.focus) focused.focus({ preventScroll: true });
    if (!done) {
      details.open = true;
      mark(shown);
    }
    said.textContent = done ? "✓ copied" : "The browser does not let Ebb copy: the text below is marked.";
    clearTimeout(box.fading);
    box.fading = setTimeout(() => {
      said.textContent = "";
    }, SAID_MS);
  };
}
