// Many messages at once: each id gets its own true result, whatever is missing, forbidden, full, or
// said by the server too much or too little. A Dovecot with ACL and a quota, and a scripted server
// for what a real one does not do on demand.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { startDovecot } from './lib/dovecot.js';
import { ImapClient } from './lib/imap_client.js';
import { startMailbridge } from './lib/mailbridge.js';
import { assertProblem } from './lib/problem.js';
import { imapPeer, startScriptedServer } from './lib/scripted_server.js';

const ANN = 'ann@example.org';
const BOB = 'bob@example.org';
const QUOTA = 20;
const letter = (subject) => `From: a@example.org\r\nSubject: ${subject}\r\n\r\ntext\r\n`;

let folder;
let server;
let scripted;
let bridge;
let ann;
let imap;
let bob;

/** What the scripted server answers at the moment, by command. */
let script = {};
const answers = (command) => async (what, peer) => script[command]?.(what, peer);

before(async () => {
  folder = mkdtempSync(`${tmpdir()}/mailbridge-bulk-`);
  const users = [ANN, BOB].flatMap((name) => ['--user', `${name}:secret`]);
  server = await startDovecot(folder, '--sharing', '--quota', QUOTA, ...users);
  scripted = await startScriptedServer(
    imapPeer(
      {
        CAPABILITY: '* CAPABILITY IMAP4rev1 MOVE UIDPLUS\r\n',
        LIST: '* LIST () "/" INBOX\r\n* LIST () "/" Target\r\n',
        ...Object.fromEntries(
          ['SELECT', 'FETCH', 'STORE', 'MOVE', 'COPY', 'EXPUNGE'].map((name) => [
            name,
            answers(name),
          ]),
        ),
      },
    ),
  );
  bridge = await startMailbridge({
    config: {
      'server example.org': {
        domains: 'example.org',
        imap: `imaps://localhost:${server.imapsPort}`,
        ca_file: server.caFile,
      },
      'server scripted.example': { imap: `imap://localhost:${scripted.port}?tls=none` },
    },
  });
  imap = await ImapClient.connect(server, ANN, 'secret');
  bob = await ImapClient.connect(server, BOB, 'secret');
  ann = bridge.api.as(ANN, 'secret');
  await bob.command('CREATE Shown');
  await bob.command(`SETACL Shown ${ANN} lr`);
});

