// Addresses in the text of a message. A link has the scheme http, https or mailto, or it is no link. Pure.

import { charAt, charBefore, wordy } from "./mentions.js";

const ADDRESS = 2_048; // characters of a link; the time that browsers take for a long host grows faster than its length
const LOCAL = 64; // characters before the @ of an e-mail address (RFC 5321, 4.5.3.1.1)
const DOMAIN = 255; // and after it (4.5.3.1.2)
// Not in an address: spaces, quotes, and characters that control the direction of text.
const STEER = "\\s<>\"`\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff";
// What ends an address within a sentence: dashes, quotes, brackets and stops outside of ASCII.
const STOP = `${STEER}\\u00ab\\u00bb\\u060c\\u061b\\u061f\\u0964\\u0965\\u2014-\\u201f\\u2025\\u2026\\u2039\\u203a\\u3001-\\u3003\\u3008-\\u3011\\u3014-\\u301f\\uff01-\\uff0f\\uff1a-\\uff20\\uff3b-\\uff40\\uff5b-\\uff65`;
const MAILTO = new RegExp(`mailto:[^${STOP}]+`, "iy");
const START = /https?:\/\/|(?=www\.)/iy;
const AUTHORITY = new RegExp(`[^${STOP}/?#\\\\]+`, "y");
const REST = new RegExp(`[^${STOP}]*`, "y");
const WITHIN = `[^${STEER}()]*`;
const TARGET = new RegExp(`\\( *((?:https?://|mailto:)${WITHIN}(?:\\(${WITHIN}\\)${WITHIN})*) *\\)`, "iy");
const TRAILING = ".,;:!?'*~…";
const CLOSERS = { ")": "(", "]": "[", "}": "{" };

/**
 * The address at index `at`, as written; null for none. `emphasis` says that an
 * underscore at its end closes emphasis that is open.
 */
export function bareAt(text, at, emphasis) {
  const mail = take(MAILTO, text, at);
  if (mail !== undefined) return untrailed(mail, emphasis);
  const scheme = take(START, text, at);
  if (scheme === undefined) return null;
  const start = at + scheme.length;
  const authority = take(AUTHORITY, text, start) ?? "";
  const end = start + authorityEnd(authority);
  if (scheme === "" && !/^www\.[^.]+\../i.test(authority)) return null;
  const rest = end === start + authority.length ? take(REST, text, end) : "";
  return end === start ? null : untrailed(text.slice(at, end) + rest, emphasis);
}

/**
 * The length of userinfo, host and port at the start of `text`, which ends at a slash. The last label of
 * a host has one script; in text without spaces, an address ends with its script.
 */
function authorityEnd(text) {
  const start = (/^[\w.~%!$&*+=:-]*@/.exec(text) ?? [""])[0].length;
  const rest = text.slice(start);
  const literal = /^\[[\da-f:.]+\](?::\d{1,5})?/i.exec(rest);
  if (literal) return start + literal[0].length;
  const [host] = /^[\w.~%\u0080-\uffff-]*/.exec(rest);
  const label = host.lastIndexOf(".") + 1;
  const own = /^(?![\0-\x7f]\p{M})[\0-\x7f]+?(?=[\0-\x7f]?\p{M}|[^\0-\x7f])/u.exec(host.slice(label)); // a combining mark belongs to its letter
  if (own) return start + label + own[0].length;
  const [port] = /^(?::\d{1,5})?/.exec(rest.slice(host.length));
  return host === "" ? 0 : start + host.length + port.length;
}

/** The address in parentheses at index `at`: { end, url }, `end` is the index after it; null for none. */
export function targetAt(text, at) {
  TARGET.lastIndex = at;
  const [whole, url] = TARGET.exec(text) ?? [];
  return whole === undefined ? null : { end: at + whole.length, url };
}

/** The positions of e-mail addresses in `text`: [{ start, end }]. */
export function mailsIn(text, meter) {
  const found = [];
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    let start = at;
    while (at - start < LOCAL && /[a-z\d.+_-]/i.test(text.charAt(start - 1))) start -= 1;
    meter.steps += at - start + 1;
    while (start < at && !/[a-z\d]/i.test(text[start])) start += 1;
    if (start === at || start < (found.at(-1)?.end ?? 0) || /[@/]/.test(text.charAt(start - 1)) || wordy(charBefore(text, start).replace("_", ""))) continue;
    const end = at + 1 + domainAt(text, at + 1);
    if (end > at + 1 && !/^(?:@|:[\w/])/.test(text.slice(end, end + 2)) && !wordy(charAt(text, end).replace("_", ""))) found.push({ start, end });
  }
  return found;
}

/** The length of the domain at index `at`; 0 for none. */
function domainAt(text, at) {
  const whole = take(new RegExp(`[a-z\\d.-]{1,${DOMAIN + 1}}`, "iy"), text, at) ?? "";
  const domain = whole.replace(/[.-]+$/, "");
  const labels = domain.split(".");
  const sound = whole.length <= DOMAIN && labels.length > 1 && labels.every((label) => /^[a-z\d]/i.test(label) && !label.endsWith("-"));
  return sound && /^[a-z][a-z\d-]+$/i.test(labels.at(-1)) ? domain.length : 0;
}

/** An address within a sentence, without the punctuation of the sentence. */
function untrailed(url, emphasis) {
  let end = url.length;
  const spare = {}; // more closing than opening ones
  for (const [close, open] of Object.entries(CLOSERS)) spare[close] = url.split(close).length - url.split(open).length;
  while (end > 0) {
    const last = url[end - 1];
    if (spare[last] > 0) spare[last] -= 1;
    else if (!(last === "_" ? emphasis : TRAILING.includes(last))) break;
    end -= 1;
  }
  return url.slice(0, end);
}

/**
 * The target of a link: { href, host, poses }; null if it is not allowed. `poses` says that the host
 * looks like another one; `disguised`, from hosts.js, decides that for non-ASCII hosts. The scheme of an
 * address without one is http, as in GitHub Flavored Markdown (6.9).
 */
export function targetOf(written, disguised) {
  const whole = /^www\./i.test(written) ? `http://${written}` : written;
  const url = written.length > ADDRESS ? null : urlOf(whole);
  if (url === null) return null;
  const { protocol, href, host, hostname, pathname, username, password } = url;
  if (protocol === "mailto:") return pathname.includes("@") ? { href, host: pathname, poses: false } : null;
  if (protocol !== "https:" && protocol !== "http:") return null;
  const [, looks] = /^\w+:\/\/([^/?#\\]*?)(?::\d*)?(?:[/?#\\]|$)/.exec(whole.toLowerCase().normalize("NFC"));
  const foreign = /[^\0-\x7f]/.test(looks) && hostname.includes("xn--");
  const poses = username !== "" || password !== "" || (foreign ? disguised?.(looks.split(".")) ?? true : looks !== hostname && !looks.startsWith("["));
  return { href, host, poses };
}

/** `text` as a URL; null if it is none. URL.canParse is younger, and wrong in Node 20 and 22 about non-ASCII hosts. */
function urlOf(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** Whether `text` may contain an address with a non-ASCII host. */
export function foreign(text) {
  return /(?:\/\/|www\.)[^\s/]{0,255}[^\s/\0-\x7f]/i.test(text);
}

/** The approximate number of pieces in which a link is drawn so that it can wrap. */
export function breaks({ href }) {
  return 1 + href.split(/[/?&#]/).length;
}

function take(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
