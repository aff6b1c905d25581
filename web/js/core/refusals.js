// Which texts say why something in a dialog was refused: keys of js/i18n, with values. Pure; loaded with dialogs.

const TOPIC_REFUSALS = ["too_long", "bad_field", "rate_limited", "muted", "offline"];

/** The text for why a topic was not set: { key, values }. */
export function topicRefusal({ code, message }) {
  if (TOPIC_REFUSALS.includes(code)) return { key: `topic.${code}` };
  return { key: "topic.other", values: { message: message ?? code } };
}

/** The text for why a search failed: { key, values }. */
export function searchRefusal({ code, message }) {
  if (["offline", "rate_limited", "not_joined"].includes(code)) return { key: `search.${code}` };
  return { key: "search.other", values: { message: message ?? code } };
}
