// The meaning of a message's text: a small part of Markdown, as a tree of tokens. Pure.
//
// Blocks   { kind: "paragraph", of }, { kind: "fence", text, info }, { kind: "quote", of: blocks },
//          { kind: "list", ordered, items: [{ number, level, of }] }; `of` may be a single fence
// Inline   { kind: "text", text }, { kind: "strong" | "em" | "strike", of }, { kind: "code", text },
//          { kind: "link", href, host, of }, { kind: "mention", text, nick }; the `host` of a link is null
//          if its text shows it
//
// Tokens hold no HTML, so nothing has to be sanitised; a link has the scheme http, https or mailto, or it
// is none. A mark without a partner on its line is text. All typed characters that are not marks are in
// the tree. Every text has a tree of bounded depth with a bounded number of nodes, made in linear time.
// No regular expression here can match the same characters in two ways, so none of them
// backtracks.

import { addNode, inline } from "./inline.js";
import { bookOf, charAt, fold } from "./mentions.js";

const DEEPEST = 3; // depth of nested quotes
const MOST_NODES = 1_000; // nodes of one message, each drawn as about two elements; marks beyond that are text
const FENCE_NODES = 5; // nodes that a fence is drawn with: its frame, its language, the text and the button
const LONG_WORD = 500; // characters of a word that is drawn in one piece
const LOW = /[\udc00-\udfff]/; // the second half of a surrogate pair
const EMOJI_JOINS = /\u200d|[\p{M}\p{Cf}\p{Emoji_Modifier}]$/u; // a character after it, or before it, belongs to the same emoji
const NOBODY = bookOf([]);
const NO_NAMES = new Map();

/**
 * The blocks of `text`. `book` has the nicks that can be mentioned, `emoji` the characters by name;
 * `disguised` is that of hosts.js, if it is loaded; `meter` counts steps.
 */
export function parse(text, { book = NOBODY, emoji = NO_NAMES, disguised = undefined, meter = { steps: 0 } } = {}) {
  return blocks(text.split("\n"), 0, { book, emoji, disguised, meter, left: MOST_NODES, quotes: 0 });
}

/** Whether `text` may contain the name of an emoji. */
export function hasNames(text) {
  return /:[a-z0-9_+-]{1,40}:/.test(text);
}

/**
 * Whom `text` mentions: their nicks, case-folded. Code, quotes and addresses mention
 * nobody. Drawing, badges, sounds, notifications and counts all use this.
 */
export function mentioned(text, book) {
  const found = new Set();
  const visit = (node) => {
    if (node.kind === "mention") found.add(fold(node.nick));
    for (const each of node.of ?? node.items?.flatMap(({ of }) => of) ?? []) visit(each);
  };
  if (text.includes("@")) parse(text, { book }).forEach(visit);
  return found;
}

// One emoji as users count them: a flag, a keycap, or a picture with joined ones (UTS #51, 1.4.9).
const COLOUR = "[\\ufe0f\\p{Emoji_Modifier}]*";
const PICTURE = `(?:(?!\\p{RI}|\\p{Emoji_Modifier})\\p{Emoji_Presentation}|(?!\\p{Emoji_Presentation})\\p{Extended_Pictographic}[\\ufe0f\\p{Emoji_Modifier}])${COLOUR}[\\u{e0020}-\\u{e007f}]*`;
const FEW = new RegExp(`^\\s*(?:(?:\\p{RI}{2}|[\\d#*]\\ufe0f?\\u20e3|${PICTURE}(?:\\u200d\\p{Extended_Pictographic}${COLOUR})*)\\s*){1,3}$`, "u");

/** Whether `tree` is one to three emoji and nothing else; these are drawn large. */
export function large([only, ...others]) {
  return only?.kind === "paragraph" && others.length === 0 && FEW.test(plain(only.of));
}

/** The text of `tree` without its marks. */
export function plain(tree) {
  return tree.map((node) => node.text ?? (node.items ? node.items.map(({ of }) => plain(of)).join("\n") : plain(node.of))).join("");
}

/**
 * `text` in pieces without a word of more than 500 characters; it may be broken between pieces. If a
 * browser may break a word anywhere, it takes time that grows with the square of its length. No
 * surrogate pair is split, and no character from its marks, unless there are hundreds of marks.
 */
export function stretches(text) {
  const found = [];
  let start = 0;
  let word = 0; // where the word begins
  for (let at = 0; at < text.length; at++) {
    if (text[at] <= " ") word = at + 1;
    else if (at - word >= LONG_WORD && !LOW.test(text[at]) && (at - word >= 2 * LONG_WORD || !EMOJI_JOINS.test(text[at - 1] + charAt(text, at)))) {
      found.push(text.slice(start, at));
      start = word = at;
    }
  }
  return [...found, text.slice(start)];
}

