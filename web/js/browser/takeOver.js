// Taking over what closed tabs have left in the pending store. Loaded after the page's start.

/**
 * Assign the records that no living tab has to `tab`; resolves with them, in the order of writing. `lockOf` gives
 * the name of the lock that a tab holds as long as it exists. `failed` is called for each store that fails.
 */
export async function takeOver(stores, tab, lockOf, locks, failed) {
  const found = new Map();
  for (const place of stores) {
    try {
      // In this order: a tab that has stored something held its lock before that.
      const all = (await place.all()).filter((each) => typeof each?.id === "string" && each.tab !== tab);
      const living = await held(locks);
      const left = all.filter((each) => !living.has(lockOf(each.tab)));
      for (const each of await claim(place, left, tab)) found.set(each.id, each);
    } catch {
      failed();
    }
  }
  return [...found.values()].sort((a, b) => a.order - b.order);
}

/** Assign those of `left` that are unchanged to `tab`; returns them. Without transactions two tabs may take the same. */
async function claim(place, left, tab) {
  if (left.length === 0) return [];
  if (!place.update) {
    const claimed = left.map((each) => ({ ...each, tab }));
    await place.change(claimed, []);
    return claimed;
  }
  return place.update((store) => {
    const claimed = [];
    for (const { id, tab: owner } of left) {
      store.get(id).onsuccess = ({ target: { result } }) => {
        if (!result || result.tab !== owner) return; // another tab was faster
        claimed.push({ ...result, tab });
        store.put(claimed.at(-1));
      };
    }
    return claimed;
  });
}

async function held(locks) {
  const all = await locks?.query().catch(() => null);
  return new Set(all?.held.map((lock) => lock.name));
}
