// Looks at every page of the portal as a person would who uses axe, in each of the ways that are asked for:
// language, light or dark, width. Refused forms are sent empty and looked at, too. A page is opened once for a
// language: light and dark, narrow and wide are turned to while it stays.
// Environment: BASE_URL; SCREENSHOT_DIR, if pictures are wanted; PLAN, a JSON file {visits, variants, cookies} written by portal/pages_test.go;
// TITLES, a file for which view has which title, which the test compares over all runs.
import { readFile, writeFile } from "node:fs/promises";
import { allowedFault, browse, env, equip, overview, screenshot, url, watch } from "./harness.mjs";

/** Pages that are looked at at the same time. */
const hands = 2;

/** Pages that a context opens, one after the other in a process that knows axe already. */
const part = 40;

const { visits, variants, cookies } = JSON.parse(await readFile(env("PLAN"), "utf8"));
const browser = await browse();
const faults = [];
const titles = {};
let looked = 0;

/** A context of somebody's own, in a language. */
async function contextOf(who, lang) {
  const context = await browser.newContext({ locale: lang === "en" ? "en-US" : "ja-JP", timezoneId: "Asia/Tokyo", reducedMotion: "reduce" });
  context.setDefaultTimeout(20_000);
  const named = Object.entries({ ...cookies[who], lang }).map(([name, value]) => ({ name, value, url: url("/") }));
  await context.addCookies(named);
  return context;
}

/** Sends a form past the browser's own checks, emptied unless it stays as the page fills it. */
async function send(page, action, filled) {
  const sent = page.waitForEvent("load");
  const [response] = await Promise.all([
    page.waitForResponse((each) => each.request().method() === "POST"),
    page.evaluate(([wanted, stays]) => {
      const form = [...document.forms].find((each) => each.getAttribute("action") === wanted && each.method === "post");
      if (!form) throw new Error(`no form with the action ${wanted}`);
      for (const field of stays ? [] : form.elements) {
        if (field.type === "checkbox" || field.type === "radio") field.checked = false;
        else if (field.type !== "hidden" && field.tagName !== "SELECT" && field.tagName !== "BUTTON") field.value = "";
      }
      form.submit();
    }, [action, filled]),
  ]);
  await sent;
  return response;
}

async function arrive(page, visit) {
  if (!visit.on) return page.goto(url(visit.path), { waitUntil: "load" });
  await page.goto(url(visit.on), { waitUntil: "load" });
  return send(page, visit.path, visit.filled);
}

/** Turns the page to one of the ways. */
async function turn(page, { scheme, width }) {
  await page.emulateMedia({ colorScheme: scheme });
  await page.setViewportSize({ width, height: 900 });
}

/** Opens a page, and looks at it in all ways of a language. */
async function look(page, visit, ways) {
  const here = `${visit.pattern} ${visit.on ?? ""} ${visit.path} (${visit.who}, ${ways[0].lang}`;
  const complaints = [];
  const stop = watch(page, complaints);
  try {
    await turn(page, ways[0]);
    const response = await arrive(page, visit);
    if (response.status() !== visit.status) faults.push(`${here}): answered ${response.status()}, not ${visit.status}`);
    await equip(page);
    for (const way of ways) {
      await turn(page, way);
      const seen = await page.evaluate(overview, { ...way, refused: visit.status === 422 && !visit.pattern.startsWith("failure") });
      seen.faults.forEach((text) => faults.push(`${here}, ${way.scheme}, ${way.width}): ${text}`));
      const title = `${way.lang} ${seen.title.replace(/^(エラー：|Error: )/, "")}`;
      titles[title] = [...new Set([...(titles[title] ?? []), seen.view])];
      looked += 1;
      await picture(page, visit, way);
    }
  } catch (fault) {
    faults.push(`${here}): ${fault.message}`);
  }
  stop();
  complaints.filter((text) => !allowedFault(text, [visit.status])).forEach((text) => faults.push(`${here}): ${text}`));
}

/** Takes a picture where they are wanted: of all, or with ININJO_PAGES=pictures of those that have a name. */
async function picture(page, { picture: name, ways = [], pattern, path, status }, { lang, scheme, width }) {
  const chosen = process.env.ININJO_PAGES === "pictures";
  if (chosen && ways.includes("print") && `${lang} ${scheme} ${width}` === "ja light 1280") await onPaper(page, `${name}-print`);
  if (chosen && !ways.includes(`${lang} ${scheme} ${width}`)) return;
  // Of a long page the documentation shows the beginning, so that its pictures stay small.
  if (chosen) await page.setViewportSize({ width, height: Math.min(1500, await page.evaluate("document.documentElement.scrollHeight")) });
  await screenshot(page, `${name && chosen ? name : `${pattern}-${status}-${path}`.replaceAll(/[^\w]+/g, "-").slice(0, 90)}-${lang}-${scheme}-${width}`, !chosen);
  if (chosen) await page.setViewportSize({ width, height: 900 });
}

/** Takes a picture of the page as it is printed on A4, which is 794 pixels wide. */
async function onPaper(page, name) {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 794, height: 1123 });
  await page.emulateMedia({ media: "print" });
  await screenshot(page, name);
  await page.emulateMedia({ media: null });
  await page.setViewportSize(before);
}

const tasks = Object.values(Object.groupBy(variants, ({ lang }) => lang)).flatMap((ways) => Object.entries(Object.groupBy(visits, ({ who }) => who)).flatMap(([who, all]) => {
  const parts = [];
  for (let i = 0; i < all.length; i += part) parts.push({ who, ways, some: all.slice(i, i + part) });
  return parts;
}));

await Promise.all(Array.from({ length: hands }, async () => {
  for (let task = tasks.pop(); task; task = tasks.pop()) {
    const context = await contextOf(task.who, task.ways[0].lang);
    const page = await context.newPage();
    for (const visit of task.some) await look(page, visit, task.ways);
    await context.close();
  }
}));
await browser.close();
await writeFile(env("TITLES"), JSON.stringify(titles));

faults.sort().forEach((text) => console.error(text));
if (faults.length > 0 || looked !== visits.length * variants.length) process.exitCode = 1;
console.log(`${looked} pages looked at in ${(performance.now() / 1000).toFixed(1)} s, ${faults.length} faults`);
