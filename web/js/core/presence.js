// Whether the user is present. Pure; rules as in core/state.js.
//
// A visible page is not necessarily looked at. `state.attended` is true while the page is visible, has
// the focus, and the user was active not long ago. Only then incoming messages count as read.

import { current, mark } from "./state.js";

export const AWAY_AFTER = 5 * 60_000; // without any activity of the user

export const PRESENCE_RULES = {
  /** The user was active: a key, a touch, the pointer. */
  active(turn, { now }) {
    turn.state.activeAt = now;
  },
  focus(turn, { now }) {
    Object.assign(turn.state, { focused: true, activeAt: now });
  },
  blur(turn) {
    turn.state.focused = false;
  },
  hidden(turn) {
    turn.state.hidden = true;
  },
  visible(turn, { focused = true, now }) {
    Object.assign(turn.state, { hidden: false, focused, doubt: true, activeAt: now });
  },
};

/** Note when the user leaves the page or returns. Messages that arrived meanwhile are marked as new. */
export function attend(turn, now) {
  const { state } = turn;
  const attended = !state.hidden && state.focused && now < awayAt(state);
  if (attended === state.attended) return;
  if (attended && current(state).unread > 0) mark(turn, current(state));
  const left = attended ? null : new Map([...state.rooms].map(([key, { unread }]) => [key, unread]));
  Object.assign(state, { attended, left });
}

/** Tell the server when the user becomes away or returns. */
export function tellAway(turn, now) {
  const gone = now >= awayAt(turn.state);
  if (gone === turn.state.gone) return;
  turn.state.gone = gone;
  turn.send.push({ type: "away", away: gone }); // no id, since an older server refuses the command
}

export function awayAt({ activeAt }) {
  return activeAt + AWAY_AFTER;
}
