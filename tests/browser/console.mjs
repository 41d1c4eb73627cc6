// Walks through the console in a browser, as an administrator does.
//
//   node console.mjs PART LINK [ARGUMENT]
//
// PART is one of those below, LINK what `rollcall serve` prints to open. Ends with 1 and a sentence when something is
// not as it should be. The packages are looked for where tests/run puts them.

import { createRequire } from "node:module";
import assert from "node:assert/strict";

const require = createRequire(new URL("../.tools/browser/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core/axe.min.js");

// As the browser is started everywhere in tests: without network of its own, and as root, too.
const OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

// The widest and the narrowest page that must work: a desk's, and 320 pixels (WCAG 2.2, 1.4.10).
const WIDTHS = [1280, 320];

const parts = {
  // The bar of a cycle under way rises by itself, and ends at 100 %.
  async bar(page, link, application) {
    await page.goto(link);
    await page.getByRole("link", { name: application, exact: true }).click();
    const values = [];
    for (let turn = 0; turn < 600; turn++) {
      const share = await page.evaluate(() => {
        const bar = document.querySelector("progress");
        return bar && bar.max > 0 ? bar.value / bar.max : null;
      }).catch(() => null);
      if (share !== null && share !== values.at(-1)) values.push(share);
      if (share === 1 && values.length > 1) break;
      await page.waitForTimeout(100);
    }
    assert.deepEqual(values, [...values].sort((one, other) => one - other), "the bar fell");
    assert.ok(values.length >= 10, `only ${values.length} values: ${values}`);
    assert.equal(values.at(-1), 1, "the bar does not end at 100 %");
    assert.equal(await page.locator(".health").first().textContent(), "Healthy");
  },

  // No page has anything that axe finds wrong, whatever the light and the width; none is wider than the window.
  async axe(page, link, paths) {
    await page.goto(link);
    for (const path of paths.split(",")) {
      for (const colorScheme of ["light", "dark"]) {
        for (const width of WIDTHS) {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize({ width, height: 900 });
          await page.goto(new URL(path, link).href);
          // Evaluated by the browser's debugger: the page's own policy lets no foreign script in.
          await page.evaluate(await (await import("node:fs/promises")).readFile(axe, "utf8"));
          const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
          const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" ")}`);
          assert.deepEqual(found, [], `${path}, ${colorScheme}, ${width} pixels`);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(wide <= width, `${path} is ${wide} pixels wide in a window of ${width}`);
        }
      }
    }
  },

  // Whoever opens a page signed out is told how to sign in, and comes back to it; signed out again, they see nothing.
  async session(page, link, application) {
    const home = new URL("/", link).href;
    await page.goto(home);
    assert.equal(await page.locator("h1").textContent(), "Sign in");
    await page.goto(link);
    await page.getByRole("link", { name: application, exact: true }).click();
    const there = page.url();
    await page.getByRole("button", { name: "Sign out" }).click();
    assert.equal(await page.locator("h1").textContent(), "Signed out");
    await page.goto(there);
    assert.equal(await page.locator("h1").textContent(), "Sign in");
  },

  // The pages work without a script, too: a job is paused and started by its buttons.
  async control(page, link, application) {
    await page.goto(link);
    await page.getByRole("link", { name: application, exact: true }).click();
    await page.getByRole("button", { name: "Pause" }).click();
    assert.equal(await page.locator(".health").first().textContent(), "Paused");
    await page.getByRole("button", { name: "Start" }).click();
    assert.notEqual(await page.locator(".health").first().textContent(), "Paused");
  },
};

const [part, link, argument] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.ROLLCALL_CHROMIUM ?? "/usr/bin/chromium", args: OPTIONS });
try {
  const context = await browser.newContext({ javaScriptEnabled: part !== "control" });
  const page = await context.newPage();
  // What the policy forbids, and what fails, is told on the console of the browser.
  const complaints = [];
  page.on("console", (message) => { if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text()); });
  // A page may be a refusal; what belongs to a page may not.
  page.on("response", (response) => { if (response.status() >= 400 && !response.request().isNavigationRequest()) complaints.push(`${response.url()}: ${response.status()}`); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => { if (new URL(request.url()).origin !== new URL(link).origin) complaints.push(`asked ${request.url()}`); });
  await parts[part](page, link, argument);
  assert.deepEqual(complaints, [], "the browser complains");
} finally {
  await browser.close();
}
