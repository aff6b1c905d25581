// The markup, and the rules that the files of web/ follow.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { HANDLED, RULED, SHEETS } from "../../web/js/core/names.js";

const WEB = new URL("../../web/", import.meta.url);
const page = readFileSync(new URL("index.html", WEB), "utf8");
const files = readdirSync(WEB, { recursive: true }).filter((name) => /\.\w+$/.test(name));
const read = (name) => readFileSync(new URL(name, WEB), "utf8");
const ours = files.filter((name) => !name.startsWith("vendor/"));
const code = (name) => read(name).replace(/\/\*[\s\S]*?\*\/|(?<![:"])\/\/.*/g, "");

test("every link of the page is relative, and to a file that is there", () => {
  const links = [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map((match) => match[1]);
  assert.ok(links.length > 10);
  for (const link of links.filter((link) => link !== "./" && link !== "manifest.webmanifest")) {
    assert.ok(link.startsWith("assets/"), link);
    assert.ok(existsSync(new URL(link.slice("assets/".length), WEB)), link);
  }
});

/** The modules that `name` cannot do without, with itself. */
function needed(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const [, from] of code(name).matchAll(/from "([^"]+)"/g)) needed(new URL(from, `x:/${name}`).pathname.slice(1), found);
  return found;
}

/** The components that come when they are wanted, with their style sheets. */
const late = [...`${code("js/main.js")}${code("js/components/dialogs.js")}`.matchAll(/import\("\.\/(?:components\/)?(\w+)\.js"\)/g)].map(([, name]) => kebab(name));
const lateSheets = ["sheet", "print", "action-bar", "completion-list", ...late].map((name) => `css/${name}.css`);

/** The class of a component, from the name of its module. */
function kebab(name) {
  return name.replace(/(?<=.)[A-Z]/g, "-$&").toLowerCase();
}

test("every module of the start is preloaded, every style sheet of the start linked, and no other", () => {
  const start = needed("js/main.js");
  assert.ok(late.length >= 2 && start.size > 20);
  for (const name of files.filter((name) => name.endsWith(".js"))) {
    assert.equal(page.split(`<link rel="modulepreload" href="assets/${name}">`).length - 1, start.has(name) ? 1 : 0, name);
  }
  for (const name of files.filter((name) => name.endsWith(".css"))) {
    assert.equal(page.includes(`<link rel="stylesheet" href="assets/${name}">`), !lateSheets.includes(name), name);
  }
});

test("a component is one mount function, one style sheet, one class", () => {
  const components = files.filter((name) => /^js\/components\/[A-Z]/.test(name));
  assert.ok(components.length >= 9);
  for (const file of components) {
    const name = file.slice("js/components/".length, -".js".length);
    const all = [...read(file).matchAll(/^export .*/gm)].map(([line]) => line);
    assert.ok(all.length === 1 && all[0].startsWith(`export function ${name}(element`), name);
    assert.ok(read(`css/${kebab(name)}.css`).includes(`.${kebab(name)} `));
    assert.ok(page.includes(`class="${kebab(name)}"`));
  }
});

test("every event that a component tells is one that the page hears, and the other way round", () => {
  const told = files
    .filter((name) => name.startsWith("js/components/"))
    .flatMap((name) => [...code(name).matchAll(/\btell\(element, "(\w+)"/g)].map(([, type]) => type));
  const heard = new Set([...RULED, ...HANDLED]);
  for (const type of told) assert.ok(heard.has(type), type);
  const elsewhere = ["keep", "remove", "removeNow", "reply"]; // told by a name that is put together
  assert.deepEqual([...heard].filter((type) => !told.includes(type)).sort(), elsewhere);
  const main = code("js/main.js");
  for (const type of HANDLED) assert.ok(main.includes(`on("${type}", `), type);
});

test("each dialog has its element and its style sheet", () => {
  for (const name of Object.values(SHEETS)) {
    assert.ok(page.includes(`class="${name}"`), name);
    assert.ok(files.includes(`css/${name}.css`), name);
  }
});

test("the page keeps its own Content-Security-Policy", () => {
  assert.doesNotMatch(page, /\sstyle=|\son\w+=|<style|<script(?![^>]*src=)/);
  for (const name of files.filter((name) => name.endsWith(".js"))) {
    assert.doesNotMatch(read(name), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/, name);
  }
});

test("what decides touches neither page, clock, socket nor chance", () => {
  const pure = files.filter((name) => name.startsWith("js/core/"));
  assert.ok(pure.length >= 9);
  for (const name of pure) {
    assert.doesNotMatch(code(name), /\b(document|window|Date|WebSocket|crypto|setTimeout|navigator|\w+Storage)\b|Math\.random/, name);
  }
});

/** The folders of the page's modules, lowest first: a module imports from its own and from those below. */
const FLOORS = [["core", "i18n", "vendor"], ["browser"], ["components"], ["main.js"]];

test("imports go down: core, then browser, then components, then main.js, and in no circle", () => {
  const floor = (name) => FLOORS.findIndex((folders) => folders.includes(name.replace(/^js\//, "").split("/")[0]));
  const imports = (name) =>
    [...code(name).matchAll(/(?:from |import\()"(\.[^"]+)"/g)].map(([, from]) => new URL(from, `x:/${name}`).pathname.slice(1));
  const done = new Set();
  const visit = (name, above = []) => {
    assert.ok(!above.includes(name), [...above, name].join(" imports "));
    if (done.has(name)) return;
    for (const other of imports(name)) {
      assert.ok(floor(other) >= 0 && floor(other) <= floor(name), `${name} imports ${other}`);
      if (floor(name) === 0) assert.ok(other.startsWith(name.slice(0, name.lastIndexOf("/"))), `${name} imports ${other}`);
      visit(other, [...above, name]);
    }
    done.add(name);
  };
  for (const name of files.filter((name) => name.startsWith("js/"))) visit(name);
  assert.ok(done.size > 40);
});

test("only one module knows the WebSocket; others than those that store only read early, or erase, what is stored", () => {
  const simple = ["js/browser/device.js", "js/browser/early.js", "js/browser/storage.js"];
  const knows = [[/\bWebSocket\b/, ["js/browser/socket.js"]], [/\b\w+Storage\b/, simple], [/\bindexedDB\b/, ["js/browser/device.js", "js/browser/pendingStore.js"]]];
  for (const [word, only] of knows) {
    const found = ours.filter((name) => name.endsWith(".js") && word.test(code(name)));
    assert.deepEqual(found, only);
  }
});

test("a side is said by where lines begin and end; where it is left or right, a reason stands beside it", () => {
  const SIDE = [
    /(^|[\s-])(left|right)(-\w+)*\s*:/, // margin-left, border-top-right-radius, left
    /:.*\b(left|right)\b/, // text-align: left, env(safe-area-inset-left)
    /translateX\(/,
    /\b(margin|padding|inset|border-\w+): (\S+) (\S+) \S+ (?!\3;)\S+;/, // margin: 0 1px 0 2px
  ];
  const inBrackets = /\((?:[^()]|\([^()]*\))*\)/g; // one value, with spaces in it
  let sides = 0;
  for (const name of ours.filter((name) => name.endsWith(".css"))) {
    for (const line of read(name).split("\n")) {
      const [code] = line.split("/*");
      const said = code.replace(inBrackets, (all) => all.replace(/ /g, ""));
      if (!SIDE.some((side) => side.test(said))) continue;
      sides += 1;
      assert.match(line, /\/\* .{5,} \*\/$/, `${name}: ${line}`);
    }
  }
  assert.ok(sides > 5, "the rule knows a side when it sees one");
});

test("a component's element is its own: it looks for nothing on the page", () => {
  for (const name of files.filter((name) => /^js\/[A-Z]/.test(name))) {
    assert.doesNotMatch(code(name), /\bdocument\.(querySelector|getElement)/, name);
  }
});

test("no module is longer than one sitting", () => {
  for (const name of ours.filter((name) => name.endsWith(".js"))) {
    assert.ok(read(name).split("\n").length <= 350, name);
  }
});

test("the page can be installed, wherever it is, with icons that are there", () => {
  assert.match(page, /<link rel="manifest" href="manifest.webmanifest"/);
  const { start_url: start, scope, icons, theme_color: colour } = JSON.parse(read("manifest.webmanifest"));
  assert.deepEqual([start, scope], ["./", "./"]);
  assert.ok(page.includes(`<meta name="theme-color" content="${colour}"`));
  for (const { src } of icons) assert.ok(existsSync(new URL(src.replace(/^assets\//, ""), WEB)), src);
  assert.deepEqual(new Set(icons.map(({ purpose }) => purpose)), new Set(["any", "maskable"]));
});

test("nothing that a server takes away, comments and space around lines, is within a string", () => {
  for (const name of files.filter((name) => name.endsWith(".js") && !name.startsWith("vendor/"))) {
    let within = false;
    for (const line of read(name).split("\n")) {
      if (within) assert.match(line, /^(?!\/[/*])\S(.*\S)?$/, `${name}: ${line}`);
      if (within || line.split("`").length % 2 === 0) assert.doesNotMatch(line, /[;,{}[(] \/\/ /, `${name}: ${line}`);
      const bare = line
        .replace(/^\s*(\/\/|\/?\*).*$/, "")
        .replace(/"(?:[^"\\]|\\.)*"/g, "")
        .replace(/\/(?![/*])(?:[^/\\[]|\\.|\[(?:[^\]\\]|\\.)*\])+\/[a-z]*/g, "");
      if (bare.split("`").length % 2 === 0) within = !within;
      assert.doesNotMatch(line, /\\$/, name);
    }
    assert.ok(!within, name);
  }
});
