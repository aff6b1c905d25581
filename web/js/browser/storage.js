// What outlives the page, in the browser's own storage. The only module that knows it.
//
// Who the reader is, how far they read and what they were writing is kept for the browser; the last
// for the tab as well. Each server keeps to itself: `base` is the page's address.

/**
 * `own` is localStorage, `tab` is sessionStorage. Where the browser forbids them, or they are full,
 * nothing outlives the page, and that is all.
 */
export function Storage(base, platform = globalThis) {
  const name = (key) => `gochat ${base} ${key}`;
  const rove = (which) => {
    try {
      return platform[which];
    } catch {
      return null; // forbidden: reading the property alone throws
    }
  };
  const roomNames = { identity: "localStorage", seen: "localStorage", rooms: "localStorage", attention: "localStorage", drafts: "sessionStorage" };

  function load(key, fallback) {
    try {
      return JSON.parse(rove(roomNames[key])?.getItem(name(key)) ?? null) ?? fallback;
    } catch {
      return fallback; // not ours, or broken
    }
  }

  function save(key, value) {
    try {
      rove(roomNames[key])?.setItem(name(key), JSON.stringify(value));
    } catch {
      return; // full, or forbidden
    }
  }

  const area = (kind) => Area(() => rove("localStorage"), name(`${kind} `));
  const drafts = area("draft");

  return {
    /** { nick, token } of the reader; null before they gave a name. */
    identity() {
      const kept = load("identity", null);
      const token = typeof kept?.token === "string" ? kept.token : null;
      return typeof kept?.nick === "string" ? { nick: kept.nick, token } : null;
    },
    /** What was being written, by room. Where two tabs write in one room, each finds its own again. */
    drafts: () => [...new Map([...pairs(drafts.pairs(), "string"), ...pairs(load("drafts", []), "string")])],
    /** Keep `drafts`, [[key, text, before]], each by itself: another tab may be writing elsewhere. */
    saveDrafts(changed) {
      for (const [key, text, before] of changed) {
        if (text !== "") drafts.put(key, text);
        else if (drafts.get(key) === before) drafts.remove(key); // else another tab wrote it
      }
    },
    /** What a "storage" event tells of a draft that another tab has done with: { key, text }, or null. */
    doneDraft({ key, oldValue, newValue }) {
      const room = newValue === null && drafts.idOf(key);
      return room ? { key: room, text: parsed(oldValue) } : null;
    },
    seen: () => pairs(load("seen", []), "number"),
    /** The names of the rooms that the reader is in, the one visited last at the end. */
    rooms() {
      const kept = load("rooms", []);
      return Array.isArray(kept) ? kept.filter((name) => typeof name === "string" && name !== "") : [];
    },
    /** What the reader is called for, as it was kept; core/attention.js takes of it what it can. */
    attention: () => load("attention", null),
    save,
    area: area("message"),
    /** Whether a "storage" event tells of a change of the identity by another tab. */
    isIdentity: ({ key }) => key === name("identity"),
  };
}

/**
 * Records by id in `place()`, for js/shelf.js and for drafts. Each has a key of its own, so that two
 * tabs never write over each other's.
 */
function Area(place, prefix) {
  const idOf = (key) => (key?.startsWith(prefix) ? key.slice(prefix.length) : null);

  function get(id) {
    try {
      return parsed(place()?.getItem(prefix + id) ?? null);
    } catch {
      return null; // forbidden
    }
  }

  function ids() {
    try {
      return Object.keys(place() ?? {}).map(idOf).filter((id) => id !== null);
    } catch {
      return [];
    }
  }

  return {
    idOf,
    get,
    pairs: () => ids().map((id) => [id, get(id)]),
    all: () => ids().map(get).filter((each) => each !== null),
    put(id, record) {
      try {
        place()?.setItem(prefix + id, JSON.stringify(record));
      } catch {
        return; // full, or forbidden
      }
    },
    remove(id) {
      try {
        place()?.removeItem(prefix + id);
      } catch {
        return;
      }
    },
  };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not ours, or broken
  }
}

function pairs(value, type) {
  return Array.isArray(value) ? value.filter((pair) => typeof pair?.[0] === "string" && typeof pair[1] === type) : [];
}
