// Who is typing.
//
// Down   { rooms, key, … }

import { write } from "../browser/dom.js";
import { signed } from "../core/namesakes.js";
import { sharers } from "../core/room.js";
import { current } from "../core/state.js";
import { typingWords } from "../core/wording.js";

export function TypingLine(element, { word }) {
  function update(state) {
    const room = current(state);
    const shared = sharers(room, state.me);
    const nicks = [...room.typing].map(([user, { nick }]) => signed(nick, user, shared));
    const words = typingWords(nicks);
    write(element, words ? word(words.key, words.values) : "");
  }

  return { update };
}
