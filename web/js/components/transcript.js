// The text that is copied for a selection of several messages: authors, times, and the text as written.

const BLOCKS = "div, blockquote, li, ol, ul, pre, .fence";
const NEVER = ".copy, wbr, .place";

/** From now on, what is copied from `list` is such a text. */
export function copyFrom(list) {
  document.addEventListener("copy", (event) => {
    const target = /** @type {Element} */ (event.target);
    const text = target.closest?.("input, textarea") ? null : transcript(getSelection(), list);
    if (text === null) return; // the browser copies what is selected
    event.preventDefault();
    event.clipboardData.setData("text/plain", text);
  });
}

/**
 * `selection` as text, limited to `list`; null if the browser's own text is as good, for a selection
 * within the plain text of one message.
 */
function transcript(selection, list) {
  if (selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  const rows = [...list.querySelectorAll(".line, .note")].filter((row) => range.intersectsNode(row));
  const [only] = rows;
  if (rows.length === 0) return null;
  if (rows.length === 1) {
    const text = only.querySelector(".text");
    const within = selected(range, text);
    return within.querySelector(BLOCKS) && text.contains(range.startContainer) ? written(within) : rows[0].matches(".line") && !text.contains(range.commonAncestorContainer) ? said(only, range, true) : null;
  }
  const pieces = rows.map((row, i) => {
    if (row.matches(".note")) return `\n${row.querySelector(".text").textContent}`;
    return said(row, range, i === 0 || rows[i - 1].matches(".note") || row.matches(".leads"));
  });
  return pieces.filter((piece) => piece !== "").join("\n").trim();
}

/** One message; `leads` if its author is to be named. */
function said(line, range, leads) {
  const text = written(selected(range, line.querySelector(".text")));
  if (text === "") return "";
  const quoted = line.querySelector(".quoted");
  const answers = quoted ? `> ${[...quoted.children].map((each) => each.textContent).filter(Boolean).join(": ")}\n` : "";
  const by = `\n${line.querySelector(".nick").dataset.nick} ${line.querySelector(".time").textContent}\n`;
  return (leads ? by : "") + answers + text;
}

/** The part of `element` that is in `range`, as a fragment. */
function selected(range, element) {
  const part = document.createRange();
  part.selectNodeContents(element);
  if (range.compareBoundaryPoints(Range.START_TO_START, part) > 0) part.setStart(range.startContainer, range.startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, part) < 0) part.setEnd(range.endContainer, range.endOffset);
  return part.cloneContents();
}

/** The text of `node` as it was written: quotes, lists and fences with their marks. */
function written(node) {
  let text = "";
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) text += child.data;
    if (child.nodeType !== Node.ELEMENT_NODE || child.matches(NEVER)) continue;
    const block = child.matches(BLOCKS);
    if (block && text !== "" && !text.endsWith("\n")) text += "\n";
    text += block ? `${marked(child)}\n` : marked(child);
  }
  return text.replace(/\n$/, "");
}

function marked(element) {
  if (element.matches(".fence")) {
    const code = element.querySelector("code")?.textContent ?? "";
    return `\`\`\`${element.querySelector(".info")?.textContent ?? ""}\n${code}\n\`\`\``;
  }
  const within = written(element);
  if (element.matches("blockquote")) return within.replace(/^/gm, "> ");
  if (element.matches("ol > li")) return `${element.value}. ${within}`;
  return element.matches("li") ? `- ${within}` : within;
}
