// A delegate follows the link, reads the delegation, downloads the challenge, signs it and hands it in.
// Environment: BASE_URL, LINK (the link's path), SIGN_URL, JS.
import { env, fill, open, scenario, sees } from "./harness.mjs";
import { download, look, named, options, press, signed } from "./steps.mjs";

await scenario(named("delegate hands in"), options, async ({ page }) => {
  await open(page, env("LINK"));
  await sees(page, "あなたへの委任");
  await look(page, "delegate");
  await press(page, "提出の手続を始める");
  await look(page, "challenge");
  const bytes = await download(page, "ファイルをダウンロード");
  await press(page, "提出する");
  await sees(page, "入力内容をご確認ください");
  await fill(page, { signedFile: await signed(bytes, "delegate") });
  await press(page, "提出する");
  await sees(page, "電子証明書は提出済みです");
  await look(page, "delegate-done");
  await press(page, "辞退する…", "link");
  await sees(page, "委任を辞退しますか");
  await look(page, "decline");
});
