// Searching what was said. Pure; rules as core/state.js has them.
//
// state.search is { phase, query, everywhere, key, id, entries, more, complete, next, refusal }: `phase`
// is "idle", "busy", "done" or "refused"; `key` is of the room that is searched, unless it is everywhere.
// `next` is where the server goes on, null where it does not; it has looked at everything before, or, if
// it is not `complete`, at what there was time for.

import { sought } from "./past.js";
import { enter } from "./places.js";
import { keyOf } from "./room.js";
import { answer, ask, change, current, of } from "./state.js";

const PAGE = 30;

export const SEARCH = {
  find(to, { query, everywhere }) {
    const { connection, key } = to.state;
    const wanted = [...query.slice(0, 1_000).normalize("NFC").trim()].slice(0, 200).join("");
    const search = { ...to.state.search, query: wanted, everywhere, key, id: null, entries: [], more: false, complete: true, next: null, refusal: null };
    to.state.search = { ...search, phase: "idle" };
    if (wanted === "") return;
    if (connection.phase !== "connected") to.state.search = { ...search, phase: "refused", refusal: { code: "offline" } };
    else inquire(to, {});
  },
  findMore(to) {
    const { search, connection } = to.state;
    if (!search.more || search.phase === "busy" || connection.phase !== "connected") return;
    inquire(to, search.next === null ? { before: search.entries.at(-1).seq } : { next: search.next });
  },
  /** The reader wants to see this place, in any room. */
  seek(to, { room, seq, now }) {
    if (keyOf(room) !== to.state.key) enter(to, { name: room, now });
    Object.assign(to.state, { following: false, sheet: null, panel: false });
    change(to, to.state.key, { sought: sought(seq) });
  },
};

/** Take what was found. */
export function found(to, { id, entries, more, complete = true, next = null }) {
  answer(to, id);
  const { search } = to.state;
  if (id !== search.id) return; // something else was asked meanwhile
  const all = [...search.entries, ...entries];
  const on = next !== null || (!search.everywhere && all.length > 0); // an older server gives no `next`
  to.state.search = { ...search, phase: "done", id: null, entries: all, more: more && on, complete, next };
}

/** Take that the server would not search. */
export function notFound(to, { id, code, message }) {
  const { search } = to.state;
  if (id === search.id) to.state.search = { ...search, phase: "refused", id: null, refusal: { code, message } };
}

function inquire(to, more) {
  const { search } = to.state;
  const place = search.everywhere ? {} : { room: (of(to, search.key) ?? current(to.state)).name };
  const id = ask(to, { type: "search", query: search.query, limit: PAGE, ...place, ...more });
  to.state.search = { ...search, phase: "busy", id, refusal: null };
}