after(async () => {
  await imap?.logout();
  await bob?.logout();
  ann?.close();
  await bridge?.stop();
  await scripted?.stop();
  server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function list(name) {
  const answer = await ann.get(`/v1/folders/${await idOf(name)}/messages?sort=added`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.messages;
}

async function foldersOf(api) {
  const answer = await api.get('/v1/folders');
  assert.equal(answer.status, 200, answer.text);
  return answer.json.folders;
}

const idOf = async (name) => (await foldersOf(ann)).find((f) => f.name === name).id;

async function act(api, action, ids, more = {}) {
  const answer = await api.api('POST', '/v1/messages/actions', { body: { action, ids, ...more } });
  assert.equal(answer.status, 200, answer.text);
  return answer.json.results;
}

/** "done", or the problem, for each. */
const outcome = (results) =>
  results.map(({ status, problem }) => (status === 'done' ? status : problem.code));

/** A fresh folder of Ann's with so many letters: their ids. */
async function fill(name, count) {
  await imap.command(`CREATE ${name}`);
  for (let n = 1; n <= count; n += 1) await imap.append(name, letter(`${name} ${n}`));
  return (await list(name)).map(({ id }) => id);
}

/** Removes it with what is in it; Dovecot disconnects who has it selected. */
async function drop(name) {
  await imap.select('INBOX');
  await imap.command(`DELETE ${name}`);
}

test('messages of several folders, gone ones, doubles and nonsense in one move', async () => {
  const first = await fill('One', 3);
  const second = await fill('Two', 2);
  await fill('Three', 0);
  await imap.select('One');
  await imap.command('UID STORE 2 +FLAGS (\\Deleted)');
  await imap.command('EXPUNGE');
  const asked = [second[1], first[0], first[1], 'nonsense', first[0], second[0], first[2]];
  const target = await idOf('Three');
  const results = await act(ann, 'move', asked, { folderId: target });
  assert.deepEqual(
    results.map(({ previousId }) => previousId),
    [second[1], first[0], first[1], 'nonsense', second[0], first[2]],
  );
  const gone = 'message-not-found';
  assert.deepEqual(outcome(results), ['done', 'done', gone, gone, 'done', 'done']);
  const there = (await list('Three')).map(({ id }) => id).sort();
  assert.deepEqual(results.flatMap(({ id }) => id ?? []).sort(), there);
  assert.deepEqual([(await list('One')).length, (await list('Two')).length], [0, 0]);
  for (const name of ['One', 'Two', 'Three']) await drop(name);
});

test('a folder that somebody else has deleted loses nothing', async () => {
  const ids = await fill('Source', 3);
  await fill('Gone', 0);
  const target = await idOf('Gone');
  await drop('Gone');
  const results = await act(ann, 'move', ids, { folderId: target });
  assert.deepEqual(outcome(results), Array(3).fill('folder-not-found'));
  // Known by now: there is nothing to begin with.
  const late = await ann.api('POST', '/v1/messages/actions', {
    body: { action: 'copy', ids, folderId: target },
  });
  assertProblem(late, 404, 'folder-not-found');
  assert.equal((await list('Source')).length, 3);
  await drop('Source');
  assert.deepEqual(outcome(await act(ann, 'delete', ids)), Array(3).fill('message-not-found'));
});

test('a folder that may only be read takes nothing', async () => {
  const ids = await fill('Mine', 2);
  const target = (await foldersOf(ann)).find(({ name }) => name === 'Shown').id;
  for (const action of ['move', 'copy']) {
    const results = await act(ann, action, ids, { folderId: target });
    assert.deepEqual(outcome(results), Array(2).fill('permission-denied'));
  }
  assert.equal((await list('Mine')).length, 2);
  await drop('Mine');
});

test('a mailbox that is full takes nothing, and says so for each', async () => {
  const ids = await fill('Full', QUOTA - 2);
  const target = await idOf('Archive');
  const results = await act(ann, 'copy', ids, { folderId: target });
  assert.deepEqual(outcome(results), Array(ids.length).fill('over-quota'));
  assert.equal((await list('Full')).length, ids.length);
  assert.equal((await list('Archive')).length, 0);
  for (let n = 0; n < 2; n += 1) await imap.append('Full', letter('last'));
  const answer = await ann.api('POST', '/v1/messages?folderId=inbox', {
    headers: { 'content-type': 'message/rfc822' },
    body: letter('too much'),
  });
  assertProblem(answer, 507, 'over-quota');
  await drop('Full');
});

test('ids of a folder that was made anew never mean its new messages', async () => {
  const ids = await fill('Again', 2);
  await list('Archive'); // Dovecot has no good words for who has it selected
  await drop('Again');
  // UIDVALIDITY counts in seconds.
  const validity = Number.parseInt(ids[0].split('.')[1], 36);
  for (let now = validity; now <= validity; ) {
    await imap.command('CREATE Again');
    const { untagged } = await imap.select('Again');
    now = Number(untagged.join().match(/UIDVALIDITY (\d+)/)[1]);
    if (now <= validity) await drop('Again');
  }
  for (const n of [1, 2]) await imap.append('Again', letter(`new ${n}`));
  const gone = Array(2).fill('message-not-found');
  assert.deepEqual(outcome(await act(ann, 'delete', ids, { permanent: true })), gone);
  assert.deepEqual(outcome(await act(ann, 'flag', ids, { keywords: { $seen: true } })), gone);
  const left = await list('Again');
  assert.deepEqual(left.map(({ keywords }) => keywords), [{}, {}]);
  await drop('Again');
});

// --- a server that says too much or too little ----------------------------------------------------

const SELECTED = (uidvalidity) =>
  `* 3 EXISTS\r\n* OK [UIDVALIDITY ${uidvalidity}] ok\r\n* OK [UIDNEXT 8] ok\r\n` +
  '* FLAGS (\\Seen \\Deleted)\r\n* OK [PERMANENTFLAGS (\\Seen \\Deleted \\*)] ok\r\n';
const FETCHED = (seq, uid, flags = '') =>
  `* ${seq} FETCH (UID ${uid} FLAGS (${flags}) INTERNALDATE "15-Jan-2026 12:00:00 +0000"` +
  ' RFC822.SIZE 20 BODY[HEADER.FIELDS (SUBJECT)] {16}\r\nSubject: hello\r\n)\r\n';

/** Each test has a user of its own, and so a session; the messages have UIDs 5, 6 and 7. */
async function withScript(user, commands, uidvalidity = 42) {
  script = { SELECT: (command, peer) => peer.send(SELECTED(uidvalidity)), ...commands };
  const api = bridge.api.as(`${user}@scripted.example`, 'secret');
  const all = await foldersOf(api);
  const [inbox, target] = ['inbox', 'Target'].map(
    (name) => all.find((f) => f.name.toLowerCase() === name.toLowerCase()).id,
  );
  return { api, ids: [5, 6, 7].map((uid) => `${inbox}.16.${uid}`), target };
}

const sent = (peerNumber, pattern) =>
  scripted.peers.at(peerNumber).received.filter((line) => pattern.test(line));

test('what is not there is not named, what was not asked for is not heard', async () => {
  const { api, ids, target } = await withScript('fewer', {
    FETCH: (command, peer) => peer.send(FETCHED(1, 5) + FETCHED(4, 9) + FETCHED(3, 7)),
    MOVE: (command, peer) =>
      peer.send('* OK [COPYUID 77 5,7 10:11] moved\r\n* 1 EXPUNGE\r\n* 2 EXPUNGE\r\n'),
  });
  const results = await act(api, 'move', ids, { folderId: target });
  assert.deepEqual(outcome(results), ['done', 'message-not-found', 'done']);
  assert.deepEqual(
    results.map(({ id }) => id),
    [`${target}.25.a`, null, `${target}.25.b`],
  );
  assert.match(sent(-1, / MOVE /)[0], /UID MOVE 5,7 /);
});

test('what was expunged between the look and the move has not moved', async () => {
  const { api, ids, target } = await withScript('expunged', {
    FETCH: (command, peer) => peer.send(FETCHED(1, 5) + FETCHED(2, 6) + FETCHED(3, 7)),
    MOVE: (command, peer) =>
      peer.send(
        '* 2 EXPUNGE\r\n* OK [COPYUID 77 5,7 10:11] moved\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n',
      ),
  });
  const results = await act(api, 'move', ids, { folderId: target });
  assert.deepEqual(outcome(results), ['done', 'message-not-found', 'done']);
});

test('a move that was refused half-way is told message by message', async () => {
  const { api, ids, target } = await withScript('halfway', {
    FETCH: (command, peer) => peer.send(FETCHED(1, 5) + FETCHED(2, 6) + FETCHED(3, 7)),
    MOVE: async (command, peer) => {
      await peer.send('* OK [COPYUID 77 5 10] moved\r\n* 1 EXPUNGE\r\n');
      return { tagged: 'NO [OVERQUOTA] no more' };
    },
  });
  const results = await act(api, 'move', ids, { folderId: target });
  assert.deepEqual(outcome(results), ['done', 'over-quota', 'over-quota']);
});

test('a server that says no more than OK has done it, with ids that nobody knows', async () => {
  const { api, ids, target } = await withScript('silent', {
    FETCH: (command, peer) => peer.send(FETCHED(1, 5) + FETCHED(2, 6) + FETCHED(3, 7)),
  });
  const results = await act(api, 'move', ids, { folderId: target });
  assert.deepEqual(outcome(results), ['done', 'done', 'done']);
  for (const { id, folderId } of results) assert.deepEqual([id, folderId], [null, target]);
});

test('another UIDVALIDITY than that of the ids: no command names them', async () => {
  const { api, ids, target } = await withScript('other', {}, 43);
  const gone = Array(3).fill('message-not-found');
  assert.deepEqual(outcome(await act(api, 'move', ids, { folderId: target })), gone);
  assert.deepEqual(outcome(await act(api, 'flag', ids, { keywords: { $seen: true } })), gone);
  assert.deepEqual(sent(-1, / (MOVE|COPY|STORE|EXPUNGE) /), []);
});

test('flags are what the server shows in the end, not what it was told', async () => {
  const { api, ids } = await withScript('flags', {
    FETCH: (command, peer) => peer.send(FETCHED(1, 5, '\\Seen') + FETCHED(2, 6)),
  });
  const results = await act(api, 'flag', ids, { keywords: { $seen: true } });
  assert.deepEqual(outcome(results), ['done', 'not-supported', 'message-not-found']);
});

test('five thousand ids that do not stand together go in a few commands', async () => {
  const uids = Array.from({ length: 5000 }, (_, n) => 2 * n + 1);
  const { api, ids, target } = await withScript('thousands', {
    SELECT: (command, peer) =>
      peer.send(SELECTED(42).replace('* 3 ', '* 5000 ').replace('UIDNEXT 8', 'UIDNEXT 10001')),
    FETCH: async (command, peer) => {
      const [first, last] = command.text.match(/FETCH (\d+)\S*?(\d+) /).slice(1).map(Number);
      const asked = uids.filter((uid) => uid >= first && uid <= last);
      await peer.send(
        asked.map((uid) => `* ${(uid + 1) / 2} FETCH (UID ${uid} FLAGS ())\r\n`).join(''),
      );
    },
  });
  const folderId = ids[0].split('.')[0];
  const many = uids.map((uid) => `${folderId}.16.${uid.toString(36)}`);
  const results = await act(api, 'move', many, { folderId: target });
  assert.ok(results.every(({ status }) => status === 'done'));
  assert.equal(results.length, 5000);
  assert.ok(sent(-1, / UID FETCH /).length <= 6);
  assert.ok(sent(-1, / UID MOVE /).length <= 6);
  for (const line of sent(-1, / UID /)) assert.ok(line.length <= 8192, 'RFC 7162 §4');
});
