// Folders of others: where they stand, and what their owner lets one do (RFC 4314). A Dovecot of
// its own, since the others have no ACL.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { startDovecot } from './lib/dovecot.js';
import { ImapClient, quoted } from './lib/imap_client.js';
import { startMailbridge } from './lib/mailbridge.js';
import { assertProblem } from './lib/problem.js';

const ALICE = 'alice@example.org';
const BOB = 'bob@example.org';
const LETTER = 'From: bob@example.org\r\nSubject: plan\r\n\r\nSee attached.\r\n';

let folder;
let server;
let bridge;
let alice;
let bob;
let folders;

function publish(name, acl, count) {
  for (const part of ['cur', 'new', 'tmp']) {
    mkdirSync(`${folder}/public/.${name}/${part}`, { recursive: true });
  }
  writeFileSync(`${folder}/public/.${name}/dovecot-acl`, `anyone ${acl}\n`);
  for (let i = 0; i < count; i++) {
    writeFileSync(`${folder}/public/.${name}/cur/${1700000000 + i}.m${i}.host:2,`, LETTER);
  }
}

/** A folder of Bob's with one letter in it, in which Alice has these rights. */
async function share(name, rights) {
  await bob.command(`CREATE ${quoted(name)}`);
  await bob.append(name, LETTER);
  if (rights) await bob.command(`SETACL ${quoted(name)} ${ALICE} ${rights}`);
}

before(async () => {
  folder = mkdtempSync(`${tmpdir()}/mailbridge-sharing-`);
  server = await startDovecot(
    folder,
    '--sharing',
    ...[ALICE, BOB].flatMap((name) => ['--user', `${name}:secret`]),
  );
  publish('News', 'lr', 3);
  bob = await ImapClient.connect(server, BOB, 'secret');
  await share('Plans', 'lrs');
  await share('Ours', 'lrswitekx');
  await share('Inbox copies', 'lrsw');
  await share('Closed', null);
  await share('Drop', 'li');
  await share('Marked', 'lrst');
  bridge = await startMailbridge({
    config: {
      'server example.org': {
        domains: 'example.org',
        imap: `imaps://localhost:${server.imapsPort}`,
        ca_file: server.caFile,
      },
    },
  });
  alice = bridge.api.as(ALICE, 'secret');
  folders = await list();
});

after(async () => {
  await bob?.logout();
  alice?.close();
  await bridge?.stop();
  server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The folders by their whole names. */
async function list() {
  const answer = await alice.get('/v1/folders');
  assert.equal(answer.status, 200, answer.text);
  const all = answer.json.folders;
  const path = (folder) => {
    const parent = all.find(({ id }) => id === folder.parentId);
    return parent ? `${path(parent)}/${folder.name}` : folder.name;
  };
  return Object.fromEntries(all.map((folder) => [path(folder), folder]));
}

/** What is true of myRights. */
const rights = (name) =>
  Object.entries(folders[name].myRights)
    .filter(([, may]) => may)
    .map(([right]) => right);

async function firstIn(name) {
  const answer = await alice.get(`/v1/folders/${folders[name].id}/messages`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.messages[0].id;
}

test('folders of others stand below their owner, closed ones do not', () => {
  assert.ok(folders['Users/bob/Plans'].isSelectable);
  assert.equal(folders['Users/bob'].isSelectable, false);
  assert.deepEqual(rights('Users/bob'), []);
  assert.equal(folders['Users/bob/Closed'], undefined);
  assert.equal(folders['Public/News'].totalMessages, 3);
  assert.equal(folders['Users/bob/Plans'].totalMessages, 1);
});

test('the rights are those that the owner gave', () => {
  assert.deepEqual(rights('Users/bob/Plans'), ['mayReadItems', 'maySetSeen']);
  assert.deepEqual(rights('Public/News'), ['mayReadItems']);
  assert.deepEqual(rights('Users/bob/Drop'), ['mayAddItems']);
  assert.deepEqual(rights('Users/bob/Ours'), [
    'mayReadItems',
    'mayAddItems',
    'mayRemoveItems',
    'maySetSeen',
    'maySetKeywords',
    'mayCreateChild',
    'mayRename',
    'mayDelete',
  ]);
  assert.ok(rights('Inbox').includes('mayAddItems'));
});

test('what is allowed works in the folder of another', async () => {
  const id = await firstIn('Users/bob/Ours');
  const flagged = await alice.api('PATCH', `/v1/messages/${id}`, {
    body: { keywords: { $flagged: true, $seen: true } },
  });
  assert.equal(flagged.status, 200, flagged.text);
  const seen = await alice.api('PATCH', `/v1/messages/${await firstIn('Users/bob/Plans')}`, {
    body: { keywords: { $seen: true } },
  });
  assert.equal(seen.status, 200, seen.text);
  assert.equal(seen.json.keywords.$seen, true);
});

test('what is not allowed is 403, and nothing has changed', async () => {
  const id = await firstIn('Users/bob/Plans');
  const flag = await alice.api('PATCH', `/v1/messages/${id}`, {
    body: { keywords: { $flagged: true } },
  });
  assertProblem(flag, 403, 'permission-denied');
  const remove = await alice.api('DELETE', `/v1/messages/${id}?permanent=true`);
  assertProblem(remove, 403, 'permission-denied');
  const move = await alice.api('PATCH', `/v1/messages/${id}`, { body: { folderId: 'archive' } });
  assertProblem(move, 403, 'permission-denied');
  const append = await alice.api('POST', `/v1/messages?folderId=${folders['Users/bob/Plans'].id}`, {
    headers: { 'content-type': 'message/rfc822' },
    body: LETTER,
  });
  assertProblem(append, 403, 'permission-denied');
  const rename = await alice.api('PATCH', `/v1/folders/${folders['Users/bob/Plans'].id}`, {
    body: { name: 'Mine' },
  });
  assertProblem(rename, 403, 'permission-denied');
  const create = await alice.api('POST', '/v1/folders', {
    body: { name: 'below', parentId: folders['Users/bob/Plans'].id },
  });
  assertProblem(create, 403, 'permission-denied');
  const read = await alice.get(`/v1/folders/${folders['Users/bob/Drop'].id}/messages`);
  assertProblem(read, 403, 'permission-denied');
  const { untagged } = await bob.command('STATUS Plans (MESSAGES)');
  assert.match(untagged[0], /MESSAGES 1/);
  await bob.select('Plans');
  const flags = await bob.command('FETCH 1 FLAGS');
  assert.doesNotMatch(flags.untagged.join(), /Flagged|Deleted/);
});

test('with the right to mark but not to expunge a message is only hidden', async () => {
  const id = await firstIn('Users/bob/Marked');
  const answer = await alice.api('DELETE', `/v1/messages/${id}?permanent=true`);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.expunged, false);
});

test('a search over all folders leaves out what may not be read', async () => {
  const answer = await alice.get('/v1/messages?subject=plan&folders=*');
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.json.incomplete, []);
  assert.ok(answer.json.messages.some(({ folderId }) => folderId === folders['Public/News'].id));
});
