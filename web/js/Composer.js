// Where one writes. The draft is the room's, not the field's, so it outlives a connection.
//
// Down   { rooms, key, connection, … }
// Up     "draft" with the { text } as written so far, "send" with the { text } to send

import { tell, write } from "./dom.js";
import { current, hintWords, sends } from "./logic.js";

/** The hints that say why nothing can be sent; the others let it go out, or wait. */
const QUIET = ["hint.ready", "hint.connecting", "hint.waiting", "hint.offline", "hint.full", "hint.flooding"];

export function Composer(element, { word }) {
  const draft = element.querySelector(".draft");
  const send = element.querySelector(".send");
  const hint = element.querySelector(".hint");
  const spoken = element.querySelector(".spoken");
  const grows = CSS.supports("field-sizing", "content");

  draft.addEventListener("input", () => tell(element, "draft", { text: draft.value }));
  draft.addEventListener("keydown", (event) => {
    if (!sends(event)) return;
    event.preventDefault();
    tell(element, "send", { text: draft.value });
  });
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    tell(element, "send", { text: draft.value });
    draft.focus(); // a phone's keyboard stays open for the next line
  });

  function update(state) {
    const room = current(state);
    const { key, values } = hintWords(state);
    const words = word(key, values);
    if (draft.value !== room.draft) draft.value = room.draft;
    const placeholder = word("composer.placeholder", { room: room.name });
    if (draft.placeholder !== placeholder) draft.placeholder = placeholder;
    if (!grows) fit();
    // Not `disabled`: the button keeps the focus and can say why it does not send.
    send.setAttribute("aria-disabled", String(!QUIET.includes(key)));
    write(hint, words);
    element.classList.toggle("insists", state.refusals > 0);
    element.classList.toggle("quiet", key === "hint.ready");
    write(spoken, state.refusals > 0 ? words : "");
  }

  /** Grow with the text where the browser does not know `field-sizing`; CSS sets the most. */
  function fit() {
    draft.style.blockSize = "auto";
    draft.style.blockSize = `${draft.scrollHeight}px`;
  }

  return { update, focus: () => draft.focus() };
}
