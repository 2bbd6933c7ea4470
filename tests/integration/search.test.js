// Filters, orders, previews, searching all folders, threads: against the truth about the mailbox.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailServer } from './lib/mail_server.js';
import { useMailbridge } from './lib/mailbridge.js';
import { assertProblem, errorsOf } from './lib/problem.js';

const use = useMailbridge();
const INBOX = '/v1/folders/inbox/messages';

const truths = async () => (await mailServer()).demoManifest();
const inbox = async () => (await truths()).filter(({ folder }) => folder === 'INBOX');

async function get(path) {
  const answer = await use.demo.get(path);
  assert.equal(answer.status, 200, `${path}: ${answer.text}`);
  return answer.json;
}

const found = (list) => list.messages.map(({ messageId }) => messageId[0]).sort();
const expected = (list) => list.map(({ messageId }) => messageId[0]).sort();
const time = (text) => Date.parse(text);

async function assertFinds(query, matches) {
  const list = await get(`${INBOX}?limit=500&${query}`);
  const right = (await inbox()).filter(matches);
  assert.deepEqual(found(list), expected(right), query);
  assert.equal(list.total, right.length, query);
  return right.length;
}

test('each filter finds what it should', async () => {
  const all = await inbox();
  const middle = all.map(({ receivedAt }) => receivedAt).sort()[100];
  const someone = all[10].from[0].email;
  const cases = [
    ['unseen=true', ({ keywords }) => !keywords.$seen],
    ['unseen=false', ({ keywords }) => keywords.$seen],
    ['flagged=true', ({ keywords }) => keywords.$flagged],
    ['hasKeyword=$answered', ({ keywords }) => keywords.$answered],
    ['notKeyword=$Seen', ({ keywords }) => !keywords.$seen],
    ['minSize=20000', ({ size }) => size >= 20000],
    ['maxSize=2000', ({ size }) => size <= 2000],
    [`after=${middle}`, ({ receivedAt }) => time(receivedAt) >= time(middle)],
    [`before=${middle}`, ({ receivedAt }) => time(receivedAt) < time(middle)],
    [`from=${someone}`, ({ from }) => from.some(({ email }) => email.includes(someone))],
    ['minSize=5000&maxSize=20000', ({ size }) => size >= 5000 && size <= 20000],
    [`unseen=true&after=${middle}`, ({ keywords, receivedAt }) =>
      !keywords.$seen && time(receivedAt) >= time(middle)],
  ];
  for (const [query, matches] of cases) {
    assert.ok((await assertFinds(query, matches)) > 0, `${query} finds nothing`);
  }
});

test('text is found in any script, and words are all needed', async () => {
  const all = await inbox();
  const word = (text) => text.split(/\s+/).find((one) => /^\p{L}{4,}$/u.test(one));
  const languages = new Map(all.filter(({ subject }) => word(subject ?? '')).map((truth) => [truth.language, truth]));
  assert.ok(languages.size > 5);
  for (const truth of languages.values()) {
    const term = word(truth.subject);
    const list = await get(`${INBOX}?limit=500&subject=${encodeURIComponent(term)}`);
    assert.ok(found(list).includes(truth.messageId[0]), `${term} of ${truth.language}`);
    for (const { subject } of list.messages)
      assert.ok(subject.toLowerCase().includes(term.toLowerCase()), `${term}: ${subject}`);
  }
  const none = await get(`${INBOX}?text=harbour+nosuchwordanywhere`);
  assert.deepEqual([none.total, none.messages], [0, []]);
  const phrase = await get(`${INBOX}?limit=500&body=%22since+the+summer+party%22`);
  assert.ok(phrase.total > 0);
});

test('header fields are searched by name and value', async () => {
  const { messages } = await get('/v1/folders/inbox/messages?limit=500&header=List-Id');
  const one = (await get(`${INBOX}?limit=1`)).messages[0];
  const byId = await get(`${INBOX}?header=Message-ID:${encodeURIComponent(one.messageId[0])}`);
  assert.deepEqual(byId.messages.map(({ id }) => id), [one.id]);
  assert.ok(messages.length < (await inbox()).length);
});

