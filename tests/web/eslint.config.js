// The style of the page's scripts and of their tests, for `make lint`. Run from the project's root.

import js from "@eslint/js";
import globals from "globals";

/**
 * No function has more than 60 lines of its own. The lines of the functions inside it are counted as theirs: a component
 * is one function that holds others, as a class holds its methods.
 */
const ownLines = {
  meta: { type: "suggestion", schema: [{ type: "integer" }] },
  create(context) {
    const [most] = context.options;
    const inner = [0]; // lines of functions inside the function that is being walked, one number for each level
    const enter = () => void inner.push(0);
    const leave = (node) => {
      const lines = node.loc.end.line - node.loc.start.line + 1;
      const own = lines - inner.pop();
      if (lines > 1) inner[inner.length - 1] += lines;
      if (own > most) context.report({ node, message: `This function has ${own} lines of its own; at most ${most} are allowed.` });
    };
    const kinds = ["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"];
    return Object.fromEntries(kinds.flatMap((kind) => [[kind, enter], [`${kind}:exit`, leave]]));
  },
};

export default [
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2022, sourceType: "module" },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-control-regex": "off", // what is refused is written as it is
      "no-implicit-globals": "error",
      "no-shadow-restricted-names": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": ["error", { destructuring: "all" }],
    },
  },
  { files: ["web/js/**"], languageOptions: { globals: globals.browser }, plugins: { gochat: { rules: { "own-lines": ownLines } } },
    rules: { "max-lines": ["error", 350], "gochat/own-lines": ["error", 60] } },
  { files: ["web/sw.js"], languageOptions: { globals: globals.serviceworker } },
  { files: ["tests/web/**"], languageOptions: { globals: globals.nodeBuiltin } },
];
