// Writes what outlives the page to the device.

import { changedDrafts, drafts, purposes } from "../core/unsent.js";
import { keptChoices } from "../core/attention.js";
import { kept } from "../core/outbox.js";
import { roomNames } from "../core/rooms.js";

/** A function that stores how a state differs from the one before, at first from `saved`. */
export function Saver(storage, pendingStore, saved) {
  const last = new Map(); // what was last stored, as text, by key

  function saveOther(key, value) {
    const text = JSON.stringify(value);
    if (text !== last.get(key)) storage.save(key, value);
    last.set(key, text);
  }

  return function save(state) {
    if (state.identity !== saved.identity) storage.save("identity", state.identity);
    if (state.settings !== saved.settings) storage.save("settings", state.settings);
    if (state.attention !== saved.attention) storage.save("attention", keptChoices(state.attention));
    if (state.pending !== saved.pending) pendingStore.keep(kept(state.pending));
    if (state.rooms !== saved.rooms) {
      const changed = changedDrafts(saved.rooms, state.rooms);
      if (changed.length > 0) {
        storage.saveDrafts(changed);
        storage.save("drafts", drafts(state.rooms));
      }
      saveOther("purposes", purposes(state.rooms));
      saveOther("rooms", roomNames(state));
    }
    saved = state;
  };
}
