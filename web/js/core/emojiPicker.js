// What the dialog of emoji shows, and how the arrow keys move in it. Pure; loaded with the dialog.

import { EMOJI_GROUPS } from "./emoji.js";

export const RECENT = 24; // emoji that are kept as recently used

/** Each emoji once: { emoji, names }. */
const ALL = new Map();
const GROUPS = EMOJI_GROUPS.map(({ group, pairs }) => ({ group, items: [...new Set(pairs.map(([name, emoji]) => itemOf(name, emoji)))] }));

function itemOf(name, emoji) {
  if (!ALL.has(emoji)) ALL.set(emoji, { emoji, names: [] });
  ALL.get(emoji).names.push(name);
  return ALL.get(emoji);
}

/** The groups for what was typed, [{ group, items: [{ emoji, names }] }]; with nothing typed, all, after the `recent` ones. */
export function emojiGroups(typed, recent) {
  const wanted = typed.trim().toLowerCase().replace(/^:|:$/g, "").replace(/[\s-]+/g, "_");
  if (wanted === "") return recent.length > 0 ? [{ group: "recent", items: recent.map((emoji) => ALL.get(emoji)) }, ...GROUPS] : GROUPS;
  const rank = ({ emoji, names }) => (emoji === typed.trim() ? 0 : Math.min(...names.map((name) => (name === wanted ? 0 : name.startsWith(wanted) ? 1 : name.includes(wanted) ? 2 : 3))));
  const found = [...ALL.values()].map((item) => ({ item, place: rank(item) })).filter(({ place }) => place < 3);
  return found.length > 0 ? [{ group: "found", items: found.sort((a, b) => a.place - b.place).map(({ item }) => item) }] : [];
}

/** What was stored of the recently used emoji, without what is none. */
export function knownEmoji(stored) {
  return Array.isArray(stored) ? [...new Set(stored)].filter((emoji) => ALL.has(emoji)).slice(0, RECENT) : [];
}

/** The recently used emoji after one is used. */
export function usedEmoji(recent, emoji) {
  return [emoji, ...recent.filter((each) => each !== emoji)].slice(0, RECENT);
}

/** The name of an emoji in words. */
export function emojiName({ names }) {
  return names.join(", ").replaceAll("_", " ");
}

/**
 * The index to which this key moves from `index` among `places`, [{ left, top }] in the order of reading; -1 above the
 * first row, null if the key does not move.
 */
export function emojiMove(places, index, key, rtl = false) {
  const last = places.length - 1;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (step) return Math.min(last, Math.max(0, index + (rtl ? -step : step)));
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key !== "ArrowUp" && key !== "ArrowDown") return null;
  const { left, top } = places[index];
  const down = key === "ArrowDown";
  const row = places.reduce((best, { top: other }) => ((down ? other > top : other < top) && (best === null || Math.abs(other - top) < Math.abs(best - top)) ? other : best), null);
  if (row === null) return down ? index : -1;
  const far = (i) => (places[i].top === row ? Math.abs(places[i].left - left) : Infinity);
  return places.reduce((best, _, i) => (far(i) < far(best) ? i : best), places.findIndex(({ top: other }) => other === row));
}
