// Whether a host that is not in ASCII is what it looks like. Pure. Few addresses are such, so this comes
// with the first; links.js shows where they lead until then.
//
// A label of a host is one script, as browsers ask for it (UTS #39, 5.2, Single Script, with the sets that
// Japanese and Korean need). Letters of Cyrillic or Greek that all look like Latin ones are not, before a
// Latin ending (Chromium, "IDN in Google Chrome").

const SCRIPTS = ["a-zß-öø-įĳ-ķĹ-ľŁ-ňŊ-žșțơưẠ-ỹ", "\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}ー", "\\p{sc=Han}\\p{sc=Hang}"];
for (const script of ["Cyrl", "Grek", "Hebr", "Armn", "Geor", "Arab", "Deva", "Beng", "Taml", "Thai"]) SCRIPTS.push(`\\p{sc=${script}}\\p{Mn}`);
const SINGLE = new RegExp(`^(?:${SCRIPTS.map((letters) => `[\\d${letters}-]+`).join("|")})$`, "u");
const LIKE_LATIN = /^(?:[\d\-асԁеһіјӏорԛѕԝхуъьҽпгѵѡ]+|[\d\-αβγηικνορτυχω]+)$/u;

/** Whether a host with the labels `labels`, not all of them in ASCII, is not the one that it looks like. */
export function disguised(labels) {
  const latin = /^[a-z]/.test(labels.at(-1));
  return labels.some((label) => !SINGLE.test(label) || (latin && !/^[\d-]*$/.test(label) && LIKE_LATIN.test(label)));
}
