// Searching what was said. Pure; rules as core/state.js has them.
//
// state.search is { phase, query, everywhere, key, id, entries, more, refusal }: `phase` is "idle",
// "busy", "done" or "refused"; `key` is of the room that is searched, unless it is everywhere.

import { sought } from "./history.js";
import { enter } from "./rooms.js";
import { keyOf } from "./room.js";
import { answer, ask, change, current, of } from "./state.js";

const PAGE = 30;
const EVERYWHERE = 100; // there no seq says where to go on, so this is all

export const SEARCH_RULES = {
  find(turn, { query, everywhere }) {
    const { connection, key } = turn.state;
    const wanted = [...query.slice(0, 1_000).normalize("NFC").trim()].slice(0, 200).join("");
    const search = { ...turn.state.search, query: wanted, everywhere, key, id: null, entries: [], more: false, refusal: null };
    turn.state.search = { ...search, phase: "idle" };
    if (wanted === "") return;
    if (connection.phase !== "connected") turn.state.search = { ...search, phase: "refused", refusal: { code: "offline" } };
    else inquire(turn, {});
  },
  findMore(turn) {
    const { search, connection } = turn.state;
    if (search.more && search.phase !== "busy" && !search.everywhere && connection.phase === "connected") {
      inquire(turn, { before: search.entries.at(-1).seq });
    }
  },
  /** The reader wants to see this place, in any room. */
  seek(turn, { room, seq, now }) {
    if (keyOf(room) !== turn.state.key) enter(turn, { name: room, now });
    Object.assign(turn.state, { following: false, sheet: null, panel: false });
    change(turn, turn.state.key, { sought: sought(seq) });
  },
};

/** Take what was found. */
export function found(turn, { id, entries, more }) {
  answer(turn, id);
  const { search } = turn.state;
  if (id !== search.id) return; // something else was asked meanwhile
  turn.state.search = { ...search, phase: "done", id: null, entries: [...search.entries, ...entries], more };
}

/** Take that the server would not search. */
export function notFound(turn, { id, code, message }) {
  const { search } = turn.state;
  if (id === search.id) turn.state.search = { ...search, phase: "refused", id: null, refusal: { code, message } };
}

function inquire(turn, more) {
  const { search } = turn.state;
  const place = search.everywhere ? { limit: EVERYWHERE } : { room: (of(turn, search.key) ?? current(turn.state)).name, limit: PAGE };
  const id = ask(turn, { type: "search", query: search.query, ...place, ...more });
  turn.state.search = { ...search, phase: "busy", id, refusal: null };
}
