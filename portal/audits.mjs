// Runs the server audits of graphql-http (GraphQL over HTTP) against a running server.
//
//   node audits.mjs http://127.0.0.1:8080/graphql [bearer token]
//
// The token may also come as ININJO_AUDIT_TOKEN, which no process list shows. Every audit that is not
// "ok" is printed with what the server answered; the exit code is 1 if there is one, 2 on wrong use.
import { auditServer } from "graphql-http";

const [url, argument] = process.argv.slice(2);
const token = argument || process.env.ININJO_AUDIT_TOKEN;
if (!url) {
  console.error("usage: node audits.mjs URL [TOKEN]");
  process.exit(2);
}

const fetchFn = (target, init = {}) => {
  const headers = new Headers(init.headers);
  if (token) headers.set("authorization", `Bearer ${token}`);
  return fetch(target, { ...init, headers, signal: AbortSignal.timeout(20_000) });
};

async function answer(result) {
  if (!result.response) return "";
  const body = await result.response.text().catch(() => "(body already read)");
  return `\n    answered ${result.response.status} ${result.response.headers.get("content-type")}: ${body.slice(0, 300)}`;
}

const results = await auditServer({ url, fetchFn });
const failed = results.filter((result) => result.status !== "ok");
for (const result of failed) {
  console.log(`${result.status} ${result.id} ${result.name}: ${result.reason}${await answer(result)}`);
}
// An empty or shortened list would look like success.
if (results.length < 61) {
  console.log(`only ${results.length} audits ran, 61 are wanted`);
  process.exitCode = 1;
}
console.log(`${results.length - failed.length} of ${results.length} audits ok`);
if (failed.length > 0) process.exitCode = 1;
