// An applicant answers reception's question and corrects a field (WHAT=answer), or a party asks for a change of what
// it stated (WHAT=change; prints `change …`).
// Environment: BASE_URL, EMAIL, PASSWORD, JS, WHAT.
import { assert, env, fill, open, scenario, sees } from "./harness.mjs";
import { look, named, options, press, signIn } from "./steps.mjs";

const what = env("WHAT");

async function answer(page) {
  await open(page, "/application");
  await sees(page, "受付担当者からの質問があります");
  await look(page, "application-asked");
  await fill(page, { correction: "株式会社訂正銀行" });
  await press(page, "回答する");
  await sees(page, "入力内容をご確認ください");
  assert.equal(await page.locator('[name="correction"]').inputValue(), "株式会社訂正銀行", "what was typed is lost");
  await fill(page, { text: "登記のとおりに訂正します" });
  await press(page, "回答する");
  await sees(page, "回答を受け付けました");
  await sees(page, "株式会社訂正銀行");
  await look(page, "application-answered");
}

async function change(page) {
  await open(page, "/application/change");
  await look(page, "change-form");
  await fill(page, { name: "株式会社あらた銀行", reason: "商号変更" });
  await press(page, "変更を申し出る");
  await sees(page, "変更の申出を受け付けました");
  await look(page, "change");
  console.log(`change ${new URL(page.url()).pathname.split("/").pop()}`);
}

await scenario(named(`application, ${what}`), options, async ({ page }) => {
  await signIn(page);
  await { answer, change }[what](page);
});
