// Walks through the console in a browser, as an administrator does.
//
//   node console.mjs PART LINK [ARGUMENT]
//
// PART is one of those below, LINK what `rollcall serve` prints to open. Ends with 1 and a sentence when something is
// not as it should be. The packages are looked for where tests/run puts them.

import { readFile } from "node:fs/promises";
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
    for (let turn = 0; turn < 1500; turn++) {
      const share = await page.evaluate(() => {
        const bar = document.querySelector("progress");
        return bar && bar.max > 0 ? bar.value / bar.max : null;
      }).catch(() => null);
      if (share !== null && share !== values.at(-1)) values.push(share);
      if (share === 1 && values.length > 1) break;
      await page.waitForTimeout(100);
    }
    assert.deepEqual(values, [...values].sort((one, other) => one - other), "the bar fell");
    // Five pages of the directory, each of which moves it at least once, however slow the machine is at showing that.
    assert.ok(values.length >= 5, `only ${values.length} values: ${values}`);
    assert.equal(values.at(-1), 1, "the bar does not end at 100 %");
    // All are done, and then the cycle ends.
    await has(page.locator(".health"), /^Healthy$/);
  },

  // No page has anything that axe finds wrong, whatever the light and the width; none is wider than the window.
  async axe(page, link, paths) {
    await page.goto(link);
    for (const path of paths.split(",")) {
      await page.goto(new URL(path, link).href);
      await judged(page);
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

  // Looks over all applications, finds the one in quarantine first, reads its cause, and mends it with the right token.
  async quarantine(page, link, token) {
    await page.goto(link);
    const first = page.locator("tbody tr").first();
    await has(first, "In quarantine");
    await first.getByRole("link").first().click();
    const cause = page.getByRole("group", { name: "Quarantine" });
    for (const words of ["401", "/Users", "What to do", "Next attempt"]) await has(cause, words);
    await judged(page);
    await page.getByRole("link", { name: "Configuration", exact: true }).click();
    await page.getByLabel("The app's token").fill("wrong still");
    await page.getByRole("button", { name: "Try, then save" }).click();
    await has(page.locator("main"), "Nothing was saved");
    await judged(page);
    await page.getByRole("link", { name: "Back", exact: true }).click();
    await page.getByLabel("The app's token").fill(token);
    await page.getByRole("button", { name: "Try, then save" }).click();
    await has(page.getByRole("status"), "Saved.");
    await page.getByRole("link", { name: "Status", exact: true }).click();
    await page.getByRole("button", { name: "Start" }).click();
    await until(page, async () => (await page.locator(".health").first().textContent()) === "Healthy");
    await page.getByRole("link", { name: "Applications" }).first().click();
    await has(page.locator("#summary"), "nothing needs you");
  },

  // Rejects one of the removals that wait, and approves another by the keyboard alone, which then happens by itself.
  async removals(page, link, names) {
    const [approved, rejected] = names.split(",");
    await page.goto(link);
    await page.getByRole("link", { name: "Ledgerly", exact: true }).click();
    await page.locator(".facts > div", { hasText: "Removals that wait" }).getByRole("link", { name: "10" }).click();
    await page.getByRole("checkbox", { name: rejected }).check();
    await page.getByRole("button", { name: "Reject those ticked" }).click();
    await has(page.getByRole("row", { name: rejected }), "rejected");
    await judged(page);
    await page.getByRole("checkbox", { name: approved }).press("Space");
    await page.getByRole("button", { name: "Approve those ticked" }).press("Enter");
    await has(page.getByRole("status"), "Approved");
    await until(page, async () => (await page.getByRole("row", { name: approved }).count()) === 0);
    await has(page.getByRole("row", { name: rejected }), "rejected");
  },

  // Narrows the scoping filter: writes it wrong first, sees the consequences, and saves.
  async filter(page, link, name) {
    await page.goto(link);
    await page.getByRole("link", { name: "Ledgerly", exact: true }).click();
    await page.getByRole("link", { name: "Configuration", exact: true }).click();
    const area = page.getByLabel("The document, as YAML");
    const clause = (operator) => `users:\n  scope:\n    filter:\n      - clauses: [{ attribute: displayName, operator: ${operator}, value: ${name} }]\n`;
    await area.fill((await area.inputValue()).replace("users:\n", clause("IS NOT")));
    await page.getByRole("button", { name: "Show what would change" }).click();
    await has(page.getByRole("alert"), "IS NOT");
    await judged(page);
    await area.fill((await area.inputValue()).replace("IS NOT", "NOT EQUALS"));
    await page.getByRole("button", { name: "Show what would change" }).click();
    await has(page.locator("main"), "accounts switched off");
    await has(page.getByRole("row", { name: "accounts switched off" }), name);
    await judged(page);
    await page.getByRole("button", { name: "Save, although 1 person loses the account" }).click();
    await has(page.getByRole("status"), "Saved.");
    await has(page.locator("main"), `displayName NOT EQUALS '${name}'`);
  },

  // Somebody is provisioned on demand, and each step is there; an expression is tried.
  async demand(page, link, id) {
    await page.goto(link);
    await page.getByRole("link", { name: "Ledgerly", exact: true }).click();
    await page.getByRole("link", { name: "Provision on demand" }).click();
    await page.getByLabel("Id in the source").fill(id);
    await page.getByRole("button", { name: "Provision" }).click();
    await has(page.locator(".steps li"), "EntryExportAdd");
    await judged(page);
    await page.getByRole("link", { name: "Expressions" }).click();
    await page.getByLabel("Expression", { exact: true }).fill('Join(" ", [givenName], ToUpper([surname]))');
    await page.getByLabel("Attributes in the source, one a line").fill("givenName = Zoë\nsurname = Ömer");
    await page.getByRole("button", { name: "Try" }).click();
    await has(page.locator("main li"), "Zoë ÖMER");
    await judged(page);
  },

  // Finds out what happened to somebody: by a name, the record, what changed, and all of their records.
  async person(page, link, name) {
    await page.goto(link);
    await page.getByRole("link", { name: "Provisioning logs" }).click();
    await page.getByLabel("Name or id", { exact: true }).fill(name);
    await page.getByRole("button", { name: "Search" }).click();
    const row = page.getByRole("row", { name });
    await has(row, "create");
    assert.equal(await page.locator("tbody tr").count(), 1, "another name was found, too");
    await row.getByRole("link").first().click();
    await has(page.locator(".steps li"), "EntryExportAdd");
    await page.getByRole("link", { name: "Modified Properties" }).click();
    await has(page.getByRole("row", { name: "displayName" }), name);
    await page.getByRole("link", { name: "Everything that happened to them" }).click();
    await has(page.locator("h1"), name);
    await has(page.getByRole("table"), "create");
    await judged(page);
  },

  // From the link of a mail: whoever has no role reads a refusal, whoever reads sees the report, an administrator its buttons.
  async role(page, link, role) {
    await page.goto(link);
    assert.equal(page.url(), link, "signing in does not lead back to the page of the link");
    const buttons = await page.locator("main button").count();
    if (role === "nobody") {
      assert.equal(await page.locator("h1").textContent(), "You may not see this");
      assert.doesNotMatch(await page.locator("main").textContent(), /quarantine/i);
      return;
    }
    await has(page.getByRole("group", { name: "Quarantine" }), "401");
    assert.equal(buttons > 0, role === "administrator", `${role}: ${buttons} buttons`);
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

// The page as it stands has nothing that axe finds wrong, whatever the light and the width, and is not wider than the window.
async function judged(page) {
  // Evaluated by the browser's debugger: the page's own policy lets no foreign script in.
  await page.evaluate(await readFile(axe, "utf8"));
  for (const colorScheme of ["light", "dark"]) {
    for (const width of WIDTHS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" ")}`);
      assert.deepEqual(found, [], `${page.url()}, ${colorScheme}, ${width} pixels`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${page.url()} is ${wide} pixels wide in a window of ${width}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: WIDTHS[0], height: 900 });
}

// The words are there, at once or within a moment.
async function has(place, words) {
  await place.filter({ hasText: words }).first().waitFor({ timeout: 20_000 }).catch(async () => {
    assert.fail(`there is no '${words}' in: ${await place.first().textContent().catch(() => "nothing")}`);
  });
}

// It becomes so within a minute: cycles take their time on a busy machine. The page moves by itself or is loaded again,
// and where it does both at once the browser breaks one of them off.
async function until(page, isSo) {
  for (let turn = 0; turn < 60; turn++) {
    if (await isSo().catch(() => false)) return;
    await page.waitForTimeout(1000);
    await page.reload().catch(() => {});
  }
  assert.fail(`it did not become so; the page says: ${await page.locator("main").textContent()}`);
}

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
  page.on("request", (request) => {
    const asked = new URL(request.url());
    // People sign in elsewhere; nothing else is asked of anybody else.
    const signsIn = request.isNavigationRequest() && asked.pathname === "/authorize";
    if (asked.origin !== new URL(link).origin && !signsIn) complaints.push(`asked ${asked}`);
  });
  await parts[part](page, link, argument);
  assert.deepEqual(complaints, [], "the browser complains");
} finally {
  await browser.close();
}
