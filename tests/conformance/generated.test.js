// Requests made from the document, allowed ones and junk, meet a running program. Every answer
// must be documented, and none may be a failure of ours.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { DEMO_PASSWORD, DEMO_USER } from '../integration/lib/dovecot.js';
import { binary, useMailbridge } from '../integration/lib/mailbridge.js';
import { Document } from './lib/document.js';
import { checkExchange } from './lib/exchange.js';
import { junkRequest, validRequest } from './lib/generate.js';
import { collectSeeds, openapiFile } from './lib/service.js';

const VALID_RUNS = 30;
const JUNK_RUNS = 60;

const skip =
  [
    [openapiFile, 'there is no openapi/openapi.yaml'],
    [binary(), `there is no ${binary()}`],
  ].find(([file]) => !existsSync(file))?.[1] ?? false;

if (skip) {
  test('generated requests', { skip }, () => {});
} else {
  const use = useMailbridge();
  const document = Document.load(openapiFile);
  let seeds;
  before(async () => {
    seeds = await collectSeeds(use.demo, DEMO_USER, DEMO_PASSWORD);
  });

  /** 5xx is ours unless the mail server said so, or it says when to come again. */
  const isExcused = ({ status, headers, text }) =>
    (status === 503 && headers['retry-after']) || /"upstream":\{/.test(text);

  const send = async (request) => {
    const answer = await use.demo.api(request.method, request.path, request);
    const { faults } = checkExchange(document, {
      request,
      response: { status: answer.status, headers: answer.headers, body: answer.text },
    });
    if (answer.status >= 500 && !isExcused(answer)) faults.push(`${answer.status}: ${answer.text}`);
    assert.deepEqual(faults, [], `${request.method} ${request.path} ${request.body ?? ''}`);
    return answer;
  };

  for (const operation of document.operations) {
    test(`${operation.id} answers allowed requests as documented`, async () => {
      await fc.assert(fc.asyncProperty(validRequest(operation, seeds), send), {
        seed: 1,
        numRuns: VALID_RUNS,
        endOnFailure: true,
      });
    });

    test(`${operation.id} answers junk as documented`, async () => {
      await fc.assert(fc.asyncProperty(junkRequest(operation, seeds), send), {
        seed: 1,
        numRuns: JUNK_RUNS,
        endOnFailure: true,
      });
    });

    if (operation.response(400)) {
      test(`${operation.id} refuses an unknown query parameter`, async () => {
        const [request] = fc.sample(validRequest(operation, seeds), { seed: 1, numRuns: 1 });
        const path = `${request.path}${request.path.includes('?') ? '&' : '?'}nosuch=1`;
        const answer = await send({ ...request, path });
        assert.equal(answer.status, 400, answer.text);
      });
    }
  }
}
