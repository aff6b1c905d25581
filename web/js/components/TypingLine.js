// Who is typing.
//
// Down   { rooms, key, … }

import { write } from "../browser/dom.js";
import { current } from "../core/state.js";
import { typingWords } from "../core/wording.js";

export function TypingLine(element, { word }) {
  function update(state) {
    const nicks = [...current(state).typing.values()].map(({ nick }) => nick);
    const words = typingWords(nicks);
    write(element, words ? word(words.key, words.values) : "");
  }

  return { update };
}
