// Whether the device is online, and whether the page is visible, has the focus, or slept.

import { watchSleep } from "./sleep.js";

/** Call `tell` with an event of core/chat.js for each change; `revive` if the connection may be dead, or possible again. */
export function watchLife(tell, revive) {
  const visible = () => ({ type: "visible", focused: document.hasFocus() });

  addEventListener("online", () => revive({ type: "network", online: true }));
  addEventListener("offline", () => tell({ type: "network", online: false }));
  document.addEventListener("visibilitychange", () => (document.hidden ? tell({ type: "hidden" }) : revive(visible())));
  addEventListener("focus", () => tell({ type: "focus" }));
  addEventListener("blur", () => tell({ type: "blur" }));
  addEventListener("pagehide", () => tell({ type: "hidden" })); // the server is told now what was read
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) revive(document.hidden ? { type: "woke" } : visible()); // it was frozen, and its connection has ended
  });
  watchSleep(() => revive({ type: "woke" }));
}
