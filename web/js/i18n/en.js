// English. A word that counts has one form for each plural category of the language.

export const language = "en";

/** The words of what comes when it is wanted. */
export const more = () => import("./enMore.js");

export const words = {
  "name.title.first": "Welcome to goChat",
  "name.about.first": "Choose the name that others see. It is stored in this browser; there is no account.",
  "name.label": "Your name",
  "name.password": "Password",
  "name.enter.first": "Start chatting",
  "name.keep": "Cancel",
  "name.bad_password": "The password is wrong.",
  "name.unknown": "The server no longer recognizes this browser. Enter the password again.",
  "name.offline": "Not connected. Try again when you are connected.",
  "name.closed": "The server closed the connection. Try again.",

  "panel.label": "Rooms and people",
  "panel.close": "Close rooms and people",

  "rooms.title": "Rooms",
  "rooms.count": { one: "{count} person here", other: "{count} people here" },
  "rooms.fresh": "new messages",
  "rooms.find": "Find or create a room",
  "rooms.unread": { one: "{count} unread message", other: "{count} unread messages" },
  "rooms.mentions": { one: "{count} mention of you", other: "{count} mentions of you" },

  "call.named": "{nick} mentioned you in #{room}",
  "call.said": "{nick} in #{room}",

  "members.title": { one: "{count} person here", other: "{count} people here" },
  "members.me": "you",
  "members.away": "away",
  "members.others": { one: "and {count} other", other: "and {count} others" },

  "header.menu": "Rooms and people",
  "header.menuFresh": "Rooms and people: new messages",
  "search.title": "Search messages",
  "keys.title": "Keyboard shortcuts",
  "header.setTopic": "Set a topic",
  "header.about": "About #{room}",

  "connection.connecting": "Connecting…",
  "connection.again": "Reconnecting…",
  "connection.connected": "Connected",
  "connection.waiting": "Reconnecting in {seconds} s",
  "connection.lost": "Connection lost. Reconnecting.",
  "connection.full": "Server full. Reconnecting in {seconds} s",
  "connection.barred": "Refused by the server",
  "connection.offline": "Offline",
  "connection.stopped": "Disconnected",
  "connection.retry": "Reconnect",

  "list.label": "Messages",
  "list.empty.title": "No messages yet",
  "list.empty.text": "Everyone in this room can read what you write here, also those who join later.",
  "list.loading": "Loading…",
  "list.beginning": "This is the beginning of #{room}.",
  "list.unseen": { one: "{count} new message", other: "{count} new messages" },
  "list.since": { one: "{count} new message, from {time}", other: "{count} new messages, from {time}" },
  "list.newest": "Jump to the newest message",
  "list.you": "You",
  "list.bot": "bot",
  "list.more": "Show more",
  "list.less": "Show less",
  "list.deleted": "This message was deleted.",
  "list.edited": "edited",
  "list.keys": "The arrow keys move from message to message. Enter opens the actions of a message; R replies, E edits, + adds a reaction, Delete deletes.",
  "list.new": "New",
  "list.answers": "Reply to {nick}: {text}",
  "list.reacted": "{emoji} from {names}",
  "list.queued": "Waiting to be sent",
  "list.sent": "Sending…",
  "list.again": "Try again",
  "list.takeBack": "Move to the text field",

  "act.sure": "Delete this message for everyone?",
  "act.delete": "Delete",
  "act.keep": "Cancel",

  "typing.one": "{one} is typing…",
  "typing.two": "{one} and {two} are typing…",
  "typing.many": "Several people are typing…",

  "composer.label": "Message",
  "composer.placeholder": "Message #{room}",
  "composer.send": "Send",
  "composer.save": "Save",
  "composer.editing": "Editing your message",
  "composer.reply": "Reply to {nick}:",
  "composer.older": "Reply to an older message",
  "composer.giveUp": "Cancel",
  "composer.suggestions": "Suggestions",

  "hint.ready": "Enter sends. Shift+Enter starts a new line.",
  "hint.saves": "Enter saves. Esc cancels.",
  "hint.breaks": "Enter starts a new line. Ctrl+Enter sends.",
  "hint.left": { one: "{count} character left.", other: "{count} characters left." },
  "hint.connecting": "Connecting. Your messages are sent as soon as you are connected.",
  "hint.waiting": "Not connected. Your messages wait here, and are sent automatically.",
  "hint.offline": "Your device is offline. Your messages wait here, and are sent automatically.",
  "hint.full": "The server is full. The page tries again automatically; your messages wait here.",
  "hint.ended": "The server closed the connection. You can reconnect at any time.",

  "panel.self": "{nick}: settings",
  "settings.title": "Settings",
};