test('every order is the right one, both ways', async () => {
  const keys = {
    receivedAt: ({ receivedAt }) => time(receivedAt),
    sentAt: ({ sentAt }) => time(sentAt),
    size: ({ size }) => size,
  };
  for (const [name, key] of Object.entries(keys)) {
    const { messages } = await get(`${INBOX}?limit=500&sort=${name}`);
    const values = messages.map(key);
    assert.deepEqual(values, [...values].sort((a, b) => a - b), name);
    const down = (await get(`${INBOX}?limit=500&sort=-${name}`)).messages.map(key);
    assert.deepEqual(down, [...values].reverse(), `-${name}`);
  }
  const count = (await inbox()).length;
  for (const name of ['subject', 'from', 'added']) {
    const up = (await get(`${INBOX}?limit=500&sort=${name}`)).messages;
    assert.equal(up.length, count);
    assert.equal(new Set(up.map(({ id }) => id)).size, count);
  }
});

test('cursors hold in every order and with filters', async () => {
  for (const query of ['sort=-size', 'sort=subject', 'sort=-sentAt&unseen=false', 'sort=from', 'minSize=3000']) {
    const whole = (await get(`${INBOX}?limit=500&${query}`)).messages.map(({ id }) => id);
    const seen = [];
    let cursor = '';
    do {
      const page = await get(`${INBOX}?limit=17&${query}${cursor}`);
      seen.push(...page.messages.map(({ id }) => id));
      cursor = page.nextCursor && `&cursor=${page.nextCursor}`;
    } while (cursor);
    assert.deepEqual(seen, whole, query);
  }
});

test('an anchor begins the page', async () => {
  const all = (await get(`${INBOX}?limit=500`)).messages.map(({ id }) => id);
  const page = await get(`${INBOX}?limit=5&anchor=${all[50]}`);
  assert.deepEqual(page.messages.map(({ id }) => id), all.slice(50, 55));
  assert.equal(page.position, 50);
  const gone = all[50].replace(/[^.]+$/, 'zzzz');
  for (const anchor of [gone, 'x', all[50].replace(/\.[^.]+\./, '.1.')])
    assertProblem(await use.demo.get(`${INBOX}?anchor=${anchor}`), 404, 'message-not-found');
});

test('previews come when they are waited for', async () => {
  const { messages } = await get(`${INBOX}?limit=50&preview=true`);
  const byId = new Map((await inbox()).map((truth) => [truth.messageId[0], truth]));
  let compared = 0;
  for (const { messageId, preview } of messages) {
    const truth = byId.get(messageId[0]);
    if (truth.kind !== 'plain') continue;
    assert.equal(typeof preview, 'string');
    const start = truth.text.replace(/\s+/g, ' ').trim().slice(0, 20);
    // Quoted text may have been left out.
    assert.ok(preview.startsWith(start.slice(0, preview.length)), `${preview}: ${start}`);
    compared += 1;
  }
  assert.ok(compared > 3);
});

test('all folders are searched but junk and trash', async () => {
  const list = await get('/v1/messages?limit=500');
  const right = (await truths()).filter(({ folder }) => folder !== 'Junk' && folder !== 'Trash');
  assert.deepEqual(found(list), expected(right));
  assert.deepEqual([list.position, list.state], [null, null]);
  const times = list.messages.map(({ receivedAt }) => time(receivedAt));
  assert.deepEqual(times, [...times].sort((a, b) => b - a));
  const some = await get('/v1/messages?limit=500&folders=sent,junk&unseen=false');
  const matching = (await truths()).filter(
    ({ folder, keywords }) => ['Sent', 'Junk'].includes(folder) && keywords.$seen,
  );
  assert.deepEqual(found(some), expected(matching));
  const every = await get('/v1/messages?limit=500&folders=*');
  assert.equal(every.messages.length, (await truths()).length);
});

test('pages over all folders show each message once', async () => {
  const whole = (await get('/v1/messages?limit=500')).messages.map(({ id }) => id);
  const seen = [];
  let cursor = '';
  do {
    const page = await get(`/v1/messages?limit=60${cursor}`);
    seen.push(...page.messages.map(({ id }) => id));
    cursor = page.nextCursor && `&cursor=${page.nextCursor}`;
  } while (cursor);
  assert.deepEqual(seen.sort(), whole.sort());
});

