// Reception confirms and accepts an application, asks about one, accepts a change, or accepts a filing.
// Environment: BASE_URL, EMAIL, PASSWORD, CODE, JS; WHAT=application with PARTY_ROLE and SAYS (JSON of what the
// document says, by the names of the form's fields), WHAT=question with PARTY_ROLE, WHAT=change with CHANGE, or
// WHAT=filing with DELEGATION_ID, and DIFFERS for a text of what a person must look at.
import { env, fill, open, scenario, sees } from "./harness.mjs";
import { look, named, options, press, signIn } from "./steps.mjs";

const what = env("WHAT");

async function application(page) {
  const role = process.env.PARTY_ROLE ?? "delegator";
  await open(page, `/staff/applications?role=${role}`);
  await look(page, "applications");
  await Promise.all([page.waitForEvent("load"), page.locator("table.rows th a").first().click()]);
  await look(page, `applicant-${role}`);
  if (role === "delegator") {
    await press(page, "申込を承認する");
    await sees(page, "入力内容をご確認ください");
    await fill(page.locator("form[action$='/confirm']"), JSON.parse(env("SAYS")));
    await press(page, "確認を記録する");
    await sees(page, "確認を記録しました");
    await look(page, "applicant-confirmed");
  }
  await press(page, "申込を承認する");
  await sees(page, "申込を承認しました");
}

async function question(page) {
  await open(page, `/staff/applications?role=${process.env.PARTY_ROLE ?? "recipient"}`);
  await Promise.all([page.waitForEvent("load"), page.locator("table.rows th a").first().click()]);
  const form = page.locator("form[action$='/ask']");
  await fill(form, { field: "NAME", text: "商号は登記のとおりですか" });
  await press(page, "質問を送る");
  await sees(page, "質問を送りました");
  await look(page, "applicant-asked");
}

async function change(page) {
  await open(page, `/staff/changes/${env("CHANGE")}`);
  await look(page, "staff-change");
  await press(page, "変更を承認する");
  await sees(page, "変更を承認しました");
}

async function filing(page) {
  await open(page, "/staff/filings");
  await look(page, "filings");
  await sees(page, env("DELEGATION_ID"));
  await open(page, `/staff/filings/${env("DELEGATION_ID")}`);
  await look(page, "filing");
  if (process.env.DIFFERS) await sees(page, process.env.DIFFERS);
  await press(page, "承認して保管する");
  await sees(page, "入力内容をご確認ください");
  await fill(page, { ground: "証明書の失効状態を電話で確認した" });
  await press(page, "承認して保管する");
  await sees(page, "電子委任状を保管しました");
  await look(page, "filing-accepted");
}

await scenario(named(`reception, ${what}`), options, async ({ page }) => {
  await signIn(page);
  await look(page, "desk");
  await { application, question, change, filing }[what](page);
});
