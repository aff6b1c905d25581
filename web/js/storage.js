// What outlives the page, in the browser's own storage. The only module that knows it.
//
// Who the reader is, and how far they read, is kept for the browser; what they were writing, for the
// tab. Each server keeps to itself: `base` is the page's address.

/**
 * `own` is localStorage, `tab` is sessionStorage. Where the browser forbids them, or they are full,
 * nothing outlives the page, and that is all.
 */
export function Storage(base, platform = globalThis) {
  const name = (key) => `gochat ${base} ${key}`;
  const reach = (which) => {
    try {
      return platform[which];
    } catch {
      return null; // forbidden: reading the property alone throws
    }
  };
  const places = { identity: "localStorage", seen: "localStorage", rooms: "localStorage", attention: "localStorage", drafts: "sessionStorage" };

  function load(key, fallback) {
    try {
      return JSON.parse(reach(places[key])?.getItem(name(key)) ?? null) ?? fallback;
    } catch {
      return fallback; // not ours, or broken
    }
  }

  function save(key, value) {
    try {
      reach(places[key])?.setItem(name(key), JSON.stringify(value));
    } catch {
      return; // full, or forbidden
    }
  }

  return {
    /** { nick, token } of the reader; null before they gave a name. */
    identity() {
      const kept = load("identity", null);
      const token = typeof kept?.token === "string" ? kept.token : null;
      return typeof kept?.nick === "string" ? { nick: kept.nick, token } : null;
    },
    drafts: () => pairs(load("drafts", []), "string"),
    seen: () => pairs(load("seen", []), "number"),
    /** The names of the rooms that the reader is in, the one visited last at the end. */
    rooms() {
      const kept = load("rooms", []);
      return Array.isArray(kept) ? kept.filter((name) => typeof name === "string" && name !== "") : [];
    },
    /** What the reader is called for, as it was kept; core/attention.js takes of it what it can. */
    attention: () => load("attention", null),
    save,
    area: Area(() => reach("localStorage"), name("message ")),
    /** Whether a "storage" event tells of a change of the identity by another tab. */
    isIdentity: ({ key }) => key === name("identity"),
  };
}

/**
 * Records by id in `place()`, for js/shelf.js. Each has a key of its own, so that two tabs never
 * write over each other's.
 */
function Area(place, prefix) {
  return {
    all() {
      try {
        const keys = Object.keys(place() ?? {}).filter((key) => key.startsWith(prefix));
        return keys.map((key) => parsed(place().getItem(key))).filter((each) => each !== null);
      } catch {
        return [];
      }
    },
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
