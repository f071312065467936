// Google's own JavaScript client does one thing against a server, and prints what came of it as JSON.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.NODE_MODULES}/`);
const { FileState, GoogleGenAI } = require("@google/genai");

const [task, baseUrl, apiKey] = process.argv.slice(2);
const ai = new GoogleGenAI({ apiKey, httpOptions: { baseUrl, apiVersion: "v1beta" } });
const model = "gemini-3.8-flash";

async function all(pager) {
  const names = [];
  for await (const each of await pager) names.push(each.name);
  return names;
}

const tasks = {
  async generate() {
    const answer = await ai.models.generateContent({ model, contents: "count to 5" });
    return [answer.text, answer.usageMetadata.totalTokenCount, answer.candidates[0].finishReason];
  },
  async stream() {
    let text = "";
    for await (const chunk of await ai.models.generateContentStream({ model, contents: "count to 30" })) {
      text += chunk.text ?? "";
    }
    return text;
  },
  async tokens() {
    return (await ai.models.countTokens({ model, contents: "count to 5" })).totalTokens;
  },
  async embed() {
    const config = { outputDimensionality: 8 };
    const answer = await ai.models.embedContent({ model: "gemini-embedding-001", contents: ["a", "b"], config });
    return answer.embeddings.map((each) => each.values.length);
  },
  async models() {
    return [(await all(ai.models.list({ config: { pageSize: 5 } }))).length, (await ai.models.get({ model })).name];
  },
  async files() {
    const config = { mimeType: "video/mp4", displayName: "film" };
    const made = await ai.files.upload({ file: new Blob([new Uint8Array(9_000_000)]), config });
    let seen = made;
    while (seen.state === FileState.PROCESSING) seen = await ai.files.get({ name: made.name });
    const part = { fileData: { fileUri: seen.uri, mimeType: seen.mimeType } };
    const answer = await ai.models.generateContent({ model, contents: [part, "count to 2"] });
    const listed = (await all(ai.files.list())).includes(made.name);
    await ai.files.delete({ name: made.name });
    return [made.state, seen.state, seen.sizeBytes, answer.text, listed];
  },
  async caches() {
    const made = await ai.caches.create({ model, config: { contents: "one two three", ttl: "60s" } });
    const later = await ai.caches.update({ name: made.name, config: { ttl: "600s" } });
    const listed = (await all(ai.caches.list())).includes(made.name);
    await ai.caches.delete({ name: made.name });
    return [made.usageMetadata.totalTokenCount, later.expireTime > made.expireTime, listed];
  },
  async batches() {
    const src = [{ contents: "count to 2", metadata: { key: "a" } }];
    let job = await ai.batches.create({ model, src, config: { displayName: "night" } });
    const states = [job.state];
    for (let look = 0; look < 2; look++) {
      job = await ai.batches.get({ name: job.name });
      states.push(job.state);
    }
    const answer = job.dest.inlinedResponses[0].response;
    return [states, answer.candidates[0].content.parts[0].text];
  },
  async error() {
    const asked = ai.models.generateContent({ model: "gemini-9", contents: "x" });
    return await asked.then(() => "no error", (error) => error.status);
  },
};

console.log(JSON.stringify(await tasks[task]()));
