import assert from "node:assert/strict";
import { test } from "node:test";

import { EMOJI } from "../../web/js/core/emoji.js";
import { bookOf } from "../../web/js/core/mentions.js";
import { parse } from "../../web/js/core/markup.js";
import { SAMPLE_NICKS, SAMPLES } from "../../web/js/core/samples.js";
import { words as english } from "../../web/js/i18n/enMore.js";
import { words as chinese } from "../../web/js/i18n/zhMore.js";

/** The kinds of nodes in a tree; a list is two, by whether it is numbered. */
function kinds(nodes) {
  return nodes.flatMap(({ kind, of = [], items = [], ordered }) => [kind === "list" ? (ordered ? "numbers" : "bullets") : kind, ...kinds(of), ...items.flatMap((item) => kinds(item.of))]);
}

const FORMATS = ["strong", "em", "strike", "code", "fence", "quote", "bullets", "numbers", "link", "mention"];

for (const [language, words] of Object.entries({ english, chinese })) {
  test(`each sample in ${language} is drawn as what it is called`, () => {
    const drawn = (text) => parse(text, { book: bookOf(SAMPLE_NICKS), emoji: EMOJI });
    for (const name of FORMATS) assert.ok(kinds(drawn(words[`writing.${name}.typed`])).includes(name), name);
    assert.deepEqual(drawn(words["writing.emoji.typed"]), [{ kind: "paragraph", of: [{ kind: "text", text: "🍵" }] }]);
    assert.deepEqual([...SAMPLES], [...FORMATS, "emoji"], "there is a sample of everything that is drawn");
  });
}
