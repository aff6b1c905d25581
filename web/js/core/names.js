// Names that several modules of the page use: its dialogs, and the events of its components. Pure.

/** The dialogs, each by the class of its element, which is also the name of its style sheet. */
export const SHEETS = Object.freeze({
  emoji: "emoji-sheet",
  keys: "key-sheet",
  person: "person-card",
  room: "room-sheet",
  search: "search-panel",
  settings: "settings-sheet",
  switcher: "room-switcher",
  writing: "writing-sheet",
});

/** Events of components that are passed to the state unchanged: each is a rule of chat.js. */
export const RULED = /** @type {const} */ ([
  "again", "draft", "edit", "find", "findMore", "follow", "keep", "keepName", "level", "name", "newer", "newsSeen", "notNow", "older",
  "panel", "permission", "react", "redo", "release", "remove", "removeNow", "rename", "reply", "setTopic", "setting", "sheet", "takeBack",
  "undo",
]);

/** Events of components that main.js handles itself first. */
export const HANDLED = /** @type {const} */ (["chime", "enter", "forget", "insert", "leave", "notify", "retry", "seek", "send"]);

/** @typedef {typeof RULED[number] | typeof HANDLED[number]} ComponentEvent */
