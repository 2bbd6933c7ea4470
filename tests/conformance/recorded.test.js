// Every exchange of the integration suite is as the document says, and every operation of the
// document was used there with success.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Document } from './lib/document.js';
import { checkExchange } from './lib/exchange.js';
import { openapiFile } from './lib/service.js';

const recording = process.env.MAILBRIDGE_EXCHANGES;
const skip = recording ? false : 'the integration suite has not run before';

function judge() {
  const document = Document.load(openapiFile);
  const faults = new Map();
  const exercised = new Set();
  const lines = readFileSync(recording, 'utf8').split('\n').filter(Boolean);
  for (const line of lines) {
    const exchange = JSON.parse(line);
    const { operation, faults: found } = checkExchange(document, exchange);
    if (operation && exchange.response.status < 400) exercised.add(operation.id);
    for (const fault of found) {
      const { test: name, request } = exchange;
      if (!faults.has(fault))
        faults.set(fault, `${fault} (${name}: ${request.method} ${request.path})`);
    }
  }
  return { document, faults: [...faults.values()], exercised, count: lines.length };
}

test('every recorded exchange is documented', { skip }, (t) => {
  const { faults, count } = judge();
  t.diagnostic(`${count} exchanges`);
  assert.ok(count > 0, 'nothing was recorded');
  assert.deepEqual(faults, []);
});

test('every documented operation was used with success', { skip }, () => {
  const { document, exercised } = judge();
  assert.deepEqual(
    document.operations.map((operation) => operation.id).filter((id) => !exercised.has(id)),
    [],
  );
});
