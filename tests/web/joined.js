// Whether modules mean the same when they are joined: `node joined.js JOINED A B …` fails where the joined
// module has a name of its own for what A or B gets from the browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { argv } from "node:process";

import { analyze } from "eslint-scope";
import { parse } from "espree";

function scopes(path) {
  const tree = parse(readFileSync(path, "utf8"), { ecmaVersion: "latest", sourceType: "module", range: true });
  return analyze(tree, { ecmaVersion: 2024, sourceType: "module" });
}

const [joined, ...modules] = argv.slice(2);
const names = new Set(scopes(joined).globalScope.childScopes[0].variables.map(({ name }) => name));
assert.ok(names.size > 100);
for (const path of modules) {
  const free = scopes(path).globalScope.through.map(({ identifier }) => identifier.name);
  assert.deepEqual(free.filter((name) => names.has(name)), [], path);
}
