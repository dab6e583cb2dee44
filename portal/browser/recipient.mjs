// A recipient registers: the form refuses what is wrong and loses nothing, then gives a 受付番号. Prints `number …`.
// Environment: BASE_URL, EMAIL, JS; ROLE=delegator registers a delegator instead; NAME, ADDRESS, REPRESENTATIVE,
// HOME_ADDRESS change what is stated.
import { assert, env, fill, open, scenario, sees } from "./harness.mjs";
import { javaScript, look, named, options, press } from "./steps.mjs";

const role = process.env.ROLE ?? "recipient";

await scenario(named(`${role} registers`), options, async ({ page }) => {
  await open(page, "/");
  await look(page, "home");
  await open(page, `/register/${role}`);
  await sees(page, "個人情報の利用目的");
  await look(page, `register-${role}`);
  const wrong = { kind: "CORPORATION", corporateNumber: "2040001999903" };
  await fill(page, wrong);
  await press(page, "次へ進む");
  await sees(page, "入力内容をご確認ください");
  await look(page, `register-${role}-refused`);
  assert.equal(await page.locator('[name="corporateNumber"]').inputValue(), wrong.corporateNumber, "what was typed is lost");
  if (javaScript) {
    const focused = await page.evaluate(() => document.activeElement.name);
    assert.equal(focused, "corporateNumber", "the focus is not on the first fault");
  }
  await fill(page, { corporateNumber: process.env.CORPORATE_NUMBER ?? "2040001999902" });
  await press(page, "次へ進む");
  await sees(page, "国税庁の公表情報");
  await look(page, `register-${role}-2`);
  assert.equal(await page.locator('[name="representative.birthDate"]').count(), 0, "a corporation is asked for a birth date");
  const stated = {
    name: process.env.NAME ?? "株式会社見本銀行",
    address: process.env.ADDRESS ?? "東京都千代田区丸の内１－１－１",
    "representative.title": "代表取締役",
    "representative.name": process.env.REPRESENTATIVE ?? "見本 太郎",
    "representative.address": process.env.HOME_ADDRESS ?? "東京都港区芝公園４－２－８",
    email: env("EMAIL"),
    ...(role === "recipient" ? { filer: "見本 花子" } : { "representative.telephone": "03-0000-0000" }),
  };
  await fill(page, stated);
  await press(page, "次へ進む");
  await sees(page, stated.name);
  await look(page, `register-${role}-3`);
  await press(page, "前に戻る");
  assert.equal(await page.locator('[name="name"]').inputValue(), stated.name, "going back loses what was typed");
  await press(page, "次へ進む");
  await press(page, "申し込む");
  await sees(page, "入力内容をご確認ください");
  await fill(page, { consent: true });
  await press(page, "申し込む");
  await sees(page, "申込を受け付けました");
  await look(page, `registered-${role}`);
  console.log(`number ${await page.locator("#number").textContent()}`);
});
