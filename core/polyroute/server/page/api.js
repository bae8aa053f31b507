// Talking to the server: one way to ask, one kind of error, one stream of events.

const SLOW_AFTER_MS = 4000;
const GIVE_UP_AFTER_MS = 30000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10000;
const LONGEST_SILENCE_MS = 40000; // the server says something every 15 seconds

// In the fragment, which is never sent nor logged; taken out of the address, so that it is in no history either.
let token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
if (token) history.replaceState(null, "", location.pathname + location.search);

/** Send `given` as the server's token from now on. It is kept in memory alone. */
export function useToken(given) {
  token = given;
}

const authorized = () => (token ? { authorization: `Bearer ${token}` } : {});

/** What the server refused, or that it did not answer. `message` is for people. */
export class ApiError extends Error {
  constructor(message, { status = 0, code = "", remedy = "", context = {} } = {}) {
    super(message);
    Object.assign(this, { status, code, remedy, context });
  }

  /** Whether trying again later may help. */
  get isPassing() {
    return this.status === 0 || this.status >= 500;
  }
}

/** Ask the server; `onslow` is called where an answer takes its time, which is read `as` JSON or text.
 *  Paths are relative to the page. */
async function request(method, path, { body, onslow, as = "json" } = {}) {
  const slow = setTimeout(() => onslow?.(), SLOW_AFTER_MS);
  try {
    const response = await fetch(`api/${path}`, {
      method,
      headers: { ...authorized(), ...(body === undefined ? {} : { "content-type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      keepalive: method === "DELETE", // it may be the last thing that a page does
      signal: AbortSignal.timeout(GIVE_UP_AFTER_MS),
    });
    return response.ok ? await response[as]() : await refused(response);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError("Polyroute does not answer.");
  } finally {
    clearTimeout(slow);
  }
}

async function refused(response) {
  const told = await response.json().catch(() => ({}));
  const message = typeof told.message === "string" ? told.message : `The server answered ${response.status}.`;
  const remedy = [told.recovery ?? ""].flat().join(" ");
  throw new ApiError(message, { status: response.status, code: told.code, remedy, context: told.context ?? {} });
}

export const get = (path, options) => request("GET", path, options);
export const post = (path, body) => request("POST", path, { body });
export const put = (path, body) => request("PUT", path, { body });
export const patch = (path, body) => request("PATCH", path, { body });
export const remove = (path) => request("DELETE", path);

/** Call `onchange` at once, whenever something may have changed, and as the server comes and goes. */
export async function listen(onchange) {
  for (let retry = FIRST_RETRY_MS; ; retry = Math.min(retry * 2, LONGEST_RETRY_MS)) {
    try {
      for await (const _ of events()) {
        retry = FIRST_RETRY_MS;
        onchange();
      }
    } catch {
      // Whatever ended the stream, the server is away until a stream begins again.
    }
    onchange();
    await new Promise((resolve) => setTimeout(resolve, retry));
  }
}

/** The names of the server's events. By `fetch`, since an EventSource can't send the token. */
async function* events() {
  const silence = new AbortController();
  const response = await fetch("api/events", { headers: authorized(), signal: silence.signal });
  if (!response.ok) throw new ApiError(`The server answered ${response.status}.`);
  let text = "";
  let timer = 0;
  const waiting = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), LONGEST_SILENCE_MS);
  };
  waiting();
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    waiting();
    const lines = (text + chunk).split("\n");
    text = lines.pop();
    for (const line of lines) if (line.startsWith("event: ")) yield line.slice(7);
  }
}
