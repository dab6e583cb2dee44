// A recipient manages what is its own: from sign-in to a verified webhook, a check with a file dropped, the answer on paper.
// Environment: BASE_URL, EMAIL, PASSWORD, JS, DELEGATION_ID, HOOK_URL (a real receiver).
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { accessible, assert, env, fill, open, scenario, screenshot, sees } from "./harness.mjs";
import { javaScript, look, named, options, press, signIn } from "./steps.mjs";

await scenario(named("recipient's own"), options, async ({ page }) => {
  await signIn(page);
  await webhook(page);
  await token(page);
  await check(page);
  await addresses(page);
});

/** From no endpoint to a verified one; the page of the test looks again by itself, with script and without. */
async function webhook(page) {
  await open(page, "/endpoints");
  await fill(page, { url: env("HOOK_URL"), description: "受信の試験" });
  await press(page, "追加する");
  await sees(page, "whsec_");
  await press(page, env("HOOK_URL"), "link");
  await sees(page, "未確認");
  await press(page, "試験の通知を送る");
  await page.getByText("確認済み", { exact: true }).first().waitFor({ state: "visible" });
  await sees(page, "HTTP 200");
  await page.locator("details summary").first().click();
  await sees(page, "received <b>");
  await look(page, "delivery");
  await press(page, "もう一度送る");
  await sees(page, "2 回目");
  await page.goBack();
  await open(page, "/endpoints");
  await sees(page, "確認済み");
  await look(page, "endpoints-verified");
}

/** A token is rotated; the old one goes on for a while. */
async function token(page) {
  await open(page, "/tokens");
  await fill(page, { name: "窓口端末" });
  await press(page, "作成する");
  await page.getByRole("link", { name: "更新する 窓口端末" }).first().click();
  await look(page, "token-rotate");
  await press(page, "新しいトークンを作る");
  await sees(page, "inj_");
  await sees(page, "更新済み（期限まで併用）");
}

async function check(page) {
  await open(page, "/check");
  const id = env("DELEGATION_ID");
  const wide = (text) => text.replace(/[0-9A-Z]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));
  if (javaScript) {
    const field = page.locator('[name="delegationId"]');
    const swapped = id[0] === id[1] ? `${id[0] === "2" ? "3" : "2"}${id.slice(1)}` : `${id[1]}${id[0]}${id.slice(2)}`;
    await field.fill(swapped.toLowerCase());
    await sees(page, "入力に誤りがあります");
    await field.fill(id.slice(0, 12));
    await sees(page, "続けて入力してください");
    await drop(page);
  }
  await fill(page, { delegationId: wide(id).replaceAll("-", "　") });
  if (javaScript) await sees(page, "検査文字は合っています");
  await look(page, "check-typed");
  await press(page, "有効性を確認する");
  await sees(page, "この時点で効力があります");
  await sees(page, javaScript ? "一致しません" : "ファイルの照合は行っていません");
  await look(page, "check-answered");
  await paper(page);
  await press(page, "履歴で見る", "link");
  await sees(page, "回答した時点の内容です");
  await look(page, "inquiry");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "有効性確認回答書をダウンロード" }).click()]);
  assert.equal((await readFile(await file.path(), "utf8")).split(".").length, 3, "the receipt is no compact JWS");
  await open(page, "/inquiries");
  await look(page, "inquiries");
}

/** Drops a small file and chooses one that is worked out piece by piece; neither is sent. */
async function drop(page) {
  const sent = [];
  page.on("request", (request) => sent.push(request.method()));
  const box = page.locator("[data-drop]");
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["abc"], "abc.txt"));
    return transfer;
  });
  await box.dispatchEvent("drop", { dataTransfer: data });
  await digestIs(page, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const folder = await mkdtemp(path.join(os.tmpdir(), "ininjo-large-"));
  for (const size of [(9 << 20) + 55, (9 << 20) + 56, (9 << 20) + 64]) {
    const name = path.join(folder, `${size}.bin`);
    const bytes = randomBytes(size);
    await writeFile(name, bytes);
    await page.locator("#digest-file").setInputFiles(name);
    await digestIs(page, createHash("sha256").update(bytes).digest("hex"));
  }
  assert.deepEqual(sent, [], "something was sent while digests were worked out");
}

async function digestIs(page, want) {
  await page.waitForFunction((hex) => document.querySelector('[name="documentSha256"]').value === hex, want);
}

/** The answer as it is printed: one A4 page that says what was compared. */
async function paper(page) {
  await page.emulateMedia({ media: "print" });
  await sees(page, "電子委任状 有効性確認の結果");
  await sees(page, "UTC");
  for (const hidden of ["nav", "form[action='/check']", "footer"]) assert.equal(await page.locator(hidden).first().isVisible(), false, `${hidden} is printed`);
  await screenshot(page, named("check-paper"));
  const pdf = await page.pdf({ format: "A4", preferCSSPageSize: true });
  assert.equal(pdf.toString("latin1").match(/\/Type\s*\/Page[^s]/g).length, 1, "the answer takes more than one sheet");
  if (process.env.SCREENSHOT_DIR) {
    await writeFile(path.join(process.env.SCREENSHOT_DIR, `${named("check-paper")}.pdf`), pdf);
    await stat(process.env.SCREENSHOT_DIR);
  }
  await page.emulateMedia({ media: "screen" });
}

async function addresses(page) {
  await open(page, "/addresses");
  await fill(page, { email: "not an address" });
  await press(page, "追加して確認メールを送る");
  await sees(page, "この値は使えません");
  await fill(page, { email: `keiri-${javaScript ? "a" : "b"}@example.jp` });
  await press(page, "追加して確認メールを送る");
  await sees(page, "確認待ち");
  await look(page, "addresses");
  await open(page, "/closing");
  await look(page, "closing");
  if (javaScript) await accessible(page);
}
