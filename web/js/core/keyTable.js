// The keyboard shortcuts in the order in which the dialog lists them. Pure. Keys that components
// handle themselves are listed, too. Each group is about one part of the page.

/** Where Enter sends. */
const SEND = [
  { keys: ["Enter"], does: "keys.send" },
  { keys: ["Shift+Enter"], does: "keys.newline" },
];

/** Where Enter starts a new line. */
const BREAK = [
  { keys: ["Enter"], does: "keys.newline" },
  { keys: ["Mod+Enter"], does: "keys.send" },
];

/**
 * Groups of { keys, does }: `keys` are alternatives, "Mod" is ⌘ or Ctrl; `does` is a key of the texts. `breaks` says that Enter
 * starts a new line.
 */
export const keyGroups = (breaks) => [
  {
    group: "keys.rooms",
    rows: [
      { keys: ["Mod+K"], does: "keys.switch" },
      { keys: ["Alt+↑", "Alt+↓"], does: "keys.neighbour" },
      { keys: ["Alt+Shift+↑", "Alt+Shift+↓"], does: "keys.fresh" },
    ],
  },
  {
    group: "keys.messages",
    rows: [
      { keys: ["↑", "↓"], does: "keys.walk" },
      { keys: ["Enter"], does: "keys.act" },
      { keys: ["R"], does: "act.reply" },
      { keys: ["+"], does: "act.react" },
      { keys: ["E"], does: "act.edit" },
      { keys: ["Delete"], does: "act.remove" },
      { keys: ["U"], does: "keys.person" },
      { keys: ["/"], does: "keys.search" },
    ],
  },
  {
    group: "keys.writing",
    rows: [
      ...(breaks ? BREAK : SEND),
      { keys: ["Tab"], does: "keys.complete" },
      { keys: ["↑"], does: "keys.last" },
      { keys: ["Mod+/"], does: "keys.format" },
    ],
  },
  {
    group: "keys.page",
    rows: [
      { keys: ["Mod+,"], does: "settings.title" },
      { keys: ["?"], does: "keys.keys" },
      { keys: ["Esc"], does: "keys.close" },
    ],
  },
];

/** The labels of the keys of `way`, for example "Alt+Shift+↑", on this kind of keyboard. */
export function caps(way, mac) {
  const APPLE = { Mod: "⌘", Alt: "⌥", Shift: "⇧" };
  return way.split(/\+(?=.)/).map((key) => (mac ? APPLE[key] ?? key : key === "Mod" ? "Ctrl" : key));
}
