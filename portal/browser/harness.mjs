// What every browser scenario in this folder stands on: one Chromium, one page, and the rule that a page
// which logs an error, breaks its content security policy or loads from elsewhere has failed.
//
// A scenario is a script run by portal/webtest (Go), which hands it everything through the environment:
//   BASE_URL        where the server listens
//   SCREENSHOT_DIR  where pictures go (optional)
//   CHROMIUM        the browser (default: the first found on the machine)
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

export { assert };

/** How long a scenario waits for anything; a page that needs longer is a fault. */
const patience = 15_000;

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

/** Debian's Chromium without a window comes first: it is the same engine, and needs two thirds of the time. */
const browsers = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/snap/bin/chromium",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The value of an environment variable that the scenario cannot do without. */
export function env(name) {
  const value = process.env[name];
  if (!value) throw new Error(`the scenario needs the environment variable ${name}`);
  return value;
}

/** The absolute URL of a path of the server under test. */
export function url(pathname = "/") {
  return new URL(pathname, env("BASE_URL")).toString();
}

function executable() {
  const found = [process.env.CHROMIUM, ...browsers].find((file) => file && existsSync(file));
  if (!found) throw new Error("no Chromium found: run the setup task, or set CHROMIUM to its path");
  return found;
}

/** Gathers what a good page never does; returns a function that stops. */
export function watch(page, complaints) {
  const base = process.env.BASE_URL && new URL(process.env.BASE_URL).origin;
  const listeners = {
    console: (message) => {
      // A policy violation arrives here too: Chromium reports it as a console error.
      if (message.type() === "error") complaints.push(`console: ${message.text()} (${message.location().url})`);
    },
    pageerror: (error) => complaints.push(`script: ${error.message}`),
    request: (request) => {
      const target = new URL(request.url());
      const outside = target.protocol.startsWith("http") && base && target.origin !== base;
      if (outside) complaints.push(`loaded from elsewhere: ${request.url()}`);
    },
  };
  Object.entries(listeners).forEach(([event, listener]) => page.on(event, listener));
  return () => Object.entries(listeners).forEach(([event, listener]) => page.off(event, listener));
}

/** Starts Chromium. */
export function browse() {
  return chromium.launch({ executablePath: executable(), headless: true, args: flags });
}

/** Whether a complaint is only about an answer's status that is expected. */
export function allowedFault(text, statuses) {
  return statuses.some((status) => text.includes(`status of ${status} `));
}

/**
 * Starts Chromium and opens one page. `javaScript: false` is a visitor without script, `locale` the language
 * asked for ("ja-JP" or "en-US"). `complaints` gathers what a good page never does; `close` fails on them.
 * An answer of 4xx or 5xx is a complaint of Chromium's unless its status stands in `allowStatus`.
 */
export async function launch({ javaScript = true, locale = "ja-JP", viewport, allowStatus = [] } = {}) {
  const browser = await browse();
  const context = await browser.newContext({
    javaScriptEnabled: javaScript,
    locale,
    timezoneId: "Asia/Tokyo",
    viewport: viewport ?? { width: 1200, height: 900 },
  });
  context.setDefaultTimeout(patience);
  const complaints = [];
  const pages = [];
  context.on("page", (page) => {
    pages.push(page);
    watch(page, complaints);
  });
  const page = await context.newPage();
  const close = async () => {
    await browser.close();
    const left = complaints.filter((text) => !allowedFault(text, allowStatus));
    assert.deepEqual(left, [], "the pages complained");
  };
  return { browser, context, page, complaints, close };
}

/** Runs a scenario with a page of its own, and always closes the browser; the first fault is the one shown. */
export async function scenario(name, options, steps) {
  const session = await launch(options);
  try {
    await steps(session);
  } catch (fault) {
    await screenshot(session.page, `fault-${name.replaceAll(/\W+/g, "-")}`).catch(() => {});
    console.error(`${name}: at ${session.page.url()}: ${fault.stack}`);
    session.complaints.forEach((text) => console.error(`  complaint: ${text}`));
    await session.browser.close();
    process.exitCode = 1;
    return;
  }
  await session.close();
  console.log(`ok ${name}`);
}

/** Writes a picture of the whole page, or of what is in view, to SCREENSHOT_DIR, if that is set. */
export async function screenshot(page, name, fullPage = true) {
  const folder = process.env.SCREENSHOT_DIR;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage });
}

/** Opens a path and wants the status given (200 unless told otherwise). */
export async function open(page, pathname, status = 200) {
  const response = await page.goto(url(pathname), { waitUntil: "load" });
  assert.equal(response.status(), status, `${pathname} answered ${response.status()}`);
  return response;
}

