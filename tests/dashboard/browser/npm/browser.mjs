// A browser that does what it is told, line by line on standard input, and answers in lines of JSON.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.env.NODE_MODULES}/`);
const { chromium } = require("playwright-core");

const [executablePath, profile] = process.argv.slice(2);
const QUIET = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", ...QUIET],
});
const page = await context.newPage();
const problems = [];

page.on("console", (message) => message.type() === "log" || problems.push(`${message.type()}: ${message.text()}`));
page.on("pageerror", (error) => problems.push(`error: ${error.stack}`));
page.on("requestfailed", (request) => problems.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
page.on("response", (response) => response.status() < 400 || problems.push(`${response.status()}: ${response.url()}`));
page.on("dialog", (dialog) => (problems.push(`dialog: ${dialog.message()}`), dialog.accept()));

const ORDERS = {
  go: ({ url }) => page.goto(url, { waitUntil: "load" }).then(() => null),
  look: ({ code }) => page.evaluate(code),
  press: ({ key }) => page.keyboard.press(key),
  click: ({ selector }) => page.click(selector),
  size: async ({ width, height, scheme }) => {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
  },
  shoot: ({ path, whole }) => page.screenshot({ path, fullPage: whole }).then(() => null),
  problems: () => problems.splice(0),
};

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await ORDERS[order.what](order)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
await context.close();
