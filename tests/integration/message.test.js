// One message: its object, its bytes, its parts.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { DEMO_PASSWORD, DEMO_USER } from './lib/dovecot.js';
import { ImapClient } from './lib/imap_client.js';
import { mailServer } from './lib/mail_server.js';
import { useMailbridge } from './lib/mailbridge.js';
import { assertProblem, errorsOf } from './lib/problem.js';

const use = useMailbridge();
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

let cached;
/** Pairs of a summary in the inbox and the truth about it. */
async function inbox() {
  if (cached) return cached;
  const truths = (await mailServer()).demoManifest().filter(({ folder }) => folder === 'INBOX');
  const byId = new Map(truths.map((truth) => [truth.messageId[0], truth]));
  const answer = await use.demo.get('/v1/folders/inbox/messages?limit=500');
  assert.equal(answer.status, 200, answer.text);
  cached = answer.json.messages.map((summary) => ({
    summary,
    truth: byId.get(summary.messageId[0]),
  }));
  return cached;
}

async function read(id, query = '') {
  const answer = await use.demo.get(`/v1/messages/${id}${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

const lines = (text) => text?.replace(/\r\n/g, '\n').trimEnd() ?? null;

/** The text of a message's parts of one kind. */
function textOf(message, parts, type) {
  const own = message[parts].filter((part) => part.type === type);
  return own.length ? own.map(({ partId }) => message.bodyValues[partId]?.value).join('') : null;
}

test('a message is its summary and more, decoded as it was written', async () => {
  for (const { summary, truth } of await inbox()) {
    const message = await read(summary.id, '?html=raw&maxBodyBytes=1048576');
    for (const [member, value] of Object.entries(summary)) {
      if (member !== 'preview') assert.deepEqual(message[member], value, `${member} of ${truth.kind}`);
    }
    assert.deepEqual(message.inReplyTo, truth.inReplyTo);
    assert.deepEqual(message.references, truth.references);
    if (truth.isOdd) continue;
    const what = `${truth.kind} ${summary.id}`;
    if (truth.text !== null)
      assert.equal(lines(textOf(message, 'textBody', 'text/plain')), lines(truth.text), what);
    if (truth.html !== null)
      assert.equal(lines(textOf(message, 'htmlBody', 'text/html')), lines(truth.html), what);
    assert.ok(Object.values(message.bodyValues).every((value) => !value.isTruncated));
  }
});

test('attachments come byte for byte, with their names and types', async () => {
  let count = 0;
  for (const { summary, truth } of await inbox()) {
    if (truth.isOdd || !truth.attachments.length) continue;
    const message = await read(summary.id, '?body=none');
    const parts = [...message.attachments];
    for (const expected of truth.attachments) {
      // Names may be there twice; both lists are in the message's order.
      const at = parts.findIndex(({ name, cid }) =>
        expected.name === null ? cid !== null && cid === expected.cid : name === expected.name,
      );
      // What is shown within the text is not listed, a nested message has no digest.
      if (at < 0 || expected.sha256 === null) continue;
      const [part] = parts.splice(at, 1);
      const answer = await use.demo.get(`/v1/messages/${summary.id}/parts/${part.partId}`);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(sha256(answer.body), expected.sha256, `${expected.name} of ${summary.id}`);
      assert.equal(answer.headers['content-type'].split(';')[0], expected.type);
      if (part.isSizeExact) assert.equal(answer.body.length, part.size);
      count += 1;
    }
  }
  assert.ok(count > 20, `${count} attachments`);
});

test('a file name of any script survives the header', async () => {
  const found = (await inbox()).find(({ truth }) =>
    truth.attachments.some(({ name }) => name && /[^\x20-\x7e]/.test(name)),
  );
  const message = await read(found.summary.id, '?body=none');
  const part = message.attachments.find(({ name }) => /[^\x20-\x7e]/.test(name));
  const answer = await use.demo.get(`/v1/messages/${message.id}/parts/${part.partId}`);
  const [, encoded] = answer.headers['content-disposition'].match(/filename\*=UTF-8''([^;]+)/);
  assert.equal(decodeURIComponent(encoded), part.name);
  assert.match(answer.headers['content-disposition'], /^(attachment|inline); filename="[\x20-\x7e]+"/);
});

test('the raw message is what the mail server has', async () => {
  const server = await mailServer();
  const client = await ImapClient.connect(server, DEMO_USER, DEMO_PASSWORD);
  const { summary } = (await inbox())[3];
  await client.select('INBOX');
  const uid = parseInt(summary.id.split('.')[2], 36);
  const { untagged } = await client.command(`UID FETCH ${uid} (BODY.PEEK[])`);
  const [, text] = untagged[0].match(/\{\d+\}\r\n([\s\S]*)\)$/);
  await client.logout();
  const answer = await use.demo.get(`/v1/messages/${summary.id}/raw`);
  assert.equal(answer.status, 200);
  assert.equal(answer.body.toString('latin1'), text);
  assert.equal(answer.headers['content-type'], 'message/rfc822');
  assert.equal(answer.headers['cache-control'], 'private, max-age=31536000, immutable');
  assert.equal(answer.headers['content-length'], String(summary.size));
  assert.equal(answer.headers['x-content-type-options'], 'nosniff');
});

test('ranges, HEAD and validators work on what is streamed', async () => {
  const { summary } = (await inbox())[3];
  const path = `/v1/messages/${summary.id}/raw`;
  const whole = await use.demo.get(path);
  const part = await use.demo.get(path, { headers: { range: 'bytes=10-29' } });
  assert.equal(part.status, 206, part.text);
  assert.deepEqual(part.body, whole.body.subarray(10, 30));
  assert.equal(part.headers['content-range'], `bytes 10-29/${summary.size}`);
  const tail = await use.demo.get(path, { headers: { range: 'bytes=-5' } });
  assert.deepEqual(tail.body, whole.body.subarray(-5));
  const beyond = await use.demo.get(path, { headers: { range: 'bytes=99999999-' } });
  assertProblem(beyond, 416, 'range-not-satisfiable');
  assert.match(beyond.headers['content-range'], /^bytes \*\/\d+$/);
  assert.equal(parseInt(beyond.headers['content-range'].slice(8), 10), summary.size);
  const { etag } = whole.headers;
  assert.equal((await use.demo.get(path, { headers: { 'if-none-match': etag } })).status, 304);
  const other = await use.demo.get(path, { headers: { range: 'bytes=0-1', 'if-range': '"x"' } });
  assert.equal(other.status, 200);
  const head = await use.demo.api('HEAD', path);
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-length'], String(summary.size));
  assert.equal(head.body.length, 0);
});

test('the message inside a message is given by itself', async () => {
  const found = (await inbox()).find(({ truth }) => truth.kind === 'forwarded');
  const message = await read(found.summary.id, '?body=none');
  const nested = message.attachments.find(({ type }) => type === 'message/rfc822');
  const path = `/v1/messages/${message.id}/parts/${nested.partId}`;
  const inner = await use.demo.get(`${path}/message`);
  assert.equal(inner.status, 200, inner.text);
  assert.equal(inner.headers['content-type'], 'message/rfc822');
  assert.match(inner.text, /^[\w-]+: /);
  const raw = await use.demo.get(`/v1/messages/${message.id}/raw`);
  assert.ok(raw.text.includes(inner.text.trimEnd()));
  const textPart = message.textBody[0].partId;
  assertProblem(
    await use.demo.get(`/v1/messages/${message.id}/parts/${textPart}/message`),
    404,
    'part-not-found',
  );
});

test('what can run in a browser comes as an attachment that cannot', async () => {
  const { messages } = (await use.demo.get('/v1/folders/junk/messages')).json;
  const bodies = await Promise.all(messages.map(({ id }) => read(id, '?body=none')));
  const part = (message) => message.htmlBody.find(({ type }) => type === 'text/html');
  const message = bodies.find(part);
  const answer = await use.demo.get(`/v1/messages/${message.id}/parts/${part(message).partId}`);
  assert.match(answer.headers['content-type'], /^text\/html/);
  assert.match(answer.headers['content-disposition'], /^attachment/);
  assert.equal(answer.headers['content-security-policy'], "default-src 'none'; sandbox");
});

test('body, html, maxBodyBytes and headers choose what is given', async () => {
  const { summary } = (await inbox()).find(({ truth }) => truth.kind === 'alternative');
  const types = async (query) => {
    const message = await read(summary.id, query);
    const parts = [...message.textBody, ...message.htmlBody];
    return Object.keys(message.bodyValues)
      .map((id) => parts.find(({ partId }) => partId === id).type)
      .sort();
  };
  assert.deepEqual(await types('?body=none'), []);
  assert.deepEqual(await types('?body=text'), ['text/plain']);
  assert.deepEqual(await types('?body=html&html=raw'), ['text/html']);
  assert.deepEqual(await types('?html=raw'), ['text/html', 'text/plain']);
  // Until HTML can be made safe, its values are left out.
  assert.deepEqual(await types(''), ['text/plain']);

  const cut = await read(summary.id, '?body=text&maxBodyBytes=10');
  const [value] = Object.values(cut.bodyValues);
  assert.equal(value.isTruncated, true);
  assert.ok(Buffer.byteLength(value.value) <= 10);

  assert.equal((await read(summary.id)).headers, null);
  const some = await read(summary.id, '?headers=subject,X-No-Such,FROM');
  assert.deepEqual(some.headers.map(({ name }) => name.toLowerCase()).sort(), ['from', 'subject']);
  const all = await read(summary.id, '?headers=all');
  assert.ok(all.headers.length > 5);
});

test('reading does not mark as read', async () => {
  const { summary } = (await inbox()).find(({ truth }) => !truth.keywords.$seen);
  await read(summary.id, '?html=raw');
  await use.demo.get(`/v1/messages/${summary.id}/raw`);
  await use.demo.get(`/v1/messages/${summary.id}/parts/1`);
  assert.deepEqual((await read(summary.id)).keywords, summary.keywords);
});

test('an unchanged message is answered with 304', async () => {
  const { summary } = (await inbox())[0];
  const first = await use.demo.get(`/v1/messages/${summary.id}`);
  const again = await use.demo.get(`/v1/messages/${summary.id}`, {
    headers: { 'if-none-match': first.headers.etag },
  });
  assert.equal(again.status, 304);
});

test('what is not there is never another message', async () => {
  const { summary } = (await inbox())[0];
  const [folder, validity, uid] = summary.id.split('.');
  const ids = [
    `${folder}.${validity}.zzzzz`,
    `${folder}.1.${uid}`,
    `AAAAAAAAAAAA.${validity}.${uid}`,
    `${folder}.${validity}`,
    `${folder}.${validity}.${uid}.1`,
    `${folder}.${validity}.0${uid}`,
    'x',
    '..%2f..%2fetc',
    '%00',
    'A'.repeat(2000),
  ];
  for (const id of ids) {
    for (const path of [`/v1/messages/${id}`, `/v1/messages/${id}/raw`]) {
      const answer = await use.demo.get(path);
      if (id === '%00') assert.equal(answer.status, 400, answer.text);
      else assertProblem(answer, 404, 'message-not-found');
    }
  }
  for (const part of ['99', '0', '1.99.1', 'x', 'TEXT', '1.MIME', '%2a']) {
    const answer = await use.demo.get(`/v1/messages/${summary.id}/parts/${part}`);
    assertProblem(answer, 404, 'part-not-found');
  }
});

test('what cannot be asked is refused, naming the parameter', async () => {
  const { summary } = (await inbox())[0];
  const cases = ['body=all', 'html=yes', 'maxBodyBytes=0', 'maxBodyBytes=1048577', 'headers=',
    'headers=a,,b', 'headers=a%20b', `headers=${'a,'.repeat(60)}a`];
  for (const query of cases) {
    const errors = errorsOf(await use.demo.get(`/v1/messages/${summary.id}?${query}`));
    assert.deepEqual(errors.map((error) => error.split(' ')[0]), [query.split('=')[0]], query);
  }
});
