// The keys that do something, as the dialog of keyboard shortcuts lists them. Pure. A key that a
// component handles itself is listed here, too. A group is of one place on the page.

/** Groups of { keys, does }: each of `keys` is one way, "Mod" is ⌘ or Ctrl; `does` names its words. */
export const KEYS = [
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
      { keys: ["/"], does: "keys.search" },
    ],
  },
  {
    group: "keys.writing",
    rows: [
      { keys: ["Enter"], does: "keys.send" },
      { keys: ["Shift+Enter"], does: "keys.newline" },
      { keys: ["Tab"], does: "keys.complete" },
      { keys: ["↑"], does: "keys.last" },
    ],
  },
  {
    group: "keys.page",
    rows: [
      { keys: ["?"], does: "keys.keys" },
      { keys: ["Esc"], does: "keys.close" },
    ],
  },
];

/** What is printed on the key caps of `way`, "Alt+Shift+↑" say, on this kind of keyboard. */
export function caps(way, mac) {
  const APPLE = { Mod: "⌘", Alt: "⌥", Shift: "⇧" };
  return way.split(/\+(?=.)/).map((key) => (mac ? APPLE[key] ?? key : key === "Mod" ? "Ctrl" : key));
}
