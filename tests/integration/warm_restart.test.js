// After a restart on the same Redis, and beside another process there, lists ask the mail server only
// for what is new: every line that goes to it is written down.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { startCuttingRelay } from './lib/cutting_relay.js';
import { dovecot } from './lib/dovecot.js';
import { ApiClient } from './lib/http.js';
import { ImapClient } from './lib/imap_client.js';
import { startMailbridge } from './lib/mailbridge.js';
import { redisIsMissing, startRedis } from './lib/redis.js';
import { waitFor } from './lib/wait.js';

const skip = (await redisIsMissing()) ?? false;
const folder = mkdtempSync(`${tmpdir()}/mailbridge-warm-`);
let redis;
let server;
let relay;

before(async () => {
  if (skip) return;
  redis = await startRedis();
  server = await dovecot();
  relay = await startCuttingRelay(server.imapPort);
  writeFileSync(`${folder}/key`, 'k'.repeat(64));
});
after(async () => {
  await relay?.stop();
  await redis?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const LIST = '/v1/folders/inbox/messages?limit=50&preview=true';

async function start(t) {
  const bridge = await startMailbridge({
    config: {
      state: redis.socket,
      key_file: `${folder}/key`,
      'server example.org': {
        domains: 'example.org',
        imap: `imap://localhost:${relay.port}?tls=none`,
      },
    },
  });
  t.after(() => bridge.isRunning && bridge.stop());
  return bridge;
}

async function list(bridge, auth) {
  const api = new ApiClient(bridge.port, auth);
  const answer = await api.get(LIST);
  api.close();
  assert.equal(answer.status, 200, answer.text);
  return answer;
}

/** A user with mail whom a bridge watches and has listed: { user, bridge, auth, before }. */
async function listed(t) {
  const user = await server.newUser('-n', 100);
  const bridge = await start(t);
  const body = { username: user.username, password: user.password };
  const made = await bridge.api.api('POST', '/v1/sessions', { body });
  assert.equal(made.status, 201, made.text);
  const auth = `Bearer ${made.json.token}`;
  const before = await waitFor('a list from memory', async () => {
    const answer = await list(bridge, auth);
    return answer.headers.etag.includes('.') && answer.json;
  });
  await waitFor('the summaries in Redis', async () => {
    const keys = await redis.command('KEYS', 'mb1:1:headers:*');
    return keys.split('\n').length >= before.messages.length;
  });
  return { user, bridge, auth, before };
}

/** The same, and it has ended. */
async function listedOnce(t) {
  const all = await listed(t);
  await all.bridge.stop();
  return all;
}

const uidOf = ({ id }) => parseInt(id.split('.')[2], 36);
const logins = (commands) => commands.filter((line) => /AUTHENTICATE|LOGIN/.test(line));
const fetches = (commands) => commands.filter((line) => /FETCH.*(BODY|ENVELOPE)/.test(line));

test('nothing that is known is fetched again', { skip }, async (t) => {
  const { auth, before } = await listedOnce(t);
  const bridge = await start(t);
  const commands = relay.record();
  const { json } = await list(bridge, auth);
  const seen = [...commands];
  assert.deepEqual(json, before);
  assert.deepEqual(fetches(seen), []);
  assert.equal(logins(seen).length, 1, seen.join('\n'));
  // What was known is brought up to date, not read anew.
  assert.equal(seen.filter((line) => /SELECT INBOX \(QRESYNC/.test(line)).length, 1);
  await bridge.stop();
});

test('what has happened meanwhile is in the first list', { skip }, async (t) => {
  const { user, auth, before } = await listedOnce(t);
  const imap = await ImapClient.connect(server, user.username, user.password);
  await imap.append('INBOX', 'From: b@example.net\r\nSubject: while you were away\r\n\r\nHi\r\n');
  await imap.select('INBOX');
  await imap.command(`UID STORE ${uidOf(before.messages[0])} +FLAGS (\\Deleted)`);
  await imap.command(`UID EXPUNGE ${uidOf(before.messages[0])}`);
  await imap.command(`UID STORE ${uidOf(before.messages[1])} +FLAGS (\\Flagged $Away)`);
  await imap.logout();
  const bridge = await start(t);
  const commands = relay.record();
  const { json } = await list(bridge, auth);
  const seen = [...commands];
  const [newest, second, third] = json.messages;
  assert.equal(newest.subject, 'while you were away');
  assert.equal(newest.preview, 'Hi');
  assert.equal(second.id, before.messages[1].id);
  assert.ok(second.keywords.$away && second.keywords.$flagged);
  assert.deepEqual(third, before.messages[2]);
  assert.equal(json.total, before.total);
  for (const line of fetches(seen))
    assert.match(line, new RegExp(` UID FETCH ${uidOf(newest)} `));
  await bridge.stop();
});

test('what one process has read another lists without reading it', { skip }, async (t) => {
  const { auth, before } = await listed(t);
  const other = await start(t);
  const commands = relay.record();
  for (let n = 0; n < 2; n++) assert.deepEqual((await list(other, auth)).json, before);
  assert.deepEqual(fetches(commands), []);
  await other.stop();
});
