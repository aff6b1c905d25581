// What a message's text means: a small part of Markdown, as a tree of tokens. Pure.
//
// Blocks   { kind: "paragraph", of }, { kind: "fence", text, language }, { kind: "quote", of: blocks },
//          { kind: "list", ordered, items: [{ number, level, of }] }
// Within   { kind: "text", text }, { kind: "strong" | "em" | "strike", of }, { kind: "code", text },
//          { kind: "link", href, host, of }, { kind: "mention", text, nick }
//
// No token holds markup, so there is nothing to sanitise; a link goes to http, https or mailto, or is
// none. A mark that has no partner on its line is text. Every text has a tree, of bounded depth and
// with a bounded number of nodes, made in steps that grow with its length: marks of one kind never
// nest, so what is unmarked later is moved a few times at the most. No regular expression here has two
// ways to match the same characters, which is what makes one go back and try again.

import { bareAt, breaks, targetAt, targetOf } from "./links.js";
import { bookOf, lookUp, wordy } from "./mentions.js";

const DEEPEST = 3; // quotes in quotes
const MOST = 1_000; // nodes of one message, of each about two elements are drawn; then its marks are text
const FENCE_NODES = 4; // what a fence is drawn with: its frame, the text and the button
const WORD = 500; // characters of a word that is drawn in one piece
const LOW = /[\udc00-\udfff]/; // the second half of a surrogate pair
const JOINS = /\u200d|[\p{M}\p{Cf}\p{Emoji_Modifier}]$/u; // what stands after it, or ends in it, is of one character
const NOBODY = bookOf([]);
const NO_NAMES = new Map();

/**
 * The blocks of `text`. `book` holds who may be mentioned, `emoji` the characters that have names;
 * `meter` counts what was done.
 */
export function parse(text, { book = NOBODY, emoji = NO_NAMES, meter = { steps: 0 } } = {}) {
  return blocks(text.split("\n"), 0, { book, emoji, meter, left: MOST });
}

