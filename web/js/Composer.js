// Where one writes. The draft is the room's, not the field's, so it outlives a connection.
//
// Down   { rooms, key, connection, … }
// Up     "draft" with the { text } as written so far; "send" with the { text } to send; "edit" with
//        the { seq } of the reader's last message; "release" when they give up editing or replying

import { CompletionList } from "./CompletionList.js";
import { completions, people, taken } from "./core/completion.js";
import { lastOwn, purpose, purposeWords } from "./core/writing.js";
import { tell, write } from "./dom.js";
import { current, hintWords, inputMethod, plainKey, sends } from "./logic.js";

/** The hints that say why nothing can be sent; the others let it go out, or wait. */
const QUIET = ["hint.ready", "hint.saves", "hint.left", "hint.connecting", "hint.waiting", "hint.offline", "hint.full", "hint.flooding"];

/** The hints that say nothing but how the keys work, which a touch keyboard has no use for. */
const KEYS = ["hint.ready", "hint.saves"];

/** `emoji` is a Map, name to character. */
export function Composer(element, { word, compare, emoji }) {
  const find = (selector) => element.querySelector(selector);
  const draft = find(".draft");
  const send = find(".send");
  const hint = find(".hint");
  const spoken = find(".spoken");
  const about = find(".about");
  const list = CompletionList(find(".completion-list"), { word, field: draft });
  const grows = CSS.supports("field-sizing", "content");
  let shown = null; // the state
  let meant = { kind: "new" }; // what is being written
  let open = null; // { start, choices, active } while something can be completed

  draft.addEventListener("input", (event) => {
    tell(element, "draft", { text: draft.value });
    offer(event.isComposing ? null : completions(draft.value, caret(), people(shown, compare), emoji));
  });
  draft.addEventListener("keydown", (event) => {
    if (inputMethod(event)) return; // the key is for the candidates of the input method
    const chosen = open !== null && CHOOSING[event.key]?.(event);
    if (chosen || WRITING[event.key]?.(event)) event.preventDefault();
  });
  draft.addEventListener("blur", () => offer(null));
  // The caret went elsewhere, by keys or a click; what could be completed was where it was.
  document.addEventListener("selectionchange", () => {
    if (open && caret() !== open.caret) offer(null);
  });
  element.addEventListener("choose", ({ detail }) => take(detail.index));
  find(".cancel").addEventListener("click", () => release());
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
    draft.focus(); // a phone's keyboard stays open for the next line
  });

  // --- Keys, each giving whether it was meant for what it did ----------------------------------

  const CHOOSING = {
    ArrowDown: (event) => plainKey(event) && move(1),
    ArrowUp: (event) => plainKey(event) && move(-1),
    Enter: (event) => plainKey(event) && take(open.active),
    Tab: (event) => plainKey(event) && take(open.active),
    Escape(event) {
      event.stopPropagation(); // it has closed something already
      offer(null);
      return true;
    },
  };
  const WRITING = {
    Enter: (event) => sends(event) && submit(),
    Escape(event) {
      if (meant.kind === "new") return false;
      event.stopPropagation();
      return release();
    },
    /** In an empty field there is nowhere to go up to, but to what was said last. */
    ArrowUp(event) {
      const seq = draft.value === "" && meant.kind === "new" && plainKey(event) ? lastOwn(shown) : null;
      if (seq !== null) tell(element, "edit", { seq });
      return seq !== null;
    },
  };

  function submit() {
    offer(null);
    tell(element, "send", { text: draft.value });
    return true;
  }

  function release() {
    tell(element, "release", {});
    draft.focus(); // the button that was pressed is gone
    return true;
  }

  // --- Completing ------------------------------------------------------------------------------

  function caret() {
    return draft.selectionStart === draft.selectionEnd ? draft.selectionEnd : 0;
  }

  function offer(found) {
    if (open === null && found === null) return;
    open = found && { ...found, active: 0, caret: caret() };
    list.update(open);
  }

  function move(by) {
    const { length } = open.choices;
    open = { ...open, active: (open.active + by + length) % length };
    list.update(open);
    return true;
  }

  function take(index) {
    const { text, caret: place } = taken(draft.value, open.caret, open.start, open.choices[index]);
    offer(null);
    draft.value = text;
    draft.setSelectionRange(place, place);
    tell(element, "draft", { text });
    return true;
  }

  // --- Showing ---------------------------------------------------------------------------------

  function update(state) {
    const room = current(state);
    const { key, values } = hintWords(state);
    const words = word(key, values);
    if (shown?.key !== state.key) offer(null);
    const before = shown?.key === state.key ? meant : null;
    shown = state;
    meant = purpose(room);
    if (draft.value !== room.draft) {
      offer(null);
      draft.value = room.draft;
    }
    showPurpose(room);
    if (before && meant.kind !== "new" && (meant.kind !== before.kind || meant.seq !== before.seq)) begin();
    if (!grows) fit();
    // Not `disabled`: the button keeps the focus and can say why it does not send.
    send.setAttribute("aria-disabled", String(!QUIET.includes(key)));
    write(send, word(meant.kind === "editing" ? "composer.save" : "composer.send"));
    write(hint, words);
    element.classList.toggle("insists", state.refusals > 0);
    element.classList.toggle("quiet", KEYS.includes(key));
    write(spoken, state.refusals > 0 ? words : "");
  }

  function showPurpose({ name }) {
    const placeholder = word("composer.placeholder", { room: name });
    if (draft.placeholder !== placeholder) draft.placeholder = placeholder;
    const words = purposeWords(meant);
    about.hidden = words === null;
    if (words === null) return;
    write(find(".about .what"), word(words.key, words.values));
    write(find(".about .quote"), meant.line ?? "");
  }

  /** The reader has chosen what to answer or to change: there they go on, at the end of the text. */
  function begin() {
    draft.focus();
    draft.setSelectionRange(draft.value.length, draft.value.length);
  }

  /** Grow with the text where the browser does not know `field-sizing`; CSS sets the most. */
  function fit() {
    draft.style.blockSize = "auto";
    draft.style.blockSize = `${draft.scrollHeight}px`;
  }

  return { update, focus: () => draft.focus() };
}
