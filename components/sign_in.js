/* The page that somebody wanted before they signed in: kept in this tab, opened once afterwards. */
const KEY = "ebb-wanted";
const GOOD_MS = 15 * 60 * 1000; /* a sign-in that takes longer has another purpose */

/* Only a path of this very server may be followed: "//elsewhere" and "/\elsewhere" lead away from it. */
function own(path) {
  if (typeof path !== "string" || !/^\/(?![/\\])/.test(path)) return null;
  try {
    const url = new URL(path, location.origin);
    return url.origin === location.origin ? url : null;
  } catch {
    return null;
  }
}

function keep(home) {
  if (home && !location.search) return;
  sessionStorage.setItem(KEY, JSON.stringify({ path: location.pathname + location.search, at: Date.now() }));
}

function open() {
  const kept = sessionStorage.getItem(KEY);
  if (kept === null) return;
  sessionStorage.removeItem(KEY);
  const { path, at } = JSON.parse(kept) || {};
  const url = own(path);
  if (url && Date.now() - at < GOOD_MS && url.href !== location.href) location.replace(url.href);
}

export default function ({ data }) {
  if (!data) return;
  try {
    if (data.keep) keep(data.home);
    else open();
  } catch {
    /* storage may be forbidden, and what it holds may be anybody's: then the first page stays */
  }
}
