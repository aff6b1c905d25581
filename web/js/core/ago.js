// A relative time in words, such as "5 minutes ago". Pure; loaded when it is first needed.

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["year", 31_556_952], ["month", 2_629_746], ["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

/** How long ago `time` is `now`, both in milliseconds, in the words of `near`: see `formats` in i18n/index.js. */
export function ago(time, now, near) {
  const seconds = Math.min(0, Math.round((time - now) / 1000));
  const [unit, length] = UNITS.find(([, each]) => -seconds >= each) ?? UNITS.at(-1);
  return near(Math.trunc(seconds / length), unit);
}
