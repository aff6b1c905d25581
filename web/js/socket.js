// The connection, and coming back when it ends. The only module that knows WebSocket.

import { comeBack } from "./logic.js";

const CONNECT_WAIT = 10_000; // a connection not open by then is given up; browsers wait minutes

/** What the page runs on; a test brings its own. */
const BROWSER = {
  WebSocket: globalThis.WebSocket,
  now: () => Date.now(),
  random: () => Math.random(),
  setTimeout: (run, delay) => setTimeout(run, delay),
  clearTimeout: (timer) => clearTimeout(timer),
};

/**
 * Keep a WebSocket to `url` open.
 *
 * Calls `tell` with {type: "connecting", attempt}, {type: "connected"}, {type: "text", text},
 * {type: "waiting", retryAt, code} and {type: "stopped", code}. After the last, only `retry`
 * comes back.
 */
export function Socket(url, protocols, tell, platform = BROWSER) {
  let socket = null;
  let timer = null; // for the connection under way, or for the next
  let attempt = 0;
  let waiting = false;
  let patient = false;

  function open() {
    platform.clearTimeout(timer);
    waiting = false;
    let openSince = null;
    const current = new platform.WebSocket(url, protocols);
    socket = current;
    timer = platform.setTimeout(() => current.close(), CONNECT_WAIT);
    current.onopen = () => {
      platform.clearTimeout(timer);
      openSince = platform.now();
      tell({ type: "connected" });
    };
    current.onmessage = ({ data }) => {
      if (typeof data === "string") tell({ type: "text", text: data });
    };
    current.onclose = ({ code }) => {
      platform.clearTimeout(timer);
      ended(code, openSince === null ? 0 : platform.now() - openSince);
    };
    tell({ type: "connecting", attempt });
  }

  function ended(code, held) {
    socket = null;
    const next = comeBack(code, attempt, held, platform.random);
    ({ attempt, patient } = next);
    if (!next.again) {
      tell({ type: "stopped", code });
      return;
    }
    waiting = true;
    timer = platform.setTimeout(open, next.delay);
    tell({ type: "waiting", retryAt: platform.now() + next.delay, code });
  }

  return {
    open,

    /** Hand over `text`. Gives false, and does nothing, where there is no open connection. */
    send(text) {
      if (socket?.readyState !== 1) return false; // 1 is OPEN
      socket.send(text);
      return true;
    },

    /** Something changed for the better: come back now, unless the server asked for a pause. */
    wake() {
      if (waiting && !patient) open();
    },

    /** The reader asks to come back now. */
    retry() {
      if (socket === null) open();
    },
  };
}
