// Searching for messages. Pure; rules as in core/state.js. Loaded with the dialogs that search.
//
// state.search is { phase, query, by, everywhere, key, id, entries, more, complete, next, refusal }: `phase`
// is "idle", "busy", "done" or "refused"; `by` is the { user, nick } whose messages are searched, null for
// all; `key` is the key of the searched room, unless it is everywhere. `next` is the server's cursor, null
// if there is none; `complete` says that the server has searched everything before it, and did not run out
// of time.

import { addRules } from "./chat.js";
import { answer, ask, current, of } from "./state.js";

const RESULTS = 30;

const RULES = {
  find(turn, { query, by = null, everywhere }) {
    const { connection, key } = turn.state;
    const wanted = [...query.slice(0, 1_000).normalize("NFC").trim()].slice(0, 200).join("");
    const search = { ...turn.state.search, query: wanted, by, everywhere, key, id: null, entries: [], more: false, complete: true, next: null, refusal: null };
    turn.state.search = { ...search, phase: "idle" };
    if (wanted === "" && by === null) return;
    if (connection.phase !== "connected") turn.state.search = { ...search, phase: "refused", refusal: { code: "offline" } };
    else inquire(turn, {});
  },
  findMore(turn) {
    const { search, connection } = turn.state;
    if (!search.more || search.phase === "busy" || connection.phase !== "connected") return;
    inquire(turn, search.next === null ? { before: search.entries.at(-1).seq } : { next: search.next });
  },
};

/** Handle results. */
function found(turn, { id, entries, more, complete = true, next = null }) {
  answer(turn, id);
  const { search } = turn.state;
  if (id !== search.id) return; // a newer search was started meanwhile
  const all = [...search.entries, ...entries];
  const on = next !== null || (!search.everywhere && all.length > 0); // an older server has no cursor
  turn.state.search = { ...search, phase: "done", id: null, entries: all, more: more && on, complete, next };
}

/** Handle a refused search. */
function notFound(turn, { id, code, message }) {
  const { search } = turn.state;
  if (id === search.id) turn.state.search = { ...search, phase: "refused", id: null, refusal: { code, message } };
}

function inquire(turn, more) {
  const { search } = turn.state;
  const place = search.everywhere ? {} : { room: (of(turn, search.key) ?? current(turn.state)).name };
  const id = ask(turn, { type: "search", query: search.query, user: search.by?.user, limit: RESULTS, ...place, ...more });
  turn.state.search = { ...search, phase: "busy", id, refusal: null };
}

addRules(RULES, { results: found }, { search: notFound });
