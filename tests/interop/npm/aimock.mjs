// A Gemini-speaking server that others wrote. Prints its address; ends when its standard input does.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.NODE_MODULES}/`);
const { LLMock } = require("@copilotkit/aimock");

const story = "Once upon a time there was a lighthouse that counted every ship.";
const usage = { promptTokenCount: 5, candidatesTokenCount: 13, totalTokenCount: 18 };
const mock = new LLMock({ port: 0, host: "127.0.0.1", chunkSize: 7, logLevel: "silent" });

mock.onMessage("story", { content: story, usage });
mock.onMessage("cut", { content: story }, { truncateAfterChunks: 3, latency: 100 });
mock.onMessage("drop", { content: story }, { chaos: { disconnectRate: 1 } });
mock.onMessage("garbage", { content: story }, { chaos: { malformedRate: 1 } });
mock.onMessage("refuse", { error: { message: "Model overloaded", code: "UNAVAILABLE" }, status: 503 });
mock.onMessage("quota", { error: { message: "Quota exceeded" }, status: 429, retryAfter: 7 });
mock.onMessage("tool", { toolCalls: [{ name: "weather", arguments: '{"city":"Bern"}' }] });
mock.onMessage("think", { content: "42", reasoning: "Six times seven." });
mock.onEmbedding(/.*/, { embedding: [0.25, -0.5, 1] });

console.log(await mock.start());
process.stdin.on("end", () => mock.stop().then(() => process.exit(0))).resume();
