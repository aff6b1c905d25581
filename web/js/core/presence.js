// Whether the reader is there. Pure; rules as core/state.js has them.

export const AWAY_AFTER = 5 * 60_000; // without a movement of the reader's

export const PRESENCE = {
  /** The reader moved: a key, a finger, a pointer. */
  active(to, { now }) {
    to.state.activeAt = now;
  },
};

/** Tell the server when the reader goes away, and when they come back. */
export function tellAway(to, now) {
  const gone = now >= awayAt(to.state);
  if (gone === to.state.gone) return;
  to.state.gone = gone;
  to.send.push({ type: "away", away: gone }); // nobody waits for an answer: an older server refuses it
}

export function awayAt({ activeAt }) {
  return activeAt + AWAY_AFTER;
}
