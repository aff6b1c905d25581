// Addresses in a message's text. A link goes to http, https or mailto, or is none. Pure.

import { charAt, charBefore, wordy } from "./mentions.js";

const ADDRESS = 2_048; // characters of a link; browsers take time that grows faster for a long host
const LOCAL = 64; // characters before the @ of an e-mail address (RFC 5321, 4.5.3.1.1)
const DOMAIN = 255; // and after it (4.5.3.1.2)
// Not in an address: spaces, quotes, and what steers the direction of text.
const STEER = "\\s<>\"`\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff";
// What ends one that stands in a sentence: dashes, quotes, brackets and stops that are not ASCII.
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
 * The address that stands at index `at`, as it is written; null for none. `emphasis` says that an
 * underscore at its end closes what another has opened.
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
 * How far `text`, which goes on up to a slash, is userinfo, host and port. The last label of a host is
 * of one script; where words without spaces stand around an address, it ends with its own.
 */
function authorityEnd(text) {
  const start = (/^[\w.~%!$&*+=:-]*@/.exec(text) ?? [""])[0].length;
  const rest = text.slice(start);
  const literal = /^\[[\da-f:.]+\](?::\d{1,5})?/i.exec(rest);
  if (literal) return start + literal[0].length;
  const [host] = /^[\w.~%\u0080-\uffff-]*/.exec(rest);
  const label = host.lastIndexOf(".") + 1;
  const own = /^(?![\0-\x7f]\p{M})[\0-\x7f]+?(?=[\0-\x7f]?\p{M}|[^\0-\x7f])/u.exec(host.slice(label)); // a mark stays with its letter
  if (own) return start + label + own[0].length;
  const [port] = /^(?::\d{1,5})?/.exec(rest.slice(host.length));
  return host === "" ? 0 : start + host.length + port.length;
}

/** The address in parentheses at index `at`: { end, url }, the index behind it; null for none. */
export function targetAt(text, at) {
  TARGET.lastIndex = at;
  const [whole, url] = TARGET.exec(text) ?? [];
  return whole === undefined ? null : { end: at + whole.length, url };
}

/** Where e-mail addresses stand in `text`: [{ start, end }]. */
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

/** How long the domain at index `at` is; 0 for none. */
function domainAt(text, at) {
  const whole = take(new RegExp(`[a-z\\d.-]{1,${DOMAIN + 1}}`, "iy"), text, at) ?? "";
  const domain = whole.replace(/[.-]+$/, "");
  const labels = domain.split(".");
  const sound = whole.length <= DOMAIN && labels.length > 1 && labels.every((label) => /^[a-z\d]/i.test(label) && !label.endsWith("-"));
  return sound && /^[a-z][a-z\d-]+$/i.test(labels.at(-1)) ? domain.length : 0;
}

/** An address as it stands in a sentence, without the sentence's own punctuation. */
function untrailed(url, emphasis) {
  let end = url.length;
  const spare = {}; // more closed than opened
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
 * Where a link may go: { href, host, poses }; null where it may not. `poses` says that the host is not
 * what a reader takes it for; `disguised`, of hosts.js, knows that of one that is not in ASCII. An address
 * without a scheme is one of http, as in GitHub Flavored Markdown (6.9).
 */
export function targetOf(written, disguised) {
  const whole = /^www\./i.test(written) ? `http://${written}` : written;
  if (written.length > ADDRESS || !URL.canParse(whole)) return null;
  const { protocol, href, host, hostname, pathname, username, password } = new URL(whole);
  if (protocol === "mailto:") return pathname.includes("@") ? { href, host: pathname, poses: false } : null;
  if (protocol !== "https:" && protocol !== "http:") return null;
  const [, looks] = /^\w+:\/\/([^/?#\\]*?)(?::\d*)?(?:[/?#\\]|$)/.exec(whole.toLowerCase().normalize("NFC"));
  const foreign = /[^\0-\x7f]/.test(looks) && hostname.includes("xn--");
  const poses = username !== "" || password !== "" || (foreign ? disguised?.(looks.split(".")) ?? true : looks !== hostname && !looks.startsWith("["));
  return { href, host, poses };
}

/** Whether `text` may hold an address whose host is not in ASCII. */
export function foreign(text) {
  return /(?:\/\/|www\.)[^\s/]{0,255}[^\s/\0-\x7f]/i.test(text);
}

/** In how many pieces a link is drawn, which may stand on lines of their own; about. */
export function breaks({ href }) {
  return 1 + href.split(/[/?&#]/).length;
}

function take(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