test('messages are given by their ids, and the missing ones are named', async () => {
  const { messages } = await get(`${INBOX}?limit=3`);
  const gone = messages[0].id.replace(/[^.]+$/, 'zzzz');
  const asked = [messages[2].id, gone, messages[0].id, 'nonsense'];
  const list = await get(`/v1/messages?ids=${asked.join()}`);
  assert.deepEqual(list.messages, [messages[2], messages[0]]);
  assert.deepEqual(list.notFound, [gone, 'nonsense']);
});

test('a thread has its messages of every folder, the oldest first', async () => {
  const all = await truths();
  const reply = all.find(
    ({ folder, references, messageId }) =>
      folder === 'INBOX' && references.length > 0 &&
      all.some((other) => other.folder === 'Sent' && other.references.includes(messageId[0])),
  );
  const { messages } = await get(
    `${INBOX}?header=Message-ID:${encodeURIComponent(reply.messageId[0])}`,
  );
  const thread = await get(`/v1/threads/${messages[0].threadId}`);
  const root = reply.references[0];
  const right = all.filter(
    ({ folder, references, messageId, inReplyTo }) =>
      !['Junk', 'Trash'].includes(folder) &&
      [...references, ...messageId, ...inReplyTo].includes(root),
  );
  assert.ok(right.length > 1);
  assert.deepEqual(found(thread), expected(right));
  const times = thread.messages.map(({ receivedAt }) => time(receivedAt));
  assert.deepEqual(times, [...times].sort((a, b) => a - b));
  const filtered = await get(`${INBOX}?limit=500&thread=${messages[0].threadId}`);
  assert.deepEqual(found(filtered), expected(right.filter(({ folder }) => folder === 'INBOX')));
});

test('conversations are collapsed to one message each', async () => {
  const all = (await get(`${INBOX}?limit=500`)).messages;
  const { messages } = await get(`${INBOX}?limit=500&collapseThreads=true`);
  const threads = messages.map(({ threadId }) => threadId);
  assert.equal(new Set(threads).size, threads.length);
  const first = all.filter(
    ({ threadId }, at) => all.findIndex((other) => other.threadId === threadId) === at,
  );
  assert.deepEqual(messages.map(({ id }) => id), first.map(({ id }) => id));
});

test('what cannot be searched is refused, naming the parameter', async () => {
  const cases = {
    'text=': 'text',
    'from=%22%22': 'from',
    'header=:x': 'header',
    'after=yesterday': 'after',
    'minSize=-1': 'minSize',
    'unseen=maybe': 'unseen',
    'hasKeyword=a%20b': 'hasKeyword',
    'thread=x': 'thread',
    [`body=${'ab+'.repeat(40)}`]: 'body',
  };
  for (const [query, name] of Object.entries(cases)) {
    const errors = errorsOf(await use.demo.get(`${INBOX}?${query}`));
    assert.deepEqual(errors.map((error) => error.split(' ')[0]), [name], query);
  }
  const errors = errorsOf(await use.demo.get('/v1/messages?ids=a&unseen=true'));
  assert.deepEqual(errors, ['unseen invalid-value']);
  const tooMany = Array.from({ length: 101 }, (_, n) => `x${n}`).join();
  assert.deepEqual(errorsOf(await use.demo.get(`/v1/messages?ids=${tooMany}`)), [
    'ids invalid-value',
  ]);
  assertProblem(await use.demo.get('/v1/messages?folders=AAAAAAAAAAAA'), 404, 'folder-not-found');
  assertProblem(await use.demo.get('/v1/threads/nonsense'), 404, 'not-found');
  const nothing = await get(`/v1/threads/h.${'A'.repeat(43)}`);
  assert.deepEqual(nothing.messages, []);
});

test('search terms never become commands', async () => {
  for (const term of ['"', '\\', '{3}', 'a" OR ALL', 'a) (SEEN', '%', '*', '\u{1F4A9}']) {
    for (const text of [`${term}nosuchword`, `"${term} nosuchword`, `nosuchword${term}`]) {
      const list = await get(`${INBOX}?subject=${encodeURIComponent(text)}`);
      assert.equal(list.total, 0, text);
    }
  }
});
