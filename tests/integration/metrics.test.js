// GET /metrics: on a listener of its own, on the API's, or not at all.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { dovecot } from './lib/dovecot.js';
import { openStream } from './lib/event_stream.js';
import { ApiClient } from './lib/http.js';
import { dovecotSection, freePort, startMailbridge } from './lib/mailbridge.js';
import { assertProblem } from './lib/problem.js';
import { waitFor } from './lib/wait.js';

async function start(t, settings) {
  const config = { ...settings, 'server example.org': await dovecotSection() };
  const bridge = await startMailbridge({ config });
  t.after(() => bridge.stop());
  return bridge;
}

/** The samples by name and labels, once each name has its HELP and TYPE and no sample comes twice. */
function samplesOf(text) {
  const typed = new Set();
  const samples = new Map();
  for (const line of text.trim().split('\n')) {
    const type = line.match(/^# TYPE (\S+) (counter|gauge)$/);
    if (type) typed.add(type[1]);
    if (line.startsWith('#')) continue;
    const [, name, labels, value] = line.match(/^([a-z_]+)(\{[^{}]*\})? (\d+(?:\.\d+)?)$/);
    assert.ok(typed.has(name), `${name} has no type`);
    assert.ok(!samples.has(name + (labels ?? '')), line);
    samples.set(name + (labels ?? ''), Number(value));
  }
  return samples;
}

test('a listener of its own has what the process counts, and nothing else', async (t) => {
  const port = await freePort();
  const bridge = await start(t, { metrics: `127.0.0.1:${port}`, streams_per_account: 7 });
  const monitor = new ApiClient(port);
  t.after(() => monitor.close());
  const user = await (await dovecot()).newUser();
  const api = bridge.api.as(user.username, user.password);
  t.after(() => api.close());
  const stream = await openStream(t, api);
  await api.get('/v1/folders');
  await api.get('/v1/nothing');
  // A request is counted when it is over, which is after its answer has come.
  const samples = await waitFor('all to be counted', async () => {
    const answer = await monitor.get('/metrics');
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'], /^text\/plain; version=0\.0\.4/);
    const found = samplesOf(answer.text);
    return found.get('mailbridge_http_requests_total{operation="",status="4xx"}') === 1 && found;
  });
  const at = (name) => samples.get(`mailbridge_${name}`);
  assert.equal(at('http_requests_total{operation="listFolders",status="2xx"}'), 1);
  assert.ok(at('http_seconds_total{operation="listFolders"}') > 0);
  assert.equal(at('event_listeners{kind="stream"}'), 1);
  assert.equal(at('http_sockets_taken'), 1);
  assert.equal(at('accounts_watched'), 1);
  assert.ok(at('mail_sessions{state="busy"}') + at('mail_sessions{state="idle"}') >= 1);
  assert.ok(at('logins_total') >= 1);
  assert.equal(at('event_logs'), 1);
  assert.equal(at('limit{of="streams_per_account"}'), 7);
  assert.ok(samples.get('process_resident_memory_bytes') > 1 << 20);
  stream.cut();
  assertProblem(await bridge.api.get('/metrics'), 404, 'not-found');
  const other = await monitor.get('/v1/folders', { stream: true });
  assert.equal(other.statusCode, 404);
  other.destroy();
});

test('the port of the API has it if the operator says so', async (t) => {
  const bridge = await start(t, { metrics: 'same' });
  const answer = await bridge.api.get('/metrics');
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.ok(samplesOf(answer.text).has('mailbridge_http_connections'));
});

test('the journal and Idempotency-Keys are counted', async (t) => {
  const folder = mkdtempSync(`${tmpdir()}/mailbridge-metrics-`);
  const bridge = await start(t, { metrics: 'same', state_dir: folder });
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const user = await (await dovecot()).newUser();
  const api = bridge.api.as(user.username, user.password);
  t.after(() => api.close());
  const post = (key, body) =>
    api.api('POST', '/v1/messages', {
      headers: { 'content-type': 'message/rfc822', 'idempotency-key': key },
      body,
    });
  const letter = 'Subject: x\r\n\r\nx\r\n';
  for (const [key, body, status] of [
    ['a', letter, 201],
    ['a', letter, 201],
    ['b', letter, 201],
    ['b', `${letter}y`, 422],
  ]) {
    assert.equal((await post(key, body)).status, status);
  }
  const samples = samplesOf((await api.get('/metrics')).text);
  const at = (name) => samples.get(`mailbridge_${name}`);
  assert.equal(at('idempotency_claims_total'), 2);
  assert.equal(at('idempotency_replays_total'), 1);
  assert.equal(at('idempotency_refusals_total'), 1);
  assert.equal(at('outcomes_unknown_total'), 0);
  assert.equal(at('journal_intents_total'), 2);
  assert.equal(at('journal_open'), 0);
  assert.equal(at('journal_up'), 1);
  assert.ok(at('journal_syncs_total') >= 2);
  assert.ok(at('journal_sync_seconds_total') > 0);
  assert.ok(at('journal_bytes') > 100);
  assert.equal(at('store_up'), undefined);
});
