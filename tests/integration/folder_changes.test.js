// Making, renaming, moving, emptying and deleting folders.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailServer } from './lib/mail_server.js';
import { useMailbridge } from './lib/mailbridge.js';
import { assertProblem, errorsOf } from './lib/problem.js';

const use = useMailbridge();

async function account(t, ...mail) {
  const server = await mailServer();
  const user = await server.newUser(...mail);
  const api = use.api.as(user.username, user.password);
  t.after(() => api.close());
  const create = (name, parentId) =>
    api.api('POST', '/v1/folders', { body: { name, ...(parentId && { parentId }) } });
  const patch = (id, body) => api.api('PATCH', `/v1/folders/${id}`, { body });
  const remove = (id) => api.api('DELETE', `/v1/folders/${id}`);
  const folders = async () => (await api.get('/v1/folders')).json.folders;
  // Where a server keeps all folders below the inbox, that is where the top is.
  const topId = async () => (server.prefix ? (await folders())[0].id : null);
  const { delimiter = '/' } = server;
  return { api, create, patch, remove, folders, topId, delimiter, server };
}

test('a folder is made where it is wanted, under a name of any script', async (t) => {
  const { api, create, folders, topId } = await account(t);
  const top = await create('Проекты & 計画');
  assert.equal(top.status, 201, top.text);
  assert.equal(top.headers.location, `/v1/folders/${top.json.id}`);
  assert.equal(top.json.name, 'Проекты & 計画');
  assert.equal(top.json.parentId, await topId());
  const inner = await create('2026', top.json.id);
  assert.equal(inner.status, 201, inner.text);
  assert.equal(inner.json.parentId, top.json.id);
  const listed = (await folders()).find(({ id }) => id === inner.json.id);
  assert.equal(listed.name, '2026');
  assert.deepEqual((await api.get(top.headers.location)).json.name, 'Проекты & 計画');
  assertProblem(await create('2026', top.json.id), 409, 'folder-exists');
});

test('a folder is renamed and moved; its id and its children change with it', async (t) => {
  const { api, create, patch, folders, topId } = await account(t);
  const top = (await create('Top')).json;
  const inner = (await create('Inner', top.id)).json;
  const renamed = await patch(top.id, { name: 'Other' });
  assert.equal(renamed.status, 200, renamed.text);
  assert.equal(renamed.json.previousId, top.id);
  assert.equal(renamed.json.name, 'Other');
  assertProblem(await api.get(`/v1/folders/${inner.id}`), 404, 'folder-not-found');
  const child = (await folders()).find(({ name }) => name === 'Inner');
  assert.equal(child.parentId, renamed.json.id);
  const moved = await patch(child.id, { parentId: null, name: 'Free' });
  assert.equal(moved.status, 200, moved.text);
  assert.equal(moved.json.parentId, await topId());
  assert.equal(moved.json.name, 'Free');
  const back = await patch(moved.json.id, { parentId: renamed.json.id });
  assert.equal(back.json.parentId, renamed.json.id);
});

test('a folder is subscribed to without becoming another one', async (t) => {
  const { create, patch, folders } = await account(t);
  const folder = (await create('News')).json;
  for (const isSubscribed of [false, true]) {
    const answer = await patch(folder.id, { isSubscribed });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.isSubscribed, isSubscribed);
    assert.equal(answer.json.previousId, folder.id);
    assert.equal(answer.json.id, folder.id);
    const listed = (await folders()).find(({ id }) => id === folder.id);
    assert.equal(listed.isSubscribed, isSubscribed);
  }
});

test('a folder goes, but not with others in it, and never the inbox', async (t) => {
  const { create, remove, patch, folders } = await account(t);
  const top = (await create('Top')).json;
  const inner = (await create('Inner', top.id)).json;
  assertProblem(await remove(top.id), 409, 'folder-not-empty');
  assert.equal((await remove(inner.id)).status, 204);
  assert.equal((await remove(top.id)).status, 204);
  assertProblem(await remove(top.id), 404, 'folder-not-found');
  assert.ok(!(await folders()).some(({ name }) => name === 'Top'));
  assertProblem(await remove('inbox'), 409, 'folder-protected');
  assertProblem(await patch('inbox', { name: 'Other' }), 409, 'folder-protected');
});

test('drafts are made for the first draft', async (t) => {
  const { api, folders, remove } = await account(t, '-n', 1, '--inbox-only');
  const drafts = async () => (await folders()).filter(({ role }) => role === 'drafts');
  // Some servers have one that stays.
  for (const { id } of await drafts()) await remove(id);
  const made = await api.api('POST', '/v1/messages', {
    headers: { 'content-type': 'message/rfc822' },
    body: 'From: a@example.org\r\nSubject: a draft\r\n\r\ntext\r\n',
  });
  assert.equal(made.status, 201, made.text);
  const [folder, ...more] = await drafts();
  assert.deepEqual(more, []);
  assert.equal(folder.id, made.json.folderId);
});

test('trash is emptied, anything else only by force', async (t) => {
  const { api } = await account(t, '-n', 6, '--inbox-only');
  const empty = (folder, query = '') => api.api('POST', `/v1/folders/${folder}/empty${query}`);
  const { messages } = (await api.get('/v1/folders/inbox/messages')).json;
  for (const { id } of messages.slice(0, 2)) await api.api('DELETE', `/v1/messages/${id}`);
  const trash = await empty('trash');
  assert.equal(trash.status, 200, trash.text);
  assert.deepEqual(trash.json, { removed: 2 });
  assertProblem(await empty('inbox'), 409, 'folder-protected');
  assert.deepEqual((await empty('inbox', '?force=true')).json, { removed: 4 });
  assert.equal((await api.get('/v1/folders/inbox/messages')).json.total, 0);
});

test('names that cannot be are refused', async (t) => {
  const { create, patch, delimiter } = await account(t);
  const folder = (await create('Folder')).json;
  for (const name of ['', 'a\nb', 'a\u0000b', '\u007f']) {
    const answer = await create(name);
    if (name.includes('\u0000')) assertProblem(answer, 400, 'invalid-json');
    else assert.deepEqual(errorsOf(answer), ['#/name invalid-value']);
  }
  assert.deepEqual(errorsOf(await create('x'.repeat(256))), ['#/name too-long']);
  assertProblem(await create(`a${delimiter}b`), 422, 'invalid-folder-name');
  assertProblem(await create('x', 'AAAAAAAAAAAA'), 404, 'folder-not-found');
  assert.deepEqual(errorsOf(await patch(folder.id, {})), ['# missing-member']);
  assert.deepEqual(errorsOf(await patch(folder.id, { name: null })), ['#/name wrong-type']);
});

test('what a name holds never becomes a command', async (t) => {
  const { create, folders, remove, server } = await account(t);
  for (const name of ['a" b', 'back\\slash', '{5}', '* OK', '%', 'a&b', '&-', '~', 'ä\u0301']) {
    const made = await create(name);
    if (made.status !== 201) {
      assert.ok([403, 409, 422].includes(made.status), `${name}: ${made.text}`);
      continue;
    }
    const listed = (await folders()).find(({ id }) => id === made.json.id);
    assert.equal(listed?.name, made.json.name, name);
    if (!server.deletesSlowly) assert.equal((await remove(made.json.id)).status, 204, name);
  }
});
