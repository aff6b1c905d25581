// The service worker: the page opens without a server, from what this keeps of one version of it.
//
// The page itself comes from the network where that answers soon, so a new version is there with the
// next load; else from what is kept. Its files have a checksum in their address and never change.
// Everything else, the WebSocket and the API before all, goes its way as if this were not here.

const { scope } = self.registration;
const PREFIX = `gochat ${scope} `; // two installations may share an origin
const SOON = 3_000;
const LIST = "assets/shell.json"; // { digest, files }: what the page may load, from the root
const PAGE = "./"; // kept last: where it is, everything is
const PAGE_IN_ROOM = "r/lobby"; // the same in every room
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
  if (mode === "navigate" && (path === "" || path.startsWith("r/"))) {
    event.respondWith(page(event, path === "" ? PAGE : PAGE_IN_ROOM));
  } else if (DIGESTED.test(path)) {
    event.respondWith(kept(url).then((response) => response ?? fetch(event.request)));
  }
});

/** The page from the network; where that is slow, dead, or its server is away, as it is kept. */
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

/** What is kept for this address, undefined where nothing is. */
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

/** Keep the version of now, whole, and none but that. Rejected where it cannot be had whole. */
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

/** A file of version `digest`, and not what a server that was renewed meanwhile has in its place. */
async function load(file, digest) {
  const part = DIGESTED.test(file);
  const response = await fetch(new URL(file, scope), part ? {} : { cache: "no-cache" });
  const right = part
    ? /\bimmutable\b/.test(response.headers.get("Cache-Control"))
    : (await response.clone().text()).includes(`assets/${digest}/`);
  if (!response.ok || response.redirected || !right) throw new Error(`${file} is not of ${digest}`);
  return response;
}
