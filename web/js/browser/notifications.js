// Notifications, a sound, and the icon of the tab. notifier.js, which shows and plays them, is loaded when the
// page is idle, or when it is first needed.

/**
 * `icon` is the page's link to its icon; the `values` are those that Notifier takes after its address.
 *
 * @param {any} icon
 * @param {[any, any, any, any]} values
 */
export function Notifications(icon, ...values) {
  const plain = icon.href;
  const fresh = plain.replace(/icon\.svg$/, "icon-fresh.svg");
  let coming = null;
  /** @type {(made: any) => void} */
  let updates = () => {}; // updates the notifier; it is told the last update when it is loaded

  /** Call `use` with the notifier. Without a connection it may not come; the next call tries again. */
  async function notifier(use) {
    coming ??= import("./notifier.js").then(({ Notifier }) => Notifier(plain, ...values), () => (coming = null));
    const made = await coming;
    if (made) use(made);
  }

  (globalThis.requestIdleCallback ?? setTimeout)(() => notifier((made) => updates(made)));

  return {
    permission: () => globalThis.Notification?.permission ?? "denied",

    /** Let the browser ask the user; returns the permission. Only in a click handler. */
    async ask() {
      try {
        return await Notification.requestPermission();
      } catch {
        return "denied";
      }
    },

    call: (message) => notifier((made) => made.call(message)),
    chime: () => notifier((made) => made.chime()),

    /** Show on the icon whether something is unread (`waits`); then as `update` in notifier.js. */
    update(waits, key, unread) {
      const href = waits ? fresh : plain;
      if (icon.href !== href) icon.href = href;
      updates = (made) => made.update(key, unread);
      if (coming !== null) notifier(updates);
    },
  };
}
