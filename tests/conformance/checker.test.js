// The checker finds what it is for. Without this a fault in it would look like a good document.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { openSchemas } from './lib/closed.js';
import { Document } from './lib/document.js';
import { checkExchange } from './lib/exchange.js';
import { junkRequest, validRequest } from './lib/generate.js';

const file = fileURLToPath(new URL('fixture/letters.yaml', import.meta.url));
const document = Document.load(file);
const JSON_TYPE = { 'content-type': 'application/json' };
const LIST = {
  status: 200,
  headers: { ...JSON_TYPE, etag: '"1"' },
  body: '[{"id":"1","subject":"x"}]',
};
const PROBLEM = { 'content-type': 'application/problem+json' };

function faults(method, path, response, request = {}) {
  return checkExchange(document, {
    request: { method, path, headers: {}, body: null, ...request },
    response: { headers: {}, body: null, ...response },
  }).faults;
}

test('what is documented has no faults', () => {
  assert.deepEqual(faults('GET', '/letters?limit=3&tags=a,b', LIST), []);
  assert.deepEqual(faults('HEAD', '/letters', { ...LIST, body: '' }), []);
  assert.deepEqual(faults('DELETE', '/letters/first', { status: 204 }), []);
  assert.deepEqual(
    faults('GET', '/letters/12', {
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<p>',
    }),
    [],
  );
  assert.deepEqual(
    faults(
      'POST',
      '/letters',
      { status: 201, headers: JSON_TYPE, body: '{"id":"1","subject":"x"}' },
      { headers: JSON_TYPE, body: '{"subject":"x"}' },
    ),
    [],
  );
});

test('each kind of fault is found and named', () => {
  const cases = [
    [/status 500 is not documented/, 'GET', '/letters', { ...LIST, status: 500 }],
    [
      /header x-extra is not documented/,
      'GET',
      '/letters',
      { ...LIST, headers: { ...LIST.headers, 'x-extra': '1' } },
    ],
    [/header etag is missing/, 'GET', '/letters', { ...LIST, headers: JSON_TYPE }],
    [
      /type text\/plain is not documented/,
      'GET',
      '/letters',
      { ...LIST, headers: { ...LIST.headers, 'content-type': 'text/plain' } },
    ],
    [
      /must NOT have unevaluated properties: colour/,
      'GET',
      '/letters',
      { ...LIST, body: '[{"id":"1","subject":"x","colour":1}]' },
    ],
    [/must have required property 'id'/, 'GET', '/letters', { ...LIST, body: '[{"subject":"x"}]' }],
    [/is not JSON/, 'GET', '/letters', { ...LIST, body: '[' }],
    [/query parameter limit must be <= 10/, 'GET', '/letters?limit=11', LIST],
    [/query parameter tags\/1 must match/, 'GET', '/letters?tags=a,B', LIST],
    [/query parameter page is accepted but not documented/, 'GET', '/letters?page=1', LIST],
    [
      /path parameter id must match/,
      'GET',
      '/letters/x',
      { status: 200, headers: { 'content-type': 'text/plain' }, body: 'x' },
    ],
    [/answer to HEAD has a body/, 'HEAD', '/letters', LIST],
    [/is not documented but answered 200/, 'GET', '/parcels', { status: 200 }],
    [/is not documented but answered 200/, 'PUT', '/letters', { status: 200 }],
    [/a body is not documented/, 'DELETE', '/letters/first', { status: 204, body: 'x' }],
    [
      /problem must have required property 'status'/,
      'GET',
      '/parcels',
      { status: 404, headers: PROBLEM, body: '{}' },
    ],
  ];
  for (const [pattern, method, path, response] of cases) {
    const found = faults(method, path, response);
    assert.ok(
      found.some((fault) => pattern.test(fault)),
      `${pattern}: ${found}`,
    );
  }
});

test('a request body that is accepted must be documented', () => {
  const made = { status: 201, headers: JSON_TYPE, body: '{"id":"1","subject":"x"}' };
  const post = (request) => faults('POST', '/letters', made, request).join();
  assert.match(post({}), /without its required body/);
  assert.match(
    post({ headers: { 'content-type': 'text/plain' }, body: 'x' }),
    /text\/plain is accepted/,
  );
  assert.match(
    post({ headers: JSON_TYPE, body: '{"subject":"x","colour":1}' }),
    /unevaluated properties: colour/,
  );
  assert.match(faults('GET', '/letters', LIST, { body: 'x' }).join(), /not documented/);
});

test('a literal path goes before one with a parameter', () => {
  const { operation } = checkExchange(document, {
    request: { method: 'DELETE', path: '/letters/first', headers: {}, body: null },
    response: { status: 204, headers: {}, body: null },
  });
  assert.equal(operation.id, 'DELETE /letters/first');
});

test('an object that is left open is found', () => {
  assert.deepEqual(openSchemas(document), []);
  const content = structuredClone(document.content);
  delete content.components.schemas.Letter.unevaluatedProperties;
  assert.deepEqual(openSchemas(new Document(content)), [
    '/components/schemas/Base',
    '/components/schemas/Letter',
  ]);
});

test('generated requests fit the document, and a planted fault of a server is found', async () => {
  const [list, create] = document.operations;
  fc.assert(
    fc.property(validRequest(create), ({ path, headers, body }) => {
      assert.deepEqual(
        faults(
          'POST',
          path,
          { status: 201, headers: JSON_TYPE, body: '{"id":"1","subject":"x"}' },
          { headers, body },
        ),
        [],
      );
    }),
    { seed: 1, numRuns: 50 },
  );

  // This server takes any limit, though the document has a range.
  const server = http.createServer((request, response) => {
    response.writeHead(200, LIST.headers).end(LIST.body);
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const outcome = await fc.check(
    fc.asyncProperty(junkRequest(list), async (request) => {
      const answer = await fetch(`http://127.0.0.1:${server.address().port}${request.path}`);
      const found = faults('GET', request.path, { ...LIST, status: answer.status });
      assert.deepEqual(found, []);
    }),
    { seed: 1, numRuns: 100 },
  );
  server.close();
  server.closeAllConnections();
  assert.ok(outcome.failed, 'nothing was found');
});
