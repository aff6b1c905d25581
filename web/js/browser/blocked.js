// Why a connection could not be opened: the browser does not tell, but the server does.

const WAIT = 10_000; // milliseconds for the answer
const LONGEST_DETAIL = 500; // characters of the sentence that are kept

/**
 * The server's answer at the address of the connection: { status, detail }, with a sentence in
 * `language`; null if there is no answer, or not one of this server.
 */
export async function whyBlocked(address, language) {
  try {
    const response = await fetch(address, {
      headers: { Accept: "application/problem+json", "Accept-Language": language },
      cache: "no-store",
      referrerPolicy: "origin", // for a request to its own server the browser sends no Origin
      signal: AbortSignal.timeout(WAIT),
    });
    if (response.headers.get("Content-Type") !== "application/problem+json") return null;
    const { detail } = await response.json();
    return { status: response.status, detail: String(detail).slice(0, LONGEST_DETAIL) };
  } catch {
    return null;
  }
}
