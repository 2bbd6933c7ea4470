// Changing messages: keywords, moving, deleting, in bulk, appending. Each test has a user of its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImapClient } from './lib/imap_client.js';
import { mailServer } from './lib/mail_server.js';
import { useMailbridge } from './lib/mailbridge.js';
import { assertProblem, errorsOf } from './lib/problem.js';

const use = useMailbridge();

/** A user with so many messages, and what one does with them. */
async function mailbox(t, count = 5) {
  const server = await mailServer();
  const user = await server.newUser(...(count ? ['-n', count, '--inbox-only'] : []));
  const api = use.api.as(user.username, user.password);
  t.after(() => api.close());
  const list = async (folder = 'inbox', query = '') => {
    const answer = await api.get(`/v1/folders/${folder}/messages?limit=500${query}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.json.messages;
  };
  const act = async (body) => {
    const answer = await api.api('POST', '/v1/messages/actions', { body });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };
  const patch = (id, body, headers) =>
    api.api('PATCH', `/v1/messages/${id}`, { body, headers });
  const remove = (id, query = '', headers = {}) =>
    api.api('DELETE', `/v1/messages/${id}${query}`, { headers });
  const read = async (id) => {
    const answer = await api.get(`/v1/messages/${id}`);
    assert.equal(answer.status, 200, answer.text);
    return answer;
  };
  const imap = async () => {
    const client = await ImapClient.connect(server, user.username, user.password);
    t.after(() => client.logout());
    return client;
  };
  return { api, list, act, patch, remove, read, imap, user };
}

const ids = (messages) => messages.map(({ id }) => id);

// --- one message -----------------------------------------------------------------------------

test('keywords are set and cleared, and the mail server has them', async (t) => {
  const { list, patch, imap } = await mailbox(t);
  const { id } = (await list())[0];
  await patch(id, { keywords: { $seen: false, $flagged: false } });
  const set = await patch(id, { keywords: { $seen: true, $flagged: true, ToDo: true } });
  assert.equal(set.status, 200, set.text);
  assert.equal(set.json.previousId, id);
  assert.equal(set.json.id, id);
  assert.equal(set.json.expunged, null);
  const { $seen, $flagged, todo } = set.json.keywords;
  assert.deepEqual([$seen, $flagged, todo], [true, true, true]);
  const client = await imap();
  await client.select('INBOX');
  const uid = parseInt(id.split('.')[2], 36);
  const { untagged } = await client.command(`UID FETCH ${uid} (FLAGS)`);
  assert.match(untagged[0], /\\Seen/);
  assert.match(untagged[0], /\\Flagged/);
  assert.match(untagged[0], /ToDo|todo/);
  const cleared = await patch(id, { keywords: { $seen: null, $flagged: false } });
  assert.deepEqual(Object.keys(cleared.json.keywords), ['todo']);
  assert.deepEqual((await list())[0].keywords, { todo: true });
});

test('a message moves, with its keywords, and its id says where it is', async (t) => {
  const { list, patch, read } = await mailbox(t);
  const [message] = await list();
  const answer = await patch(message.id, { folderId: 'archive', keywords: { $seen: true } });
  assert.equal(answer.status, 200, answer.text);
  const { id, folderId, previousId, expunged } = answer.json;
  assert.equal(previousId, message.id);
  assert.notEqual(folderId, message.folderId);
  assert.ok(id.startsWith(`${folderId}.`));
  assert.equal(expunged, true);
  const moved = (await read(id)).json;
  assert.deepEqual(moved.messageId, message.messageId);
  assert.equal(moved.keywords.$seen, true);
  assertProblem(await patch(message.id, { keywords: { $seen: true } }), 404, 'message-not-found');
  assert.equal((await list()).length, 4);
});

test('deleting goes to the trash first, then for good', async (t) => {
  const { list, remove, api } = await mailbox(t);
  const [first, second] = await list();
  const trashed = await remove(first.id);
  assert.equal(trashed.status, 200, trashed.text);
  const trash = (await api.get('/v1/folders/trash')).json;
  assert.equal(trashed.json.folderId, trash.id);
  const gone = await remove(trashed.json.id);
  assert.equal(gone.status, 200, gone.text);
  assert.deepEqual([gone.json.id, gone.json.folderId, gone.json.expunged], [null, null, true]);
  const permanent = await remove(second.id, '?permanent=true');
  assert.deepEqual([permanent.json.id, permanent.json.folderId], [null, null]);
  assert.deepEqual(await list('trash'), []);
  assert.equal((await list()).length, 3);
  assertProblem(await remove(second.id), 404, 'message-not-found');
});

test('deleting for good leaves alone what another client has marked', async (t) => {
  const { list, remove, imap } = await mailbox(t);
  const messages = await list();
  const client = await imap();
  await client.select('INBOX');
  const marked = parseInt(messages[1].id.split('.')[2], 36);
  await client.command(`UID STORE ${marked} +FLAGS (\\Deleted)`);
  assert.equal((await list()).length, 4, 'what is marked is not shown');
  await remove(messages[0].id, '?permanent=true');
  const { untagged } = await client.command(`UID FETCH ${marked} (FLAGS)`);
  assert.ok(untagged.some((line) => /\\Deleted/.test(line)), untagged.join());
});

test('If-Match refuses a change of what has changed meanwhile', async (t) => {
  const { list, patch, remove, read } = await mailbox(t);
  const { id } = (await list())[0];
  const { etag } = (await read(id)).headers;
  const match = { 'if-match': etag };
  assert.equal((await patch(id, { keywords: { $answered: true } }, match)).status, 200);
  for (const refused of [
    await patch(id, { keywords: { $flagged: true } }, match),
    await remove(id, '', match),
  ]) {
    assertProblem(refused, 412, 'precondition-failed');
  }
  const now = (await read(id)).headers.etag;
  const all = { 'if-match': `"other", ${now}` };
  assert.equal((await patch(id, { keywords: { $flagged: true } }, all)).status, 200);
  assert.equal((await remove(id, '', { 'if-match': '*' })).status, 200);
});

test('what is no change is refused, naming the member', async (t) => {
  const { list, patch } = await mailbox(t, 1);
  const [{ id }] = await list();
  const cases = [
    [{}, '# missing-member'],
    [{ keywords: {} }, '# missing-member'],
    [{ keywords: { 'a b': true } }, '#/keywords/a b invalid-value'],
    [{ keywords: { $deleted: true } }, '#/keywords/$deleted invalid-value'],
    [{ keywords: { '\\Seen': true } }, '#/keywords/\\Seen invalid-value'],
    [{ keywords: { $seen: 1 } }, '#/keywords/$seen wrong-type'],
    [{ keywords: [] }, '#/keywords wrong-type'],
    [{ folderId: null }, '#/folderId wrong-type'],
    [{ flags: {} }, '#/flags unknown-member'],
  ];
  for (const [body, expected] of cases) {
    assert.deepEqual(errorsOf(await patch(id, body)), [expected]);
  }
  assertProblem(await patch(id, { folderId: 'AAAAAAAAAAAA' }), 404, 'folder-not-found');
  assertProblem(await patch(id, { folderId: 'important' }), 404, 'role-not-found');
});

// --- many messages ---------------------------------------------------------------------------

test('an action tells for each message what became of it, in the order of the request', async (t) => {
  const { list, act } = await mailbox(t);
  const messages = ids(await list());
  const gone = messages[0].replace(/[^.]+$/, 'zzzz');
  const asked = [messages[2], gone, messages[0], messages[2], 'no id at all'];
  const result = await act({ action: 'flag', ids: asked, keywords: { $flagged: true } });
  assert.equal(result.action, 'flag');
  assert.deepEqual([result.done, result.failed, result.unknown], [2, 2, 0]);
  assert.deepEqual(
    result.results.map(({ previousId, status, problem }) => [previousId, status, problem?.code]),
    [
      [messages[2], 'done', undefined],
      [gone, 'failed', 'message-not-found'],
      [messages[0], 'done', undefined],
      ['no id at all', 'failed', 'message-not-found'],
    ],
  );
  const flagged = ids(await list('inbox', '&flagged=true'));
  assert.ok(flagged.includes(messages[0]) && flagged.includes(messages[2]));
});

test('messages of several folders move together', async (t) => {
  const { list, act, api } = await mailbox(t);
  const messages = ids(await list());
  const sent = await act({ action: 'move', ids: messages.slice(0, 2), folderId: 'sent' });
  assert.equal(sent.done, 2);
  const mixed = [...sent.results.map(({ id }) => id), messages[2]];
  const archived = await act({ action: 'move', ids: mixed, folderId: 'archive' });
  assert.deepEqual([archived.done, archived.failed], [3, 0]);
  const archive = (await api.get('/v1/folders/archive')).json;
  for (const { folderId, status } of archived.results) {
    assert.deepEqual([folderId, status], [archive.id, 'done']);
  }
  const there = ids(await list('archive')).sort();
  assert.deepEqual(archived.results.map(({ id }) => id).sort(), there);
});

test('a copy leaves the original where it is', async (t) => {
  const { list, act } = await mailbox(t);
  const [message] = await list();
  const { results } = await act({ action: 'copy', ids: [message.id], folderId: 'archive' });
  assert.equal(results[0].expunged, null);
  assert.notEqual(results[0].id, message.id);
  assert.equal((await list()).length, 5);
  assert.deepEqual((await list('archive'))[0].messageId, message.messageId);
});

test('what is selected is changed, whatever its number', async (t) => {
  const { list, act } = await mailbox(t, 40);
  const select = { folderId: 'inbox', unseen: true };
  await act({ action: 'flag', select: { folderId: 'inbox' }, keywords: { $seen: false } });
  const result = await act({ action: 'flag', select, keywords: { $seen: true } });
  assert.deepEqual([result.done, result.failed, result.results], [40, 0, []]);
  assert.ok((await list()).every(({ keywords }) => keywords.$seen));
  const trashed = await act({ action: 'delete', select: { folderId: 'inbox', unseen: false } });
  assert.equal(trashed.done, 40);
  assert.deepEqual(await list(), []);
  assert.equal((await list('trash')).length, 40);
  const none = await act({ action: 'delete', select });
  assert.equal(none.done, 0);
});

test('what is no action is refused, naming the member', async (t) => {
  const { api } = await mailbox(t, 0);
  const errors = async (body) =>
    errorsOf(await api.api('POST', '/v1/messages/actions', { body })).sort();
  const seen = { $seen: true };
  assert.deepEqual(await errors({}), ['#/action missing-member']);
  assert.deepEqual(await errors({ action: 'shred', ids: ['x'] }), ['#/action invalid-value']);
  assert.deepEqual(await errors({ action: 'delete' }), ['#/ids invalid-value']);
  assert.deepEqual(await errors({ action: 'delete', ids: [] }), ['#/ids invalid-value']);
  assert.deepEqual(await errors({ action: 'flag', ids: ['x'] }), ['#/keywords missing-member']);
  assert.deepEqual(await errors({ action: 'move', ids: ['x'], keywords: seen }), [
    '#/folderId missing-member',
    '#/keywords invalid-value',
  ]);
  assert.deepEqual(
    await errors({ action: 'flag', ids: ['x'], keywords: seen, permanent: true }),
    ['#/permanent invalid-value'],
  );
  assert.deepEqual(
    await errors({ action: 'delete', ids: ['x'], select: { folderId: 'inbox' } }),
    ['#/ids invalid-value'],
  );
  assert.deepEqual(await errors({ action: 'delete', select: { unseeen: true } }), [
    '#/select/folderId missing-member',
    '#/select/unseeen unknown-member',
  ]);
  assert.deepEqual(
    await errors({ action: 'delete', select: { folderId: 'inbox', after: 'yesterday' } }),
    ['#/select/after invalid-value'],
  );
  const many = Array.from({ length: 5001 }, (_, n) => `x${n}`);
  assert.deepEqual(await errors({ action: 'delete', ids: many }), ['#/ids too-many']);
});

test('five thousand ids are one request', async (t) => {
  const { act } = await mailbox(t, 0);
  const many = Array.from({ length: 5000 }, (_, n) => `RQ2dsumWSJS7.snbj7y.${n.toString(36)}`);
  const result = await act({ action: 'delete', ids: [...many.slice(1), many[1]] });
  assert.equal(result.failed, 4999);
  assert.equal(result.results.length, 4999);
});

// --- appending -------------------------------------------------------------------------------

const MESSAGE = 'From: a@example.org\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\nHallo,\nWelt.\n';

test('a message is put into a folder, line ends and keywords right', async (t) => {
  const { api, read } = await mailbox(t, 0);
  const answer = await api.api('POST', '/v1/messages?folderId=inbox&keywords=$seen,Label', {
    headers: { 'content-type': 'message/rfc822' },
    body: MESSAGE,
  });
  assert.equal(answer.status, 201, answer.text);
  const { id, previousId, keywords } = answer.json;
  assert.equal(previousId, null);
  assert.equal(answer.headers.location, `/v1/messages/${id}`);
  assert.deepEqual(keywords, { $seen: true, label: true });
  const message = (await read(id)).json;
  assert.equal(message.subject, 'Grüße');
  const raw = await api.get(`/v1/messages/${id}/raw`);
  assert.equal(raw.text, MESSAGE.replaceAll('\n', '\r\n'));
});

test('a draft is replaced, and only while it is there', async (t) => {
  const { api, list } = await mailbox(t, 0);
  const save = (body, query = '') =>
    api.api('POST', `/v1/messages${query}`, {
      headers: { 'content-type': 'message/rfc822' },
      body,
    });
  const first = await save(`Subject: one\n\n1\n`);
  assert.equal(first.status, 201, first.text);
  const second = await save(`Subject: two\n\n2\n`, `?replaces=${first.json.id}`);
  assert.equal(second.status, 201, second.text);
  assert.deepEqual((await list('drafts')).map(({ subject }) => subject), ['two']);
  const late = await save(`Subject: three\n\n3\n`, `?replaces=${first.json.id}`);
  assertProblem(late, 409, 'draft-replaced');
  assert.deepEqual((await list('drafts')).map(({ subject }) => subject), ['two']);
});

test('what is no message, or has no place, is refused', async (t) => {
  const { api } = await mailbox(t, 0);
  const post = (body, query = '', type = 'message/rfc822') =>
    api.api('POST', `/v1/messages${query}`, { headers: { 'content-type': type }, body });
  assertProblem(await post(''), 400, 'invalid-request');
  assertProblem(await post('Subject: x\n\na\0b\n'), 400, 'invalid-request');
  assertProblem(await post(MESSAGE, '', 'text/plain'), 415, 'unsupported-media-type');
  assertProblem(await post(MESSAGE, '?folderId=AAAAAAAAAAAA'), 404, 'folder-not-found');
  assert.deepEqual(errorsOf(await post(MESSAGE, '?keywords=a%20b')), ['keywords invalid-value']);
  assert.deepEqual(errorsOf(await post(MESSAGE, '?keywords=$deleted')), ['keywords invalid-value']);
});
