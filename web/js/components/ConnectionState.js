// The state of the connection, in the header: a dot, a text, and a button during long delays.
//
// Down   { connection, online }
// Up     "retry"

import { set, tell, write } from "../browser/dom.js";
import { connectionWords, secondsUntil, unreached } from "../core/wording.js";

const LONG = 3_000; // for a shorter delay the button would only flicker

export function ConnectionState(element, { word, now }) {
  const seen = element.querySelector(".seen");
  const spoken = element.querySelector(".spoken");
  const retry = element.querySelector(".retry");
  let shown = null;
  let timer = null;

  retry.addEventListener("click", () => tell(element, "retry"));

  function update(state) {
    const { phase, retryAt } = state.connection;
    if (shown?.connection !== state.connection) {
      retry.hidden = phase !== "stopped" && !(phase === "waiting" && retryAt - now() >= LONG);
    }
    shown = state;
    const words = connectionWords(state);
    const seconds = secondsUntil(retryAt, now());
    set(element.dataset, { phase });
    element.classList.toggle("lost", unreached(state));
    write(seen, word(words.seen, { seconds }));
    write(spoken, word(words.spoken, words.values)); // without the countdown, which nobody wants to hear
    clearTimeout(timer);
    if (phase === "waiting" && seconds > 0) timer = setTimeout(() => update(shown), 250);
  }

  return { update };
}
