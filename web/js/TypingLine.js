// Who is writing just now.
//
// Down   { rooms, key, … }

import { write } from "./dom.js";
import { current, typingWords } from "./logic.js";

export function TypingLine(element, { word }) {
  function update(state) {
    const nicks = [...current(state).typing.values()].map(({ nick }) => nick);
    const words = typingWords(nicks);
    write(element, words ? word(words.key, words.values) : "");
  }

  return { update };
}
