// Which tab notifies. The tabs of a browser get the same messages; one of them notifies the user, and none if a
// tab that has the focus shows the message's room. Loaded with notifier.js.
//
// A tab with the focus holds a lock whose name says which room it shows; the browser releases it when the tab
// is gone. A tab that wants to notify asks for these locks while it holds another one. If there is none, it takes the
// message: it writes that to the browser's storage, and holds a lock whose name says so, as another tab may read
// what was stored a moment ago. A page that came over plain http has no locks: there tabs write to the storage
// what they show or take, and look again after a pause.

const MOST = 100; // rooms whose last notification is remembered
const PAUSE = 400; // milliseconds; for hidden tabs browsers make a second of it

/**
 * `tab` is an id that no other tab has, `area` the part of the browser's storage for this. `notify` is called with
 * a notification if it is this tab's to show. One that waits for its turn is replaced by the next of its room,
 * but not a mention by another message.
 */
export function Tabs(base, tab, area, notify, platform = globalThis) {
  const name = (what) => `gochat ${base} ${what}`;
  const locks = platform.navigator?.locks;
  const waiting = new Map(); // notifications by room, in their order
  let busy = false;
  let shown = null; // the key of the room that this tab shows with the focus
  let release = null; // ends the lock on that
  const taken = new Map(); // functions that end the locks on what this tab took, by room

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
      const held = (await locks.query()).held.map((lock) => lock.name);
      if (held.includes(name(`shows ${next.key}`))) return false;
      const mark = name(`notified ${next.key} `);
      const others = held.filter((each) => each.startsWith(mark)).map((each) => each.slice(mark.length).split(" "));
      if (others.some(([seq, time]) => covers(Number(seq), Number(time), next)) || !take(next)) return false;
      await keep(next.key, `${mark}${next.seq} ${next.time}`);
      return true;
    });
  }

  /** Hold the lock `what` until this tab takes another message of the room `key`. Resolves when it is held. */
  function keep(key, what) {
    taken.get(key)?.();
    taken.delete(key);
    const [[oldest, end] = []] = taken;
    if (taken.size >= MOST) {
      end();
      taken.delete(oldest);
    }
    const until = new Promise((done) => taken.set(key, done));
    return new Promise((held) => {
      const granted = () => {
        held();
        return until;
      };
      locks.request(what, { mode: "shared" }, granted).catch(held);
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
    const notified = load("notified");
    const [, before, at] = notified.find(([room]) => room === key) ?? [];
    if (covers(before, at, { seq, time })) return false;
    area.put("notified", [...notified.filter(([room]) => room !== key), [key, seq, time, tab]].slice(-MOST));
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

/**
 * Whether the message was notified of with the message `before`, of the time `at`. Both decide, as a server that lost
 * its data counts from 1.
 */
function covers(before, at, { seq, time }) {
  return before >= seq && at >= time;
}
