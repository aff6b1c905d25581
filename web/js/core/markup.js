// What a message's text means: a small part of Markdown, as a tree of tokens. Pure.
//
// Blocks   { kind: "paragraph", of }, { kind: "fence", text, info }, { kind: "quote", of: blocks },
//          { kind: "list", ordered, items: [{ number, level, of }] }; `of` may be a single fence
// Within   { kind: "text", text }, { kind: "strong" | "em" | "strike", of }, { kind: "code", text },
//          { kind: "link", href, host, of }, { kind: "mention", text, nick }; the `host` of a link is null
//          where its words say it
//
// No token holds markup, so there is nothing to sanitise; a link goes to http, https or mailto, or is
// none. A mark that has no partner on its line is text. Whatever is typed and is no mark can be seen in
// the tree. Every text has a tree, of bounded depth and with a bounded number of nodes, made in steps
// that grow with its length. No regular expression here has two ways to match the same characters,
// which is what makes one go back and try again.

import { add, inline } from "./inline.js";
import { bookOf, charAt, fold } from "./mentions.js";

const DEEPEST = 3; // quotes in quotes
const MOST = 1_000; // nodes of one message, of each about two elements are drawn; then its marks are text
const FENCE_NODES = 5; // what a fence is drawn with: its frame, its language, the text and the button
const WORD = 500; // characters of a word that is drawn in one piece
const LOW = /[\udc00-\udfff]/; // the second half of a surrogate pair
const JOINS = /\u200d|[\p{M}\p{Cf}\p{Emoji_Modifier}]$/u; // what stands after it, or ends in it, is of one character
const NOBODY = bookOf([]);
const NO_NAMES = new Map();

/**
 * The blocks of `text`. `book` holds who may be mentioned, `emoji` the characters that have names;
 * `disguised` is that of hosts.js, if it is there; `meter` counts what was done.
 */
export function parse(text, { book = NOBODY, emoji = NO_NAMES, disguised = undefined, meter = { steps: 0 } } = {}) {
  return blocks(text.split("\n"), 0, { book, emoji, disguised, meter, left: MOST, quotes: 0 });
}

/** Whether `text` may name an emoji. */
export function names(text) {
  return /:[a-z0-9_+-]{1,40}:/.test(text);
}

/**
 * Whom `text` mentions: their nicks, folded. What stands in code, in a quote or in an address mentions
 * nobody. Drawing, badges, sounds, notifications and counts all go by this.
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

// One emoji as people count: a flag, a keycap, or a picture with what is joined to it (UTS #51, 1.4.9).
const COLOUR = "[\\ufe0f\\p{Emoji_Modifier}]*";
const PICTURE = `(?:(?!\\p{RI}|\\p{Emoji_Modifier})\\p{Emoji_Presentation}|(?!\\p{Emoji_Presentation})\\p{Extended_Pictographic}[\\ufe0f\\p{Emoji_Modifier}])${COLOUR}[\\u{e0020}-\\u{e007f}]*`;
const FEW = new RegExp(`^\\s*(?:(?:\\p{RI}{2}|[\\d#*]\\ufe0f?\\u20e3|${PICTURE}(?:\\u200d\\p{Extended_Pictographic}${COLOUR})*)\\s*){1,3}$`, "u");

/** Whether `tree` is one to three emoji and nothing else, which are drawn large. */
export function large([only, ...others]) {
  return only?.kind === "paragraph" && others.length === 0 && FEW.test(plain(only.of));
}

/** What is left of `tree` without its marks. */
export function plain(tree) {
  return tree.map((node) => node.text ?? (node.items ? node.items.map(({ of }) => plain(of)).join("\n") : plain(node.of))).join("");
}

/**
 * `text` in stretches without a word of more than 500 characters: between them it may be broken. A
 * browser that may break a word anywhere takes time that grows with the square of its length. No
 * character is cut, and none from its marks, unless there are hundreds of those.
 */
export function stretches(text) {
  const found = [];
  let start = 0;
  let word = 0; // where it begins
  for (let at = 0; at < text.length; at++) {
    if (text[at] <= " ") word = at + 1;
    else if (at - word >= WORD && !LOW.test(text[at]) && (at - word >= 2 * WORD || !JOINS.test(text[at - 1] + charAt(text, at)))) {
      found.push(text.slice(start, at));
      start = word = at;
    }
  }
  return [...found, text.slice(start)];
}

/** `text` on one line without its marks, cut to about `most` characters. */
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
  let from = 0; // of the paragraph that is being gathered
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
  return ITEM.test(line) ? list(lines, at, tools) : null;
}

/**
 * The fence that begins with `line`, which is lines[at] or the words of an item of a list, whose other
 * lines are `inset` characters further in. One that is never closed goes to the end. One that has
 * nothing in it by then is none, and stays text. What follows the opening marks is shown, whatever it is.
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
function list(lines, at, tools) {
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

/** Lines as they are; only the blank ones at another block go, for it has a margin. */
function paragraph(found, lines, after, before, tools) {
  let [start, end] = [0, lines.length];
  while (after && start < end && lines[start].trim() === "") start += 1;
  while (before && end > start && lines[end - 1].trim() === "") end -= 1;
  if (start === end) return;
  tools.left -= 1;
  const of = [];
  for (let at = start; at < end; at++) {
    if (at > start) add(of, { kind: "text", text: "\n" });
    for (const node of inline(lines[at], tools)) add(of, node);
  }
  found.push({ kind: "paragraph", of });
}
