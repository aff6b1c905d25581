// Applies the stored theme and text size before the first paint, so that nothing flashes. This is a classic
// script that blocks rendering: a module would run later. core/settings.js has the values.

{
  const stored = () => {
    try {
      return JSON.parse(localStorage.getItem(`gochat ${document.baseURI} settings`));
    } catch {
      return null; // forbidden, or not valid: the page follows the system
    }
  };
  const { theme, size } = stored() ?? {};
  Object.assign(document.documentElement.dataset, { theme, size });
}
