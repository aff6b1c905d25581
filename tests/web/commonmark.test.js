// What the page takes from CommonMark 0.31.2, by the sections of its specification; and where it differs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { parse } from "../../web/js/core/markup.js";
import { shape } from "./tree.js";

function examples(section, list) {
  describe(section, () => {
    for (const [text, wanted] of list) test(JSON.stringify(text), () => assert.equal(shape(parse(text)), wanted));
  });
}

const within = (list) => list.map(([text, wanted]) => [text, `paragraph(${wanted})`]);

examples("4.5 fenced code blocks", [
  ["```\n<\n >\n```", "fence<>(<\n >)"],
  ["~~~\n<\n >\n~~~", "fence<>(<\n >)"],
  ["```\naaa\n~~~\n```", "fence<>(aaa\n~~~)"],
  ["~~~\naaa\n```\n~~~", "fence<>(aaa\n```)"],
  ["````\naaa\n```\n``````", "fence<>(aaa\n```)"],
  ["~~~~\naaa\n~~~\n~~~~", "fence<>(aaa\n~~~)"],
  ["`````\n\n```\naaa", "fence<>(\n```\naaa)"],
  ["> ```\n> aaa\n\nbbb", "quote(fence<>(aaa))paragraph(bbb)"],
  ["```\n\n  \n```", "fence<>(\n  )"],
  ["```\n```", "fence<>()"],
  [" ```\n aaa\naaa\n```", "fence<>(aaa\naaa)"],
  ["  ```\naaa\n  aaa\naaa\n  ```", "fence<>(aaa\naaa\naaa)"],
  ["   ```\n   aaa\n    aaa\n  aaa\n   ```", "fence<>(aaa\n aaa\naaa)"],
  ["```\naaa\n  ```", "fence<>(aaa)"],
  ["   ```\naaa\n  ```", "fence<>(aaa)"],
  ["```\naaa\n    ```", "fence<>(aaa\n    ```)"],
  ["``` ```\naaa", "paragraph(code( )\naaa)"],
  ["~~~~~~\naaa\n~~~ ~~", "fence<>(aaa\n~~~ ~~)"],
  ["foo\n```\nbar\n```\nbaz", "paragraph(foo)fence<>(bar)paragraph(baz)"],
  ["foo\n\n~~~\nbar\n~~~\n\nbaz", "paragraph(foo)fence<>(bar)paragraph(baz)"],
  ["```ruby\ndef foo(x)\n  return 3\nend\n```", "fence<ruby>(def foo(x)\n  return 3\nend)"],
  ["~~~~    ruby startline=3 $%@#$\ndef foo(x)\n~~~~~~~", "fence<ruby startline=3 $%@#$>(def foo(x))"],
  ["````;\n````", "fence<;>()"],
  ["``` aa ```\nfoo", "paragraph(code(aa)\nfoo)"],
  ["~~~ aa ``` ~~~\nfoo\n~~~", "fence<aa ``` ~~~>(foo)"],
  ["```\n``` aaa\n```", "fence<>(``` aaa)"],
  ["- ```\n  a\n   b\n  ```\n- c", "list(- fence<>(a\n b)|- c)"],
  ["1. ```sh\n   a\nb", "list(1 fence<sh>(a))paragraph(b)"],
]);

examples("2.4 backslash escapes", [
  ...within([
    ["\\!\\\"\\#\\$\\%\\&\\'\\(\\)\\*\\+\\,\\-\\.\\/\\:\\;\\<\\=\\>\\?\\@\\[\\\\\\]\\^\\_\\`\\{\\|\\}\\~", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"],
    ["\\\t\\A\\a\\ \\3\\φ\\«", "\\\t\\A\\a\\ \\3\\φ\\«"],
    ["\\*not emphasized*", "*not emphasized*"],
    ["*\\*not\\**", "em(*not*)"],
    ["\\[not a link](https://a.example/foo)", "[not a link](link<https://a.example/foo>(https://a.example/foo))"],
    ["[a\\]b](https://a.example/)", "link<https://a.example/>(a]b)"],
    ["\\`not code`", "`not code`"],
    ["\\``code`", "`code(code)"],
    ["1\\. not a list", "1. not a list"],
    ["\\* not a list", "* not a list"],
    ["\\> not a quote", "> not a quote"],
    ["\\\\*emphasis*", "\\em(emphasis)"],
    ["`` \\[\\` ``", "code(\\[\\`)"],
    ["\\```\nnot code\n\\```", "```\nnot code\n```"],
    ["https://a.example/a\\*b", "link<https://a.example/a/*b>(https://a.example/a\\*b)"],
    ["a\\", "a\\"],
  ]),
  ["~~~\n\\[\\]\n~~~", "fence<>(\\[\\])"],
]);

examples("6.1 code spans", within([
  ["`foo`", "code(foo)"],
  ["`` foo ` bar ``", "code(foo ` bar)"],
  ["` `` `", "code(``)"],
  ["`  ``  `", "code( `` )"],
  ["` a`", "code( a)"],
  ["` `", "code( )"],
  ["`foo   bar`", "code(foo   bar)"],
  ["`foo\\`bar`", "code(foo\\)bar`"],
  ["``foo`bar``", "code(foo`bar)"],
  ["` foo `` bar `", "code(foo `` bar)"],
  ["*foo`*`", "*foocode(*)"],
  ["```foo``", "```foo``"],
  ["`foo", "`foo"],
  ["`foo``bar``", "`foocode(bar)"],
]));

examples("6.2 emphasis and strong emphasis", within([
  ["*foo bar*", "em(foo bar)"],
  ["a * foo bar*", "a * foo bar*"],
  ["* a *", "* a *"].map((text) => text.replace("* a", "x * a")),
  ["_foo bar_", "em(foo bar)"],
  ["_ foo bar_", "_ foo bar_"],
  ["foo_bar_", "foo_bar_"],
  ["5_6_78", "5_6_78"],
  ["_foo*", "_foo*"],
  ["_foo_bar_baz_", "em(foo_bar_baz)"],
  ["**foo bar**", "strong(foo bar)"],
  ["** foo bar**", "** foo bar**"],
  ["***foo***", "strong(em(foo))"],
  ["*foo **bar** baz*", "em(foo strong(bar) baz)"],
]));

examples("where a chat differs: what is no mark there is text here, as it was typed", [
  ["```", "paragraph(```)"],
  ["~~~", "paragraph(~~~)"],
  ["```foo", "paragraph(```foo)"],
  ["```\n\n", "paragraph(```\n\n)"],
  ["try: ```\nx\n```", "paragraph(try: ```\nx\n```)"],
  ["> ```\n\nx", "quote(paragraph(```))paragraph(x)"],
  ["    ```\n    a\n    ```", "paragraph(    ```\n    a\n    ```)"],
  ["# a\n---\n<b>&amp;</b>\na\\\nb", "paragraph(# a\n---\n<b>&amp;</b>\na\\\nb)"],
]);

describe("a fence", () => {
  test("shows what follows its marks, whatever it is", () => {
    assert.equal(shape(parse("```foo\nbar```")), "fence<foo>(bar```)");
    assert.equal(shape(parse("```\na\n``` b\nc\n```\nd")), "fence<>(a\n``` b\nc)paragraph(d)");
    assert.equal(shape(parse("```let *a* = 1;\nb\n```")), "fence<let *a* = 1;>(b)");
  });
});
