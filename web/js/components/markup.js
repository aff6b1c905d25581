// The tree of core/markup.js as elements. All text is inserted as text nodes.

import { copy } from "../browser/clipboard.js";
import { foreign } from "../core/links.js";
import { hasNames, large, parse, plain, stretches } from "../core/markup.js";
import { fold } from "../core/mentions.js";
import { copies } from "../browser/dom.js";
import { rove } from "../browser/rovingFocus.js";

const TAGS = { strong: "strong", em: "em", strike: "s", code: "code", paragraph: "div", quote: "blockquote" };
/** A function that makes `element` show `text`; `about` is { book, me }: who can be mentioned, and the user. */
export function Markup({ word }) {
  const fence = copies("fence");
  const drawn = new WeakMap(); // what each element shows: { text, nick }
  let emoji; // emoji by name, loaded when first needed
  let disguised; // whether a host imitates another one, loaded with the first non-ASCII host

  function within(nodes, about) {
    return nodes.map((node) => {
      if (node.kind === "text") return text(node.text);
      if (node.kind === "fence") return code(node);
      const element = document.createElement(node.kind === "link" ? "a" : TAGS[node.kind] ?? "span");
      if (node.kind === "link") link(element, node);
      if (node.kind === "mention") mention(element, node, about);
      if (node.kind === "link" && plain(node.of) === node.href) element.append(...parted(node.href));
      else element.append(...(node.of ? within(node.of, about) : [text(node.text)]));
      return node.kind === "link" && node.host !== null ? placed(element, node.host) : element;
    });
  }

  /** Text unchanged; a very long word gets places where it may be broken. */
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

  /** A written-out address, which may continue on the next line: otherwise the line before it stays half empty. */
  function parted(address) {
    return address.split(/(?<=[^/:]\/)(?=.)|(?=[?&#])/).flatMap((piece) => [piece, document.createElement("wbr")]);
  }

  /** A link whose real host is shown beside its text. */
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
    element.dir = "auto";
    element.append(...(node.kind === "quote" ? node.of.map((each) => quoted(each, about)) : within(node.of, about)));
    return element;
  }

  /** A block in a quote. Only a list has a direction of its own there: otherwise the first text decides for the quote. */
  function quoted(node, about) {
    const element = block(node, about);
    if (node.kind === "paragraph") element.removeAttribute("dir");
    return element;
  }

  function code({ text: said, info }) {
    const element = fence();
    element.querySelector(".info").append(text(info));
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
      item.dir = "auto";
      if (ordered) item.value = number;
      if (level > 0) item.className = level > 1 ? "deeper" : "deep";
      item.append(...within(of, about));
      element.append(item);
    }
    return element;
  }

  /** Draw again when emoji or hosts are loaded, unless the element shows another text by then. */
  async function later(element, text, about) {
    try {
      if (hasNames(text)) ({ EMOJI: emoji } = await import("../core/emoji.js"));
      if (foreign(text)) ({ disguised } = await import("../core/hosts.js"));
    } catch {
      return; // there is no connection now; the names stay, and the next text tries again
    }
    if (drawn.get(element)?.text !== text) return;
    render(element, text, about);
    rove(element.closest(".line"));
  }

  /** Unchanged nodes stay, and with them the user's selection. */
  function draw(element, text, about) {
    const { text: before, nick } = drawn.get(element) ?? {};
    if (before === text && nick === about.me?.nick) return;
    drawn.set(element, { text, nick: about.me?.nick });
    if ((emoji === undefined && hasNames(text)) || (disguised === undefined && foreign(text))) later(element, text, about);
    render(element, text, about);
  }

  function render(element, text, about) {
    const tree = parse(text, { book: about.book, emoji, disguised });
    const [only] = tree;
    element.classList.toggle("large", large(tree));
    if (tree.length === 1 && only.kind === "paragraph") element.replaceChildren(...within(only.of, about));
    else element.replaceChildren(...tree.map((node) => block(node, about)));
  }

  return draw;
}
