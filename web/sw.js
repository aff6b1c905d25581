// The service worker: it stores one version of the page, so that the page opens without a server.
//
// The page itself comes from the network if that answers soon, so that a new version appears with the
// next load; otherwise from the cache. Its files have a checksum in their URL and never change.
// Everything else, such as the WebSocket and the API, does not pass through this worker.

const { scope } = self.registration;
const PREFIX = `gochat ${scope} `; // two installations may share an origin
const SOON = 3_000;
const LIST = "assets/shell.json"; // { digest, files }: the files that the page may load, relative to the root
const PAGE = "./"; // stored last: if it is there, everything is
const PAGE_IN_ROOM = "r/lobby"; // the same for every room
const ROOM = /^r\/[^/]+$/; // elsewhere the page's relative links would lead nowhere
const DIGESTED = /^assets\/[0-9a-f]{12}\//;

self.addEventListener("install", (event) => {
  event.waitUntil(renew());
  self.skipWaiting(); // it serves old and new pages alike
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  if (method !== "GET" || !url.startsWith(scope)) return;
  const path = url.slice(scope.length).replace(/[?#].*$/s, "");
  if (mode === "navigate" && (path === "" || ROOM.test(path))) {
    event.respondWith(page(event, path === "" ? PAGE : PAGE_IN_ROOM));
  } else if (DIGESTED.test(path)) {
    event.respondWith(kept(url).then((response) => response ?? fetch(event.request)));
  }
});

/** The page from the network; from the cache if that is slow or fails. */
async function page(event, name) {
  const network = fetch(event.request);
  const late = new Promise((done) => setTimeout(done, SOON, null));
  const response = await Promise.race([network.catch(() => null), late]);
  if (response !== null && response.status < 500) {
    event.waitUntil(renew().catch(() => {})); // there may be a new version
    return response;
  }
  return (await kept(new URL(name, scope))) ?? network;
}

/** What is cached for this URL, undefined if nothing is. */
async function kept(url) {
  for (const name of await own()) {
    const response = await (await caches.open(name)).match(url, { ignoreVary: true });
    if (response) return response;
  }
  return undefined;
}

async function own() {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
}

/** Store the present version completely, and delete all others. Rejected if it cannot be loaded completely. */
async function renew() {
  const list = await fetch(new URL(LIST, scope), { cache: "no-cache" });
  const { digest, files } = await list.json();
  const cache = await caches.open(PREFIX + digest);
  if (!(await cache.match(new URL(PAGE, scope), { ignoreVary: true }))) {
    const responses = await Promise.all(files.map((file) => load(file, digest)));
    const last = (file) => file === PAGE;
    const order = files.map((file, i) => [file, responses[i]]).sort(([a], [b]) => last(a) - last(b));
    for (const [file, response] of order) await cache.put(new URL(file, scope), response);
  }
  for (const name of await own()) if (name !== PREFIX + digest) await caches.delete(name);
}

/** A file of version `digest`; rejected if a newer server sends another version. */
async function load(file, digest) {
  const part = DIGESTED.test(file);
  const response = await fetch(new URL(file, scope), part ? {} : { cache: "no-cache" });
  const right = part
    ? /\bimmutable\b/.test(response.headers.get("Cache-Control"))
    : (await response.clone().text()).includes(`assets/${digest}/`);
  if (!response.ok || response.redirected || !right) throw new Error(`${file} is not of ${digest}`);
  return response;
}
