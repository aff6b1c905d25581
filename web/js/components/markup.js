// What core/markup.js made of a text, as elements. Every word of it goes in as text.

import { copy } from "../browser/clipboard.js";
import { names, parse, plain, stretches } from "../core/markup.js";
import { fold } from "../core/mentions.js";
import { copies } from "../browser/dom.js";
import { rove } from "../browser/rovingFocus.js";

const TAGS = { strong: "strong", em: "em", strike: "s", code: "code", paragraph: "div", quote: "blockquote" };
const FEW = /^\s*(?:\p{Extended_Pictographic}[\ufe0f\u200d\p{Emoji_Modifier}]*\s*){1,3}$/u;

/** A function that makes `element` show `text`; `about` is { book, me }: who may be mentioned, and the reader. */
export function Markup({ word }) {
  const fence = copies("fence");
  const drawn = new WeakMap(); // the text of each element
  let emoji; // by name, once one was needed

  function within(nodes, about) {
    return nodes.map((node) => {
      if (node.kind === "text") return text(node.text);
      const element = document.createElement(node.kind === "link" ? "a" : TAGS[node.kind] ?? "span");
      if (node.kind === "link") link(element, node);
      if (node.kind === "mention") mention(element, node, about);
      if (node.kind === "link" && plain(node.of) === node.href) element.append(...parted(node.href));
      else element.append(...(node.of ? within(node.of, about) : [text(node.text)]));
      return node.kind === "link" && poses(node) ? placed(element, node.host) : element;
    });
  }

  /** Words as they are; a very long one may be broken here and there. */
  function text(said) {
    const [first, ...others] = stretches(said);
    const node = document.createTextNode(first);
    if (others.length === 0) return node;
    const all = document.createDocumentFragment();
    all.append(node, ...others.flatMap((each) => [document.createElement("wbr"), each]));
    return all;
  }

  function link(element, { href }) {
    element.href = element.title = href;
    element.target = "_blank";
    element.rel = "noopener noreferrer";
  }

  /** An address that is written out, which may go on in the next line: else the one before it stays half empty. */
  function parted(address) {
    return address.split(/(?<=[^/:]\/)(?=.)|(?=[?&#])/).flatMap((piece) => [piece, document.createElement("wbr")]);
  }

  /** Whether the words of a link are not its address. */
  function poses({ host, href, of }) {
    return host !== null && plain(of) !== host && plain(of) !== href;
  }

  /** A link with the place that it leads to in plain sight. */
  function placed(element, host) {
    const both = document.createElement("span");
    const place = document.createElement("span");
    place.className = "place";
    place.textContent = `(${host})`;
    both.append(element, " ", place);
    return both;
  }

  function mention(element, { nick }, { me }) {
    element.className = me !== null && fold(nick) === fold(me.nick) ? "mention me" : "mention";
  }

  function block(node, about) {
    if (node.kind === "fence") return code(node);
    if (node.kind === "list") return list(node, about);
    const element = document.createElement(TAGS[node.kind]);
    element.append(...(node.kind === "quote" ? node.of.map((each) => block(each, about)) : within(node.of, about)));
    return element;
  }

  function code({ text: said }) {
    const element = fence();
    const button = element.querySelector(".copy");
    element.querySelector("code").append(text(said));
    button.title = button.ariaLabel = word("markup.copy");
    button.addEventListener("click", async () => {
      if (!(await copy(said))) return;
      button.classList.add("done");
      button.title = button.ariaLabel = word("markup.copied");
    });
    return element;
  }

  function list({ ordered, items }, about) {
    const element = document.createElement(ordered ? "ol" : "ul");
    for (const { number, level, of } of items) {
      const item = document.createElement("li");
      if (ordered) item.value = number;
      if (level > 0) item.className = level > 1 ? "deeper" : "deep";
      item.append(...within(of, about));
      element.append(item);
    }
    return element;
  }

  /** Draw once more with the names of emoji, unless it shows another text by then. */
  async function later(element, text, about) {
    try {
      ({ EMOJI: emoji } = await import("../core/emoji.js"));
    } catch {
      return; // there is no connection just now; the names stay, and the next text tries again
    }
    if (drawn.get(element) !== text) return;
    draw(element, text, about);
    rove(element.closest(".line"));
  }

  function draw(element, text, about) {
    const tree = parse(text, { book: about.book, emoji });
    drawn.set(element, text);
    if (emoji === undefined && names(text)) later(element, text, about);
    const [only] = tree;
    element.classList.toggle("large", FEW.test(plain(tree)));
    if (tree.length === 1 && only.kind === "paragraph") element.replaceChildren(...within(only.of, about));
    else element.replaceChildren(...tree.map((node) => block(node, about)));
  }

  return draw;
}
