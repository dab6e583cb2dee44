// A recipient signs in, asks for one delegation's validity, watches it and signs out, with the keyboard alone:
// nothing is clicked, and at every step it is seen where the focus is.
// Environment: BASE_URL, EMAIL, PASSWORD, DELEGATION_ID.
import { assert, env, open, scenario, sees } from "./harness.mjs";

/** More steps than any page of the scenario has things to stop at. */
const patience = 60;

/** What has the focus: its words, and whether it is seen. */
function focused() {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const words = element.labels?.[0]?.textContent ?? element.getAttribute("aria-label") ?? (element.tagName === "BODY" ? "" : element.textContent);
  const marked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const within = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return { words: words.trim(), name: element.getAttribute("name"), place: element.outerHTML.slice(0, 160), seen: marked && within, page: element.tagName === "BODY" };
}

/** Steps on until what is wanted has the focus; every step must be seen, none may be a trap. */
async function stepTo(page, wanted, key = "Tab") {
  const before = new Set();
  for (let i = 0; i < patience; i += 1) {
    await page.keyboard.press(key);
    const now = await page.evaluate(focused);
    if (now.page) continue;
    assert.ok(now.seen, `the focus is not seen at ${now.place}`);
    if (now.name === wanted || now.words.startsWith(wanted)) return now;
    before.add(now.place);
  }
  throw new assert.AssertionError({ message: `${key} never comes to ${wanted}; it comes to\n${[...before].join("\n")}` });
}

/** Presses a key and waits for the page that comes. */
async function leave(page, key = "Enter") {
  await Promise.all([page.waitForEvent("load"), page.keyboard.press(key)]);
}

await scenario("keyboard alone", {}, async ({ page }) => {
  await open(page, "/");
  await stepTo(page, "本文へ移動");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.querySelector("main").contains(document.activeElement)), "the first link does not lead past the head");
  await open(page, "/");
  await stepTo(page, "サインイン");
  await leave(page);
  await stepTo(page, "email");
  await page.keyboard.type(env("EMAIL"));
  await stepTo(page, "password");
  await page.keyboard.type(env("PASSWORD"));
  await leave(page);
  await sees(page, "サインアウト");

  await stepTo(page, "有効性確認");
  await leave(page);
  await stepTo(page, "delegationId");
  await page.keyboard.type("00000");
  await stepTo(page, "receipt");
  await page.keyboard.press("Space");
  assert.equal(await page.evaluate(() => document.activeElement.checked), false, "the space bar does not tick");
  await page.keyboard.press("Space");
  await stepTo(page, "delegationId", "Shift+Tab");
  await page.keyboard.press("Control+A");
  await page.keyboard.type(env("DELEGATION_ID"));
  await leave(page);
  await sees(page, "この時点で効力があります");

  await stepTo(page, "この電子委任状の変更の通知を受ける");
  await leave(page, "Space");
  await sees(page, "変更の通知を始めました");
  await stepTo(page, "ダーク");
  await leave(page);
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), "dark", "the dark theme is not chosen");
  await stepTo(page, "サインアウト");
  await leave(page);
  await sees(page, "サインアウトしました");
});
