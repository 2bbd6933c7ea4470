// What became of a folder: a client that keeps a list and applies the changes has what a fresh list
// has, whatever another mail program does to the folder.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useBothServers } from './lib/both.js';
import { assertProblem, errorsOf } from './lib/problem.js';

const use = useBothServers();
const INBOX = '/v1/folders/inbox';

async function get(api, path) {
  const answer = await api.get(path);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** All that is in the folder, by id, and its state. */
async function listAll(api) {
  const list = await get(api, `${INBOX}/messages?limit=500`);
  assert.equal(list.nextCursor, null);
  return { state: list.state, messages: new Map(list.messages.map((m) => [m.id, m])) };
}

async function append(imap, count, flags = '') {
  for (let n = 0; n < count; n++)
    await imap.append('INBOX', `Subject: message ${n}\r\n\r\nHello ${n}\r\n`, flags);
}

/** One answer, applied to what the client has. What is not known was marked as deleted before. */
async function apply(api, known, changes) {
  for (const message of changes.created) known.messages.set(message.id, message);
  for (const { id, keywords } of changes.updated) {
    if (!known.messages.has(id))
      known.messages.set(id, (await get(api, `/v1/messages?ids=${id}`)).messages[0]);
    known.messages.get(id).keywords = keywords;
  }
  for (const id of changes.destroyed) known.messages.delete(id);
  known.state = changes.newState;
}

/** Asks until there are no more; returns how often that was. */
async function catchUp(api, known, limit) {
  for (let rounds = 1; ; rounds++) {
    const changes = await get(
      api,
      `${INBOX}/changes?sinceState=${known.state}${limit ? `&limit=${limit}` : ''}`,
    );
    assert.equal(changes.oldState, known.state);
    if (limit) assert.ok(changes.created.length + changes.updated.length <= limit);
    await apply(api, known, changes);
    if (!changes.hasMoreChanges) return rounds;
  }
}

async function assertUpToDate(api, known) {
  const truth = await listAll(api);
  const withoutPreview = ({ preview, ...rest }) => rest;
  const sorted = (map) =>
    [...map.values()].map(withoutPreview).sort((a, b) => (a.id < b.id ? -1 : 1));
  assert.deepEqual(sorted(known.messages), sorted(truth.messages));
}

/** The user whose server can tell. */
async function full(t) {
  return (await use.users(t)).find(({ isBare }) => !isBare);
}

test('a list and its changes make the next list', async (t) => {
  const { api, imap } = await full(t);
  await append(imap, 12);
  await imap.command('SELECT INBOX');
  const known = await listAll(api);
  assert.equal(known.messages.size, 12);
  await append(imap, 3, '\\Flagged');
  await imap.command('STORE 2:4 +FLAGS (\\Seen $Work)');
  await imap.command('STORE 6,8 +FLAGS (\\Deleted)');
  await imap.command('EXPUNGE');
  await imap.command('STORE 1 +FLAGS (\\Deleted)');
  const changes = await get(api, `${INBOX}/changes?sinceState=${known.state}`);
  assert.equal(changes.created.length, 3);
  assert.equal(changes.updated.length, 3);
  assert.equal(changes.destroyed.length, 3);
  assert.equal(changes.hasMoreChanges, false);
  await apply(api, known, changes);
  await assertUpToDate(api, known);
});

test('nothing has happened since the state that was given last', async (t) => {
  const { api, imap } = await full(t);
  await append(imap, 4);
  await imap.command('SELECT INBOX');
  await imap.command('STORE 2:3 +FLAGS (\\Deleted)');
  await imap.command('EXPUNGE');
  const known = await listAll(api);
  const path = () => `${INBOX}/changes?sinceState=${known.state}`;
  for (let n = 0; n < 2; n++) {
    const { created, updated, destroyed, newState } = await get(api, path());
    assert.deepEqual([created, updated, destroyed], [[], [], []]);
    known.state = newState;
  }
});

test('more than the limit comes in pages, also of what one command has done', async (t) => {
  const { api, imap } = await full(t);
  await append(imap, 30);
  await imap.command('SELECT INBOX');
  const known = await listAll(api);
  await imap.command('STORE 1:20 +FLAGS (\\Seen)'); // one modseq for all of them
  await append(imap, 9);
  await imap.command('STORE 5:35 +FLAGS (\\Flagged)');
  await imap.command('STORE 25 +FLAGS (\\Deleted)');
  await imap.command('EXPUNGE');
  const rounds = await catchUp(api, known, 7);
  assert.ok(rounds > 5, `${rounds} rounds`);
  await assertUpToDate(api, known);
});

test('what happens between the pages is not lost', async (t) => {
  const { api, imap } = await full(t);
  await append(imap, 10);
  await imap.command('SELECT INBOX');
  const known = await listAll(api);
  await imap.command('STORE 1:10 +FLAGS (\\Seen)');
  await append(imap, 4);
  const first = await get(api, `${INBOX}/changes?sinceState=${known.state}&limit=3`);
  assert.equal(first.hasMoreChanges, true);
  await apply(api, known, first);
  await imap.command('STORE 1:5 +FLAGS ($Later)');
  await append(imap, 1);
  await imap.command('STORE 3,12 +FLAGS (\\Deleted)');
  await imap.command('EXPUNGE');
  await catchUp(api, known, 3);
  await assertUpToDate(api, known);
});

test('many rounds of everything', async (t) => {
  const { api, imap } = await full(t);
  await append(imap, 15);
  await imap.command('SELECT INBOX');
  const known = await listAll(api);
  for (let round = 1; round <= 8; round++) {
    await imap.command(`STORE ${round}:${round + 3} FLAGS (\\Seen $Round${round % 3})`);
    await append(imap, round % 3);
    if (round % 2) await imap.command(`STORE ${round + 1} +FLAGS (\\Deleted)`);
    if (round % 4 === 0) await imap.command('EXPUNGE');
    await catchUp(api, known, round % 3 ? 4 : 0);
    await assertUpToDate(api, known);
  }
});

test('a server that cannot tell is listed anew', async (t) => {
  const { api, imap } = (await use.users(t)).find(({ isBare }) => isBare);
  await append(imap, 2);
  const { state } = await listAll(api);
  assertProblem(
    await api.get(`${INBOX}/changes?sinceState=${state}`),
    409,
    'cannot-calculate-changes',
  );
});

test('a state of another time, or made up, is no beginning', async (t) => {
  const { api, imap } = await full(t);
  await append(imap, 2);
  const { state } = await listAll(api);
  const [, uidvalidity, modseq, uidnext] = state.split('.');
  for (const other of [
    'x',
    's1',
    's1.0.0.0',
    `s1.1.${modseq}.${uidnext}`,
    `s1.${uidvalidity}.0.${uidnext}`,
    `s1.${uidvalidity}.zzzzzz.${uidnext}`,
    `${state}.v1`,
    `${state}.`,
  ])
    assertProblem(
      await api.get(`${INBOX}/changes?sinceState=${encodeURIComponent(other)}`),
      409,
      'cannot-calculate-changes',
    );
});

test('what is wrong with the request is named', async (t) => {
  const { api } = await full(t);
  assert.deepEqual(
    errorsOf(await api.get(`${INBOX}/changes`)).map((error) => error.split(' ')[0]),
    ['sinceState'],
  );
  assert.deepEqual(
    errorsOf(await api.get(`${INBOX}/changes?sinceState=s1.1.1.1&limit=501`)).map(
      (error) => error.split(' ')[0],
    ),
    ['limit'],
  );
  assertProblem(
    await api.get('/v1/folders/AAAAAAAAAAAA/changes?sinceState=s1.1.1.1'),
    404,
    'folder-not-found',
  );
});
