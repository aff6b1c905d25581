// Whether pairs of scripts have the same syntax tree: `node same.js A B …` fails where A and B differ. `const` is the same
// as `let` here: ESLint's no-const-assign checks that no constant is assigned to.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { argv } from "node:process";

import ts from "typescript";

/** The tree of `node` as nested lists, without positions and comments. */
function tree(node, source) {
  const parts = [];
  ts.forEachChild(node, (child) => void parts.push(tree(child, source)));
  const scoped = (node.flags & ts.NodeFlags.BlockScoped) !== 0;
  const binding = [scoped, node.flags & ts.NodeFlags.OptionalChain];
  return [node.kind, node.operator ?? 0, binding, parts.length > 0 ? parts : node.getText(source).replace(/^(\w+);$/, "$1")]; // "return;"
}

function parsed(path) {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ESNext, true, ts.ScriptKind.JS);
  assert.deepEqual(source.parseDiagnostics, [], path);
  return source.statements.map((each) => tree(each, source));
}

for (let i = 2; i < argv.length; i += 2) assert.deepEqual(parsed(argv[i + 1]), parsed(argv[i]), argv[i]);
