// Steps that the scenarios of people share. What each scenario needs from its environment besides BASE_URL:
//   JS          "0" for a visitor without script, else with
//   EMAIL, PASSWORD, CODE   who signs in; CODE is the second factor's, for staff
//   SIGN_URL    POST the bytes to sign, get the signed CMS; ?as=signer or ?as=delegate
import { readFile, writeFile, mkdtemp } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { accessible, assert, env, fill, open, screenshot, sees } from "./harness.mjs";

/** Whether the visitor's browser runs script. */
export const javaScript = process.env.JS !== "0";

/** Options of every scenario: a refused form is answered 422, which Chromium logs as an error. */
export const options = { javaScript, allowStatus: [422] };

/** A name for a scenario or picture that tells with or without script. */
export const named = (name) => `${name}-${javaScript ? "script" : "plain"}`;

/** Looks at a page as axe does, where script runs, and takes its picture. */
export async function look(page, name) {
  if (javaScript) await accessible(page);
  await screenshot(page, named(name));
}

/** Presses a button or follows a link, by its text, and waits for the page that comes. */
export async function press(page, name, role = "button") {
  const target = page.locator("main").getByRole(role, { name, exact: true }).first();
  await Promise.all([page.waitForEvent("load"), target.click()]);
}

export async function signIn(page) {
  await open(page, "/sign-in");
  await look(page, "sign-in");
  await fill(page, { email: env("EMAIL"), password: env("PASSWORD"), code: process.env.CODE ?? "" });
  await press(page, "サインイン");
  await sees(page, "サインアウト");
}

/** Downloads what a link of the page leads to. */
export async function download(page, name) {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name, exact: true }).click()]);
  return readFile(await file.path());
}

/** Has bytes signed by somebody of the test, and writes the CMS to a file for an upload. */
export async function signed(bytes, as) {
  const target = new URL(env("SIGN_URL"));
  target.searchParams.set("as", as);
  const response = await fetch(target, { method: "POST", body: bytes });
  assert.equal(response.status, 200, "the test's signer refused");
  const folder = await mkdtemp(path.join(os.tmpdir(), "ininjo-signed-"));
  const file = path.join(folder, bytes.subarray(0, 5).toString() === "%PDF-" ? "signed.pdf" : "signed.p7m");
  await writeFile(file, Buffer.from(await response.arrayBuffer()));
  return file;
}
