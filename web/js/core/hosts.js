// Whether a non-ASCII host is what it looks like. Pure. Such hosts are rare, so this is loaded
// with the first one; until then links.js shows where they lead.
//
// A label of a host has one script, as browsers require (UTS #39, 5.2, Single Script, with the sets for
// Japanese and Korean). A label of Cyrillic or Greek letters that all look like Latin ones is not allowed
// before a Latin top-level domain (Chromium, "IDN in Google Chrome").

const SCRIPTS = ["a-zß-öø-įĳ-ķĹ-ľŁ-ňŊ-žșțơưẠ-ỹ", "\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}ー", "\\p{sc=Han}\\p{sc=Hang}"];
for (const script of ["Cyrl", "Grek", "Hebr", "Armn", "Geor", "Arab", "Deva", "Beng", "Taml", "Thai"]) SCRIPTS.push(`\\p{sc=${script}}\\p{Mn}`);
const SINGLE = new RegExp(`^(?:${SCRIPTS.map((letters) => `[\\d${letters}-]+`).join("|")})$`, "u");
const LIKE_LATIN = /^(?:[\d\-асԁеһіјӏорԛѕԝхуъьҽпгѵѡ]+|[\d\-αβγηικνορτυχω]+)$/u;

/** Whether a host with the labels `labels`, at least one of them not ASCII, imitates another host. */
export function disguised(labels) {
  const latin = /^[a-z]/.test(labels.at(-1));
  return labels.some((label) => !SINGLE.test(label) || (latin && !/^[\d-]*$/.test(label) && LIKE_LATIN.test(label)));
}
