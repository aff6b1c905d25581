// Components that are loaded when they are first needed: their modules, style sheets and texts are not
// part of the page's start.

import { tell } from "../browser/dom.js";
import { dressLate } from "../i18n/index.js";

/**
 * A stand-in for the component that `load` returns a promise of. `name` is the class of its element, the
 * name of its style sheet, and that of the dialog in the state. `styles` is the URL
 * of the folder of style sheets.
 */
export function Lazy(element, name, load, styles) {
  let component = null;
  let coming = false;
  let latest;

  function update(state) {
    latest = state;
    if (component !== null) component.update(state);
    else if (state.sheet?.name === name && !coming) come();
  }

  async function come() {
    coming = true;
    try {
      await Promise.all([dressed(element, styles), linked("sheet", styles), linked(name, styles)]);
      component = await load();
      component.update(latest);
    } catch {
      coming = false; // there is no connection now; the next attempt tries again
      tell(element, "sheet", { name: null });
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
  const { href: styles } = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=stylesheet]")); // the others are beside it
  let bar = null;
  let coming = false;
  let wanted = null;

  async function want(call) {
    wanted = call;
    if (bar !== null) call(bar);
    if (bar !== null || coming) return;
    coming = true;
    try {
      const [{ ActionBar }] = await Promise.all([import("./ActionBar.js"), dressed(element, styles), linked("action-bar", styles)]);
      bar = ActionBar(element, tools);
      wanted?.(bar);
    } catch {
      coming = false; // there is no connection now; the next attempt tries again
    }
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

let late = null; // the contents that the page is sent without, once they are loaded

/** Insert the content of `element`, if the page was sent without it, and its texts. */
async function dressed(element, styles) {
  if (element.childElementCount === 0) {
    late ??= await loadLate(styles);
    if (element.childElementCount === 0) element.append(late.querySelector(`[data-of=${element.classList[0]}]`).content);
  }
  await dressLate(element);
}

/** The file of late contents, as a document. Its templates are added to the page. */
async function loadLate(styles) {
  const response = await fetch(new URL("../late.html", styles));
  if (!response.ok) throw new Error(String(response.status));
  const loaded = new DOMParser().parseFromString(await response.text(), "text/html");
  if (late === null) document.body.append(...loaded.querySelectorAll("template[id]"));
  return late ?? loaded;
}

/** Link a style sheet of the folder `styles`, unless it is linked; resolves when it is loaded. */
function linked(name, styles) {
  const { href } = new URL(`${name}.css`, styles);
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
