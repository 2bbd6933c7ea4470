// A server without NOTIFY: the folder that is asked for most is watched by a second session, the
// others are looked at with STATUS now and then. Every line that goes to the server is written down.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { startCuttingRelay } from './lib/cutting_relay.js';
import { startDovecot } from './lib/dovecot.js';
import { openStream } from './lib/event_stream.js';
import { ImapClient } from './lib/imap_client.js';
import { startMailbridge } from './lib/mailbridge.js';
import { waitFor } from './lib/wait.js';

const CAPABILITY = 'IMAP4rev1 IDLE CONDSTORE ENABLE UIDPLUS MOVE LITERAL+ NAMESPACE';
const NAMES = ['listens', 'lists', 'busy', 'few', 'polled'];
const FOLDERS = ['Archive', 'Lists'];

const folder = mkdtempSync(`${tmpdir()}/mailbridge-second-`);
const stops = [() => rmSync(folder, { recursive: true, force: true })];
let server;
before(async () => {
  const users = NAMES.flatMap((name) => ['--user', `${name}@example.org:secret`]);
  server = await startDovecot(folder, '--capability', CAPABILITY, ...users);
  stops.push(() => server.stop());
});
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** One user with two more folders, a mailbridge of these settings, and another client. */
async function begin(t, name, config) {
  const relay = await startCuttingRelay(server.imapPort);
  const bridge = await startMailbridge({
    config: {
      heartbeat: '200ms',
      ...config,
      'server example.org': {
        domains: 'example.org',
        imap: `imap://localhost:${relay.port}?tls=none`,
      },
    },
  });
  const username = `${name}@example.org`;
  const imap = await ImapClient.connect(server, username, 'secret');
  for (const path of FOLDERS) {
    await imap.command(`CREATE ${path}`);
    for (const n of [1, 2, 3]) await deliver(imap, path, `old ${n}`);
  }
  const api = bridge.api.as(username, 'secret');
  t.after(async () => {
    api.close();
    await imap.logout();
    await bridge.stop();
    await relay.stop();
  });
  const { folders } = (await api.get('/v1/folders')).json;
  const ids = Object.fromEntries(folders.map(({ name: path, id }) => [path, id]));
  return { relay, imap, api, ids };
}

function deliver(imap, path, subject) {
  return imap.append(path, `From: b@example.net\r\nSubject: ${subject}\r\n\r\nHi\r\n`);
}

const NEVER = '1h';
const looksAt = (commands) => commands.filter((line) => / STATUS "?Archive"? \(/.test(line));

const isFromMemory = ({ headers }) => headers.etag.includes('.');
const listOf = (ids, path) => `/v1/folders/${ids[path]}/messages`;

/** Until somebody else would be told at once what happens there: lists come from memory then. */
function known(api, ids, path) {
  return waitFor(`${path} to be known`, async () => {
    const answer = await api.get(listOf(ids, path));
    return isFromMemory(answer) && answer;
  });
}

async function changesAreTold({ imap, ids }, stream) {
  await deliver(imap, 'Archive', 'new');
  await stream.until('the message', (all) =>
    all.some(({ message }) => message?.folderId === ids.Archive),
  );
  await imap.select('Archive');
  await imap.command('STORE 1 +FLAGS (\\Flagged)');
  await stream.until('the flag', (all) => all.some(({ type }) => type === 'message.updated'));
  await imap.command('STORE 2 +FLAGS (\\Deleted)');
  await imap.command('EXPUNGE');
  await stream.until('the end', (all) => all.some(({ type }) => type === 'message.deleted'));
  assert.equal(stream.events.filter(({ type }) => type === 'reset').length, 0);
}

test('a folder that a listener names is watched', async (t) => {
  const box = await begin(t, 'listens', { watch_poll: NEVER });
  const stream = await openStream(t, box.api, `?folders=${box.ids.Archive}`);
  await known(box.api, box.ids, 'Archive');
  await changesAreTold(box, stream);
  // And lists of it need no server, as long as nothing happens.
  const commands = box.relay.record();
  await known(box.api, box.ids, 'Archive');
  const quiet = commands.length;
  assert.ok(isFromMemory(await box.api.get(listOf(box.ids, 'Archive'))));
  assert.equal(commands.length, quiet);
});

test('a folder that is listed often is watched, and then another one', async (t) => {
  const box = await begin(t, 'lists', { watch_poll: NEVER });
  const stream = await openStream(t, box.api);
  await known(box.api, box.ids, 'Archive');
  await changesAreTold(box, stream);
  await known(box.api, box.ids, 'Lists');
  await deliver(box.imap, 'Lists', 'new in lists');
  await stream.until('the message', (all) =>
    all.some(({ message }) => message?.subject === 'new in lists'),
  );
});

test('requests come first, and nothing is left out for that', async (t) => {
  const box = await begin(t, 'busy', { watch_poll: NEVER });
  const stream = await openStream(t, box.api, `?folders=${box.ids.Archive}`);
  const { json } = await known(box.api, box.ids, 'Archive');
  const [{ id }] = json.messages;
  for (let round = 0; round < 3; round++) {
    const subject = `round ${round}`;
    const requests = Array.from({ length: 12 }, () => box.api.get(`/v1/messages/${id}/raw`));
    await deliver(box.imap, 'Archive', subject);
    for (const answer of await Promise.all(requests)) assert.equal(answer.status, 200);
    await stream.until(subject, (all) => all.some(({ message }) => message?.subject === subject));
  }
  const told = stream.events.filter(({ type }) => type === 'message.created');
  assert.deepEqual(
    told.map(({ message }) => message.subject),
    ['round 0', 'round 1', 'round 2'],
  );
});

test('where sessions are few there is no second one', async (t) => {
  const box = await begin(t, 'few', { watch_poll: '300ms', sessions_per_account: 2 });
  const stream = await openStream(t, box.api, `?folders=${box.ids.Archive}`);
  await changesAreTold(box, stream);
  const commands = box.relay.record();
  await waitFor('some looks', async () => {
    assert.ok(!isFromMemory(await box.api.get(listOf(box.ids, 'Archive'))));
    return looksAt(commands).length > 3;
  });
});

test('others are looked at with STATUS alone', async (t) => {
  const box = await begin(t, 'polled', { watch_poll: '100ms' });
  const stream = await openStream(t, box.api);
  await changesAreTold(box, stream);
  const commands = box.relay.record();
  await waitFor('some looks', () => looksAt(commands).length > 5);
  assert.deepEqual(
    commands.filter((line) => / (SELECT|EXAMINE|SEARCH|UID) /.test(line)),
    [],
  );
});
