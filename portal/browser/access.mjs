// Who comes in. How the pages look is for pages.mjs. Environment besides steps.mjs':
//   WHAT=factors   EMAIL adds an authenticator app (and a passkey, with script), signs in by each, ends sessions and
//                  invites INVITE
//   WHAT=join      the invited person opens LINK, becomes a member and signs in as reader
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { assert, authenticator, env, fill, open, scenario, sees, seesNot } from "./harness.mjs";
import { javaScript, named, options, press } from "./steps.mjs";

/** The code of RFC 6238 that an authenticator app would show now. */
function totp(secret) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const letter of secret.trim()) bits += alphabet.indexOf(letter).toString(2).padStart(5, "0");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1e6).padStart(6, "0");
}

async function password(page) {
  await open(page, "/sign-in");
  await fill(page, { email: env("EMAIL"), password: env("PASSWORD") });
  await press(page, "サインイン");
}

async function signOut(page) {
  await Promise.all([page.waitForEvent("load"), page.locator("header").getByRole("button", { name: "サインアウト" }).click()]);
}

const factors = async ({ page, context, browser }) => {
  await password(page);
  await open(page, "/account");
  await sees(page, "パスワードだけで守られています");

  await press(page, "認証アプリを登録する");
  const secret = await page.locator("#totp-secret").textContent();
  await fill(page, { code: "000000" });
  await press(page, "登録する");
  await sees(page, "確認コードが違うか");
  await fill(page, { code: totp(secret) });
  await press(page, "登録する");
  await sees(page, "リカバリーコードを保管してください");
  const codes = await page.locator("#recovery-codes code").allTextContents();
  assert.equal(codes.length, 10, "ten recovery codes are shown");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "ファイルに保存する" }).click()]);
  assert.ok((await readFile(await file.path(), "utf8")).includes(codes[9]), "the file holds the codes");
  await open(page, "/account/recovery-codes");
  await seesNot(page, codes[0]);

  await signOut(page);
  await password(page);
  await fill(page, { code: javaScript ? totp(secret) : codes[0] });
  await press(page, "確認する");
  await sees(page, "サインアウト");

  if (javaScript) await passkey(page, context);
  await open(page, "/account");
  await sees(page, javaScript ? "未使用：10 個" : "未使用：9 個");
  await sees(page, "登録済み");

  const other = await browser.newContext({ javaScriptEnabled: javaScript, locale: "ja-JP" });
  const second = await other.newPage();
  await password(second);
  await fill(second, { code: totp(secret) });
  await press(second, "確認する");
  await open(page, "/account/sessions");
  assert.equal(await page.locator("tbody tr").count(), 2, "two browsers are signed in");
  await sees(page, "この端末");
  await press(page, "この端末以外をすべてサインアウトさせる");
  assert.equal(await page.locator("tbody tr").count(), 1, "one browser is left");
  await second.goto(new URL("/account", page.url()).toString());
  assert.ok(second.url().includes("/sign-in"), "an ended session still opens pages");
  await other.close();

  await open(page, "/account/members");
  await fill(page, { email: env("INVITE"), member: "READER" });
  await press(page, "招待を送る");
  await sees(page, "招待のメールを送りました");
};

async function passkey(page, context) {
  await authenticator(context, page);
  await open(page, "/account/passkeys");
  await fill(page, { name: "会社のパソコン", password: "not the password" });
  await press(page, "パスキーを登録する");
  await sees(page, "パスワードが違います");
  await fill(page, { password: env("PASSWORD") });
  await press(page, "パスキーを登録する");
  await sees(page, "パスキーを登録し");
  await sees(page, "会社のパソコン");
  await signOut(page);
  await password(page);
  await press(page, "パスキーで続ける");
  await sees(page, "サインアウト");

  // Whoever cancels is told, and can go on by code.
  await signOut(page);
  await password(page);
  await page.evaluate(() => { navigator.credentials.get = () => Promise.reject(new DOMException("no", "NotAllowedError")); });
  await page.getByRole("button", { name: "パスキーで続ける" }).click();
  await sees(page, "取り消されたか、時間が過ぎました");
  await page.reload();
  await press(page, "パスキーで続ける");
  await sees(page, "サインアウト");
}

const join = async ({ page }) => {
  await open(page, env("LINK"));
  await sees(page, "閲覧者");
  await fill(page, { name: "新人 花子", password: env("PASSWORD"), repeat: "something else" });
  await press(page, "参加する");
  assert.equal(await page.locator('[name="name"]').inputValue(), "新人 花子", "what was typed is lost");
  await fill(page, { password: env("PASSWORD"), repeat: env("PASSWORD") });
  await press(page, "参加する");
  await sees(page, "サインインしてください");
  await password(page);
  await open(page, "/tokens");
  await seesNot(page, 'action="/tokens"');
  await open(page, "/account/members");
  await sees(page, "管理者にご依頼ください");
  await seesNot(page, 'action="/account/members"');
};

await scenario(named(`access ${env("WHAT")}`), options, env("WHAT") === "join" ? join : factors);
