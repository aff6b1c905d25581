// The dialog that shows how text can be formatted. The samples are drawn as messages are.
//
// Down   { sheet }

import { bookOf } from "../core/mentions.js";
import { SHEETS } from "../core/names.js";
import { SAMPLE_NICKS, SAMPLES } from "../core/samples.js";
import { copies, write } from "../browser/dom.js";
import { Markup } from "./markup.js";
import { Sheet } from "./sheet.js";

export function WritingSheet(element, tools) {
  const { word } = tools;
  const make = copies("sample");
  const paint = Markup(tools);
  const about = { book: bookOf(SAMPLE_NICKS), me: null };
  const sheet = Sheet(element, SHEETS.writing);

  element.querySelector(".samples").append(
    ...SAMPLES.map((name) => {
      const made = make();
      const typed = word(`writing.${name}.typed`);
      write(made.querySelector(".what"), word(`writing.${name}`));
      write(made.querySelector(".typed > code"), typed);
      paint(made.querySelector(".text"), typed, about);
      return made;
    }),
  );

  return {
    update(state) {
      if (sheet(state) === "opened") element.querySelector(".shut").focus();
    },
  };
}
