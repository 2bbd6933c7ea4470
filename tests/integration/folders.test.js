// Reading folders: the tree, roles, counts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailServer } from './lib/mail_server.js';
import { useMailbridge } from './lib/mailbridge.js';
import { assertProblem } from './lib/problem.js';

const use = useMailbridge();

async function folders() {
  const answer = await use.demo.get('/v1/folders');
  assert.equal(answer.status, 200, answer.text);
  return answer.json.folders;
}

/** "Projects/Lighthouse" of a folder, from its parents. All may be below the inbox. */
function pathOf(folder, all, server) {
  const parent = all.find(
    ({ id, role }) => id === folder.parentId && !(server.prefix && role === 'inbox'),
  );
  const name = folder.role === 'inbox' ? 'INBOX' : folder.name;
  return parent ? `${pathOf(parent, all, server)}/${name}` : name;
}

test('the folders are those of the mailbox, with their counts', async () => {
  const server = await mailServer();
  const manifest = server.demoManifest();
  const all = await folders();
  for (const path of new Set(manifest.map((truth) => truth.folder))) {
    const truths = manifest.filter((truth) => truth.folder === path);
    const folder = all.find((one) => pathOf(one, all, server) === path);
    assert.ok(folder, `${path} is missing of ${all.map((one) => pathOf(one, all, server)).join()}`);
    assert.equal(folder.totalMessages, truths.length, path);
    const unread = truths.filter(({ keywords }) => !keywords.$seen).length;
    assert.equal(folder.unreadMessages, unread, path);
    assert.equal(folder.isSelectable, true);
  }
});

test('each role has one folder, found by its name and by its id', async () => {
  const all = await folders();
  for (const role of ['inbox', 'sent', 'drafts', 'trash', 'junk', 'archive']) {
    const having = all.filter((folder) => folder.role === role);
    assert.equal(having.length, 1, role);
    for (const name of [role, having[0].id]) {
      const answer = await use.demo.get(`/v1/folders/${name}`);
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.json, having[0]);
    }
  }
});

test('ids are unique, and stay the same', async () => {
  const [first, second] = [await folders(), await folders()];
  assert.equal(new Set(first.map(({ id }) => id)).size, first.length);
  assert.deepEqual(
    second.map(({ id }) => id),
    first.map(({ id }) => id),
  );
});

test('the inbox comes first and can be read but not renamed', async () => {
  const [inbox] = await folders();
  assert.equal(inbox.role, 'inbox');
  assert.equal(inbox.parentId, null);
  assert.equal(inbox.myRights.mayReadItems, true);
  assert.equal(inbox.myRights.mayDelete, false);
});

test('what is not there is told apart: a role, an id, a malformed one', async () => {
  assertProblem(await use.demo.get('/v1/folders/important'), 404, 'role-not-found');
  for (const id of ['AAAAAAAAAAAA', 'x', '%2e%2e', '..%2f..', 'A'.repeat(500), '%E2%98%83']) {
    assertProblem(await use.demo.get(`/v1/folders/${id}`), 404, 'folder-not-found');
  }
});

test('the id of one account is nothing to another', async () => {
  const [inbox] = await folders();
  const server = await mailServer();
  const user = await server.newUser();
  const other = use.api.as(user.username, user.password);
  assertProblem(await other.get(`/v1/folders/${inbox.id}`), 404, 'folder-not-found');
  other.close();
});

test('an ETag spares the second transfer', async () => {
  const answer = await use.demo.get('/v1/folders');
  const again = await use.demo.get('/v1/folders', {
    headers: { 'if-none-match': answer.headers.etag },
  });
  assert.equal(again.status, 304);
  assert.equal(again.text, '');
});
