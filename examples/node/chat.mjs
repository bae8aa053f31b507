// Chat in a terminal with any model that you can run, over the pass-through. Node 18 or later.
//
//   export POLYROUTE_TOKEN=...; polyroute serve --pass-through --policy auto   # a token that you make up
//   node examples/node/chat.mjs [MODEL]

import { createInterface } from "node:readline";

const { POLYROUTE_URL = "http://127.0.0.1:3210", POLYROUTE_TOKEN } = process.env;
const model = process.argv[2] ?? "anthropic/claude-sonnet-4-5";
const messages = [];
if (!POLYROUTE_TOKEN) {
  console.error("Set POLYROUTE_TOKEN, here and for: polyroute serve --pass-through");
  process.exit(2);
}

/** Ask the model, and hand on each piece of its answer as it comes. */
async function* answer() {
  const response = await fetch(`${POLYROUTE_URL}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${POLYROUTE_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages, stream: true }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  let text = "";
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (text + part).split("\n");
    text = lines.pop();
    for (const line of lines.filter((each) => each.startsWith("data: {"))) {
      yield JSON.parse(line.slice(6)).choices[0]?.delta?.content ?? "";
    }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  messages.push({ role: "user", content: line });
  let said = "";
  for await (const piece of answer()) {
    process.stdout.write(piece);
    said += piece;
  }
  process.stdout.write("\n");
  messages.push({ role: "assistant", content: said });
}
