// Choosing what the user is notified of, and how. Pure; rules as in core/state.js. Loaded with what has these choices.

import { addRules } from "./chat.js";

const RULES = {
  level(turn, { key, level }) {
    choose(turn, { levels: new Map(turn.state.attention.levels).set(key, level) });
  },
  sound(turn, { on }) {
    choose(turn, { sound: on });
  },
  desktop(turn, { on }) {
    choose(turn, { desktop: on, offered: true });
  },
  notNow(turn) {
    choose(turn, { offered: true });
  },
  /** The browser has asked the user, or the permission was changed elsewhere. */
  permission(turn, { permission }) {
    turn.state.permission = permission;
    if (permission !== "default") choose(turn, { desktop: permission === "granted", offered: true });
  },
};

function choose(turn, changes) {
  turn.state.attention = { ...turn.state.attention, ...changes };
}

addRules(RULES);
