// The check of a delegate's title by two persons of reception: one does not find it, another does, the first
// looks again; the filing is accepted; later the body says that it is suspended.
// Environment: BASE_URL, DELEGATION_ID, PASSWORD, EMAIL and CODE, SECOND_EMAIL and SECOND_CODE, JS.
import { assert, env, fill, open, scenario, sees } from "./harness.mjs";
import { javaScript, look, named, options, press, signIn } from "./steps.mjs";

const id = env("DELEGATION_ID");
const title = `/staff/titles/${id}`;

const seen = { number: "第12号", name: "佐藤　花子", office: "佐藤税理士事務所" };

async function record(page, standing, fields = {}) {
  await open(page, title);
  await page.locator(`input[name="standing"][value="${standing}"]`).check();
  await fill(page, fields);
  await press(page, "確認した内容を記録する");
}

async function as(page, email, code) {
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "サインアウト" }).first().click()]);
  process.env.EMAIL = email;
  process.env.CODE = code;
  await signIn(page);
}

await scenario(named("title"), options, async ({ page }) => {
  const [first, code] = [env("EMAIL"), env("CODE")];
  await signIn(page);
  await open(page, "/staff/bodies");
  await look(page, "bodies");
  await open(page, "/staff/bodies/CERTIFIED_PUBLIC_TAX_ACCOUNTANT");
  await look(page, "body");
  await open(page, "/staff/titles");
  await look(page, "titles");
  await Promise.all([page.waitForEvent("load"), page.locator("table.rows th a").first().click()]);
  await sees(page, "登録番号の形式が");
  assert.equal(await page.locator("button.copy:visible").count() > 0, javaScript, "copy buttons go with script");
  await press(page, "確認した内容を記録する");
  await sees(page, "入力内容をご確認ください");
  await look(page, "title-refused");
  await record(page, "NOT_FOUND");
  await sees(page, "あなたが「該当なし」と記録しています");

  await as(page, env("SECOND_EMAIL"), env("SECOND_CODE"));
  await record(page, "REGISTERED", seen);
  await sees(page, "確認結果が分かれています");
  await look(page, "title-disagree");

  await as(page, first, code);
  await open(page, title);
  await page.locator('input[name="engaged"]').check();
  await page.locator('input[name="standing"][value="REGISTERED"]').check();
  await fill(page, { ...seen, engagedHow: "委任者に電話した", engagedBy: "総務部 鈴木" });
  await press(page, "確認した内容を記録する");
  await sees(page, "確認した内容を記録しました");
  await open(page, `/staff/filings/${id}`);
  await fill(page, { ground: "証明書の失効状態を電話で確認した" });
  await press(page, "承認して保管する");
  await sees(page, "電子委任状を保管しました");

  await record(page, "SUSPENDED", { ...seen, from: "2026-06-01", until: "2026-06-30" });
  await sees(page, "業務停止");
  await look(page, "title-suspended");
});
