// Requests made from the document, allowed ones and junk, meet a running program. Every answer
// must be documented, and none may be a failure of ours.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { dovecot } from '../integration/lib/dovecot.js';
import { useMailbridge } from '../integration/lib/mailbridge.js';
import { Document } from './lib/document.js';
import { checkExchange } from './lib/exchange.js';
import { junkRequest, validRequest } from './lib/generate.js';
import { collectSeeds, openapiFile } from './lib/service.js';

const VALID_RUNS = { seed: 1, numRuns: 30, endOnFailure: true };
const JUNK_RUNS = { seed: 1, numRuns: 60, endOnFailure: true };

const use = useMailbridge();
const document = Document.load(openapiFile);

let prepared;

/** A user whom nobody else uses, for they delete what they meet, and what there is to ask for. */
function prepare() {
  prepared ??= (async () => {
    const user = await (await dovecot()).newUser('-n', 80);
    const api = use.api.as(user.username, user.password);
    return { api, seeds: await collectSeeds(api, user.username, user.password) };
  })();
  return prepared;
}

after(async () => (await prepared)?.api.close());

/** 5xx is ours unless the mail server said so, or it says when to come again. */
const isExcused = ({ status, headers, text }) =>
  (status === 503 && headers['retry-after']) || /"upstream":\{/.test(text);

async function send(request) {
  assert.ok(use.bridge.isRunning, 'mailbridge has ended before this request');
  const { api } = await prepare();
  const answer = await api.api(request.method, request.path, request);
  const { faults } = checkExchange(document, {
    request,
    response: { status: answer.status, headers: answer.headers, body: answer.text },
  });
  if (answer.status >= 500 && !isExcused(answer)) faults.push(`${answer.status}: ${answer.text}`);
  assert.deepEqual(faults, [], `${request.method} ${request.path} ${request.body ?? ''}`);
  return answer;
}

/** For fast-check, which takes what a property returns for a verdict. */
async function judge(request) {
  await send(request);
}

for (const operation of document.operations) {
  test(`${operation.id} answers allowed requests as documented`, async () => {
    const { seeds } = await prepare();
    await fc.assert(fc.asyncProperty(validRequest(operation, seeds), judge), VALID_RUNS);
  });

  test(`${operation.id} answers junk as documented`, async () => {
    const { seeds } = await prepare();
    await fc.assert(fc.asyncProperty(junkRequest(operation, seeds), judge), JUNK_RUNS);
  });

  if (operation.response(400)) {
    test(`${operation.id} refuses an unknown query parameter`, async () => {
      const { seeds } = await prepare();
      const [request] = fc.sample(validRequest(operation, seeds), { seed: 1, numRuns: 1 });
      const path = `${request.path}${request.path.includes('?') ? '&' : '?'}nosuch=1`;
      const answer = await send({ ...request, path });
      assert.equal(answer.status, 400, answer.text);
    });
  }
}
