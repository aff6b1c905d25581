// The settings of the device: theme, text size, language, time format, the Enter key, and who is ignored. Pure; rules
// as in core/state.js.
//
// state.settings has one option of each; device.js lists the options. `ignored` has the nick of each ignored user by
// id. They are stored on the device, and all tabs use the same. An unknown option counts as the default, wherever
// a setting is applied.

import { choices } from "./attention.js";

const DEFAULTS = Object.freeze({ theme: "system", size: "normal", language: "system", clock: "system", enter: "system" });

/** The settings from what was stored, null for nothing. */
export function settings(stored) {
  return { ...DEFAULTS, ...stored, ignored: { ...stored?.ignored } };
}

export const SETTING_RULES = {
  setting(turn, { name, value }) {
    turn.state.settings = { ...turn.state.settings, [name]: value };
    if (turn.state.sheet) turn.state.sheet = { ...turn.state.sheet, refusal: null };
  },
  /** Another tab has changed what is stored. */
  stored(turn, event) {
    Object.assign(turn.state, { settings: settings(event.settings), attention: choices(event.attention) });
  },
  /** The texts of the chosen language could not be loaded. */
  unspoken(turn) {
    if (turn.state.sheet) turn.state.sheet = { ...turn.state.sheet, refusal: { code: "offline" } };
  },
};
