// Which language the page speaks, and its words. No other module holds a word that is shown.

import * as en from "./i18n/en.js";
import * as zh from "./i18n/zh.js";

export const LANGUAGES = { en, zh };

/** The first of the reader's languages that the page speaks, English if none: "en" or "zh". */
export function pick(languages) {
  for (const tag of languages) {
    const spoken = tag.toLowerCase().split("-")[0];
    if (Object.hasOwn(LANGUAGES, spoken)) return spoken;
  }
  return "en";
}

/**
 * A function that gives the words for a key, `{name}` filled in from `values`.
 * Words that count pick their form by `values.count`. An unknown key is a mistake and throws.
 */
export function translator(name) {
  const { language, words } = LANGUAGES[name];
  const plurals = new Intl.PluralRules(language);
  return function word(key, values = {}) {
    if (!Object.hasOwn(words, key)) throw new Error(`js/i18n/${name}.js has no words for ${key}`);
    const entry = words[key];
    const form = typeof entry === "string" ? entry : entry[plurals.select(values.count)];
    return form.replace(/\{(\w+)\}/g, (_, value) => String(values[value]));
  };
}

/** Put the words in place that the markup names. */
export function dress(root, word) {
  for (const element of root.querySelectorAll("[data-word]")) {
    element.textContent = word(element.dataset.word);
  }
  for (const element of root.querySelectorAll("[data-word-label]")) {
    element.setAttribute("aria-label", word(element.dataset.wordLabel));
  }
  for (const element of root.querySelectorAll("[data-word-placeholder]")) {
    element.placeholder = word(element.dataset.wordPlaceholder);
  }
}
