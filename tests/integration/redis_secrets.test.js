// What lies in Redis tells nobody what is in the mail, whose it is, or how to get in.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { dovecot } from './lib/dovecot.js';
import { openStream } from './lib/event_stream.js';
import { ApiClient } from './lib/http.js';
import { ImapClient } from './lib/imap_client.js';
import { startMailbridge } from './lib/mailbridge.js';
import { redisIsMissing, startRedis } from './lib/redis.js';
import { waitFor } from './lib/wait.js';

const skip = (await redisIsMissing()) ?? false;
const folder = mkdtempSync(`${tmpdir()}/mailbridge-secrets-`);
let redis;

before(async () => {
  if (skip) return;
  // Texts are compressed in its file, and not to be found, unless it is told not to; and it takes
  // its time before it gives that away.
  redis = await startRedis('--rdbcompression', 'no', '--repl-diskless-sync-delay', '0');
  writeFileSync(`${folder}/key`, 'k'.repeat(64));
});
after(async () => {
  await redis?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const MESSAGE = [
  'From: Quokka <sender@quokka.example>',
  'To: receiver@wombat.example',
  'Subject: Numbat season',
  'Message-ID: <bandicoot@quokka.example>',
  'Content-Type: text/plain',
  '',
  'Wallaby in the garden.',
  '',
].join('\r\n');

/** A session, lists with previews, marks, events, a ticket, a stored message. */
async function use(t, bridge, user) {
  const body = { username: user.username, password: user.password };
  const made = await bridge.api.api('POST', '/v1/sessions', { body });
  assert.equal(made.status, 201, made.text);
  const api = new ApiClient(bridge.port, `Bearer ${made.json.token}`);
  const events = await openStream(t, api);
  const imap = await ImapClient.connect(await dovecot(), user.username, user.password);
  await imap.append('INBOX', MESSAGE, '\\Flagged $Platypus');
  await events.until('the message', (all) => all.some(({ type }) => type === 'message.created'));
  await imap.logout();
  for (const query of ['limit=10', 'limit=10&preview=true', 'limit=10&subject=Numbat'])
    assert.equal((await api.get(`/v1/folders/inbox/messages?${query}`)).status, 200);
  const stored = await api.api('POST', '/v1/messages?folderId=inbox', {
    body: Buffer.from(MESSAGE),
    headers: { 'content-type': 'message/rfc822', 'idempotency-key': 'echidna-1' },
  });
  assert.equal(stored.status, 201, stored.text);
  const { ticket } = (await api.api('POST', '/v1/events/tickets')).json;
  await waitFor('the summaries in Redis', async () => {
    return (await redis.command('KEYS', 'mb1:1:headers:*')).split('\n').length >= 2;
  });
  events.cut();
  api.close();
  return { token: made.json.token, ticket };
}

/** All that Redis has, as it would write it to a disk. */
async function dump() {
  const file = `${folder}/dump.rdb`;
  await redis.command('--rdb', file);
  return readFileSync(file).toString('latin1');
}

const WORDS = /quokka|wombat|numbat|bandicoot|wallaby|platypus|echidna/gi;
const found = (text, words) => [...new Set(text.match(words)?.map((word) => word.toLowerCase()))];

async function start(t, settings) {
  const server = await dovecot();
  const config = { state: redis.socket, key_file: `${folder}/key`, login_attempts: 1000, ...settings };
  const bridge = await startMailbridge({
    config: { ...config, 'server example.org': server.section() },
  });
  t.after(() => bridge.stop());
  return bridge;
}

test('no password, token, address or text can be read in Redis', { skip }, async (t) => {
  const user = await (await dovecot()).newUser();
  const bridge = await start(t, {});
  const { token, ticket } = await use(t, bridge, user);
  const text = await dump();
  assert.deepEqual(found(text, WORDS), []);
  for (const secret of [user.username, user.password, token, ticket]) {
    assert.ok(!text.includes(secret), secret);
    assert.ok(!text.includes(Buffer.from(secret).toString('base64').replace(/=+$/, '')), secret);
  }
});

test('with state_encrypt = no passwords and tokens cannot be read either', { skip }, async (t) => {
  const user = await (await dovecot()).newUser();
  const bridge = await start(t, { state_encrypt: 'no' });
  const { token, ticket } = await use(t, bridge, user);
  const text = await dump();
  // What the other test looks for can be found where it is.
  assert.ok(found(text, WORDS).includes('numbat'), 'nothing of the message is in Redis');
  for (const secret of [user.password, token, ticket]) assert.ok(!text.includes(secret), secret);
});
