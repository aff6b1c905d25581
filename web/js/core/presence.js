// Whether the user is present. Pure; rules as in core/state.js.

export const AWAY_AFTER = 5 * 60_000; // without any activity of the user

export const PRESENCE_RULES = {
  /** The user was active: a key, a touch, the pointer. */
  active(turn, { now }) {
    turn.state.activeAt = now;
  },
};

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
