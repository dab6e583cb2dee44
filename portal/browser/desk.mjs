// Staff at the desk. Environment: BASE_URL, EMAIL, PASSWORD, CODE, JS, WHO: reception claims and decides a filing by keyboard alone and
// enters contacts, service_owner looks at staff and roles, auditor reads, extracts and reviews. DELEGATION_ID is the filing that waits.
import { assert, env, fill, open, scenario, sees } from "./harness.mjs";
import { download, javaScript, look, named, options, press, signIn } from "./steps.mjs";

/** Presses Tab until the element has the focus, as somebody without a mouse does. */
async function tabTo(page, target) {
  for (let i = 0; i < 60; i++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error("the tab key never comes to it");
}

async function enter(page) {
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
}

async function question(page, about) {
  await open(page, "/staff/contacts/new");
  await fill(page, { person: "山田 太郎", about, channel: "TELEPHONE", direction: "IN", question: true });
  await press(page, "記録する");
  await sees(page, "回答を待つ案件を開きました");
}

async function reception(page) {
  await open(page, "/staff/contacts/new?q=" + encodeURIComponent("見本"));
  await look(page, "contact-new");
  await question(page, "いつ保管されるか");
  await question(page, "書類は届いたか");
  await look(page, "case-question");
  await open(page, "/staff");
  await look(page, "queue");
  const rows = page.locator("a[data-row]");
  assert.equal(await rows.count(), 3);
  await tabTo(page, rows.first());
  if (javaScript) {
    const has = (n) => rows.nth(n).evaluate((element) => element === document.activeElement);
    for (const [key, at] of [["ArrowDown", 1], ["End", 2], ["ArrowDown", 2], ["ArrowUp", 1], ["Home", 0]]) {
      await page.keyboard.press(key);
      assert.ok(await has(at), `${key} does not lead to row ${at}`);
    }
    await page.keyboard.press("Tab"); // the list is one stop: the next is beyond it
    assert.ok(!(await page.evaluate(() => document.activeElement.matches("[data-row]"))), "the tab key stays in the list");
    await page.keyboard.press("Shift+Tab");
  }
  const filing = page.locator("a[data-row]", { hasText: "電子委任状の登録申請" });
  const at = await rows.evaluateAll((all) => all.findIndex((each) => each.textContent.includes("電子委任状の登録申請")));
  for (let i = 0; i < at; i++) await page.keyboard.press(javaScript ? "ArrowDown" : "Tab");
  await tabTo(page, filing);
  await enter(page);
  await look(page, "case");
  await tabTo(page, page.getByRole("button", { name: "担当する", exact: true }));
  await enter(page);
  await sees(page, "担当しました");
  await tabTo(page, page.getByRole("link", { name: "判断するページを開く" }));
  await enter(page);
  await tabTo(page, page.locator("textarea[name=ground]"));
  await page.keyboard.type("電話で確認した");
  await tabTo(page, page.getByRole("button", { name: "承認して保管する" }));
  await enter(page);
  await sees(page, "電子委任状を保管しました");
  await open(page, "/staff?kind=FILING");
  await sees(page, "条件に合う案件はありません");
  await open(page, "/staff/contacts?from=2026-06-01&until=2026-06-30");
  await look(page, "contacts");
  const csv = (await download(page, "この期間をCSVで保存")).toString("utf8");
  assert.ok(csv.includes("いつ保管されるか"), csv);
}

async function owner(page) {
  await open(page, "/staff/roles");
  await look(page, "roles");
  await open(page, "/staff/people");
  await press(page, "任命する");
  await sees(page, "入力内容をご確認ください");
  await look(page, "people");
  await Promise.all([page.waitForEvent("load"), page.locator("tr", { hasText: "受付担当者" }).locator("th a").click()]);
  await look(page, "person");
  await press(page, "解任する", "link");
  await look(page, "dismiss");
  await open(page, "/staff");
  await Promise.all([page.waitForEvent("load"), page.locator("a[data-row]").first().click()]);
  await press(page, "担当する");
  await fill(page, { channel: "TELEPHONE", person: "山田 太郎", about: "保管済みと伝えた" });
  await press(page, "回答を記録して終了する");
  await sees(page, "案件を終了しました");
  await look(page, "case-closed");
}

async function auditor(page) {
  await open(page, "/staff/audit");
  await fill(page, { from: "2026-06-01", until: "2026-06-30", action: "delegation.accepted" });
  await press(page, "絞り込む");
  await look(page, "audit");
  const csv = (await download(page, "この期間をCSVで保存")).toString("utf8");
  assert.ok(csv.includes(env("DELEGATION_ID")), csv);
  await Promise.all([page.waitForEvent("load"), page.locator("table.rows a").first().click()]);
  await look(page, "audit-event");
  await open(page, "/staff/reviews");
  await fill(page, { log: "AUDIT_LOG", from: "2026-05-01", through: "2026-06-01", text: "抽出して照合した", findings: "夜間の操作" });
  await press(page, "検証を記録する");
  await sees(page, "検証を記録しました");
  await look(page, "reviews");
}

const parts = { reception, service_owner: owner, auditor };
await scenario(named(`desk, ${env("WHO")}`), options, async ({ page }) => {
  await signIn(page);
  await look(page, `desk-${env("WHO")}`);
  await parts[env("WHO")](page);
});
