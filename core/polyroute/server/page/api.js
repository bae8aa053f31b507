// Requests to the server, their errors, and the stream of events.

const SLOW_AFTER_MS = 4000;
const GIVE_UP_AFTER_MS = 30000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10000;
const LONGEST_SILENCE_MS = 40000; // the server sends a heartbeat every 15 seconds

// The token is in the fragment, which is never sent or logged. It is removed to keep it out of the history.
let token = location.hash.startsWith("#token=") ? new URLSearchParams(location.hash.slice(1)).get("token") : "";
if (token) history.replaceState(null, "", location.pathname + location.search);

/** Send `given` as the server's token from now on. It is kept in memory only. */
export function useToken(given) {
  token = given;
}

const authorized = () => (token ? { authorization: `Bearer ${token}` } : {});

/** An error response, or a missing response (status 0). `message` and `remedy` are shown to the user. */
export class ApiError extends Error {
  constructor(message, { status = 0, code = "", remedy = "", context = {} } = {}) {
    super(message);
    Object.assign(this, { status, code, remedy, context });
  }

  /** Whether trying again later may help. */
  get isTemporary() {
    return [0, 408, 429].includes(this.status) || this.status >= 500;
  }
}

/** Send a request; `path` is relative to `api/`. The response is read `as` "json" or "text"; `onslow` is called if it is slow. */
async function request(method, path, { body, onslow, as = "json" } = {}) {
  const slow = setTimeout(() => onslow?.(), SLOW_AFTER_MS);
  try {
    const response = await fetch(`api/${path}`, {
      method,
      headers: { ...authorized(), ...(body === undefined ? {} : { "content-type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      keepalive: method === "DELETE", // it may be sent while the page is being closed
      signal: AbortSignal.timeout(GIVE_UP_AFTER_MS),
    });
    return response.ok ? await response[as]() : await fail(response);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError("Polyroute does not respond.");
  } finally {
    clearTimeout(slow);
  }
}

async function fail(response) {
  const error = await response.json().catch(() => ({}));
  const message = typeof error.message === "string" ? error.message : `The server responded with status ${response.status}.`;
  const remedy = [error.recovery ?? ""].flat().join(" ");
  throw new ApiError(message, { status: response.status, code: error.code, remedy, context: error.context ?? {} });
}

export const get = (path, options) => request("GET", path, options);
export const post = (path, body) => request("POST", path, { body });
export const put = (path, body) => request("PUT", path, { body });
export const patch = (path, body) => request("PATCH", path, { body });
export const remove = (path) => request("DELETE", path);

/** Call `onchange` at once, whenever something may have changed, and when the connection to the server breaks. */
export async function listen(onchange) {
  for (let retry = FIRST_RETRY_MS; ; retry = Math.min(retry * 2, LONGEST_RETRY_MS)) {
    try {
      for await (const _ of events()) {
        retry = FIRST_RETRY_MS;
        onchange();
      }
    } catch {
      // Whatever ended the stream, try to connect again.
    }
    onchange();
    await new Promise((resolve) => setTimeout(resolve, retry));
  }
}

/** Yield the names of the server's events. It uses `fetch`, since an EventSource can't send the token. */
async function* events() {
  const silence = new AbortController();
  const response = await fetch("api/events", { headers: authorized(), signal: silence.signal });
  if (!response.ok) throw new ApiError(`The server responded with status ${response.status}.`);
  let text = "";
  let timer = 0;
  const restartTimer = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), LONGEST_SILENCE_MS);
  };
  restartTimer();
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    restartTimer();
    const lines = (text + chunk).split("\n");
    text = lines.pop();
    for (const line of lines) if (line.startsWith("event: ")) yield line.slice(7);
  }
}
