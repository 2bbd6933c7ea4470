// What an extension of IMAP does better, and what is done where it is missing: on a server that has
// it and on one that has IMAP4rev1 alone.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { useBothServers } from './lib/both.js';
import { assertProblem } from './lib/problem.js';
import { imapPeer, startScriptedServer } from './lib/scripted_server.js';
import { waitFor } from './lib/wait.js';

/** Servers that do what no real one does quickly. */
const SCRIPTED = {
  'huge.example': hugeServer('IMAP4rev1 SORT'),
  'narrow.example': imapPeer({ CAPABILITY: '* CAPABILITY IMAP4rev1 APPENDLIMIT=100\r\n' }),
};
const scripted = [];
const use = useBothServers(async () => {
  const sections = {};
  for (const [name, conversation] of Object.entries(SCRIPTED)) {
    const server = await startScriptedServer(conversation);
    scripted.push(server);
    sections[`server ${name}`] = { imap: `imap://localhost:${server.port}?tls=none` };
  }
  return sections;
});
after(async () => {
  for (const server of scripted) await server.stop();
});

async function ok(answer, status = 200) {
  const { text, status: got } = await answer;
  assert.equal(got, status, text.slice(0, 500));
  return (await answer).json;
}

const newest = async (api) =>
  (await ok(api.get('/v1/folders/inbox/messages?limit=1'))).messages[0].id;

// --- BINARY: RFC 3516 ------------------------------------------------------------------------

function withAttachment(encoded, encoding = 'base64') {
  return [
    'From: a@example.org',
    'Subject: attached',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=B',
    '',
    '--B',
    'Content-Type: text/plain',
    '',
    'See below.',
    '--B',
    'Content-Type: application/octet-stream',
    `Content-Transfer-Encoding: ${encoding}`,
    '',
    encoded,
    '--B--',
    '',
  ].join('\r\n');
}

const base64Lines = (bytes) => bytes.toString('base64').replace(/.{76}/g, '$&\r\n');

test('a part that the server decodes has exact ranges', async (t) => {
  const bytes = randomBytes(300_000);
  for (const { api, imap, isBare } of await use.users(t)) {
    await imap.append('INBOX', withAttachment(base64Lines(bytes)));
    const path = `/v1/messages/${await newest(api)}/parts/2`;
    const range = (value) => api.get(path, { headers: { range: `bytes=${value}` } });
    const total = isBare ? '*' : String(bytes.length);
    const closed = await range('1000-70000');
    assert.equal(closed.status, 206);
    assert.equal(closed.headers['content-range'], `bytes 1000-70000/${total}`);
    assert.ok(closed.body.equals(bytes.subarray(1000, 70001)));
    const tail = await range('-10');
    assert.equal(tail.status, isBare ? 200 : 206);
    assert.ok(tail.body.equals(isBare ? bytes : bytes.subarray(-10)));
    // By now the size is known in either way.
    const open = await range('299990-');
    assert.equal(open.status, 206);
    assert.equal(open.headers['content-range'], 'bytes 299990-299999/300000');
    assert.ok(open.body.equals(bytes.subarray(299_990)));
    const beyond = await range('299990-400000');
    assert.equal(beyond.headers['content-range'], 'bytes 299990-299999/300000');
    assert.ok(beyond.body.equals(bytes.subarray(299_990)));
    assertProblem(await range('300000-'), 416, 'range-not-satisfiable');
    assert.ok((await api.get(path)).body.equals(bytes));
  }
});

test('a part that the server cannot decode has ranges all the same', async (t) => {
  const broken = {
    'cut off': ['aGVsbG8', 'hello'], // Dovecot ends the conversation over it
    'with a footer': ['aGVsbG8h\r\n-- \r\n*footer*', 'hello!'],
    'in two pieces': ['aGVsbG8=\r\naGVsbG8=', 'hello'],
  };
  for (const { api, imap } of await use.users(t)) {
    for (const [what, [encoded, decoded]] of Object.entries(broken)) {
      await imap.append('INBOX', withAttachment(encoded));
      const path = `/v1/messages/${await newest(api)}/parts/2`;
      for (let i = 0; i < 2; i++) {
        const part = await api.get(path, { headers: { range: 'bytes=1-3' } });
        assert.equal(part.status, 206, what);
        assert.equal(part.text, decoded.slice(1, 4), what);
      }
      const whole = await api.get(path);
      assert.ok(whole.text.startsWith(decoded), what);
    }
  }
});

// --- long answers ----------------------------------------------------------------------------

/** A folder of a million, of which each second one matches every search. */
function hugeServer(capabilities) {
  const uids = Array.from({ length: 500_000 }, (_, n) => 2 * n + 1).join(' ');
  const header = 'Subject: one of many\r\n\r\n';
  const fetched = (uid) =>
    `* ${uid} FETCH (UID ${uid} FLAGS () INTERNALDATE "15-Jan-2026 12:00:00 +0000"` +
    ` RFC822.SIZE 30 BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 4 1)` +
    ` BODY[HEADER.FIELDS (SUBJECT)] {${header.length}}\r\n${header})\r\n`;
  return imapPeer(
    {
      CAPABILITY: `* CAPABILITY ${capabilities}\r\n`,
      SELECT: '* 1000000 EXISTS\r\n* OK [UIDVALIDITY 5] ok\r\n* OK [UIDNEXT 1000001] ok\r\n',
      SEARCH: `* SEARCH ${uids}\r\n`,
      SORT: `* SORT ${uids}\r\n`,
      FETCH: ({ text }, peer) => peer.send(text.match(/\d+/g).slice(0, 2).map(fetched).join('')),
    },
    { greeting: `* OK [CAPABILITY ${capabilities}] ready\r\n` },
  );
}

