// Searching what was said. Pure; rules as core/state.js has them.
//
// state.search is { phase, query, everywhere, key, id, entries, more, refusal }: `phase` is "idle",
// "busy", "done" or "refused"; `key` is of the room that is searched, unless it is everywhere.

import { sought } from "./past.js";
import { enter } from "./places.js";
import { keyOf } from "./room.js";
import { answer, ask, change, current, of } from "./state.js";

const PAGE = 30;
const EVERYWHERE = 100; // there no seq says where to go on, so this is all

export const SEARCH = {
  find(to, { query, everywhere }) {
    const { connection, key } = to.state;
    const wanted = [...query.slice(0, 1_000).normalize("NFC").trim()].slice(0, 200).join("");
    const search = { ...to.state.search, query: wanted, everywhere, key, id: null, entries: [], more: false, refusal: null };
    to.state.search = { ...search, phase: "idle" };
    if (wanted === "") return;
    if (connection.phase !== "connected") to.state.search = { ...search, phase: "refused", refusal: { code: "offline" } };
    else inquire(to, {});
  },
  findMore(to) {
    const { search, connection } = to.state;
    if (search.more && search.phase !== "busy" && !search.everywhere && connection.phase === "connected") {
      inquire(to, { before: search.entries.at(-1).seq });
    }
  },
  /** The reader wants to see this place, in any room. */
  seek(to, { room, seq, now }) {
    if (keyOf(room) !== to.state.key) enter(to, { name: room, now });
    Object.assign(to.state, { following: false, sheet: null, panel: false });
    change(to, to.state.key, { sought: sought(seq) });
  },
};

/** Take what was found. */
export function found(to, { id, entries, more }) {
  answer(to, id);
  const { search } = to.state;
  if (id !== search.id) return; // something else was asked meanwhile
  to.state.search = { ...search, phase: "done", id: null, entries: [...search.entries, ...entries], more };
}

/** Take that the server would not search. */
export function notFound(to, { id, code, message }) {
  const { search } = to.state;
  if (id === search.id) to.state.search = { ...search, phase: "refused", id: null, refusal: { code, message } };
}

function inquire(to, more) {
  const { search } = to.state;
  const place = search.everywhere ? { limit: EVERYWHERE } : { room: (of(to, search.key) ?? current(to.state)).name, limit: PAGE };
  const id = ask(to, { type: "search", query: search.query, ...place, ...more });
  to.state.search = { ...search, phase: "busy", id, refusal: null };
}
