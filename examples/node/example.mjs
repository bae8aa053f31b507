// node example.mjs [provider/model]: what can run, how that model would, and a model of one's own.

import { PolyrouteError, start } from "./polyroute.mjs";

const wanted = process.argv[2] ?? "anthropic/claude-sonnet-4-5";
const polyroute = await start({ command: process.env.POLYROUTE ?? "polyroute" });
try {
  const models = await polyroute.runnable();
  console.log(`${models.length} models can run`);

  const { route, routes } = await polyroute.resolve(wanted);
  if (route) console.log(`${wanted} runs via ${route.via} as ${route.modelId} at ${route.baseUrl}`);
  else for (const each of routes) console.log(`${wanted} does not run via ${each.via}: ${each.reason}. ${each.remedy}`);

  const own = { provider: "openrouter", name: "z-ai/glm-4.5-air:free" };
  await polyroute.addCustomModel(own);
  const [added] = await polyroute.customModels();
  console.log(`added ${added.name}: ${added.usable ? `runs via ${added.via}` : added.why}`);
  try {
    await polyroute.switchTo({ provider: own.provider, model: own.name });
  } catch (error) {
    if (!(error instanceof PolyrouteError)) throw error;
    console.log(`can't switch: ${error.code}. ${error.recovery}`);
  }
  console.log(`removed ${await polyroute.removeCustomModel(own.name)}`);
} finally {
  await polyroute.stop();
}
