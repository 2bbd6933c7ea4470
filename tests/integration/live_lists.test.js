// Lists of a folder that is watched come from memory, and are what the mail server would say. That
// a list came from there shows in its ETag: only then does it have dots.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { useBothServers } from './lib/both.js';
import { startDovecot } from './lib/dovecot.js';
import { openStream } from './lib/event_stream.js';
import { ImapClient } from './lib/imap_client.js';
import { waitFor } from './lib/wait.js';

const IDLER = 'idler@idle.example';

/** A third server: it tells by IDLE, but counts no changes. */
let idler;
const folder = mkdtempSync(`${tmpdir()}/mailbridge-idle-`);
const use = useBothServers(async () => {
  idler = await startDovecot(
    folder,
    ...['--capability', 'IMAP4rev1 IDLE UIDPLUS', '--user', `${IDLER}:secret`],
  );
  return {
    'server idle.example': {
      domains: 'idle.example',
      imap: `imaps://localhost:${idler.imapsPort}`,
      ca_file: idler.caFile,
    },
  };
});
const INBOX = '/v1/folders/inbox/messages';

async function get(api, path, options) {
  const answer = await api.get(path, options);
  assert.equal(answer.status, 200, answer.text);
  return answer;
}

const isFromMemory = ({ headers }) => headers.etag.includes('.');
const ids = ({ messages }) => messages.map(({ id }) => id);

/** Until the list comes from memory and is as it ought to be. */
function fromMemory(api, path, isRight = () => true) {
  return waitFor(`${path} from memory`, async () => {
    const answer = await get(api, path);
    return isFromMemory(answer) && isRight(answer.json) ? answer : null;
  });
}

async function append(imap, count) {
  for (let n = 0; n < count; n++)
    await imap.append('INBOX', `From: b@example.net\r\nSubject: message ${n}\r\n\r\nHi ${n}\r\n`);
}

/**
 * Users with 25 messages, of which 7 are seen and 2 marked as deleted. The bare server has no IDLE:
 * of what is polled no list is exact, so that all are asked of the server.
 */
async function mailboxes(t, which = ({ isBare }) => !isBare) {
  const users = (await use.users(t)).filter(which);
  for (const { imap } of users) {
    await append(imap, 25);
    await imap.select('INBOX');
    await imap.command('STORE 3:9 +FLAGS (\\Seen $Work)');
    await imap.command('STORE 12,20 +FLAGS (\\Deleted)');
  }
  return users;
}

const QUERIES = [
  'limit=10',
  'limit=10&position=9',
  'limit=500&sort=added',
  'limit=4&unseen=true',
  'limit=4&unseen=false&position=2',
  'hasKeyword=$work',
  'notKeyword=$Work&limit=5',
  'flagged=true',
  'position=1000',
];

test('a list from memory is the list of the mail server', async (t) => {
  for (const { api } of await mailboxes(t)) {
    const asked = [];
    for (const query of QUERIES) asked.push(await get(api, `${INBOX}?${query}`));
    assert.ok(!asked.some(isFromMemory));
    await openStream(t, api);
    for (const [n, query] of QUERIES.entries()) {
      const { json } = await fromMemory(api, `${INBOX}?${query}`);
      const want = asked[n].json;
      for (const message of json.messages) message.preview = null; // may be known by now
      assert.deepEqual(json, want, query);
    }
    const known = (await get(api, `${INBOX}?limit=3`)).json.messages;
    const { messages } = (await get(api, `/v1/messages?ids=${known.map(({ id }) => id)}`)).json;
    assert.deepEqual(messages, known);
    // LIST-STATUS would count those marked as deleted.
    const { totalMessages, unreadMessages } = (await get(api, '/v1/folders/inbox')).json;
    assert.deepEqual([totalMessages, unreadMessages], [23, 16]);
  }
});

test('whoever lists with a session is soon answered from memory, without listening', async () => {
  const body = { username: IDLER, password: 'secret' };
  const made = await use.bridge.api.api('POST', '/v1/sessions', { body });
  assert.equal(made.status, 201, made.text);
  const auth = `Bearer ${made.json.token}`;
  await waitFor('a list from memory', async () => {
    return isFromMemory(await get(use.bridge.api, INBOX, { auth }));
  });
  // Basic may be anybody who never comes back; but what is known is known.
  assert.ok(isFromMemory(await get(use.bridge.api.as(IDLER, 'secret'), INBOX)));
});

test('cursors and anchors go on where they began', async (t) => {
  for (const { api } of await mailboxes(t)) {
    const first = await get(api, `${INBOX}?limit=6`);
    const all = ids((await get(api, `${INBOX}?limit=500`)).json);
    await openStream(t, api);
    const seen = ids(first.json);
    for (let cursor = first.json.nextCursor; cursor; ) {
      const { json } = await fromMemory(api, `${INBOX}?limit=6&cursor=${cursor}`);
      assert.equal(json.position, seen.length);
      seen.push(...ids(json));
      cursor = json.nextCursor;
    }
    assert.deepEqual(seen, all);
    const anchored = await fromMemory(api, `${INBOX}?limit=3&anchor=${all[5]}`);
    assert.equal(anchored.json.position, 5);
    assert.deepEqual(ids(anchored.json), all.slice(5, 8));
    const gone = `${all[0].slice(0, all[0].lastIndexOf('.'))}.zzz`;
    assert.equal((await api.get(`${INBOX}?anchor=${gone}`)).status, 404);
  }
});

