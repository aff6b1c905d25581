// Starts the service worker, with which the page can be installed and opens without a server.

/** Let the service worker beside the page at `base` serve it, if the browser supports that. */
export function startServiceWorker(base) {
  if (!isSecureContext || !("serviceWorker" in navigator)) return;
  const start = () => {
    // "none": the worker itself is never cached, so that it cannot become outdated.
    const wanted = navigator.serviceWorker.register(new URL("sw.js", base), { scope: base, updateViaCache: "none" });
    wanted.catch(() => {}); // refused, or missing: the page works without it
  };
  // After everything that the user waits for.
  if (document.readyState === "complete") start();
  else addEventListener("load", start, { once: true });
}
