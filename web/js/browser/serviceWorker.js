// Makes the page one that can be installed, and opens without a server: starts its service worker.

/** Let the worker beside the page at `base` serve it, where the browser has such a thing. */
export function startServiceWorker(base) {
  if (!isSecureContext || !("serviceWorker" in navigator)) return;
  const start = () => {
    // "none": the worker itself is never taken from a cache, so it cannot become a stale one.
    const wanted = navigator.serviceWorker.register(new URL("sw.js", base), { scope: base, updateViaCache: "none" });
    wanted.catch(() => {}); // refused, or nothing there: the page works as ever
  };
  // After everything that the reader waits for.
  if (document.readyState === "complete") start();
  else addEventListener("load", start, { once: true });
}