/** Fills the fields of a form by their name attribute; choices and ticks by their value. */
export async function fill(page, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = page.locator(`[name="${name}"]`);
    const kind = await field.first().evaluate((element) => (element.tagName === "SELECT" ? "select" : element.type));
    if (kind === "select") await field.selectOption(String(value));
    else if (kind === "radio") await page.locator(`[name="${name}"][value="${value}"]`).check();
    else if (kind === "checkbox") await field.first().setChecked(Boolean(value));
    else if (kind === "file") await field.setInputFiles(value);
    else await field.fill(String(value));
  }
}

/** Wants the text to be seen on the page. */
export async function sees(page, text) {
  await page.getByText(text, { exact: false }).first().waitFor({ state: "visible" });
}

/** Wants the text to be nowhere in the page. */
export async function seesNot(page, text) {
  const content = await page.content();
  assert.ok(!content.includes(text), `the page shows ${JSON.stringify(text)}`);
}

// The short form of axe is read in half the time of the long one, in each page anew.
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Puts axe into the page. */
export async function equip(page) {
  assert.equal(page.frames().length, 1, "axe looks into no frames");
  await page.evaluate(`window.axe || (() => {${axe}})()`);
}

/**
 * Runs in the page, where axe is: its title, its view, and the faults that WCAG 2.2 AA, axe and this house find.
 * `refused` is a form that came back with its faults. A page that was looked at in this width, and is the same but
 * for its colours (`scheme`), is asked by axe for what depends on these alone.
 */
export async function overview({ lang, refused, scheme, width }) {
  const faults = [];
  const say = (fault, holds) => holds && faults.push(fault);
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const root = document.documentElement;
  say(`is not ${scheme}`, scheme && !matchMedia(`(prefers-color-scheme: ${scheme})`).matches);
  say(`is looked at in ${innerWidth} pixels`, width && innerWidth !== width);
  say("lacks a style sheet", [...document.querySelectorAll("link[rel=stylesheet]")].some((each) => !each.sheet));
  const layout = [root.outerHTML, ...[...document.querySelectorAll("*")].map((each) => {
    const { x, y, width: wide, height } = each.getBoundingClientRect();
    return `${x} ${y} ${wide} ${height} ${each.checkVisibility({ visibilityProperty: true, opacityProperty: true })}`;
  })].join("\n");
  const layouts = (window.layouts ??= {});
  const runOnly = scheme && layouts[width] === layout ? { type: "rule", values: ["color-contrast", "link-in-text-block"] } : ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  layouts[width] = layout;
  const result = await window.axe.run(document, { runOnly, resultTypes: ["violations"], preload: false, iframes: false });
  result.violations.forEach((each) => faults.push(`axe ${each.id}: ${each.help}: ${each.nodes.map((node) => `${node.html} ${node.any.map((check) => check.message).join(", ")}`).join(" | ").slice(0, 900)}`));
  say(`${document.querySelectorAll("h1").length} main headings`, document.querySelectorAll("h1").length !== 1);
  say(`is said to be in ${root.lang}`, root.lang !== lang);
  say("has no title of its own", !/^[^|]{2,} \| ./.test(document.title));
  say(`shows a text that is missing: ${document.body.textContent.match(/⟦[^⟧]*/)?.[0]}`, document.body.textContent.includes("⟦") || document.title.includes("⟦"));
  const wide = [...document.querySelectorAll("body *")].find((each) => each.getBoundingClientRect().right > innerWidth + 1 && shown(each) && !each.closest(".scroll, pre, .top nav, .visually-hidden"));
  say(`is ${root.scrollWidth} pixels wide, ${innerWidth} are there: ${wide?.outerHTML.slice(0, 200)}`, root.scrollWidth > innerWidth);
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    say(`a field without a label: ${field.outerHTML}`, shown(field) && !field.labels?.length && !field.ariaLabel);
  }
  say("does not say that the form was refused", refused && !document.querySelector('[role="alert"] li'));
  say("does not say so in its title", refused && !/^(エラー：|Error: )/.test(document.title));
  say("puts the focus on no fault", refused && !document.activeElement.matches("[aria-invalid=true], .summary, .invalid input"));
  return { title: document.title, view: document.body.className, faults };
}

/** Wants no fault of WCAG 2.2 AA that axe can find. Needs script in the page. */
export async function accessible(page) {
  await equip(page);
  const lines = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"], preload: false, iframes: false });
    return violations.map((each) => `${each.id}: ${each.help}: ${each.nodes.map((node) => node.html).join(" | ")}`);
  });
  assert.deepEqual(lines, [], `accessibility at ${page.url()}`);
}

/** Adds a virtual authenticator, so that passkeys can be made and used. */
export async function authenticator(context, page) {
  const client = await context.newCDPSession(page);
  await client.send("WebAuthn.enable");
  await client.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  return client;
}