/** `text` in one line without its marks, cut to about `most` characters. */
export function gist(text, most = 140) {
  const line = parse(text.slice(0, 4 * most)).map((block) => plain([block])).join(" ").replace(/\s+/g, " ").trim();
  const chars = [...line];
  return chars.length > most ? `${chars.slice(0, most - 1).join("")}…` : line;
}

// --- Blocks --------------------------------------------------------------------------------

// CommonMark 0.31, 4.5.
const FENCE = /^( {0,3})(`{3,}|~{3,})([^]*)$/;
const FENCE_END = /^ {0,3}(`{3,}|~{3,})[ \t]*$/;
const QUOTE = /^> +\S/;
const QUOTED = /^>(?: |$)/;
const ITEM = /^( *)(?:[-*•]|(\d{1,3})\.) +(\S.*)$/;

function blocks(lines, depth, tools) {
  const found = [];
  let from = 0; // lines of the paragraph that is being read
  for (let at = 0; at < lines.length && tools.left > 0; ) {
    tools.meter.steps += 1;
    const begun = begins(lines, at, depth, tools);
    if (begun) {
      paragraph(found, lines.slice(from, at), found.length > 0, true, tools);
      found.push(begun.block);
      from = begun.next;
    }
    at = begun?.next ?? at + 1;
  }
  paragraph(found, lines.slice(from), found.length > 0, false, tools);
  return found;
}

/** The block other than a paragraph that begins at line `at`, and where it ends; null for none. */
function begins(lines, at, depth, tools) {
  const last = (goesOn) => {
    let next = at + 1;
    while (next < lines.length && goesOn(lines[next])) next += 1;
    tools.meter.steps += next - at;
    return next;
  };
  const line = lines[at];
  const code = fence(lines, at, line, 0, tools);
  if (code) return code;
  if (depth < DEEPEST && QUOTE.test(line)) {
    const next = last((each) => QUOTED.test(each));
    const within = lines.slice(at, next).map((each) => each.slice(2));
    tools.left -= 1;
    tools.quotes += 1;
    const of = blocks(within, depth + 1, tools);
    tools.quotes -= 1;
    return { block: { kind: "quote", of }, next };
  }
  return ITEM.test(line) ? listOf(lines, at, tools) : null;
}

/**
 * The fence that begins with `line`, which is lines[at] or the text of a list item, whose other
 * lines are indented by `inset`. An unclosed fence ends with the text. A fence without
 * content is text. What follows the opening marks (the info string) is always shown.
 */
function fence(lines, at, line, inset, tools) {
  const [, indent, marks, info] = FENCE.exec(line) ?? [];
  if (marks === undefined || (marks[0] === "`" && info.includes("`"))) return null;
  const blank = (each) => each.trim() === "";
  const within = [];
  let next = at + 1;
  let closed = false;
  for (; next < lines.length && !closed; next++) {
    const each = lines[next].slice(inset);
    if (!blank(lines[next]) && !blank(lines[next].slice(0, inset))) break;
    const [, end] = FENCE_END.exec(each) ?? [];
    closed = end !== undefined && end[0] === marks[0] && end.length >= marks.length;
    if (!closed) within.push(each.slice(0, indent.length).trimStart() + each.slice(indent.length));
  }
  tools.meter.steps += next - at;
  if (!closed && within.every(blank)) return null;
  tools.left -= FENCE_NODES;
  return { block: { kind: "fence", text: within.join("\n"), info: info.trim() }, next };
}

/** The list that begins at line `at`, and where it ends. */
function listOf(lines, at, tools) {
  const items = [];
  const ordered = ITEM.exec(lines[at])[2] !== undefined;
  let next = at;
  while (next < lines.length && tools.left > 0) {
    const [line, indent, number, text] = ITEM.exec(lines[next]) ?? [];
    if (line === undefined || (number !== undefined) !== ordered) break;
    tools.meter.steps += 1;
    tools.left -= 1;
    const code = fence(lines, next, text, line.length - text.length, tools);
    next = code?.next ?? next + 1;
    items.push({ number: ordered ? Number(number) : null, level: Math.min(2, indent.length >> 1), of: code ? [code.block] : inline(text, tools) });
  }
  return { block: { kind: "list", ordered, items }, next };
}

/** Lines unchanged; only blank lines next to another block are removed, since blocks have margins. */
function paragraph(found, lines, after, before, tools) {
  let [start, end] = [0, lines.length];
  while (after && start < end && lines[start].trim() === "") start += 1;
  while (before && end > start && lines[end - 1].trim() === "") end -= 1;
  if (start === end) return;
  tools.left -= 1;
  const of = [];
  for (let at = start; at < end; at++) {
    if (at > start) addNode(of, { kind: "text", text: "\n" });
    for (const node of inline(lines[at], tools)) addNode(of, node);
  }
  found.push({ kind: "paragraph", of });
}
