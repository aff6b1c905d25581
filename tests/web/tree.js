// A message's tree as short text, for the tests that compare trees.

import { targetOf } from "../../web/js/core/links.js";
import { parse } from "../../web/js/core/markup.js";

/** em(…), link<href>(…), and so on. */
export function shape(nodes) {
  return nodes
    .map((node) => {
      if (node.kind === "text") return node.text;
      if (node.kind === "list") return `list(${node.items.map(({ number, level, of }) => `${"»".repeat(level)}${number ?? "-"} ${shape(of)}`).join("|")})`;
      const name = { link: `link<${node.href}>`, mention: `mention<${node.nick}>`, fence: `fence<${node.info}>` }[node.kind] ?? node.kind;
      return `${name}(${node.of ? shape(node.of) : node.text})`;
    })
    .join("");
}

/** The tree of a text of one paragraph. */
export function line(text, tools) {
  return shape(parse(text, tools)).replace(/^paragraph\((.*)\)$/s, "$1");
}

/** All nodes of a tree. */
export function* nodesOf(nodes) {
  for (const node of nodes) {
    yield node;
    yield* nodesOf(node.of ?? node.items?.flatMap(({ of }) => of) ?? []);
  }
}

/** All that the page shows of a tree, in its order: also what is no text of its own. */
export function shown(nodes) {
  const one = (node) => {
    if (node.kind === "fence") return `${node.info}\n${node.text}\n`;
    if (node.kind === "list") return node.items.map(({ number, of }) => `${number ?? ""} ${shown(of)}\n`).join("");
    if (node.kind === "link") {
      const words = shown(node.of);
      return targetOf(words)?.href === node.href ? words : `${words} ${decodeURI(node.href)}`; // the title of a link
    }
    return node.of ? shown(node.of) : node.text;
  };
  return nodes.map(one).join("");
}
