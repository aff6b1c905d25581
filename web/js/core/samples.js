// What text can be formatted as: the rows of the dialog that shows it. Pure; loaded with it.

/** The names of the samples. Of each, the texts have what it is, and how it is typed. */
export const SAMPLES = Object.freeze(["strong", "em", "strike", "code", "fence", "quote", "bullets", "numbers", "link", "mention", "emoji"]);

/** The nicks that the samples mention. */
export const SAMPLE_NICKS = Object.freeze(["Ann", "李明"]);
