// Where one writes. The draft is the page's, not the field's, so it outlives a connection.
//
// Down   { draft, connection, … }
// Up     "draft" with the text as written so far, "send" with the text to send

import { hintWords, sends } from "./logic.js";

export function Composer(element, { word }) {
  const draft = element.querySelector(".draft");
  const send = element.querySelector(".send");
  const hint = element.querySelector(".hint");
  const spoken = element.querySelector(".spoken");
  const grows = CSS.supports("field-sizing", "content");

  draft.addEventListener("input", () => tell("draft"));
  draft.addEventListener("keydown", (event) => {
    if (!sends(event)) return;
    event.preventDefault();
    tell("send");
  });
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    tell("send");
    draft.focus(); // a phone's keyboard stays open for the next line
  });

  function tell(type) {
    element.dispatchEvent(new CustomEvent(type, { bubbles: true, detail: draft.value }));
  }

  function update(state) {
    const ready = state.connection.phase === "connected";
    const key = hintWords(state);
    const words = word(key);
    if (draft.value !== state.draft) draft.value = state.draft;
    if (!grows) fit();
    // Not `disabled`: the button keeps the focus and can say why it does not send.
    send.setAttribute("aria-disabled", String(!ready));
    if (hint.textContent !== words) hint.textContent = words;
    const insists = state.refusals > 0 || state.returned;
    element.classList.toggle("insists", insists);
    element.classList.toggle("quiet", key === "hint.ready");
    const aloud = insists ? words : "";
    if (spoken.textContent !== aloud) spoken.textContent = aloud;
  }

  /** Grow with the text where the browser does not know `field-sizing`; CSS sets the most. */
  function fit() {
    draft.style.blockSize = "auto";
    draft.style.blockSize = `${draft.scrollHeight}px`;
  }

  return { update, focus: () => draft.focus() };
}
