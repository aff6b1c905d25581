// Applies the stored theme and text size before the first paint, so that nothing flashes. This is a classic
// script that blocks rendering: a module would run later. core/settings.js has the values.

try {
  const stored = localStorage.getItem(`gochat ${document.baseURI} settings`);
  Object.assign(document.documentElement.dataset, JSON.parse(stored));
} catch {
  // forbidden, or not valid: the page follows the system
}
