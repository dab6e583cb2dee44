// A recipient signs in, asks for the validity of one delegation, keeps the receipt, watches it.
// Environment: BASE_URL, EMAIL, PASSWORD, DELEGATION_ID, JS.
import { readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { assert, env, fill, open, scenario, sees } from "./harness.mjs";
import { javaScript, look, named, options, press, signIn } from "./steps.mjs";

await scenario(named("recipient checks"), options, async ({ page }) => {
  await signIn(page);
  await look(page, "recipient");
  await open(page, "/check");
  await look(page, "check");
  await fill(page, { delegationId: env("DELEGATION_ID").toLowerCase().replaceAll("-", "") });
  await press(page, "有効性を確認する");
  await sees(page, "この時点で効力があります");
  await sees(page, "ファイルの照合は行っていません");
  await look(page, "check-valid");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "有効性確認回答書をダウンロード" }).click()]);
  const receipt = await readFile(await file.path(), "utf8");
  assert.equal(receipt.split(".").length, 3, "the receipt is no compact JWS");
  if (javaScript) await digest(page);
  await open(page, `/check?id=${env("DELEGATION_ID")}`);
  await press(page, "有効性を確認する");
  await press(page, "この電子委任状の変更の通知を受ける");
  await sees(page, "変更の通知を始めました");
  await look(page, "watches");
});

/** With script the page works out a file's digest by itself. */
async function digest(page) {
  const file = path.join(os.tmpdir(), `ininjo-digest-${process.pid}.txt`);
  await writeFile(file, "abc");
  await page.locator("#digest-file").setInputFiles(file);
  await page.waitForFunction(() => document.querySelector('[name="documentSha256"]').value === "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  await press(page, "有効性を確認する");
  await sees(page, "一致しません");
}
