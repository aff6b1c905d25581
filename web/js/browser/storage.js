// What outlives the page, in localStorage and sessionStorage. The only module that knows them.
//
// The user's identity, read positions and drafts are stored for the browser, drafts for the tab as
// well. Each server has its own data: `base` is the page's URL.

/**
 * `own` is localStorage, `tab` is sessionStorage. If the browser forbids them, or they are full,
 * nothing outlives the page; it still works.
 */
export function Storage(base, platform = globalThis) {
  const name = (key) => `gochat ${base} ${key}`;
  const place = (which) => {
    try {
      return platform[which];
    } catch {
      return null; // forbidden: reading the property already throws
    }
  };
  const places = { identity: "localStorage", seen: "localStorage", rooms: "localStorage", attention: "localStorage", settings: "localStorage", emoji: "localStorage", drafts: "sessionStorage", purposes: "sessionStorage" };

  function load(key, fallback) {
    try {
      return JSON.parse(place(places[key])?.getItem(name(key)) ?? null) ?? fallback;
    } catch {
      return fallback; // not valid
    }
  }

  function save(key, value) {
    const text = JSON.stringify(value);
    try {
      const area = place(places[key]);
      if (area?.getItem(name(key)) !== text) area?.setItem(name(key), text); // else another tab has stored it, and may be deleting it
    } catch {
      return; // full, or forbidden
    }
  }

  const area = (kind) => Area(() => place("localStorage"), name(`${kind} `));
  const drafts = area("draft");

  return {
    /** { nick, token } of the user; null before they have chosen a name. */
    identity() {
      const kept = load("identity", null);
      const token = typeof kept?.token === "string" ? kept.token : null;
      return typeof kept?.nick === "string" ? { nick: kept.nick, token } : null;
    },
    /** The drafts by room. If two tabs write in one room, each finds its own draft again. */
    drafts: () => [...new Map([...validPairs(drafts.pairs(), "string"), ...validPairs(load("drafts", []), "string")])],
    /** What the drafts of this tab edit or reply to; core/unsent.js checks it. */
    purposes: () => validPairs(load("purposes", []), "object"),
    /** Store `drafts`, [[key, text, before]], each under its own key: another tab may write in other rooms. */
    saveDrafts(changed) {
      for (const [key, text, before] of changed) {
        if (text !== "") drafts.put(key, text);
        else if (drafts.get(key) === before) drafts.remove(key); // else another tab has changed it
      }
    },
    /** The draft that another tab has sent or removed, from a "storage" event: { key, text }, or null. */
    doneDraft({ key, oldValue, newValue }) {
      const room = newValue === null && drafts.idOf(key);
      return room ? { key: room, text: parsed(oldValue) } : null;
    },
    seen: () => validPairs(load("seen", []), "number"),
    /** The names of the user's rooms, the one visited last at the end. */
    rooms() {
      const kept = load("rooms", []);
      return Array.isArray(kept) ? kept.filter((name) => typeof name === "string" && name !== "") : [];
    },
    /** The choices of notifications as they were stored; core/attention.js checks them. */
    attention: () => load("attention", null),
    /** The emoji that were used last; core/emojiPicker.js checks them. */
    emoji: () => load("emoji", null),
    /** The settings as they were stored; core/settings.js checks them. */
    settings: () => load("settings", null),
    save,
    /** What a page starts with. */
    all() {
      const { identity, drafts, purposes, seen, rooms, attention, settings } = this;
      return { identity: identity(), drafts: drafts(), purposes: purposes(), seen: seen(), roomNames: rooms(), attention: attention(), settings: settings() };
    },
    area: area("message"),
    /** What tabs tell each other about notifications. */
    tabs: area("tabs"),
    /** Whether a "storage" event reports a change of the identity by another tab. */
    isIdentity: ({ key }) => key === name("identity"),
    /** Whether it reports a change of the choices or settings. */
    isChoice: ({ key }) => key === name("attention") || key === name("settings"),
  };
}

/**
 * Records by id in `place()`, for browser/pendingStore.js and for drafts. Each has its own key, so that
 * two tabs never overwrite each other's.
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
    return null; // not valid
  }
}

function validPairs(value, type) {
  return Array.isArray(value) ? value.filter((pair) => typeof pair?.[0] === "string" && typeof pair[1] === type) : [];
}
