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

const RETRY = 10_000; // milliseconds after which texts that could not be loaded are requested again

let speaking = null; // the present language: { word, load }

/**
 * A function that returns the text for a key, with each `{name}` replaced from `values`. A text with plural forms
 * is selected by `values.count`. If the text is one of those that `more` loads, it is "" until then; `came` is
 * called when they are there. An unknown key is an error and throws.
 */
export function translator({ language, words, more = null }, came = () => {}) {
  const plurals = new Intl.PluralRules(language);
  let all = more === null; // whether all texts are loaded
  let coming = false;
  speaking = { word, load };
  return word;

  async function load() {
    await complete({ words, more });
    all = true;
  }

  function want() {
    if (coming) return;
    coming = true;
    load().then(came, () => setTimeout(() => (coming = false), RETRY));
  }

  function word(key, values = {}) {
    if (!Object.hasOwn(words, key)) {
      if (all) throw new Error(`${language}: no words for ${key}`);
      want();
      return "";
    }
    const entry = words[key];
    const form = typeof entry === "string" ? entry : entry[plurals.select(values.count)];
    return form.replace(/\{(\w+)\}/g, (_, value) => String(values[value]));
  }
}

/** Load the texts of a language that are no part of the page's start. */
async function complete({ words, more }) {
  Object.assign(words, (await more()).words);
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
  const { word, load } = speaking;
  await load();
  dress(element, word);
}

/** `languages` in the order in which they are preferred if the user has `chosen` one that the page has. */
export function preferred(chosen, languages) {
  return !Object.hasOwn(LANGUAGES, chosen) ? languages : [...languages.filter((tag) => tag.toLowerCase().startsWith(chosen)), chosen, ...languages];
}

/**
 * The texts and formats of the page: { tools, use }. `use(settings)` loads those of the chosen language, and
 * from then on `tools`, { word } and the functions of `formats`, return them; it resolves with whether they are
 * in use, or false if others were chosen meanwhile. Rejected if the texts cannot be loaded. `came` is called when
 * texts have come that were shown as "".
 */
export function Speech(languages, now, came) {
  /** @type {any} */
  const tools = {};
  let made;
  let uses = 0;

  async function use({ language, clock }) {
    const use = (uses += 1);
    const own = preferred(language, languages);
    const spoken = await LANGUAGES[pick(own)]();
    if (made) await complete(spoken); // dialogs may be open
    if (use !== uses) return false;
    made = { word: translator(spoken, came), ...formats(own, spoken.language, now, clock) };
    for (const name of Object.keys(made)) tools[name] ??= (...values) => made[name](...values);
    document.documentElement.lang = spoken.language;
    dress(document, made.word);
    return true;
  }

  return { tools, use };
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

/**
 * Formats of times, days and names: { clock, calendar, dayOf, dayWords, near, and, compare }. They follow the
 * user's own `languages`, even if the page has no texts in them; the words for today and yesterday
 * are in the page's `language`. `clock` is "12" or "24" for that many hours, or "system". Times are
 * milliseconds, except for `dayOf`, which takes seconds.
 *
 * @param {string} clock
 */
export function formats(languages, language, now, clock = "system") {
  /** @type {Intl.DateTimeFormatOptions} */
  const hours = { "12": { hourCycle: "h12" }, "24": { hourCycle: "h23" } }[clock];
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
    clock: format({ timeStyle: "short", ...hours }),
    calendar: format({ dateStyle: "full", timeStyle: "medium", ...hours }),
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
    near: (count, unit) => near.format(count, unit),
    and: (names) => list.format(names),
    compare: new Intl.Collator(languages, { numeric: true, sensitivity: "base" }).compare,
  };
}
