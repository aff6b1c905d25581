// Shows notifications and plays a sound. The only module that knows their APIs. See notifications.js for when it is loaded.

import { Tabs } from "./tabs.js";

const LONGEST = 140; // characters of a message that a notification shows
const TONES = [[660, 0], [880, 0.11]]; // pitch in Hz, and start in seconds

/**
 * `plain` is the address of the page's icon; `tab` is an id that no other tab has, `area` storage that all tabs
 * share; `word` returns texts; `open` is called with the { room, seq } of a clicked notification.
 */
export function Notifier(plain, tab, area, { word, base }, open, platform = globalThis) {
  const { Notification } = platform;
  const shown = new Map(); // the open notifications by room
  const tabs = Tabs(base, tab, area, inThisTab);
  let audio = null;

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

  function inThisTab(message) {
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
    /** Notify the user, unless another tab does, or shows the message with the focus. */
    call: (message) => tabs.call(message),
    chime,

    /** Close the notifications of the room `key`, which this tab shows with the focus (null for none), and of those that are not `unread`. */
    update(key, unread) {
      tabs.show(key);
      for (const [room, note] of shown) {
        if (room !== key && unread(room)) continue;
        note.close();
        shown.delete(room);
      }
    },
  };
}
