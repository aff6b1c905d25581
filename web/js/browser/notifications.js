// Notifications, a sound, and the icon of the tab. The only module that knows
// their APIs.

const LONGEST = 140; // characters of a message that a notification shows
const TONES = [[660, 0], [880, 0.11]]; // pitch in Hz, and start in seconds

/**
 * `icon` is the page's link to its icon; `tab` is an id that no other tab has, `area` storage that all tabs share; `word` returns texts; `open` is called with the { room, seq }
 * of a clicked notification.
 */
export function Notifications(icon, tab, area, { word, base }, open, platform = globalThis) {
  const { Notification } = platform;
  const shown = new Map(); // the open notifications by room
  const plain = icon.href;
  const fresh = plain.replace(/icon\.svg$/, "icon-fresh.svg");
  let audio = null;
  let front = null; // the room that this tab shows with the focus
  /** @type {{ show: (key: any) => void, call: (message: any) => void }} */
  let tabs = { show() {}, call }; // each tab decides by itself until the module for that is loaded

  (platform.requestIdleCallback ?? platform.setTimeout)(async () => {
    const loaded = await import("./tabs.js").catch(() => null);
    if (loaded === null) return;
    tabs = loaded.Tabs(base, tab, area, call);
    tabs.show(front);
  });

  function notify({ key, room, seq, nick, text, named }) {
    const title = word(named ? "call.named" : "call.said", { nick, room });
    const body = [...text].length > LONGEST ? `${[...text].slice(0, LONGEST).join("")}…` : text;
    try {
      // One for each room; a page in another tab replaces it with the same one.
      const options = { body, icon: plain, tag: `gochat ${base} ${key}`, renotify: true };
      const note = new Notification(title, options);
      note.onclick = () => {
        platform.focus();
        note.close();
        open({ room, seq });
      };
      shown.get(key)?.close();
      shown.set(key, note);
    } catch {
      return; // Chromium on Android allows them only from a service worker
    }
  }

  function call(message) {
    if (message.shown) notify(message);
    if (message.sound) chime();
  }

  /** Play two soft tones. */
  function chime() {
    try {
      audio ??= new platform.AudioContext();
      audio.resume();
      for (const [pitch, after] of TONES) tone(pitch, audio.currentTime + after);
    } catch {
      return; // this device has no sound
    }
  }

  function tone(pitch, start) {
    const source = audio.createOscillator();
    const volume = audio.createGain();
    source.frequency.value = pitch;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.12, start + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.35);
    source.connect(volume).connect(audio.destination);
    source.start(start);
    source.stop(start + 0.4);
  }

  return {
    permission: () => Notification?.permission ?? "denied",

    /** Let the browser ask the user; returns the permission. Only in a click handler. */
    async ask() {
      try {
        return await Notification.requestPermission();
      } catch {
        return "denied";
      }
    },

    /** Notify the user, unless another tab does, or shows the message with the focus. */
    call: (message) => tabs.call(message),
    chime,

    /**
     * Show on the icon whether something is unread (`waits`); close the notifications of the room `key`, which this
     * tab shows with the focus (null for none), and of those that are not `unread`.
     */
    update(waits, key, unread) {
      tabs.show((front = key));
      const href = waits ? fresh : plain;
      if (icon.href !== href) icon.href = href;
      for (const [room, note] of shown) {
        if (room !== key && unread(room)) continue;
        note.close();
        shown.delete(room);
      }
    },
  };
}
