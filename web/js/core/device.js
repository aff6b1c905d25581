// The options of the settings, and what their dialog says about this device. Pure; loaded with the dialog.

/** The options of each setting, in the order in which they are shown. */
export const OPTIONS = Object.freeze({
  theme: ["system", "light", "dark"],
  size: ["small", "normal", "large", "larger", "largest"],
  language: ["system", "en", "zh"],
  clock: ["system", "12", "24"],
  enter: ["system", "send", "break"],
});

/** The key of the text about the browser's permission to show notifications. */
export function permissionWords(permission, secure, able) {
  if (!secure) return "settings.insecure";
  if (!able) return "settings.unable";
  return { denied: "attention.forbidden", default: "settings.ask" }[permission] ?? "settings.which";
}

/** The user's nick, and the numbers of drafts and unsent messages. */
export function deviceValues({ me, identity, rooms, pending }) {
  const drafts = [...rooms.values()].filter(({ draft }) => draft.trim() !== "").length;
  return { nick: (me ?? identity)?.nick ?? "", drafts, unsent: pending.length };
}
