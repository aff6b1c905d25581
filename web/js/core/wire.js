// Encoding commands and decoding events of gochat.v1 (docs/protocol.md). Pure; knows
// no socket.
//
// COMMANDS and EVENTS are the whole grammar. Other fields are left out in both directions, so a
// newer server may send more than this page knows.

export const PROTOCOL = "gochat.v1";

// --- Rules for one field ---------------------------------------------------------------------

const string = (value) => typeof value === "string";
const number = Number.isFinite;
const count = (value) => Number.isSafeInteger(value) && value >= 0;
const boolean = (value) => typeof value === "boolean";
const strings = (value) => Array.isArray(value) && value.every(string);
const people = (value) => Array.isArray(value) && value.every((each) => fits(each, MEMBER));
const listed = (value) => Array.isArray(value) && value.every((each) => fits(each, ROOM));
const reactions = (value) => object(value) && Object.values(value).every(strings);
const limits = (value) => fits(value, LIMITS); // and perhaps rooms

const MEMBER = { user: string, nick: string };
const ROOM = { room: string, topic: string, member_count: count, seq: count };
const LIMITS = {
  max_message_bytes: count,
  max_text_chars: count,
  rate: number,
  burst: count,
  history: count,
};

function object(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fits(value, fields) {
  return object(value) && Object.entries(fields).every(([name, rule]) => rule(value[name]));
}

// --- Commands --------------------------------------------------------------------------------

/** The fields of each command, except `type` and `id`, which all may have. */
const COMMANDS = {
  hello: ["nick", "token", "password", "client"],
  join: ["room", "since"],
  leave: ["room"],
  send: ["room", "text", "reply_to"],
  edit: ["room", "seq", "text"],
  delete: ["room", "seq"],
  react: ["room", "seq", "emoji", "on"],
  typing: ["room"],
  read: ["room", "seq"],
  away: ["away"],
  history: ["room", "before", "after", "limit"],
  search: ["query", "user", "room", "before", "next", "limit"],
  rooms: ["after", "limit"],
  topic: ["room", "text"],
  nick: ["nick"],
};

/** A command, {type, id?, …}, as text. A ping may have any fields. */
export function encode(command) {
  if (command.type === "ping") return JSON.stringify(command);
  const said = { type: command.type, id: command.id };
  for (const name of COMMANDS[command.type]) said[name] = command[name];
  return JSON.stringify(said); // leaves out undefined values
}

/** The size of `text` in bytes. */
export function bytes(text) {
  return new TextEncoder().encode(text).length;
}

// --- Events ----------------------------------------------------------------------------------

const AUTHOR = { room: string, seq: count, user: string, nick: string, time: number };

/** The required and optional fields of each event; `entries` are decoded one by one. */
const EVENTS = {
  welcome: {
    must: { protocol: count, server: string, ...MEMBER, token: string, time: number, limits, ping_period: number, lobby: string },
  },
  joined: {
    must: {
      room: string,
      topic: string,
      epoch: string,
      seq: count,
      recovered: boolean,
      more: boolean,
      read: count,
      member_count: count,
      members: people,
      entries: Array.isArray,
    },
    may: { partial: boolean, truncated: boolean },
  },
  replay: { must: { room: string, entries: Array.isArray }, may: { end: boolean } },
  message: {
    must: AUTHOR,
    may: { text: string, reply_to: count, bot: boolean, edited: number, deleted: boolean, reactions },
  },
  edited: { must: { ...AUTHOR, target: count }, may: { text: string } },
  deleted: { must: { ...AUTHOR, target: count } },
  reacted: { must: { ...AUTHOR, target: count, emoji: string, on: boolean } },
  topic: { must: { ...AUTHOR, text: string } },
  presence: { must: { room: string, joined: people, left: strings, member_count: count } },
  typing: { must: { room: string, ...MEMBER } },
  read: { must: { room: string, seq: count } },
  renamed: { must: MEMBER },
  history: { must: { room: string, entries: Array.isArray, more: boolean }, may: { truncated: boolean } },
  results: { must: { entries: Array.isArray, more: boolean }, may: { complete: boolean, next: string } },
  rooms: { must: { rooms: listed }, may: { more: boolean } },
  ok: { must: {} },
  error: { must: { code: string, message: string }, may: { retry_after: number, fatal: boolean } },
};

/** The event in `text`; null if this page does not know it. */
export function decode(text) {
  let said;
  try {
    said = JSON.parse(text);
  } catch {
    return null; // not a valid event; ignoring it is safer than guessing
  }
  return object(said) ? eventOf(said) : null;
}

function eventOf(said) {
  if (said.type === "pong") return said;
  if (!Object.hasOwn(EVENTS, said.type)) return unknown(said);
  const { must, may = {} } = EVENTS[said.type];
  if (!fits(said, must)) return null;
  const heard = { type: said.type };
  if (string(said.id)) heard.id = said.id;
  for (const name of Object.keys(must)) heard[name] = said[name];
  for (const [name, rule] of Object.entries(may)) if (rule(said[name])) heard[name] = said[name];
  if (heard.entries) heard.entries = heard.entries.map((each) => object(each) && eventOf(each)).filter(Boolean);
  return heard;
}

/** An entry of an unknown kind keeps its place among the others. */
function unknown({ room, seq }) {
  return string(room) && count(seq) ? { type: "unknown", room, seq } : null;
}

/** The URL of the WebSocket: beside the page, wss if the page came over https. */
export function address(base) {
  const url = new URL("ws", base);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.search = url.hash = "";
  return url.href;
}
