// The language of the page, and its texts. No other module contains text that is shown.

/** Loaders of { language, words }: a user needs only one of them. */
export const LANGUAGES = {
  en: () => import("./en.js"),
  zh: () => import("./zh.js"),
};

/** The first of the user's languages that the page has, else English: "en" or "zh". */
export function pick(languages) {
  for (const tag of languages) {
    const spoken = tag.toLowerCase().split("-")[0];
    if (Object.hasOwn(LANGUAGES, spoken)) return spoken;
  }
  return "en";
}

/** Parts of the page that are loaded later, with their own texts. */
const LATE = "dialog, .action-bar, .attention-offer";

let speaking = null; // the present language: { words, more, word }

/**
 * A function that returns the text for a key, with each `{name}` replaced from `values`.
 * A text with plural forms is selected by `values.count`. An unknown key is an error and throws.
 */
export function translator({ language, words, more = null }) {
  const plurals = new Intl.PluralRules(language);
  speaking = { words, more, word };
  return word;

  function word(key, values = {}) {
    if (!Object.hasOwn(words, key)) throw new Error(`${language}: no words for ${key}`);
    const entry = words[key];
    const form = typeof entry === "string" ? entry : entry[plurals.select(values.count)];
    return form.replace(/\{(\w+)\}/g, (_, value) => String(values[value]));
  }
}

/** Write the texts that the markup in `root` names, except in parts that are loaded later. */
export function dress(root, word) {
  for (const element of root.querySelectorAll("[data-word], [data-word-label], [data-word-placeholder]")) {
    const late = element.closest(LATE);
    if (late !== null && late !== root) continue;
    const { word: text, wordLabel: label, wordPlaceholder: placeholder } = element.dataset;
    if (text) element.textContent = word(text);
    if (label) element.setAttribute("aria-label", word(label));
    if (placeholder) element.placeholder = word(placeholder);
  }
}

/** Load the texts of a part that is loaded later, and write those that `element` names. */
export async function dressLate(element) {
  const { words, more, word } = speaking;
  Object.assign(words, (await more()).words);
  dress(element, word);
}

/**
 * The locale for dates in words of the page's `language`. English has two orders of day and month; the
 * user's own locale decides, also if it is of another language. "en" alone says nothing of a region.
 */
function dateLocale(languages, language) {
  if (language !== "en") return language;
  const own = languages.find((tag) => tag !== "en") ?? "en";
  if (/^en-/i.test(own)) return own;
  const parts = new Intl.DateTimeFormat(own, { day: "numeric", month: "long" }).formatToParts(0);
  return parts.find(({ type }) => type !== "literal").type === "day" ? "en-GB" : "en";
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["year", 31_556_952], ["month", 2_629_746], ["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

/**
 * Formats of times, days and names: { clock, calendar, dayOf, dayWords, ago, and, compare }. They follow the
 * user's own `languages`, even if the page has no texts in them; the words for today and yesterday
 * are in the page's `language`. Times are milliseconds, except for `dayOf`, which takes seconds.
 */
export function formats(languages, language, now) {
  const format = (options) => {
    const formatter = new Intl.DateTimeFormat(languages, options);
    return (time) => formatter.format(time);
  };
  const near = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const list = new Intl.ListFormat(language);
  const date = new Intl.DateTimeFormat(dateLocale(languages, language), { dateStyle: "full" });
  const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);
  let day = { start: 0, end: 0 }; // cached: the next line usually has the same day
  const start = (text) => text.charAt(0).toLocaleUpperCase(language) + text.slice(1);
  return {
    clock: format({ timeStyle: "short" }),
    calendar: format({ dateStyle: "full", timeStyle: "medium" }),
    dayOf(seconds) {
      const time = seconds * 1000;
      if (time < day.start || time >= day.end) {
        const start = midnight(time);
        day = { start, end: new Date(start).setHours(24) };
      }
      return day.start;
    },
    dayWords(time) {
      const days = Math.round((midnight(time) - midnight(now())) / 86_400_000); // rounded, since days of 23 and 25 hours exist
      return days === 0 || days === -1 ? start(near.format(days, "day")) : date.format(time);
    },
    /** A relative time, such as "5 minutes ago". */
    ago(time) {
      const seconds = Math.min(0, Math.round((time - now()) / 1000));
      const [unit, length] = UNITS.find(([, each]) => -seconds >= each) ?? UNITS.at(-1);
      return near.format(Math.trunc(seconds / length), unit);
    },
    and: (names) => list.format(names),
    compare: new Intl.Collator(languages, { numeric: true, sensitivity: "base" }).compare,
  };
}