test('an ETag is good until something changes, and no longer', async (t) => {
  for (const { api, imap } of await mailboxes(t)) {
    await openStream(t, api);
    const path = `${INBOX}?limit=5&preview=true`;
    const first = await fromMemory(api, path);
    assert.ok(first.json.messages.every(({ preview }) => preview?.startsWith('Hi ')));
    const unless = { headers: { 'if-none-match': first.headers.etag } };
    assert.equal((await api.get(path, unless)).status, 304);
    await imap.command('STORE 25 +FLAGS (\\Flagged)');
    const second = await waitFor('another list', async () => {
      const answer = await api.get(path, unless);
      return answer.status === 200 ? answer : null;
    });
    assert.notEqual(second.headers.etag, first.headers.etag);
    assert.deepEqual(second.json.messages[0].keywords, { $flagged: true });
  }
});

test('what others do shows, what one does oneself at once', async (t) => {
  for (const { api, imap, isBare } of await mailboxes(t, () => true)) {
    const settled = isBare
      ? (path, isRight) => waitFor(path, async () => isRight((await get(api, path)).json))
      : (path, isRight) => fromMemory(api, path, isRight);
    await openStream(t, api);
    await settled(`${INBOX}?limit=5`, () => true);
    const { json } = await get(api, `${INBOX}?limit=5`);
    const { id } = json.messages[1];
    for (let n = 0; n < 5; n++) {
      const body = { keywords: { [`$round${n}`]: true } };
      assert.equal((await api.api('PATCH', `/v1/messages/${id}`, { body })).status, 200);
      const list = (await get(api, `${INBOX}?limit=5`)).json;
      assert.equal(list.messages[1].keywords[`$round${n}`], true);
    }
    await append(imap, 1);
    await imap.command('STORE 1:2 +FLAGS (\\Deleted)');
    await imap.command('EXPUNGE');
    // Four that were marked have gone, one has come.
    await settled(`${INBOX}?limit=5`, ({ total }) => total === 22);
    assert.equal((await api.api('DELETE', `/v1/messages/${id}?permanent=true`)).status, 200);
    assert.ok(!ids((await get(api, `${INBOX}?limit=5`)).json).includes(id));
  }
});

test('changes of a folder without modseqs come from memory', async (t) => {
  const api = use.bridge.api.as(IDLER, 'secret');
  const imap = await ImapClient.connect(idler, IDLER, 'secret');
  t.after(async () => {
    api.close();
    await imap.logout();
  });
  await append(imap, 6);
  await imap.select('INBOX');
  await openStream(t, api);
  const path = `${INBOX}?limit=500`;
  const before = (await fromMemory(api, path, ({ total }) => total === 6)).json;
  await append(imap, 2);
  await imap.command('STORE 1 +FLAGS (\\Answered)');
  await imap.command('STORE 2,3 +FLAGS (\\Deleted)');
  await fromMemory(
    api,
    path,
    ({ total, messages }) => total === 6 && messages.at(-1).keywords.$answered,
  );
  const since = (state) => get(api, `/v1/folders/inbox/changes?sinceState=${state}`);
  const { json } = await since(before.state);
  assert.equal(json.created.length, 2);
  const all = ids(before);
  assert.deepEqual(json.updated, [{ id: all.at(-1), keywords: { $answered: true } }]);
  assert.deepEqual(json.destroyed.sort(), all.slice(-3, -1).sort());
  const again = (await since(json.newState)).json;
  assert.deepEqual([again.created, again.updated, again.destroyed], [[], [], []]);
});

test('changes tell what the list from memory shows already', async (t) => {
  for (const { api, imap } of await mailboxes(t)) {
    await openStream(t, api);
    const path = `${INBOX}?limit=500`;
    const since = async (state) =>
      (await get(api, `/v1/folders/inbox/changes?sinceState=${state}`)).json;
    const first = (await fromMemory(api, path)).json;
    const all = ids(first);
    await imap.command('STORE 25 +FLAGS (\\Flagged)');
    const second = (await fromMemory(api, path, (list) => list.messages[0].keywords.$flagged)).json;
    assert.deepEqual(
      (await since(first.state)).updated.map(({ id }) => id),
      [all[0]],
    );
    await imap.command('STORE 24 +FLAGS (\\Deleted)');
    await imap.command('EXPUNGE');
    await fromMemory(api, path, ({ total }) => total === all.length - 1);
    for (const { state } of [first, second])
      assert.ok((await since(state)).destroyed.includes(all[1]));
  }
});
