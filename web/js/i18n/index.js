// Which language the page speaks, and its words. No other module holds a word that is shown.

/** Each loads what is { language, words }: the reader needs but one of them. */
export const LANGUAGES = {
  en: () => import("./en.js"),
  zh: () => import("./zh.js"),
};

/** The first of the reader's languages that the page speaks, English if none: "en" or "zh". */
export function pick(languages) {
  for (const tag of languages) {
    const spoken = tag.toLowerCase().split("-")[0];
    if (Object.hasOwn(LANGUAGES, spoken)) return spoken;
  }
  return "en";
}

/** What comes when it is wanted, with words of its own. */
const LATE = "dialog, .action-bar";

let speaking = null; // the language that the page speaks: { words, more, word }

/**
 * A function that gives the words for a key, `{name}` filled in from `values`.
 * Words that count pick their form by `values.count`. An unknown key is a mistake and throws.
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

/** Put the words in place that the markup in `root` names, save for what comes late and is not `root` itself. */
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

/** Bring the words of what comes late, and put those in place that `element` names. */
export async function dressLate(element) {
  const { words, more, word } = speaking;
  Object.assign(words, (await more()).words);
  dress(element, word);
}

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["year", 31_556_952], ["month", 2_629_746], ["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

/**
 * How times, days and names look: { clock, calendar, dayOf, dayWords, ago, and, compare }. The reader's own
 * `languages` decide, also where the page has no words for them; the words for today and yesterday
 * are in the page's `language`. Times are milliseconds, save for `dayOf`, which takes seconds.
 */
export function formats(languages, language, now) {
  const format = (options) => {
    const formatter = new Intl.DateTimeFormat(languages, options);
    return (time) => formatter.format(time);
  };
  const near = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const list = new Intl.ListFormat(language);
  const date = new Intl.DateTimeFormat(language, { dateStyle: "full" });
  const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);
  let day = { start: 0, end: 0 }; // that of the line before is most often that of the next
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
      const days = Math.round((midnight(time) - midnight(now())) / 86_400_000); // 23 and 25 hours, too
      return days === 0 || days === -1 ? start(near.format(days, "day")) : date.format(time);
    },
    /** How long ago, in one word or two. */
    ago(time) {
      const seconds = Math.min(0, Math.round((time - now()) / 1000));
      const [unit, length] = UNITS.find(([, each]) => -seconds >= each) ?? UNITS.at(-1);
      return near.format(Math.trunc(seconds / length), unit);
    },
    and: (names) => list.format(names),
    compare: new Intl.Collator(languages, { numeric: true, sensitivity: "base" }).compare,
  };
}
