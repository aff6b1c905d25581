// Which tab notifies. The tabs of a browser get the same messages; one of them notifies the user, and none if a
// tab that has the focus shows the message's room. Loaded when the page is idle.
//
// A tab with the focus holds a lock whose name says which room it shows; the browser releases it when the tab
// is gone. A tab that wants to notify asks for these locks, and takes the message in the browser's storage, while it
// holds another lock. A page that came over plain http has no locks: there tabs write to the storage what they
// show or take, and look again after a pause.

const MOST = 100; // rooms whose last notification is remembered
const PAUSE = 400; // milliseconds; for hidden tabs browsers make a second of it

/**
 * `tab` is an id that no other tab has, `area` the part of the browser's storage for this. `notify` is called with a notification if it is this tab's to show. One that
 * waits for its turn is replaced by the next of its room, but not a mention by another message.
 */
export function Tabs(base, tab, area, notify, platform = globalThis) {
  const name = (what) => `gochat ${base} ${what}`;
  const locks = platform.navigator?.locks;
  const waiting = new Map(); // notifications by room, in their order
  let busy = false;
  let shown = null; // the key of the room that this tab shows with the focus
  let release = null;

  /** This tab shows the room `key` with the focus; null for none. */
  function show(key) {
    if (!locks && (key !== null || shown !== null)) area.put("shows", [tab, key, platform.Date.now()]);
    if (key === shown) return;
    shown = key;
    release?.();
    release = null;
    if (locks && key !== null) {
      const until = new Promise((done) => (release = done));
      locks.request(name(`shows ${key}`), { mode: "shared" }, () => until).catch(() => {});
    }
  }

  async function call(wanted) {
    if (!waiting.get(wanted.key)?.named || wanted.named) waiting.set(wanted.key, wanted);
    if (busy) return;
    busy = true;
    for (const [key, next] of waiting) {
      waiting.delete(key);
      if (await (locks ? locked(next) : unlocked(next)).catch(() => true)) notify(next);
    }
    busy = false;
  }

  function locked(next) {
    return locks.request(name("notifies"), async () => {
      const { held } = await locks.query();
      return !held.some((lock) => lock.name === name(`shows ${next.key}`)) && take(next);
    });
  }

  async function unlocked(next) {
    const since = platform.Date.now() - PAUSE;
    await pause();
    const [, key, at] = load("shows");
    if ((key === next.key && at >= since) || !take(next)) return false;
    await pause(); // another tab may have taken it at the same moment: the last one has it
    const owner = load("notified").find(([room]) => room === next.key)?.[3] ?? tab; // nothing is found if nothing can be stored
    return owner === tab;
  }

  /** Take the message for this tab; false if a tab has taken it, or a later one. */
  function take({ key, seq, time }) {
    const taken = load("notified");
    const [, before, at] = taken.find(([room]) => room === key) ?? [];
    if (before >= seq && at >= time) return false; // both, as a server that lost its data counts from 1
    area.put("notified", [...taken.filter(([room]) => room !== key), [key, seq, time, tab]].slice(-MOST));
    return true;
  }

  function load(what) {
    const stored = area.get(what);
    return Array.isArray(stored) ? stored : []; // forbidden, or invalid
  }

  function pause() {
    return new Promise((done) => platform.setTimeout(done, PAUSE));
  }

  return { show, call };
}