test('half a million messages are found and sorted', async (t) => {
  const api = use.bridge.api.as('ann@huge.example', 'secret');
  t.after(() => api.close());
  const found = await ok(api.get('/v1/folders/inbox/messages?unseen=true&limit=2'));
  assert.equal(found.total, 500_000);
  assert.match(found.messages[0].id, /\.lflr$/); // 999999
  const sorted = await ok(api.get('/v1/folders/inbox/messages?sort=subject&limit=2&position=1000'));
  assert.equal(sorted.total, 500_000);
  assert.match(sorted.messages[0].id, /\.1jl$/); // 2001
});

// --- SORT: RFC 5256 --------------------------------------------------------------------------

const letter = (subject, ...fields) =>
  ['From: a@example.org', `Subject: ${subject}`, ...fields, '', 'text', ''].join('\r\n');

test('replies stand beside what they answer, in several folders too', async (t) => {
  for (const { kind, api, imap } of await use.users(t)) {
    await imap.command('CREATE Other');
    for (const subject of ['Re: [list] apple', 'Banana', 'zebra']) {
      await imap.append('INBOX', letter(subject));
    }
    for (const subject of ['Apple', 'FWD: cherry', 'Re: re: banana']) {
      await imap.append('Other', letter(subject));
    }
    const seen = [];
    let page = { nextCursor: null };
    do {
      const from = page.nextCursor ? `&cursor=${page.nextCursor}` : '';
      page = await ok(api.get(`/v1/messages?sort=subject&limit=1${from}`));
      seen.push(...page.messages.map(({ subject }) => subject.replace(/^.*\W/, '').toLowerCase()));
    } while (page.nextCursor);
    assert.deepEqual(seen, ['apple', 'apple', 'banana', 'banana', 'cherry', 'zebra'], kind);
  }
});

// --- threads ---------------------------------------------------------------------------------

/** Message n of conversation c; the first begins it. */
const turn = (c, n) =>
  letter(
    `${c} ${n}`,
    `Message-ID: <${c}.${n}@x>`,
    ...(n ? [`References: <${c}.0@x>`, `In-Reply-To: <${c}.${n - 1}@x>`] : []),
  );

test('of each conversation only one is listed, over all pages', async (t) => {
  for (const { kind, api, imap } of await use.users(t)) {
    for (let n = 0; n < 3; n++) {
      for (const c of ['a', 'b', 'c', 'd']) await imap.append('INBOX', turn(c, n));
    }
    for (const name of ['x', 'y']) await imap.append('INBOX', letter(`${name} 0`));
    for (const sort of ['', '&sort=subject', '&sort=-receivedAt', '&subject=2']) {
      const seen = [];
      let page = { nextCursor: null };
      do {
        const from = page.nextCursor ? `&cursor=${page.nextCursor}` : '';
        page = await ok(
          api.get(`/v1/folders/inbox/messages?collapseThreads=true&limit=2${sort}${from}`),
        );
        assert.equal(page.total, sort === '&subject=2' ? 4 : 6, kind + sort);
        seen.push(...page.messages.map(({ subject }) => subject));
      } while (page.nextCursor);
      const latest = sort === '&sort=subject' ? 0 : 2;
      const expected = ['a', 'b', 'c', 'd'].map((c) => `${c} ${latest}`);
      if (sort !== '&subject=2') expected.push('x 0', 'y 0');
      assert.deepEqual(seen.toSorted(), expected, kind + sort);
    }
    await imap.append('INBOX', turn('a', 3));
    await waitFor('the message that is new', async () => {
      const { messages, total } = await ok(
        api.get('/v1/folders/inbox/messages?collapseThreads=true&limit=1'),
      );
      return messages[0].subject === 'a 3' && total === 6;
    });
  }
});

test('a conversation with a Message-ID that is too long is found all the same', async (t) => {
  const root = `${'r'.repeat(300)}@example.org`;
  for (const { api, imap } of await use.users(t)) {
    await imap.append('INBOX', letter('first', `Message-ID: <${root}>`));
    await imap.append('INBOX', letter('other', `Message-ID: <${root}.other>`));
    await imap.append('Sent', letter('second', 'Message-ID: <2@x>', `References: <${root}>`));
    const { messages } = await ok(api.get('/v1/messages?subject=first'));
    assert.match(messages[0].threadId, /^h\./);
    const thread = await ok(api.get(`/v1/threads/${messages[0].threadId}`));
    assert.deepEqual(thread.messages.map(({ subject }) => subject).toSorted(), ['first', 'second']);
    assert.deepEqual(thread.incomplete, []);
  }
});

// --- APPENDLIMIT: RFC 7889 -------------------------------------------------------------------

test('a message that the server would not take is not sent to it', async (t) => {
  const api = use.bridge.api.as('ann@narrow.example', 'secret');
  t.after(() => api.close());
  const answer = await api.api('POST', '/v1/messages?folderId=inbox', {
    headers: { 'content-type': 'message/rfc822' },
    body: letter('large', `X-Filling: ${'x'.repeat(200)}`),
  });
  assertProblem(answer, 413, 'too-large');
  const commands = scripted[1].peers.flatMap(({ received }) => received);
  assert.ok(!commands.some((line) => /APPEND/.test(line)));
});
