// Chat in a terminal with any model that can be run with what is there, over the pass-through.
//
//   POLYROUTE_TOKEN=... polyroute serve --pass-through --policy auto
//   POLYROUTE_TOKEN=... node examples/node/chat.mjs anthropic/claude-sonnet-4-5

import { createInterface } from "node:readline";

const { POLYROUTE_URL = "http://127.0.0.1:3210", POLYROUTE_TOKEN } = process.env;
const model = process.argv[2];
const messages = [];

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
