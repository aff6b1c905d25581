// Finding a room, and a position in a search result. Pure; the choices are those of choices.js.

import { namesakes } from "./namesakes.js";
import { keyOf, peopleOf, roomName } from "./room.js";

const TYPED = 250; // characters compared: no name or topic has more
export const SHOWN = 50; // choices offered at first

/**
 * At most `shown` rooms that match what was `typed`, best first: choices as they were given, and last, if
 * none has exactly that name, { key, room, create: true }. With nothing typed, first rooms with
 * mentions or unread messages, then those visited last, and the current room after all joined ones.
 */
export function jumps(choices, typed, shown = SHOWN) {
  const wanted = keyOf(typed.slice(0, TYPED).trim().replace(/^#/, ""));
  if (wanted === "") return [...choices].sort((a, b) => urgency(a) - urgency(b) || b.visitedAt - a.visitedAt).slice(0, shown);
  const placed = choices.map((choice) => ({ choice, place: nearness(choice, wanted) }));
  const found = placed.filter(({ place }) => place < FAR).sort((a, b) => a.place - b.place);
  const offered = found.slice(0, shown).map(({ choice }) => choice);
  const name = roomName(typed);
  const there = name === null || choices.some(({ key }) => key === keyOf(name));
  return there ? offered : [...offered, { key: `+${keyOf(name)}`, room: name, create: true }];
}

const FAR = 5;

function nearness({ room, topic }, wanted) {
  const name = keyOf(room);
  if (name === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  if (name.includes(`-${wanted}`) || name.includes(`_${wanted}`)) return 2;
  if (name.includes(wanted)) return 3;
  return keyOf(topic ?? "").includes(wanted) ? 4 : FAR;
}

function urgency({ mentions, fresh, here, joined }) {
  if (here) return 3;
  if (mentions > 0) return 0;
  if (fresh) return 1;
  return joined ? 2 : 4;
}

// --- What was searched for -------------------------------------------------------------------

const BEFORE = 60; // characters shown before the first match
const LONGEST = 240; // characters shown of one result

/**
 * `text` in pieces, [{ text, found }]; those that match `query` are `found`. Like the server it
 * compares literally and ignores case. A long text is cut to the surroundings of the first match.
 */
export function marked(text, query) {
  const words = query === "" ? /(?!)/gu : new RegExp(literally(query), "giu");
  const first = Math.max(0, text.search(words));
  const start = text.length > LONGEST && first > BEFORE ? whole(text, first - BEFORE) : 0;
  const end = text.length - start > LONGEST ? whole(text, start + LONGEST) : text.length;
  const shown = (start > 0 ? "…" : "") + text.slice(start, end) + (end < text.length ? "…" : "");
  const pieces = [];
  let done = 0;
  for (const { 0: found, index } of shown.matchAll(words)) {
    if (index > done) pieces.push({ text: shown.slice(done, index), found: false });
    pieces.push({ text: found, found: true });
    done = index + found.length;
  }
  if (done < shown.length) pieces.push({ text: shown.slice(done), found: false });
  return pieces;
}

/** The nearest index at or after this one that does not split a surrogate pair. */
function whole(text, index) {
  return /[\udc00-\udfff]/.test(text[index]) ? index + 1 : index;
}

function literally(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, (char) => (char === "-" ? "\\x2d" : `\\${char}`));
}

/** The namesakes of each room of the search's results, by its name: among its people and the authors of the results. */
export function sharersIn({ search, rooms, me }) {
  const people = new Map(); // { user, nick } by room
  for (const entry of search.entries) {
    const room = rooms.get(keyOf(entry.room));
    if (!people.has(entry.room)) people.set(entry.room, room ? [...peopleOf(room, me)] : []);
    people.get(entry.room).push(entry);
  }
  return new Map([...people].map(([room, found]) => [room, namesakes(found)]));
}
