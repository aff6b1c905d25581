// Whether the reader is there. Pure; rules as core/state.js has them.

export const AWAY_AFTER = 5 * 60_000; // without a movement of the user

export const PRESENCE_RULES = {
  /** The reader moved: a key, a finger, a pointer. */
  active(turn, { now }) {
    turn.state.activeAt = now;
  },
};

/** Tell the server when the reader goes away, and when they come back. */
export function tellAway(turn, now) {
  const gone = now >= awayAt(turn.state);
  if (gone === turn.state.gone) return;
  turn.state.gone = gone;
  turn.send.push({ type: "away", away: gone }); // nobody waits for an answer: an older server refuses it
}

export function awayAt({ activeAt }) {
  return activeAt + AWAY_AFTER;
}