/** Whether `text` may name an emoji. */
export function names(text) {
  return /:[a-z0-9_+-]{1,40}:/.test(text);
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

const FENCE = /^ {0,3}```+ *(?:([\w+#.-]+) *)?$/;
const FENCE_END = /^ {0,3}```+ *$/;
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
  const fence = FENCE.exec(line);
  if (fence) {
    const end = last((each) => !FENCE_END.test(each)); // one that is never closed goes to the end
    tools.left -= FENCE_NODES;
    return { block: { kind: "fence", text: lines.slice(at + 1, end).join("\n"), language: fence[1] ?? "" }, next: end + 1 };
  }
  if (depth < DEEPEST && QUOTE.test(line)) {
    const next = last((each) => QUOTED.test(each));
    const within = lines.slice(at, next).map((each) => each.slice(2));
    tools.left -= 1;
    return { block: { kind: "quote", of: blocks(within, depth + 1, tools) }, next };
  }
  const item = ITEM.exec(line);
  if (!item) return null;
  const ordered = item[2] !== undefined;
  const goesOn = (each) => ITEM.test(each) && (ITEM.exec(each)[2] !== undefined) === ordered;
  const next = Math.min(last(goesOn), at + tools.left);
  tools.left -= next - at;
  const items = lines.slice(at, next).map((each) => {
    const [, indent, number, text] = ITEM.exec(each);
    const level = Math.min(2, indent.length >> 1);
    return { number: ordered ? Number(number) : null, level, of: inline(text, tools) };
  });
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

// --- Within a line -------------------------------------------------------------------------

const SPECIAL = /[*_~`[:@hm]/gi;
const MARKS = { "*": ["**", "*"], _: ["_"], "~": ["~~"] };
const KINDS = { "**": "strong", "*": "em", _: "em", "~~": "strike" };
const LONGEST = { "*": 3, _: 1, "~": 2 };
const NAMED = /:([a-z0-9_+-]{1,40}):/y;

function inline(text, tools, linked = false) {
  const { book, emoji, meter } = tools;
  const frames = [{ mark: "", nodes: [] }]; // those opened and not closed; the first is the line itself
  const top = () => frames.at(-1);
  const put = (node) => add(top().nodes, node);
  const draw = (node, nodes = 1) => {
    tools.left -= nodes;
    put(node);
  };
  const say = (said) => said !== "" && put({ kind: "text", text: said });
  let ticks = null;
  let brackets = null;
  let hails = null;
  let said = 0; // up to here

  /** Take the innermost mark as text. */
  function unmark() {
    const { mark, nodes } = frames.pop();
    say(mark);
    for (const node of nodes) put(node);
    meter.steps += nodes.length + 1;
  }

  function close(mark) {
    while (top().mark !== mark) unmark();
    const { nodes } = frames.pop();
    draw({ kind: KINDS[mark], of: nodes });
  }

  function open(mark) {
    if (top().mark === mark) unmark(); // the nearest counts
    if (frames.some((frame) => frame.mark === mark)) say(mark);
    else frames.push({ mark, nodes: [] });
  }

  function marks(at, char) {
    let left = run(text, at, char);
    const end = at + left;
    const [before, after] = [charBefore(text, at), charAt(text, end)];
    if (left > LONGEST[char] || left < MARKS[char].at(-1).length) {
      say(text.slice(at, end));
      return end;
    }
    const opens = !blank(after) && !wordy(before);
    const closes = !blank(before) && !wordy(after);
    while (closes && left > 0) {
      const fits = frames.filter(({ mark }) => mark !== "" && mark[0] === char && mark.length <= left);
      const frame = fits.find(({ mark }) => mark.length === left) ?? fits.at(-1);
      if (!frame) break;
      close(frame.mark);
      left -= frame.mark.length;
    }
    for (const mark of MARKS[char]) {
      if (!opens || mark.length > left) continue;
      open(mark);
      left -= mark.length;
    }
    say(char.repeat(left));
    return end;
  }

  function code(at) {
    ticks ??= partners(text);
    const length = run(text, at, "`");
    const end = ticks.get(at);
    if (end === undefined) return null;
    const within = text.slice(at + length, end);
    const padded = within.startsWith(" ") && within.endsWith(" ") && within.trim() !== "";
    draw({ kind: "code", text: padded ? within.slice(1, -1) : within });
    return end + length;
  }

  function named(at) {
    NAMED.lastIndex = at;
    const [whole, name] = NAMED.exec(text) ?? [];
    if (!emoji.has(name)) return null;
    say(emoji.get(name));
    return at + whole.length;
  }

  function bare(at) {
    const written = linked || wordy(charBefore(text, at)) ? undefined : bareAt(text, at);
    if (written === undefined) return null;
    meter.steps += written.length;
    const target = targetOf(written);
    if (target) draw({ kind: "link", href: target.href, host: null, of: [{ kind: "text", text: written }] }, breaks(target));
    else say(written);
    return at + written.length;
  }

  function labelled(at) {
    brackets ??= pairs(text);
    const end = brackets.get(at);
    if (linked || end === undefined) return null;
    const place = targetAt(text, end + 1);
    const label = text.slice(at + 1, end);
    const target = place === null || label.trim() === "" ? null : targetOf(place.url);
    if (!target) return null;
    draw({ kind: "link", ...target, of: inline(label, tools, true) }, breaks(target));
    return place.end;
  }

  function hail(at) {
    if (linked) return null;
    hails ??= new Map(lookUp(text, book, meter).map((found) => [found.start, found]));
    const found = hails.get(at);
    if (!found) return null;
    draw({ kind: "mention", text: text.slice(at, found.end), nick: found.nick });
    return found.end;
  }

  const rules = { "*": marks, _: marks, "~": marks, "`": code, "[": labelled, ":": named, "@": hail, h: bare, m: bare };
  const special = new RegExp(SPECIAL);
  for (let match = special.exec(text); match && tools.left > 0; match = special.exec(text)) {
    meter.steps += 1;
    const at = match.index;
    const char = match[0].toLowerCase();
    if ((char === "h" || char === "m") && wordy(charBefore(text, at))) continue;
    say(text.slice(said, at));
    const next = rules[char](at, char);
    said = next ?? at;
    // What begins nothing is text, up to the next that may: a run of ticks is looked at once.
    special.lastIndex = next ?? at + (char === "`" ? run(text, at, "`") : 1);
  }
  say(text.slice(said));
  while (frames.length > 1) unmark();
  return frames[0].nodes;
}

/** Append `node`; text that follows text is one. */
function add(nodes, node) {
  const last = nodes.at(-1);
  if (node.kind === "text" && last?.kind === "text") nodes[nodes.length - 1] = { kind: "text", text: last.text + node.text };
  else nodes.push(node);
}

/** For each run of backticks with a later one of the same length, where that begins. */
function partners(text) {
  const later = new Map();
  const found = new Map();
  for (const { 0: ticks, index } of [...text.matchAll(/`+/g)].reverse()) {
    if (later.has(ticks.length)) found.set(index, later.get(ticks.length));
    later.set(ticks.length, index);
  }
  return found;
}

/** For each [ its ]. */
function pairs(text) {
  const found = new Map();
  const open = [];
  for (const { 0: bracket, index } of text.matchAll(/[[\]]/g)) {
    if (bracket === "[") open.push(index);
    else if (open.length > 0) found.set(open.pop(), index);
  }
  return found;
}

function run(text, at, char) {
  let end = at;
  while (text[end] === char) end += 1;
  return end - at;
}

function blank(char) {
  return char === "" || /\s/.test(char);
}

function charAt(text, at) {
  return at < text.length ? String.fromCodePoint(text.codePointAt(at)) : "";
}

function charBefore(text, at) {
  return at === 0 ? "" : charAt(text, at > 1 && LOW.test(text[at - 1]) ? at - 2 : at - 1);
}
