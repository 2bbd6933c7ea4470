// Lists of a folder's messages: summaries, pages, cursors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliver } from './lib/lmtp.js';
import { mailServer } from './lib/mail_server.js';
import { useMailbridge } from './lib/mailbridge.js';
import { assertProblem, errorsOf } from './lib/problem.js';
import { waitFor } from './lib/wait.js';

const use = useMailbridge();
const INBOX = '/v1/folders/inbox/messages';

async function list(api, path) {
  const answer = await api.get(path);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

async function inboxTruth() {
  return (await mailServer()).demoManifest().filter((truth) => truth.folder === 'INBOX');
}

test('a page has the newest messages with what the mailbox truly holds', async () => {
  const truths = await inboxTruth();
  const { messages, total, position, incomplete, notFound } = await list(
    use.demo,
    `${INBOX}?limit=500`,
  );
  assert.equal(total, truths.length);
  assert.equal(position, 0);
  assert.deepEqual([incomplete, notFound], [[], []]);
  assert.equal(messages.length, truths.length);
  const byId = new Map(truths.map((truth) => [truth.messageId[0], truth]));
  for (const message of messages) {
    const truth = byId.get(message.messageId[0]);
    assert.equal(message.sentAt, truth.sentAt.replace(/\+00:00$/, 'Z'));
    for (const member of ['subject', 'from', 'to', 'cc', 'receivedAt', 'size', 'keywords'])
      assert.deepEqual(message[member], truth[member], `${member} of ${message.messageId}`);
    // Only these tell without doubt whether there is something to save.
    const expected = { plain: false, alternative: false, attachments: true, 'inline-images': false };
    if (truth.kind in expected)
      assert.equal(message.hasAttachment, expected[truth.kind], `hasAttachment of ${truth.kind}`);
  }
});

test('cursors go through the whole list, each message once', async () => {
  const all = (await list(use.demo, `${INBOX}?limit=500`)).messages.map(({ id }) => id);
  const seen = [];
  let cursor = null;
  do {
    const query = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const page = await list(use.demo, `${INBOX}?limit=30${query}`);
    assert.equal(page.position, seen.length);
    seen.push(...page.messages.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor);
  assert.deepEqual(seen, all);
});

test('the next page stands in Link, and the last page has none', async () => {
  const first = await use.demo.get(`${INBOX}?limit=120&sort=-added`);
  const [, next] = first.headers.link.match(/^<([^>]+)>; rel="next"$/);
  const second = await use.demo.get(next);
  assert.equal(second.status, 200, second.text);
  assert.equal(second.json.position, 120);
  assert.equal(second.json.nextCursor, null);
  assert.equal(second.headers.link, undefined);
});

test('position and anchor jump into the list', async () => {
  const all = (await list(use.demo, `${INBOX}?limit=500`)).messages.map(({ id }) => id);
  const jumped = await list(use.demo, `${INBOX}?limit=10&position=100`);
  assert.deepEqual(
    jumped.messages.map(({ id }) => id),
    all.slice(100, 110),
  );
  const beyond = await list(use.demo, `${INBOX}?position=100000`);
  assert.deepEqual(beyond.messages, []);
  assert.equal(beyond.total, all.length);
  assert.equal(beyond.nextCursor, null);
});

test('mail that arrives meanwhile makes no message skipped or shown twice', async () => {
  const server = await mailServer();
  const user = await server.newUser('-n', 12, '--inbox-only');
  const api = use.api.as(user.username, user.password);
  const before = (await list(api, `${INBOX}?limit=100`)).messages.map(({ id }) => id);
  const first = await list(api, `${INBOX}?limit=5`);
  await deliver(server, user.username, 'Subject: news\n\nHello\n');
  await waitFor('the news', async () => (await list(api, INBOX)).total === before.length + 1);
  const second = await list(api, `${INBOX}?limit=100&cursor=${first.nextCursor}`);
  const shown = [...first.messages, ...second.messages].map(({ id }) => id);
  assert.deepEqual(shown, before);
  api.close();
});

test('an empty folder is an empty list', async () => {
  const server = await mailServer();
  const user = await server.newUser();
  const api = use.api.as(user.username, user.password);
  const { messages, total, position, nextCursor } = await list(api, INBOX);
  assert.deepEqual([messages, total, position, nextCursor], [[], 0, 0, null]);
  api.close();
});

test('a cursor of another list, or made up, is refused', async () => {
  const { nextCursor } = await list(use.demo, `${INBOX}?limit=5`);
  const cases = [
    `/v1/folders/sent/messages?cursor=${nextCursor}`,
    `${INBOX}?cursor=${nextCursor}x`,
    `${INBOX}?cursor=${nextCursor.slice(0, -2)}`,
    `${INBOX}?cursor=c1.AAAA`,
    `${INBOX}?cursor=`,
    `${INBOX}?cursor=%F0%9F%92%A9`,
  ];
  for (const path of cases) {
    assertProblem(await use.demo.get(path), 400, 'invalid-cursor');
  }
});

test('what cannot be a page is refused, naming the parameter', async () => {
  const cases = {
    'limit=0': ['limit invalid-value'],
    'limit=501': ['limit invalid-value'],
    'limit=x': ['limit invalid-value'],
    'limit=1&limit=2': ['limit duplicate-parameter'],
    'position=-1': ['position invalid-value'],
    'sort=upside-down': ['sort invalid-value'],
    'cursor=c1.x&position=3': ['cursor invalid-value'],
  };
  for (const [query, expected] of Object.entries(cases)) {
    const errors = errorsOf(await use.demo.get(`${INBOX}?${query}`));
    assert.deepEqual(
      errors.map((error) => error.split(' ')[0]),
      expected.map((error) => error.split(' ')[0]),
      query,
    );
  }
});

test('a folder that is not there has no list', async () => {
  assertProblem(await use.demo.get('/v1/folders/important/messages'), 404, 'role-not-found');
  assertProblem(await use.demo.get('/v1/folders/AAAAAAAAAAAA/messages'), 404, 'folder-not-found');
});

test('an unchanged list is answered with 304', async () => {
  const first = await use.demo.get(`${INBOX}?limit=7`);
  const again = await use.demo.get(`${INBOX}?limit=7`, {
    headers: { 'if-none-match': first.headers.etag },
  });
  assert.equal(again.status, 304);
});
