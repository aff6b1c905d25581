// The settings of this device: notifications, sound, theme, text size, language, time format and the Enter key; who is
// ignored; the name of the user, what is stored, and signing out.
//
// Down   { sheet, settings, attention, permission, me, identity, rooms, pending }
// Up     "setting" with { name, value }, "notify" and "chime" with { on }, "permission" with { permission },
//        "rename", "forget"

import "../core/attentionRules.js";
import { copies, tell, write } from "../browser/dom.js";
import { SHEETS } from "../core/names.js";
import { sizeStored } from "../browser/device.js";
import { ignoring } from "../core/person.js";
import { deviceValues, OPTIONS, permissionWords } from "../core/device.js";
import { Sheet } from "./sheet.js";

export function SettingsSheet(element, { word, base }) {
  const find = (selector) => element.querySelector(selector);
  const desktop = find(".desktop");
  const sound = find(".sound");
  const sure = find(".sure");
  const forget = find(".forget");
  const sheet = Sheet(element, SHEETS.settings);
  const row = copies("ignored");
  let ignored = null; // the people that are shown
  const radios = new Map(); // the inputs of each setting

  for (const name of Object.keys(OPTIONS)) {
    const { part, inputs } = Option(name);
    radios.set(name, inputs);
    part.addEventListener("change", ({ target }) => tell(element, "setting", { name, value: target.value }));
    find(".refusal").before(part);
  }
  redraw();

  find(".calls").addEventListener("change", ({ target }) => {
    if (target === desktop) tell(element, "notify", { on: desktop.checked });
    if (target === sound) tell(element, "chime", { on: sound.checked });
  });
  find(".rename").addEventListener("click", () => tell(element, "rename"));
  forget.addEventListener("click", () => ask(sure.hidden));
  find(".sure .no").addEventListener("click", () => ask(false));
  find(".sure .yes").addEventListener("click", () => tell(element, "forget"));
  find(".ignored").addEventListener("click", ({ target }) => {
    const { user } = target.closest(".row")?.dataset ?? {};
    if (!target.closest(".unignore")) return;
    tell(element, "setting", { name: "ignored", value: ignoring(ignored, { user, nick: ignored[user] }) });
    (find(".ignored .unignore") ?? find(".rename")).focus(); // the button that had the focus is gone
  });
  watchPermission((permission) => tell(element, "permission", { permission }));

  function redraw() {
    ignored = null;
    for (const [name, inputs] of radios) {
      write(inputs[0].closest(".option").querySelector(".label"), word(`settings.${name}`));
      for (const input of inputs) write(input.nextElementSibling, word(`settings.${name}.${input.value}`));
    }
  }

  /** Show the question whether to sign out, or hide it. */
  function ask(open) {
    sure.hidden = !open;
    (open ? find(".sure .no") : forget).focus();
    if (open) sure.scrollIntoView({ block: "nearest" });
  }

  function update(state) {
    const open = sheet(state);
    if (!open) return;
    if (open === "opened") begin();
    const { attention, permission, settings } = state;
    desktop.checked = attention.desktop && permission === "granted";
    desktop.disabled = permission === "denied";
    sound.checked = attention.sound;
    write(find("#settings-desktop"), word(permissionWords(permission, isSecureContext, "Notification" in globalThis)));
    for (const [name, inputs] of radios) for (const input of inputs) input.checked = settings[name] === input.value;
    write(find(".refusal"), state.sheet.refusal ? word("settings.unspoken") : "");
    if (settings.ignored !== ignored) showIgnored((ignored = settings.ignored));
    showDevice(state);
  }

  function showIgnored(people) {
    const all = Object.entries(people).map(([user, nick]) => {
      const made = row();
      made.dataset.user = user;
      write(made.querySelector(".nick"), nick);
      write(made.querySelector(".unignore"), word("person.unignore"));
      made.querySelector(".unignore").ariaLabel = word("person.unignoreName", { nick });
      return made;
    });
    find(".people").replaceChildren(...all);
    find(".ignored").hidden = all.length === 0;
  }

  function showDevice(state) {
    const { nick, drafts, unsent } = deviceValues(state);
    write(find(".who"), word("settings.who", { nick }));
    write(find("#settings-sure"), word("settings.sure", { nick }));
    write(find(".stored"), word("settings.stored", { size: inKilobytes(sizeStored(base)), drafts, unsent }));
  }

  function begin() {
    sure.hidden = true;
    element.scrollTop = 0;
    find(".shut").focus();
  }

  return { update, redraw };
}

/** Call `changed` when the permission is changed in the browser's own settings. */
async function watchPermission(changed) {
  const status = await navigator.permissions?.query({ name: "notifications" }).catch(() => null);
  if (status) status.onchange = () => changed(Notification.permission);
}

/** The radio buttons of a setting: { part, inputs }. Their texts are written by `redraw`. */
function Option(name) {
  const part = copies("setting")();
  const pill = copies("setting-choice");
  const inputs = OPTIONS[name].map((value) => {
    const choice = pill();
    part.querySelector(".choices").append(choice);
    return Object.assign(choice.querySelector("input"), { name: `setting-${name}`, value });
  });
  return { part, inputs };
}

function inKilobytes(bytes) {
  const { lang } = document.documentElement;
  return new Intl.NumberFormat(lang, { style: "unit", unit: "kilobyte", maximumFractionDigits: 1 }).format(bytes / 1000);
}
