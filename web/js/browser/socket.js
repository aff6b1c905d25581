// The connection, and coming back when it ends. The only module that knows WebSocket.

import { comeBack } from "../core/reconnect.js";

const OPEN = 1; // WebSocket.OPEN
const LOST = 1006; // a connection that ended without a word (RFC 6455, 7.1.5)
const CONNECT_WAIT = 10_000; // a connection not open by then is given up; browsers wait minutes
const HOPEFUL = 3_000; // one not open by then, when things change for the better, is begun anew

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
 * Calls `tell` with {type: "connecting", attempt}, {type: "open"}, {type: "text", text},
 * {type: "waiting", retryAt, code} and {type: "stopped", code}. After the last, only `open`
 * comes back.
 */
export function Socket(url, protocols, tell, platform = BROWSER) {
  let socket = null;
  let timer = null; // for the connection under way, or for the next
  let attempt = 0;
  let begunAt = 0; // when this connection was asked for
  let openSince = null; // when it opened
  let waiting = false;
  let patient = false;

  function open() {
    if (socket !== null) return; // there is one, or it is on its way
    platform.clearTimeout(timer);
    waiting = false;
    openSince = null;
    begunAt = platform.now();
    const current = new platform.WebSocket(url, protocols);
    socket = current;
    timer = platform.setTimeout(() => current.close(), CONNECT_WAIT);
    current.onopen = () => {
      platform.clearTimeout(timer);
      openSince = platform.now();
      tell({ type: "open" });
    };
    current.onmessage = ({ data }) => {
      if (typeof data === "string") tell({ type: "text", text: data });
    };
    current.onclose = ({ code }) => {
      platform.clearTimeout(timer);
      ended(code);
    };
    tell({ type: "connecting", attempt });
  }

  /** Let go of the connection; whatever it still says is not heard. */
  function release() {
    platform.clearTimeout(timer);
    const old = socket;
    socket = null;
    waiting = false;
    if (old === null) return;
    old.onopen = old.onmessage = old.onclose = null;
    old.close();
  }

  function ended(code) {
    socket = null;
    const held = openSince === null ? 0 : platform.now() - openSince;
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

  function drop() {
    if (socket === null) return;
    release();
    ended(LOST);
  }

  /** Whether the connection ended unheard, as in a page that was frozen, or hangs on its way. */
  function stale() {
    if (socket === null) return false;
    const { readyState } = socket;
    return readyState > OPEN || (readyState < OPEN && platform.now() - begunAt >= HOPEFUL);
  }

  return {
    /** Come now, whatever there was to wait for. Does nothing where there is a connection. */
    open,

    /** Hand over `text`. Gives false, and does nothing, where there is no open connection. */
    send(text) {
      if (socket?.readyState !== OPEN) return false;
      socket.send(text);
      return true;
    },

    /** Something changed for the better: come back now, unless the server asked for a pause. */
    wake() {
      if (stale()) drop();
      if (waiting && !patient) open();
    },

    /** End the connection, and do not come back by itself. */
    close() {
      release();
      attempt = 0;
    },

    /**
     * Give up on a line that seems dead, and come back. The browser's own close would first wait
     * for the other side, which does not answer.
     */
    drop,
  };
}
