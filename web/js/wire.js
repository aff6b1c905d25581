// What travels: commands become text, text becomes events. Pure; knows no socket.
//
// A dialect is { protocols, encode(command), decode(text) }. Commands and events are plain
// objects with a `type`, named as in docs/protocol.md, so that the rest of the page does not
// learn which dialect is spoken. A dialect that has no way to say a command gives null.

/** goChat's own wire: a text message is one line, the same line for everybody, verbatim. */
export const classic = Object.freeze({
  protocols: Object.freeze([]),

  encode(command) {
    return command.type === "send" ? command.text : null;
  },

  decode(text) {
    return { type: "message", text };
  },
});

/** Where the WebSocket is: beside the page, wss where the page came over https. */
export function address(base) {
  const url = new URL("ws", base);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.search = url.hash = "";
  return url.href;
}
