// The connection, and reconnecting when it ends. The only module that knows WebSocket.

import { comeBack } from "../core/reconnect.js";

const OPEN = 1; // WebSocket.OPEN
const LOST = 1006; // a connection that ended without a close frame (RFC 6455, 7.1.5)
const CONNECT_WAIT = 10_000; // a connection that is not open by then is closed; browsers wait for minutes
const HOPEFUL = 3_000; // when conditions improve, a connection that is not open by then is started again

/** What the module uses of the browser; a test passes its own. */
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
 * {type: "waiting", retryAt, code, tries} and {type: "stopped", code}. After the last, only `open`
 * connects again.
 */
export function Socket(url, protocols, tell, platform = BROWSER) {
  let socket = null;
  let timer = null; // for the connection being opened, or for the next one
  let attempt = 0;
  let begunAt = 0; // when this connection was requested
  let openSince = null; // when it opened
  let waiting = false;
  let patient = false;

  function open() {
    if (socket !== null) return; // it is open, or being opened
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

  /** Detach from the connection; its further events are ignored. */
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
    tell({ type: "waiting", retryAt: platform.now() + next.delay, code, ...(openSince === null && { tries: attempt }) });
  }

  function drop() {
    if (socket === null) return;
    release();
    ended(LOST);
  }

  /** Whether the connection ended without an event, as in a frozen page, or hangs while opening. */
  function stale() {
    if (socket === null) return false;
    const { readyState } = socket;
    return readyState > OPEN || (readyState < OPEN && platform.now() - begunAt >= HOPEFUL);
  }

  return {
    /** Connect now, without waiting longer. Does nothing if there is a connection. */
    open,

    /** Send `text`. Returns false, and does nothing, if no connection is open. */
    send(text) {
      if (socket?.readyState !== OPEN) return false;
      socket.send(text);
      return true;
    },

    /** Conditions have improved: reconnect now, unless the server asked for a pause. */
    wake() {
      if (stale()) drop();
      if (waiting && !patient) open();
    },

    /** End the connection, and do not reconnect. */
    close() {
      release();
      attempt = 0;
    },

    /**
     * Drop a connection that seems dead, and reconnect. The browser's close would first wait
     * for the peer, which does not answer.
     */
    drop,
  };
}
