// Shows that the harness sees what it is there to see: a good page passes, with and without script, and a
// page that breaks its policy, logs an error or has no label is noticed.
import { accessible, assert, authenticator, fill, launch, open, scenario, screenshot, sees, seesNot } from "./harness.mjs";

for (const javaScript of [true, false]) {
  await scenario(`a form, script ${javaScript}`, { javaScript, allowStatus: [422] }, async ({ page }) => {
    await open(page, "/good");
    if (javaScript) await accessible(page);
    await fill(page, { name: "株式会社見本", kind: "corporation", consent: true });
    await screenshot(page, `selftest-${javaScript}`);
    await page.getByRole("button", { name: "送信" }).click();
    await sees(page, "株式会社見本 corporation yes");
    await seesNot(page, "ドラフト");
    await sees(page, javaScript ? "script ran" : "script did not run");
  });
}

const bad = await launch();
await open(bad.page, "/bad");
await authenticator(bad.context, bad.page);
await assert.rejects(accessible(bad.page), /label/);
await assert.rejects(bad.close(), (fault) => /Content Security Policy/.test(fault.message + fault.actual) && /loaded from elsewhere/.test(fault.message + fault.actual));
console.log("ok the faults of a bad page are noticed");
