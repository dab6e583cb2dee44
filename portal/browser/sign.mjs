// The signing page of `ininjo sign`: two drafts are dropped, looked at, signed with a certificate's file; a wrong
// password first. Every state is looked at as axe does, in both languages, light and dark, narrow and wide.
// Environment: BASE_URL, OPEN (the file that leads to the page), FILES and P12 (paths, FILES with a | between), PASSWORD,
// SAVE (where the first result goes), LANGUAGE, JS (1: with script in the browser, so that axe can run), SCREENSHOT_DIR.
import { readFile } from "node:fs/promises";
import { assert, env, equip, overview, scenario, screenshot, sees } from "./harness.mjs";

const lang = env("LANGUAGE");
const script = env("JS") === "1";
const texts = JSON.parse(await readFile(new URL(`../../server/sign/locale/${lang}.json`, import.meta.url), "utf8"));
const say = (key, values = {}) => Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), texts[key]);

/** Looks at the page in every way; without script only takes its pictures. */
async function look(page, name, refused = false) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      if (script) {
        await equip(page);
        const { faults } = await page.evaluate(overview, { lang, refused, scheme: colorScheme, width });
        assert.deepEqual(faults, [], `${name}, ${lang}, ${colorScheme}, ${width}`);
      }
      await screenshot(page, `sign-${name}-${lang}-${colorScheme}-${width}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** Presses a button by the keyboard alone. */
async function press(page, name) {
  await page.getByRole("button", { name }).focus();
  await page.keyboard.press("Enter");
}

await scenario(`signing in ${lang}, script ${script}`, { javaScript: script, allowStatus: [422, 403] }, async ({ page }) => {
  await page.goto(env("OPEN"));
  if (lang === "en") await page.getByRole("link", { name: "English" }).click();
  await sees(page, say("home.empty"));
  await look(page, "empty");

  await page.getByRole("link", { name: say("home.or-folder.link") }).click();
  await sees(page, say("folder.lead"));
  await look(page, "folder");
  await page.getByRole("link", { name: say("folder.back") }).click();

  await page.locator("#files").setInputFiles(env("FILES").split("|"));
  await press(page, say("home.drop.submit"));
  await sees(page, say("home.waiting", { n: 2 }));
  await sees(page, "株式会社国税商事");
  await look(page, "drafts");

  await page.locator("#p12").setInputFiles(env("P12"));
  await page.locator("#secret").fill("wrong");
  await press(page, say("home.submit"));
  await page.getByRole("alert").waitFor();
  assert.equal(await page.locator("#secret").inputValue(), "");
  await look(page, "refused", true);

  await page.locator("#secret").fill(env("PASSWORD"));
  await page.keyboard.press("Enter");
  await sees(page, say("results.fine"));
  assert.equal(await page.getByText(say("outcome.signed"), { exact: true }).count(), 2);
  await look(page, "results");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: ".p7m" }).first().click()]);
  assert.match(download.suggestedFilename(), /\.xml\.p7m$/);
  await download.saveAs(env("SAVE"));

  await press(page, say("quit"));
  await sees(page, say("closed.ended"));
  await look(page, "closed");
});
