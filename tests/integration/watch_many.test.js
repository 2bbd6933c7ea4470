// Other clients of a real mail server that do much at a time, and a server that forgets who its
// messages were, while somebody listens.
import assert from 'node:assert/strict';
import {
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { after, before, test } from 'node:test';
import { dovecot } from './lib/dovecot.js';
import { openStream } from './lib/event_stream.js';
import { ImapClient } from './lib/imap_client.js';
import { dovecotSection, startMailbridge } from './lib/mailbridge.js';
import { waitFor } from './lib/wait.js';

const INBOX = '/v1/folders/inbox/messages';

let server;
let bridge;
before(async () => {
  server = await dovecot();
  bridge = await startMailbridge({
    config: { log_entries: 50_000, log_bytes: '64M', 'server example.org': await dovecotSection() },
  });
});
after(() => bridge?.stop());

/** A user with so many messages, who listens, and whose inbox is known. */
async function begin(t, count) {
  const user = await server.newUser();
  const { username, password, maildir } = user;
  for (const name of ['cur', 'new', 'tmp']) mkdirSync(`${maildir}/${name}`, { recursive: true });
  for (let n = 0; n < count; n++) {
    const name = `${1700000000 + n}.${n}.test`;
    writeFileSync(`${maildir}/new/${name}`, `From: b@example.net\nSubject: message ${n}\n\nHi\n`);
  }
  const imap = await ImapClient.connect(server, username, password);
  await imap.select('INBOX');
  const api = bridge.api.as(username, password);
  t.after(async () => {
    api.close();
    await imap.logout();
  });
  const stream = await openStream(t, api);
  await known(api, count);
  return { imap, api, stream, user };
}

function known(api, total) {
  return waitFor(`a list of ${total} from memory`, async () => {
    const { headers, json } = await api.get(`${INBOX}?limit=500`);
    return headers.etag.includes('.') && json.total === total && json;
  });
}

const uidOf = (id) => Number.parseInt(id.split('.')[2], 36);

test('ten thousand that go at once are each told once', async (t) => {
  const { imap, api, stream } = await begin(t, 10_100);
  await imap.command('STORE 1:10000 +FLAGS.SILENT (\\Deleted)');
  await imap.command('EXPUNGE');
  await imap.append('INBOX', 'From: b@example.net\r\nSubject: after it\r\n\r\nHi\r\n');
  await stream.until('what came after it', (events) =>
    events.some(({ message }) => message?.subject === 'after it'),
  );
  await known(api, 101);
  const ids = () =>
    stream.events.filter(({ type }) => type === 'message.deleted').flatMap((event) => event.ids);
  await stream.until('all of them', () => ids().length >= 10_000);
  const uids = ids().map(uidOf);
  assert.deepEqual(
    uids.sort((a, b) => a - b),
    Array.from({ length: 10_000 }, (_, n) => n + 1),
  );
  assert.equal(stream.events.filter(({ type }) => type === 'reset').length, 0);
});

test('hundreds of flag changes are told in order', async (t) => {
  const { imap, stream } = await begin(t, 10);
  const ROUNDS = 500;
  // The number of the change is in the keywords: "b3" is 8.
  const bits = Array.from({ length: 9 }, (_, bit) => bit);
  const flagsOf = (n) => bits.filter((bit) => n & (1 << bit)).map((bit) => `b${bit}`);
  const numberOf = (keywords) =>
    Object.keys(keywords).reduce((n, name) => n + (1 << Number(name.slice(1))), 0);
  for (let n = 1; n <= ROUNDS; n++)
    await imap.command(`STORE ${(n % 10) + 1} FLAGS (${flagsOf(n).join(' ')})`);
  const updates = () =>
    stream.events.filter(({ type }) => type === 'message.updated').flatMap((e) => e.updates);
  await stream.until('the last ones', () => {
    const numbers = new Set(updates().map(({ keywords }) => numberOf(keywords)));
    for (let n = ROUNDS - 9; n <= ROUNDS; n++) if (!numbers.has(n)) return false;
    return true;
  });
  const seen = new Map();
  for (const { id, keywords } of updates()) {
    const number = numberOf(keywords);
    assert.equal(number % 10, uidOf(id) - 1);
    assert.ok(number > (seen.get(id) ?? 0), `${id}: ${number} after ${seen.get(id)}`);
    seen.set(id, number);
  }
});

test('a folder whose UIDVALIDITY changes is reset, and right again', async (t) => {
  const { api, stream, user } = await begin(t, 20);
  const resets = () => stream.events.filter(({ type }) => type === 'reset');
  for (let round = 1; round <= 3; round++) {
    const before = (await api.get(INBOX)).json.messages[0].id.split('.')[1];
    // The mail server has lost who its messages were.
    const list = `${user.maildir}/dovecot-uidlist`;
    const text = readFileSync(list, 'latin1').replace(/ V(\d+) /, (_, n) => ` V${Number(n) + 7} `);
    writeFileSync(`${list}.new`, text, 'latin1');
    renameSync(`${list}.new`, list);
    const other = await ImapClient.connect(server, user.username, user.password);
    t.after(() => other.logout());
    await other.append('INBOX', `From: b@example.net\r\nSubject: r${round}\r\n\r\nHi\r\n`);
    const { untagged } = await other.select('INBOX');
    const now = Number(untagged.join().match(/UIDVALIDITY (\d+)/)[1]).toString(36);
    assert.notEqual(now, before);
    await stream.until('the reset', () => resets().length >= round);
    await waitFor('lists of the folder as it is now', async () => {
      const { json } = await api.get(`${INBOX}?limit=500`);
      return json.total === 20 + round && json.messages.every(({ id }) => id.split('.')[1] === now);
    });
    assert.ok(resets().every(({ folderId }) => folderId === resets()[0].folderId));
  }
});
