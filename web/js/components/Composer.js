// The composer. The draft belongs to the room, not to the field, so it outlives the connection.
//
// Down   { rooms, key, connection, … }
// Up     "draft" with the present { text }; "send" with the { text } to send; "edit" with
//        the { seq } of the user's last message; "release" when they cancel editing or replying; "sheet"
//        for the emoji, and for how text can be formatted

import { enterBreaks, lastOwn, purpose, purposeWords } from "../core/writing.js";
import { linked } from "./lazy.js";
import { once } from "../browser/once.js";
import { insert, set, tell, write } from "../browser/dom.js";
import { inputMethod, plainKey, sends } from "../core/input.js";
import { longest } from "../core/chat.js";
import { current } from "../core/state.js";
import { SHEETS } from "../core/names.js";
import { hintWords } from "../core/wording.js";

/** The hints with which text is sent or queued; the others say why that is impossible. */
const HARMLESS = ["hint.ready", "hint.saves", "hint.unsaved", "hint.left", "hint.connecting", "hint.waiting", "hint.offline", "hint.full", "hint.flooding", "hint.barred", "hint.proxy", "hint.files", "hint.breaks"];

/** The hints that only explain keys, which a touch keyboard does not have. */
const TEACHING = ["hint.ready", "hint.saves", "hint.breaks"];

/** The characters that begin a mention or an emoji name. */
const STARTS = /[@:]/;

/**
 * @param {any} element
 * @param {any} tools
 */
