// The members of the room.
//
// Down   { rooms, key, me, … }
// Up     "sheet" for the card of a member

import { clearList, copies, reconcile, set, tell, write } from "../browser/dom.js";
import { initial } from "../core/avatar.js";
import { memberChoices } from "../core/choices.js";
import { sharers } from "../core/room.js";
import { current } from "../core/state.js";
import { SHEETS } from "../core/names.js";

const SHOWN = 200; // a longer list is of no use; the rest are counted

export function MemberList(element, { word, compare }) {
  const title = element.querySelector(".title");
  const list = element.querySelector(".members");
  const others = element.querySelector(".others");
  const shown = new Map();
  const make = copies("member");
  let drawn = null;

  list.addEventListener("click", ({ target }) => {
    const member = target.closest(".member");
    if (member) tell(element, "sheet", { name: SHEETS.person, about: { user: member.dataset.user, nick: member.querySelector(".nick").textContent } });
  });
  list.addEventListener("keydown", (event) => {
    const beside = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const next = beside && event.target.parentElement[beside]?.firstElementChild;
    if (!next) return;
    event.preventDefault();
    next.focus();
  });

  function update(state) {
    const room = current(state);
    const { members, absent, memberCount } = room;
    const shared = sharers(room, state.me);
    set(element, { hidden: memberCount === 0 }); // not known yet: the user would be one of them
    if (drawn?.members === members && drawn.absent === absent && drawn.me === state.me && drawn.shared === shared) return;
    drawn = { members, absent, me: state.me, shared };
    const rows = memberChoices(state, compare).slice(0, SHOWN);
    reconcile(list, shown, rows, { make, fill, same: sameMember });
    for (const { firstElementChild: member, previousElementSibling: above } of list.children) set(member, { tabIndex: above ? -1 : 0 }); // one stop for Tab
    write(title, word("members.title", { count: memberCount }));
    const more = Math.max(memberCount, members.size) - rows.length;
    write(others, more > 0 && rows.length > 0 ? word("members.others", { count: more }) : "");
  }

  function fill(item, { key, nick, me, away, hue, mark }) {
    const member = item.firstElementChild;
    member.dataset.user = key;
    member.classList.toggle("absent", away);
    const avatar = item.querySelector(".avatar");
    write(avatar, initial(nick));
    set(avatar.dataset, { hue: String(hue) });
    write(item.querySelector(".nick"), nick);
    set(item.querySelector(".nick").dataset, { mark });
    write(item.querySelector(".me"), word("members.me"));
    item.querySelector(".me").hidden = !me;
    write(item.querySelector(".away"), word("members.away"));
    item.querySelector(".away").hidden = !away;
  }

  /** Draw everything again with the next update, in another language. */
  function redraw() {
    drawn = null;
    clearList(list, shown);
  }

  return { update, redraw };
}

function sameMember(a, b) {
  return a.nick === b.nick && a.me === b.me && a.away === b.away && a.hue === b.hue && a.mark === b.mark;
}
