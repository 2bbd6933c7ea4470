// The service about itself: health, the OpenAPI document, the pages of its problems.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { useMailbridge } from './lib/mailbridge.js';
import { root } from './lib/paths.js';
import { assertProblem, errorsOf } from './lib/problem.js';

const use = useMailbridge();
const source = readFileSync(`${root}openapi/openapi.yaml`, 'utf8');

test('it is alive and ready', async () => {
  for (const path of ['/health/live', '/health/ready']) {
    const answer = await use.api.get(path);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.json, { status: 'ok' });
    assert.equal(answer.headers['cache-control'], 'no-store');
    const head = await use.api.api('HEAD', path);
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
  }
});

test('it serves its document as YAML and as JSON, the same one', async () => {
  const yaml = await use.api.get('/openapi.yaml');
  assert.equal(yaml.headers['content-type'], 'application/yaml');
  assert.equal(yaml.text, source);
  const json = await use.api.get('/openapi.json');
  assert.equal(json.headers['content-type'], 'application/json');
  assert.deepEqual(json.json, parse(source));
  const again = await use.api.get('/openapi.json', {
    headers: { 'if-none-match': json.headers.etag },
  });
  assert.equal(again.status, 304);
});

test('every code that the document names has its page', async () => {
  const codes = new Set(
    [...source.matchAll(/enum: \[([^\]]*)\]|^ {22}- ([a-z-]+)$/gm)]
      .flatMap(([, list, single]) => list?.split(/,\s*/) ?? [single])
      .filter((code) => source.includes(`/problems/${code}\n`)),
  );
  assert.ok(codes.size > 20, [...codes].join());
  for (const code of codes) {
    const page = await use.api.get(`/problems/${code}`);
    assert.equal(page.status, 200, code);
    assert.match(page.headers['content-type'], /^text\/html/);
    assert.ok(page.text.includes(`<code>${code}</code>`), page.text);
  }
  assertProblem(await use.api.get('/problems/no-such-code'), 404, 'not-found');
});

test('unknown parameters are refused with a suggestion', async () => {
  const answer = await use.demo.get('/v1/folders/inbox/messages?limt=5&positon=1&x=2');
  assert.deepEqual(errorsOf(answer).sort(), [
    'limt unknown-parameter',
    'positon unknown-parameter',
    'x unknown-parameter',
  ]);
  assert.match(answer.text, /Did you mean limit\?/);
});

test('pages for people are there, with all that they are made of', async () => {
  for (const path of ['/', '/docs']) {
    const page = await use.api.get(path);
    assert.equal(page.status, 200);
    assert.match(page.headers['content-type'], /^text\/html/);
    assert.match(page.headers['content-security-policy'], /^default-src 'none'/);
    const files = [...page.text.matchAll(/(?:src|href)="(static\/[^"]+)"/g)];
    assert.ok(files.length > 0, path);
    for (const [, name] of files) {
      const file = `/${name}`;
      const gzip = { 'accept-encoding': 'gzip' };
      const answer = await use.api.get(file, { headers: gzip });
      assert.equal(answer.status, 200, file);
      const headers = { ...gzip, 'if-none-match': answer.headers.etag };
      assert.equal((await use.api.get(file, { headers })).status, 304, file);
    }
    const headers = { 'if-none-match': page.headers.etag };
    assert.equal((await use.api.get(path, { headers })).status, 304);
  }
  assertProblem(await use.api.get('/static/no-such.js'), 404, 'not-found');
});