export function Composer(element, { word, ...tools }) {
  const find = (selector) => element.querySelector(selector);
  const draft = find(".draft");
  const send = find(".send");
  const hint = find(".hint");
  const spoken = find(".spoken");
  const about = find(".about");
  const cancel = find(".cancel");
  const grows = CSS.supports("field-sizing", "content");
  let shown = null; // the state
  let meant = { kind: "new" }; // what is being written
  let completion = null; // CompletionList.js, loaded with the first such character
  const completions = once(async () => {
    const [{ CompletionList }] = await Promise.all([import("./CompletionList.js"), linked("completion-list")]);
    return CompletionList(find(".completion-list"), { word, field: draft, ...tools });
  });

  draft.addEventListener("input", (event) => {
    tell(element, "draft", { text: draft.value, clipped: draft.value.length >= draft.maxLength });
    complete(event);
  });
  document.addEventListener("paste", (event) => {
    const own = event.target === draft;
    if ((own || !elsewhere(event)) && take(event.clipboardData, !own)) event.preventDefault();
  });
  let dragged = false; // whether what is dragged is from this page
  addEventListener("dragstart", () => (dragged = true));
  addEventListener("dragend", () => (dragged = false));
  addEventListener("dragover", (event) => native(event) || event.preventDefault()); // or a file would replace the page
  addEventListener("drop", (event) => {
    if (native(event)) return;
    event.preventDefault();
    if (!elsewhere(event) && !dragged) take(event.dataTransfer, true);
  });
  draft.addEventListener("compositionend", () => complete({ isComposing: false })); // the last input came before it
  draft.addEventListener("keydown", (event) => {
    if (inputMethod(event)) return; // the key belongs to the input method
    if (completion?.press(event) || KEYS[event.key]?.(event)) event.preventDefault();
  });
  cancel.addEventListener("click", () => release());
  for (const name of /** @type {const} */ (["emoji", "writing"])) find(`.${name}`).addEventListener("click", () => tell(element, "sheet", { name: SHEETS[name] }));
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
    draft.focus(); // so that the keyboard of a phone stays open
  });

  /** Each returns whether it used the key. */
  const KEYS = {
    Enter: (event) => sends(event, enterBreaks(shown)) && submit(),
    Escape(event) {
      if (meant.kind === "new") return false;
      event.stopPropagation();
      return release();
    },
    /** In an empty field, the up arrow edits the last message. */
    ArrowUp(event) {
      const seq = draft.value === "" && meant.kind === "new" && plainKey(event) ? lastOwn(shown) : null;
      if (seq !== null) tell(element, "edit", { seq });
      return seq !== null;
    },
  };

  /** Whether the browser puts what is dropped into a field by itself. */
  function native({ target, dataTransfer }) {
    return !dataTransfer.types.includes("Files") && Boolean(target.closest?.("input, textarea"));
  }

  /** Whether it is not for the composer: it goes into another field, or the composer is not there. */
  function elsewhere({ target }) {
    return Boolean(target.closest?.("dialog, form:not(.composer), input") || element.closest("[hidden], [inert]"));
  }

  /** Put the text that was pasted or dropped into the field, if `always`, or if the browser must not; returns whether that was done. */
  function take(data, always) {
    const files = data.types.includes("Files");
    return put((data.getData("text/plain") || data.getData("text/uri-list")).replace(/\r\n?/g, "\n"), always, files);
  }

  function put(text, always, files = false) {
    const { selectionStart, selectionEnd, value, maxLength } = draft;
    const room = maxLength - value.length + selectionEnd - selectionStart;
    const clipped = text.length > room;
    if (!always && !files && !clipped) return false;
    insert(draft, text.slice(0, Math.max(0, room)).replace(/[\ud800-\udbff]$/, "")); // so the rest, perhaps a megabyte, is never laid out
    if (files || clipped) tell(element, "draft", { text: draft.value, clipped, files });
    return true;
  }

  function submit() {
    completion?.close();
    tell(element, "send", { text: draft.value });
    return true;
  }

  function release() {
    tell(element, "release", {});
    draft.focus(); // the clicked button is hidden now
    return true;
  }

  async function complete({ isComposing }) {
    if (isComposing) completion?.close();
    else if (completion) completion.offer(shown);
    else if (STARTS.test(draft.value)) {
      completion = await completions();
      completion?.offer(shown);
    }
  }

  function update(state) {
    const room = current(state);
    const { key, values } = hintWords(state);
    const words = word(key, values);
    if (shown?.key !== state.key) completion?.close();
    const before = shown?.key === state.key ? meant : null;
    shown = state;
    meant = purpose(room, state.me);
    set(draft, { maxLength: longest(state), enterKeyHint: enterBreaks(state) ? "enter" : "send" });
    if (draft.value !== room.draft) {
      completion?.close();
      draft.value = room.draft;
    }
    const says = showPurpose(room);
    if (before && meant.kind !== "new" && (meant.kind !== before.kind || meant.seq !== before.seq)) begin();
    if (!grows) fit();
    // Not `disabled`: the button keeps the focus and can say why it does not send.
    set(send, { ariaDisabled: String(!HARMLESS.includes(key)) });
    write(send, word(meant.kind === "editing" ? "composer.save" : "composer.send"));
    write(hint, words);
    element.classList.toggle("insists", state.refusals > 0 || state.files || state.unsaved);
    element.classList.toggle("quiet", TEACHING.includes(key));
    write(spoken, state.refusals > 0 || state.clipped || state.files || state.unsaved ? words : says);
  }

  function showPurpose({ name }) {
    const placeholder = word("composer.placeholder", { room: name });
    set(draft, { placeholder });
    const words = purposeWords(meant);
    const says = meant.kind === "orphan" || meant.changed === true;
    about.classList.toggle("says", says);
    set(cancel, { ariaLabel: word(meant.edited ? "composer.discard" : "composer.giveUp") });
    set(about, { hidden: words === null }); // it describes the field also while it is hidden
    write(find(".about .what"), words ? word(words.key, words.values) : "");
    write(find(".about .quote"), meant.line ?? "");
    return says ? word(words.key) : "";
  }

  /** The user has chosen a message to reply to or to edit: focus the end of the text. */
  function begin() {
    draft.focus();
    draft.setSelectionRange(draft.value.length, draft.value.length);
  }

  /** Grow with the text, in browsers without `field-sizing`; CSS limits the height. */
  function fit() {
    draft.style.blockSize = "auto";
    draft.style.blockSize = `${draft.scrollHeight}px`;
  }

  return { update, focus: () => draft.focus(), insert: (text) => put(text, true) };
}
