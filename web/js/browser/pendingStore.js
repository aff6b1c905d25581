// The shelf: what waits to be sent, kept on the device until it has come back from the server. The
// only module that knows IndexedDB.
//
// Each record says which tab it belongs to, and only that tab sends it. A tab holds a lock as long
// as it lives; what belongs to a tab whose lock nobody holds was left behind, and whoever finds it
// first takes it over. Where the browser has no locks (a page that came over plain http), a tab
// takes over whatever it finds: two may then send the same, under the same id, and the server
// stores it once. What is done twice is harmless; nothing is ever left undone.

const STORE = "pending";
const VERSION = 1;
const OPEN_WAIT = 3_000; // a database that does not open by then is done without

/**
 * Keep messages for the page at `base`. `tab` is an id that no other tab ever had, `area` the
 * browser's simple storage (js/storage.js), which serves where IndexedDB is refused or fails;
 * `restore` is called with what was taken over, in the order in which it was written.
 */
export function PendingStore(base, tab, area, restore, platform = globalThis) {
  const name = `gochat ${base}`;
  const locks = platform.navigator?.locks;
  const lockOf = (id) => `${name} tab ${id}`;
  const simple = Simple(area);
  let kept = new Map(); // what is stored for this tab, by id
  let order = 0; // of the newest record; never falls, though the clock may
  let roomNames = null; // those that work, the best first; null until that is known

  const ready = Promise.all([open(platform, name), hold(locks, lockOf(tab))]).then(([database]) => {
    roomNames = database ? [Database(database), simple] : [simple];
    database?.addEventListener("close", () => giveUp()); // its data were cleared, say
    write([...kept.values()], []);
  });

  /** Make what is stored for this tab be `items`. */
  function keep(items) {
    const now = new Map(items.map((item) => [item.id, record(item)]));
    const changed = [...now.values()].filter((each) => !same(each, kept.get(each.id)));
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
    if (roomNames === null || changed.length + gone.length === 0) return;
    for (const [rank, place] of roomNames.entries()) place.change(rank === 0 ? changed : [], gone).catch(giveUp);
  }

  /** IndexedDB failed: what it has is found again some day, and meanwhile all is kept elsewhere. */
  function giveUp() {
    if (roomNames.length === 1) return;
    roomNames = [simple];
    write([...kept.values()], []);
  }

  /** Take over what tabs that are gone have left behind. */
  async function adopt() {
    await ready;
    const found = new Map();
    for (const place of [...roomNames]) {
      try {
        // In this order: whoever has stored something held its lock before that.
        const all = (await place.all()).filter((each) => typeof each?.id === "string" && each.tab !== tab);
        const living = await held(locks);
        const left = all.filter((each) => !living.has(lockOf(each.tab)));
        for (const each of await place.claim(left, tab)) if (!kept.has(each.id)) found.set(each.id, each);
      } catch {
        giveUp();
      }
    }
    const all = [...found.values()].sort((a, b) => a.order - b.order);
    for (const each of all) {
      kept.set(each.id, each);
      if (Number.isFinite(each.order)) order = Math.max(order, each.order);
    }
    if (all.length > 0) restore(all);
  }

  return { keep, adopt };
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

// --- Who lives -----------------------------------------------------------------------------------

/** Hold the lock `name` for as long as the page is there; fulfilled once it is held. */
function hold(locks, name) {
  if (!locks) return null;
  return new Promise((done) => {
    const forEver = new Promise(() => {});
    locks.request(name, () => (done(), forEver)).catch(done); // refused: as if there were none
  });
}

async function held(locks) {
  const all = await locks?.query().catch(() => null);
  return new Set(all?.held.map((lock) => lock.name));
}

// --- IndexedDB -----------------------------------------------------------------------------------

/** The open database; null where there is none to be had. Never rejected, and never late. */
function open(platform, name) {
  return new Promise((done) => {
    try {
      const request = platform.indexedDB.open(name, VERSION);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
      request.onsuccess = () => {
        const database = request.result;
        database.onversionchange = () => database.close(); // a newer page wants to change it
        done(database);
      };
      request.onerror = (event) => {
        event.preventDefault();
        done(null);
      };
      setTimeout(() => done(null), OPEN_WAIT);
    } catch {
      done(null); // not there, or forbidden
    }
  });
}

function Database(database) {
  /** A transaction in which `work` makes its requests; fulfilled with what it gave once that is stored. */
  function transact(mode, work, whole = true) {
    return new Promise((done, fail) => {
      const transaction = database.transaction(STORE, mode);
      const answer = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => done(answer);
      transaction.onabort = () => fail(transaction.error);
      transaction.onerror = (event) => event.preventDefault(); // the abort that follows says it
      if (whole) transaction.commit?.(); // now, though the page may be gone before the requests are
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

    /** Make those of `left` that are still as they were belong to `tab`; gives them. */
    claim(left, tab) {
      if (left.length === 0) return [];
      const work = (store) => {
        const claimed = [];
        for (const { id, tab: owner } of left) {
          store.get(id).onsuccess = ({ target: { result } }) => {
            if (!result || result.tab !== owner) return; // somebody else was quicker
            claimed.push({ ...result, tab });
            store.put(claimed.at(-1));
          };
        }
        return claimed;
      };
      return transact("readwrite", work, false);
    },
  };
}

// --- What serves where there is no IndexedDB -----------------------------------------------------

/** The same, in the browser's simple storage. It has no transactions: two tabs may take the same. */
function Simple(area) {
  return {
    all: async () => area.all(),
    async change(changed, gone) {
      for (const each of changed) area.put(each.id, each);
      for (const id of gone) area.remove(id);
    },
    async claim(left, tab) {
      const claimed = left.map((each) => ({ ...each, tab }));
      for (const each of claimed) area.put(each.id, each);
      return claimed;
    },
  };
}
