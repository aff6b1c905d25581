// Notifications, a sound, and the icon of the tab. notifier.js, which shows and plays them, is loaded if the user has
// chosen any of them, or when it is first needed.

import { once } from "./once.js";

/**
 * `icon` is the page's link to its icon; the `values` are those that Notifier takes after its address.
 *
 * @param {any} icon
 * @param {[any, any, any, any]} values
 */
export function Notifications(icon, ...values) {
  const plain = icon.href;
  const fresh = plain.replace(/icon\.svg$/, "icon-fresh.svg");
  let notifier = null;
  let last = [null, () => true]; // what the notifier is to be updated with when it is loaded

  const loaded = once(async () => {
    const { Notifier } = await import("./notifier.js");
    notifier = Notifier(plain, ...values);
    notifier.update(...last);
    return notifier;
  });

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

    call: async (message) => (await loaded())?.call(message),
    chime: async () => (await loaded())?.chime(),

    /** Show on the icon whether something is unread (`waits`); `on` if the user is notified in any way; then as `update` in notifier.js. */
    update(waits, on, key, unread) {
      if (on) loaded();
      const href = waits ? fresh : plain;
      if (icon.href !== href) icon.href = href;
      last = [key, unread];
      notifier?.update(key, unread);
    },
  };
}
