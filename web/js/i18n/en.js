// English. A word that counts has one form for each plural category of the language.

export const language = "en";

export const words = {
  "connection.connecting": "Connecting…",
  "connection.again": "Reconnecting…",
  "connection.connected": "Connected",
  "connection.waiting": "Reconnecting in {seconds} s",
  "connection.lost": "Connection lost. Reconnecting.",
  "connection.offline": "Offline",
  "connection.stopped": "Disconnected",
  "connection.retry": "Reconnect",

  "list.label": "Messages",
  "list.empty.title": "Nothing said yet",
  "list.empty.text": "What you write here reaches everyone who has this page open.",
  "list.unseen": { one: "{count} new message", other: "{count} new messages" },

  "composer.label": "Message",
  "composer.placeholder": "Write a message",
  "composer.send": "Send",

  "hint.ready": "Enter sends. Shift+Enter starts a new line.",
  "hint.connecting": "Connecting. You can write meanwhile.",
  "hint.waiting": "Not connected. What you write stays here until you are.",
  "hint.offline": "Your device is offline. What you write stays here.",
  "hint.returned": "The connection broke before this came back. Others may not have seen it: check, then send again.",
  "hint.full": "The server is full. Trying again in a while; what you write stays here.",
  "hint.flooding": "That was too much at once. Trying again in a while.",
  "hint.tooBig": "That message is too big for this server. Shorten it, then reconnect.",
  "hint.ended": "The server ended this conversation. Reconnect when you like.",
  "hint.misunderstood": "This page and the server did not understand each other. Reload the page, or reconnect.",
  "hint.refused": "The server did not let you in. Reload the page, or reconnect.",
  "hint.removed": "A moderator removed you from this conversation.",
};
