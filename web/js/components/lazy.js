// Components that are loaded when they are first needed: their modules, style sheets and texts are not
// part of the page's start.

import { once } from "../browser/once.js";
import { tell } from "../browser/dom.js";
import { dressLate } from "../i18n/index.js";

/**
 * A stand-in for a component until it is `wanted` first: if it is a dialog, until that is to be open.
 * `load` imports its module, which exports nothing but the function that mounts it. The class of
 * `element` is also the name of its style sheet, and that of the dialog in the state.
 *
 * @param {any} element
 * @param {() => Promise<object>} load
 * @param {object} tools
 * @param {(state: any) => boolean} wanted
 */
export function Lazy(element, load, tools, wanted = ({ sheet }) => sheet?.name === element.className) {
  const name = element.className;
  let component = null;
  let coming = false;
  let latest;

  function update(state) {
    latest = state;
    if (component !== null) component.update(state);
    else if (!coming && wanted(state)) come();
  }

  async function come() {
    coming = true;
    try {
      const [module] = await Promise.all([load(), dressed(element), linked("sheet"), linked(name)]);
      const [mount] = Object.values(module);
      component = mount(element, tools);
      component.update(latest);
    } catch {
      coming = false; // there is no connection now; the next attempt tries again
      if (latest.sheet?.name === name) tell(element, "sheet", { name: null });
    }
  }

  /** Show the texts in another language. */
  async function redraw() {
    if (component === null) return;
    await dressLate(element);
    component.redraw?.();
    component.update(latest);
  }

  return { update, redraw };
}

/**
 * The action bar of ActionBar.js, which is loaded when it is first shown. The last call meanwhile is
 * done then, unless the bar has to be hidden by then.
 */
export function LateBar(element, tools) {
  let bar = null;
  let wanted = null;
  const come = once(async () => {
    const [{ ActionBar }] = await Promise.all([import("./ActionBar.js"), dressed(element), linked("action-bar")]);
    bar = ActionBar(element, tools);
    wanted?.(bar);
  });

  function want(call) {
    wanted = call;
    if (bar === null) come();
    else call(bar);
  }

  return {
    show: (line) => want((made) => made.show(line)),
    enter: (line, react) => want((made) => made.enter(line, react)),
    hide() {
      wanted = null;
      bar?.hide();
    },
    async redraw() {
      if (bar === null) return;
      await dressLate(element);
      bar.redraw();
    },
    place: () => bar?.place(),
    held: () => bar?.held() ?? false,
    line: () => bar?.line() ?? null,
  };
}

/** The button of newsButton.js, which `load` makes when a room is first opened that has new messages. */
export function LateNews(load) {
  let button = null;
  let latest;
  const come = once(async () => {
    button = await load();
    button.update(latest);
  });

  return {
    update(room) {
      latest = room;
      if (button !== null) button.update(room);
      else if (room.news !== null) come();
    },
    scrolled: () => button?.scrolled(),
  };
}

let late = null; // the contents that the page is sent without, once they are loaded

/** Insert the content of `element`, if the page was sent without it, and its texts. */
async function dressed(element) {
  if (element.childElementCount === 0) {
    late ??= await loadLate();
    if (element.childElementCount === 0) element.append(late.querySelector(`[data-of=${element.classList[0]}]`).content);
  }
  await dressLate(element);
}

/** The file of late contents, as a document. Its templates are added to the page. */
async function loadLate() {
  const response = await fetch(besideStyles("../late.html"));
  if (!response.ok) throw new Error(String(response.status));
  const loaded = new DOMParser().parseFromString(await response.text(), "text/html");
  if (late === null) document.body.append(...loaded.querySelectorAll("template[id]"));
  return late ?? loaded;
}

/** The URL of a file relative to the folder of style sheets. */
function besideStyles(name) {
  const { href } = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=stylesheet]"));
  return new URL(name, href);
}

/** Links the style sheet `name`, if the page does not yet; resolves when it is loaded. */
export function linked(name) {
  const { href } = besideStyles(`${name}.css`);
  const there = [...document.styleSheets].some((sheet) => sheet.href === href);
  if (there) return undefined;
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", href });
  return new Promise((done, fail) => {
    link.onload = done;
    link.onerror = () => {
      link.remove();
      fail(new Error(`there is no ${href}`));
    };
    document.head.append(link);
  });
}
