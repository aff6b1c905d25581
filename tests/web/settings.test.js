// The settings of the device: what is stored, what other tabs change, and what their dialog says.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { deviceValues, OPTIONS, permissionWords } from "../../web/js/core/device.js";
import { settings } from "../../web/js/core/settings.js";
import { formats, pick, preferred } from "../../web/js/i18n/index.js";
import { Page } from "./page.js";

const DEFAULTS = { theme: "system", size: "normal", language: "system", clock: "system", enter: "system", ignored: {} };

describe("settings", () => {
  test("follow the system, until the user chooses", () => {
    assert.deepEqual(settings(null), DEFAULTS);
    assert.deepEqual(settings({ theme: "dark" }), { ...DEFAULTS, theme: "dark" });
    for (const [name, options] of Object.entries(OPTIONS)) assert.ok(options.includes(DEFAULTS[name]), name);
  });

  test("are changed one at a time, with or without a connection", () => {
    const page = new Page();
    page.do("setting", { name: "size", value: "large" });
    page.do("setting", { name: "clock", value: "24" });
    assert.deepEqual(page.state.settings, { ...DEFAULTS, size: "large", clock: "24" });
  });

  test("and choices of notifications are those that another tab has stored", () => {
    const page = new Page({ settings: { theme: "dark" } });
    page.do("stored", { settings: { theme: "light" }, attention: { levels: [["tea", "all"]], sound: true } });
    assert.equal(page.state.settings.theme, "light");
    assert.equal(page.state.attention.sound, true);
    assert.equal(page.state.attention.levels.get("tea"), "all");
  });

  test("say when the texts of a language could not be loaded, until something is chosen", () => {
    const page = new Page();
    page.do("sheet", { name: "settings-sheet" });
    page.do("unspoken");
    assert.notEqual(page.state.sheet.refusal, null);
    page.do("setting", { name: "language", value: "en" });
    assert.equal(page.state.sheet.refusal, null);
    page.do("sheet", { name: null });
    page.do("unspoken");
    assert.equal(page.state.sheet, null);
  });
});

describe("a language", () => {
  test("that was chosen comes first, in the user's own variant if there is one", () => {
    assert.equal(pick(preferred("system", ["zh-TW", "en-US"])), "zh");
    assert.equal(pick(preferred("en", ["zh-TW", "en-NZ"])), "en");
    assert.equal(preferred("en", ["zh-TW", "en-NZ"])[0], "en-NZ");
    assert.equal(preferred("zh", ["en-NZ"])[0], "zh");
  });

  test("that the page does not have changes nothing", () => {
    for (const odd of ["xx", "toString", "", undefined]) assert.deepEqual(preferred(odd, ["en-NZ"]), ["en-NZ"]);
  });
});

test("times have 12 or 24 hours, if the user has chosen so", () => {
  const at = new Date(2026, 1, 3, 15, 4, 5).getTime();
  const clock = (choice, language = "en-GB") => formats([language], "en", () => at, choice).clock(at);
  assert.equal(clock("24", "en-US"), "15:04");
  assert.match(clock("12"), /^0?3:04\spm$/i);
  assert.equal(clock("system"), "15:04");
  assert.match(clock("system", "en-US"), /^3:04\sPM$/);
  assert.equal(clock("nonsense"), "15:04");
  assert.match(formats(["en-US"], "en", () => at, "24").calendar(at), /15:04:05/);
  assert.equal(formats(["en-US"], "en", () => at, "24").clock(new Date(2026, 1, 3, 0, 5).getTime()), "00:05");
});

test("the dialog says why there are no notifications, and what would help", () => {
  assert.equal(permissionWords("denied", false, true), "settings.insecure");
  assert.equal(permissionWords("denied", true, false), "settings.unable");
  assert.equal(permissionWords("denied", true, true), "attention.forbidden");
  assert.equal(permissionWords("default", true, true), "settings.ask");
  assert.equal(permissionWords("granted", true, true), "settings.which");
});

test("the dialog knows the user's name, and counts drafts and unsent messages", () => {
  const page = new Page({ drafts: [["tea", "half"], ["milk", " "]] });
  page.do("send", { text: "later", id: "a" });
  assert.deepEqual(deviceValues(page.state), { nick: "Ada", drafts: 1, unsent: 1 });
});
