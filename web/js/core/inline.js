// The inline nodes of a line of a message: see markup.js. Pure.
//
// Marks of one kind never nest, so text that is unmarked later is moved only a few times. A backslash
// before ASCII punctuation makes it text (CommonMark 0.31, 2.4), but not within code and addresses.

import { bareAt, breaks, mailsIn, targetAt, targetOf } from "./links.js";
import { charAt, charBefore, inAddress, lookUp, wordy } from "./mentions.js";

const SPECIAL = /[*_~`[:@hmw\\]/gi;
const MARKS = { "*": ["**", "*"], _: ["_"], "~": ["~~"] };
const KINDS = { "**": "strong", "*": "em", _: "em", "~~": "strike" };
const LONGEST = { "*": 3, _: 1, "~": 2 };
const NAMED = /:([a-z0-9_+-]{1,40}):/y;
const PUNCTUATION = /[!-/:-@[-`{-~]/;

/**
 * The nodes of one line. `tools` is { book, emoji, disguised, meter, left, quotes } from markup.js: `left`
 * is how many nodes may still be made, `quotes` how deep the line is quoted. `linked` says that
 * the line is the text of a link, which cannot contain another link.
 */
export function inline(text, tools, linked = false) {
  const { book, emoji, meter } = tools;
  const frames = [{ mark: "", nodes: [] }]; // marks that are opened and not closed; the first is the line itself
  const top = () => frames.at(-1);
  const put = (node) => addNode(top().nodes, node);
  const draw = (node, nodes = 1) => {
    tools.left -= nodes;
    put(node);
  };
  const say = (said) => said !== "" && put({ kind: "text", text: said });
  const mails = linked ? [] : mailsIn(text, meter).reverse(); // the next one is the last
  let ticks = null;
  let brackets = null;
  let hails = null;
  let said = 0; // everything before is done

  /** Turn the innermost mark into text. */
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
    if (top().mark === mark) unmark(); // the innermost one counts
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
    const opens = !blankChar(after) && !wordy(before);
    const closes = !blankChar(before) && !wordy(after);
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

  function escaped(at) {
    const char = text.charAt(at + 1);
    if (!PUNCTUATION.test(char)) return null;
    say(char);
    return at + 2;
  }

  function code(at) {
    ticks ??= ticksOf(text);
    const length = run(text, at, "`");
    const ends = ticks.get(length) ?? [];
    while (ends.at(-1) < at + length) ends.pop(); // they are requested from left to right
    if (ends.length === 0) return null;
    const end = ends.at(-1);
    const within = text.slice(at + length, end);
    const padded = within.startsWith(" ") && within.endsWith(" ") && within.trim() !== "";
    draw({ kind: "code", text: padded ? within.slice(1, -1) : within });
    return end + length;
  }

  function named(at) {
    NAMED.lastIndex = at;
    const [whole, name] = NAMED.exec(text) ?? [];
    if (!emoji.has(name) || joins(charBefore(text, at)) || joins(charAt(text, at + whole.length))) return null;
    say(emoji.get(name));
    return at + whole.length;
  }

  function bare(at) {
    const before = charBefore(text, at);
    const opened = before === "_" && top().mark === "_" && top().nodes.length === 0; // then it is not part of a word
    if (linked || (wordy(before) && !opened)) return null;
    const written = bareAt(text, at, frames.some(({ mark }) => mark === "_"));
    if (written === null) return null;
    meter.steps += written.length;
    const target = targetOf(written, tools.disguised);
    if (target) draw({ kind: "link", href: target.href, host: target.poses ? target.host : null, of: [{ kind: "text", text: written }] }, breaks(target));
    else say(written);
    return at + written.length;
  }

  function labelled(at) {
    brackets ??= pairs(text);
    const end = brackets.get(at);
    if (linked || end === undefined) return null;
    const place = targetAt(text, end + 1);
    const label = text.slice(at + 1, end);
    const target = place === null || label.trim() === "" ? null : targetOf(place.url, tools.disguised);
    if (!target) return null;
    const { href, host, poses } = target;
    draw({ kind: "link", href, host: !poses && (label === host || label === href) ? null : host, of: inline(label, tools, true) }, breaks(target));
    return place.end;
  }

  function hail(at) {
    if (linked || tools.quotes > 0) return null;
    hails ??= new Map(lookUp(text, book, meter).map((found) => [found.start, found]));
    const found = hails.get(at);
    if (!found || inAddress(text, at)) return null;
    draw({ kind: "mention", text: text.slice(at, found.end), nick: found.nick });
    return found.end;
  }

  const rules = { "*": marks, _: marks, "~": marks, "`": code, "[": labelled, ":": named, "@": hail, "\\": escaped, h: bare, m: bare, w: bare };
  const special = new RegExp(SPECIAL);
  while (tools.left > 0) {
    const match = special.exec(text);
    const at = match?.index ?? text.length;
    meter.steps += 1;
    while (mails.at(-1)?.start < said) mails.pop(); // it is within something else
    if (mails.at(-1)?.start <= at) {
      const { start, end } = mails.pop();
      const address = text.slice(start, end);
      say(text.slice(said, start));
      draw({ kind: "link", href: `mailto:${address}`, host: null, of: [{ kind: "text", text: address }] });
      said = special.lastIndex = end;
      continue;
    }
    if (!match) break;
    const char = match[0].toLowerCase();
    say(text.slice(said, at));
    const next = rules[char](at, char);
    said = next ?? at;
    // Text up to the next character that may begin something; a run of backticks is one step.
    special.lastIndex = next ?? at + (char === "`" ? run(text, at, "`") : 1);
  }
  say(text.slice(said));
  while (frames.length > 1) unmark();
  return frames[0].nodes;
}

/** Append `node`; adjacent texts become one. */
export function addNode(nodes, node) {
  const last = nodes.at(-1);
  if (node.kind === "text" && last?.kind === "text") nodes[nodes.length - 1] = { kind: "text", text: last.text + node.text };
  else nodes.push(node);
}

/** The positions of runs of backticks by length, the last first. */
function ticksOf(text) {
  const found = new Map();
  for (const { 0: ticks, index } of [...text.matchAll(/`+/g)].reverse()) {
    if (!found.has(ticks.length)) found.set(ticks.length, []);
    found.get(ticks.length).push(index);
  }
  return found;
}

/** The matching ] of each [; those after a backslash are text. */
function pairs(text) {
  const found = new Map();
  const open = [];
  for (const { 0: bracket, index } of text.matchAll(/\\[\\[\]]|[[\]]/g)) {
    if (bracket === "[") open.push(index);
    else if (bracket === "]" && open.length > 0) found.set(open.pop(), index);
  }
  return found;
}

function run(text, at, char) {
  let end = at;
  while (text[end] === char) end += 1;
  return end - at;
}

function blankChar(char) {
  return char === "" || /\s/.test(char);
}

/** Whether a colon beside `char` does not belong to an emoji's name, but to a time, an address or code. */
function joins(char) {
  return char === ":" || (char !== "_" && wordy(char));
}
