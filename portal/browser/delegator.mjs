// A delegator signs in and drafts a delegation (prints `delegation ID`); run again with DELEGATION_ID, once the
// delegate has handed in the certificate: downloads the file, has it signed, files it.
// Environment: BASE_URL, EMAIL, PASSWORD, SIGN_URL, JS; DELEGATE_NAME, DELEGATE_EMAIL for the draft; VALID_THROUGH;
// ACCEPTED where nothing is left for a person to decide.
import { assert, env, fill, open, scenario, sees } from "./harness.mjs";
import { download, javaScript, look, named, options, press, signed, signIn } from "./steps.mjs";

async function draft(page) {
  await look(page, "delegations");
  await press(page, "新しく作成する", "link");
  await look(page, "draft");
  const fields = {
    "delegate.name": env("DELEGATE_NAME"),
    "delegate.title": "営業部長",
    "delegate.address": "大阪府大阪市北区梅田２－２－２",
    "delegate.identification": "E-1024",
    "delegate.email": env("DELEGATE_EMAIL"),
    powers: "見積、入札及び契約の締結に関する一切の件\n代金の請求及び受領に関する件",
    limits: "一件 1,000 万円を限度とする",
    validThrough: "2001-01-01",
  };
  await fill(page, fields);
  await press(page, "作成する");
  await sees(page, "入力内容をご確認ください");
  await look(page, "draft-refused");
  assert.equal(await page.locator('[name="powers"]').inputValue(), fields.powers, "what was typed is lost");
  await fill(page, { validThrough: process.env.VALID_THROUGH ?? "2030-03-31" });
  await press(page, "作成する");
  await sees(page, "受任者の証明書を待っています");
  await look(page, "delegation-waiting");
  console.log(`delegation ${await page.locator("#delegation-id").textContent()}`);
}

async function file(page, id) {
  await open(page, `/delegations/${id}`);
  await look(page, "delegation-sign");
  const bytes = await download(page, "署名するファイルをダウンロード");
  assert.equal(bytes.subarray(0, 5).toString(), "%PDF-", "the portal's own suggestion is a PDF");
  await fill(page, { signedFile: await signed(bytes, "delegate") });
  await press(page, "提出する");
  await sees(page, "入力内容をご確認ください");
  await look(page, "delegation-refused-signature");
  await fill(page, { signedFile: await signed(bytes, "signer") });
  await press(page, "提出する");
  await sees(page, "受付番号");
  await look(page, "delegation-filed");
  if (process.env.ACCEPTED) await accepted(page, id);
  await list(page, id);
}

/** What the machine accepted at once shows each of its checks, and the evidence of them. */
async function accepted(page, id) {
  await sees(page, "保管を開始しました");
  assert.equal(await page.locator(".result-possible, .result-not_checked, .result-failed").count(), 0, "a check did not pass");
  await press(page, "署名検証の証拠を見る", "link");
  await sees(page, "提出の検証");
  await look(page, "evidence");
  const bundle = JSON.parse(await download(page, "証拠のファイルをダウンロード"));
  assert.ok(bundle.records.length > 0, "the evidence is empty");
  await open(page, `/delegations/${id}`);
}

/** The list narrows by state: with script in place, without by its button. */
async function list(page, id) {
  await open(page, "/delegations");
  await fill(page, { state: "REFUSED" });
  if (javaScript) await sees(page, "条件に合う電子委任状はありません");
  else await press(page, "絞り込む");
  await sees(page, "条件に合う電子委任状はありません");
  await open(page, "/delegations");
  await sees(page, id);
  await look(page, "delegations-list");
}

await scenario(named("delegator"), options, async ({ page }) => {
  await signIn(page);
  const id = process.env.DELEGATION_ID;
  await (id ? file(page, id) : draft(page));
});
