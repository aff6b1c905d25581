// The pending store: unsent messages, stored on the device until the server has confirmed them. The
// only module that knows IndexedDB.
//
// Each record names its tab, and only that tab sends it. A tab holds a lock as long as it exists; the
// records of a tab whose lock nobody holds are left over, and the first tab that finds them
// takes them over. If the browser has no locks (on a page that came over plain http), a tab
// takes over all records that it finds: then two tabs may send the same message with the same id, and
// the server stores it once. Sending twice is harmless, and no message is left unsent.

const STORE = "pending";
const VERSION = 1;
const OPEN_WAIT = 3_000; // a database that does not open within this time is not used

/**
 * Store messages for the page at `base`. `tab` is a unique id, `area` the browser's simple storage
 * (browser/storage.js), which is used if IndexedDB is refused or fails;
 * `restore` is called with items that were taken over, in the order of writing.
 */
export function PendingStore(base, tab, area, restore, platform = globalThis) {
  const name = `gochat ${base}`;
  const locks = platform.navigator?.locks;
  const lockOf = (id) => `${name} tab ${id}`;
  const simple = Simple(area);
  let kept = new Map(); // what is stored for this tab, by id
  let order = 0; // of the newest record; never decreases, even if the clock does
  let stores = null; // the working stores, the best one first; null until that is known

  const ready = Promise.all([open(platform, name), hold(locks, lockOf(tab))]).then(([database]) => {
    stores = database ? [Database(database), simple] : [simple];
    database?.addEventListener("close", () => giveUp()); // for example, its data was cleared
    write([...kept.values()], []);
  });

  /** Make `items` what is stored for this tab. */
  function keep(items) {
    const now = new Map(items.map((item) => [item.id, record(item)]));
    const changed = [...now.values()].filter((each) => !sameRecord(each, kept.get(each.id)));
    const gone = [...kept.keys()].filter((id) => !now.has(id));
    kept = now;
    write(changed, gone);
  }

  function record(item) {
    const there = kept.get(item.id);
    if (!there) order = Math.max(order + 1, item.time);
    return { ...item, tab, order: there?.order ?? order };
  }

  function write(changed, gone) {
    if (stores === null || changed.length + gone.length === 0) return;
    for (const [rank, place] of stores.entries()) place.change(rank === 0 ? changed : [], gone).catch(giveUp);
  }

  /** IndexedDB failed: its records are found again later, and until then everything is stored elsewhere. */
  function giveUp() {
    if (stores.length === 1) return;
    stores = [simple];
    write([...kept.values()], []);
  }

  /** Take over the records of closed tabs, unless there are none, or the module that does it cannot be loaded now. */
  async function adopt() {
    await ready;
    const there = await Promise.all(stores.map((place) => place.all().catch(() => [])));
    if (there.flat().every((each) => each?.tab === tab)) return;
    const module = await import("./takeOver.js").catch(() => null);
    const all = (await module?.takeOver([...stores], tab, lockOf, locks, giveUp) ?? []).filter(({ id }) => !kept.has(id));
    for (const each of all) {
      kept.set(each.id, each);
      if (Number.isFinite(each.order)) order = Math.max(order, each.order);
    }
    if (all.length > 0) restore(all);
  }

  return { keep, adopt };
}

function sameRecord(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

// --- Who lives -----------------------------------------------------------------------------------

/** Hold the lock `name` as long as the page exists; fulfilled when it is held. */
function hold(locks, name) {
  if (!locks) return null;
  return new Promise((done) => {
    const forEver = new Promise(() => {});
    locks.request(name, () => (done(), forEver)).catch(done); // refused: as if there were no locks
  });
}

// --- IndexedDB -----------------------------------------------------------------------------------

/** The open database; null if there is none. Never rejected, and never too late. */
function open(platform, name) {
  return new Promise((done) => {
    try {
      const request = platform.indexedDB.open(name, VERSION);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
      request.onsuccess = () => {
        const database = request.result;
        database.onversionchange = () => database.close(); // a newer page wants to change the database
        done(database);
      };
      request.onerror = (event) => {
        event.preventDefault();
        done(null);
      };
      setTimeout(() => done(null), OPEN_WAIT);
    } catch {
      done(null); // missing, or forbidden
    }
  });
}

function Database(database) {
  /** A transaction in which `work` makes its requests; fulfilled with its result when that is stored. */
  function transact(mode, work, whole = true) {
    return new Promise((done, fail) => {
      const transaction = database.transaction(STORE, mode);
      const answer = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => done(answer);
      transaction.onabort = () => fail(transaction.error);
      transaction.onerror = (event) => event.preventDefault(); // the abort event that follows reports it
      if (whole) transaction.commit?.(); // commit now: the page may be closed before the requests are done
    });
  }

  return {
    all: async () => (await transact("readonly", (store) => store.getAll())).result,

    async change(changed, gone) {
      await transact("readwrite", (store) => {
        for (const each of changed) store.put(each);
        for (const id of gone) store.delete(id);
      });
    },

    /** A transaction that changes what it has read. */
    update: (work) => transact("readwrite", work, false),
  };
}

// --- What serves where there is no IndexedDB -----------------------------------------------------

/** The same in the browser's simple storage, which has no transactions. */
function Simple(area) {
  return {
    all: async () => area.all(),
    async change(changed, gone) {
      for (const each of changed) area.put(each.id, each);
      for (const id of gone) area.remove(id);
    },
  };
}
