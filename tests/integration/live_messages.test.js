// What is asked about one message of a folder that is watched is answered without the mail server
// where that can be: every line that goes to it is written down.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCuttingRelay } from './lib/cutting_relay.js';
import { dovecot } from './lib/dovecot.js';
import { openStream } from './lib/event_stream.js';
import { ImapClient } from './lib/imap_client.js';
import { startMailbridge } from './lib/mailbridge.js';
import { waitFor } from './lib/wait.js';

let server;
let relay;
let bridge;
before(async () => {
  server = await dovecot();
  relay = await startCuttingRelay(server.imapPort);
  bridge = await startMailbridge({
    config: {
      'server example.org': {
        domains: 'example.org',
        imap: `imap://localhost:${relay.port}?tls=none`,
      },
    },
  });
});
after(async () => {
  await bridge?.stop();
  await relay?.stop();
});

const INBOX = '/v1/folders/inbox/messages';

/** A user with two messages; a relay that knows only of his mailbridge. */
async function mailbox(t) {
  const { username, password } = await server.newUser();
  const imap = await ImapClient.connect(server, username, password);
  for (const n of [1, 2])
    await imap.append('INBOX', `From: b@example.net\r\nSubject: message ${n}\r\n\r\nHi ${n}\r\n`);
  await imap.select('INBOX');
  const api = bridge.api.as(username, password);
  t.after(async () => {
    api.close();
    await imap.logout();
  });
  return { api, imap };
}

/** Watched from here on, and known. */
async function watch(t, api) {
  await openStream(t, api);
  await waitFor('a list from memory', async () => {
    const answer = await api.get(INBOX);
    return answer.headers.etag.includes('.') && answer;
  });
}

/** What the mail server was asked meanwhile, but for IDLE. */
async function asked(action) {
  const commands = relay.record();
  const result = await action();
  return { result, commands: commands.filter((line) => !/^DONE$|^\S+ IDLE$/.test(line)) };
}

test('a message that the client has costs the mail server nothing', async (t) => {
  const { api, imap } = await mailbox(t);
  const { id } = (await api.get(INBOX)).json.messages[0];
  const path = `/v1/messages/${id}?body=text`;
  const before = await api.get(path);
  const unless = { headers: { 'if-none-match': before.headers.etag } };
  await watch(t, api);

  const first = await api.get(path);
  assert.equal(first.headers.etag, before.headers.etag);
  assert.deepEqual(first.body, before.body);
  const again = await asked(() => api.get(path, unless));
  assert.equal(again.result.status, 304);
  assert.deepEqual(again.commands, []);

  // Of another representation the tag is another.
  const other = await asked(() => api.get(`/v1/messages/${id}?body=none`, unless));
  assert.equal(other.result.status, 200);
  assert.notEqual(other.result.headers.etag, before.headers.etag);
  assert.ok(other.commands.length > 0);

  // And of other keywords.
  await imap.command('STORE 2 +FLAGS (\\Flagged)');
  await waitFor('the flag', async () => {
    return (await api.get(INBOX)).json.messages[0].keywords.$flagged;
  });
  const flagged = await api.get(path, unless);
  assert.equal(flagged.status, 200);
  assert.deepEqual(flagged.json.keywords, { $flagged: true });

  // One that is gone is not what the client has.
  await imap.command('STORE 2 +FLAGS (\\Deleted)');
  await imap.command('EXPUNGE');
  const gone = { headers: { 'if-none-match': flagged.headers.etag } };
  await waitFor('its end', async () => (await api.get(path, gone)).status === 404);
});

test('If-Match is compared without the mail server', async (t) => {
  const { api, imap } = await mailbox(t);
  await watch(t, api);
  const { id } = (await api.get(INBOX)).json.messages[0];
  const path = `/v1/messages/${id}`;
  const { etag } = (await api.get(path)).headers;
  const patch = (tag) =>
    api.api('PATCH', path, { body: { keywords: { mine: true } }, headers: { 'if-match': tag } });
  await imap.command('STORE 2 +FLAGS (\\Seen)');
  await waitFor('the flag', async () => (await api.get(INBOX)).json.messages[0].keywords.$seen);

  for (const method of ['PATCH', 'DELETE']) {
    const options = { headers: { 'if-match': etag } };
    if (method === 'PATCH') options.body = { keywords: { mine: true } };
    const refused = await asked(() => api.api(method, path, options));
    assert.equal(refused.result.status, 412);
    assert.deepEqual(refused.commands, []);
  }

  const now = (await api.get(path)).headers.etag;
  const done = await asked(() => patch(now));
  assert.equal(done.result.status, 200, done.result.text);
  assert.deepEqual(done.result.json.keywords, { $seen: true, mine: true });
  assert.ok(done.commands.some((line) => /UID STORE/.test(line)));
});
