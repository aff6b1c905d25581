// A server as docs/protocol.md describes it, without network, clock or storage: what the page's
// rules are tested against.

const AUTHORS = { u1: "Ada", u2: "Bob", u3: "Cyn" };

/** A room's history: what was written, and what `joined`, `history` and live members get of it. */
export class History {
  entries = []; // as they stand; entries[i].seq === i + 1

  constructor(room, epoch = "e1") {
    Object.assign(this, { room, epoch, terms: new Map() });
  }

  get seq() {
    return this.entries.length;
  }

  /** Write `change`, a live event without seq; gives the live event. */
  write(change) {
    const nick = AUTHORS[change.user] ?? change.user;
    const event = { room: this.room, seq: this.seq + 1, nick, time: 1_000 + this.seq, ...change };
    this.entries.push(structuredClone(event));
    const target = this.entries[event.target - 1];
    if (event.type === "edited" && !target.deleted) Object.assign(target, { text: event.text, edited: event.time });
    if (event.type === "deleted") this.#remove(event.target);
    if (event.type === "reacted" && !target.deleted) this.#react(target, event);
    return event;
  }

  #remove(seq) {
    const message = this.entries[seq - 1];
    delete message.text;
    delete message.reactions;
    message.deleted = true;
    for (const entry of this.entries) if (entry.type === "edited" && entry.target === seq) delete entry.text;
  }

  #react(message, { emoji, user, on }) {
    const before = message.reactions ?? {};
    const users = new Set(Object.hasOwn(before, emoji) ? before[emoji] : []); // "constructor" is one, too
    if (on) users.add(user);
    else users.delete(user);
    const reactions = { ...before, [emoji]: [...users] };
    if (users.size === 0) delete reactions[emoji];
    message.reactions = reactions;
    if (Object.keys(reactions).length === 0) delete message.reactions;
  }

  between(after, last) {
    return structuredClone(this.entries.slice(Math.max(0, after), last));
  }

  /** The server is started again: the epoch is another, and positions of the one before stay good. */
  restart(epoch) {
    this.terms.set(this.epoch, this.seq);
    this.epoch = epoch;
  }

  joined(since, { newest = 50, most = 1_000 } = {}) {
    const reached = since?.epoch === this.epoch ? this.seq : (this.terms.get(since?.epoch) ?? -1);
    const recovered = since?.seq <= reached && this.seq - since.seq <= most;
    const start = recovered ? since.seq : Math.max(0, this.seq - newest);
    return {
      type: "joined",
      room: this.room,
      topic: this.entries.findLast(({ type }) => type === "topic")?.text ?? "",
      epoch: this.epoch,
      seq: this.seq,
      recovered,
      more: start > 0,
      read: 0,
      member_count: 1,
      members: [{ user: "u1", nick: "Ada" }],
      entries: this.between(start, this.seq),
    };
  }

  /** The answer to `join` in parts of `size` entries: a `joined` that is partial, and what follows it. */
  parts(since, size, options) {
    const { entries, ...joined } = this.joined(since, options);
    if (entries.length <= size) return [{ ...joined, entries }];
    const parts = [];
    for (let from = size; from < entries.length; from += size) {
      const part = { type: "replay", room: this.room, entries: entries.slice(from, from + size) };
      parts.push(from + size < entries.length ? part : { ...part, end: true });
    }
    return [{ ...joined, partial: true, entries: entries.slice(0, size) }, ...parts];
  }

  page(before, limit) {
    const start = Math.max(0, before - 1 - limit);
    return { type: "history", room: this.room, entries: this.between(start, before - 1), more: start > 0 };
  }
}

/** Write something at random. */
export function writeSomething(history, random, pickOne) {
  const messages = history.entries.filter((entry) => entry.type === "message");
  const own = { user: pickOne(random, Object.keys(AUTHORS)) };
  const target = messages.length > 0 && random() < 0.5 ? pickOne(random, messages.slice(-12)) : null;
  if (target && !target.deleted) {
    const change = pickOne(random, ["edited", "deleted", "reacted", "reacted"]);
    const more = {
      edited: () => ({ text: `better ${random()}` }),
      deleted: () => ({}),
      reacted: () => ({ emoji: pickOne(random, ["👍", "constructor", "❤️"]), on: random() < 0.6 }),
    };
    return history.write({ type: change, target: target.seq, ...own, ...more[change]() });
  }
  if (random() < 0.05) return history.write({ type: "topic", text: `topic ${random()}`, ...own });
  return history.write({ type: "message", id: `${history.seq}-${random()}`, text: `text ${random()}`, ...own });
}
