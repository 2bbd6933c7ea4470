// POP3 accounts: what the server has not and mailbridge keeps and does: keywords, searches, orders.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { dovecot } from './lib/dovecot.js';
import { deliver } from './lib/lmtp.js';
import { startMailbridge } from './lib/mailbridge.js';
import { startScriptedServer } from './lib/scripted_server.js';
import { waitFor } from './lib/wait.js';

let server;
let bridge;

before(async () => {
  server = await dovecot();
  bridge = await startMailbridge({
    config: {
      'server example.org': { pop3: `pop3s://localhost:${server.pop3sPort}`, ca_file: server.caFile },
    },
  });
});

after(async () => {
  await bridge?.stop();
});

const mail = (n, headers, body) =>
  [
    `From: =?utf-8?Q?J=C3=B6rg_${n}?= <joerg${n}@example.com>`,
    'To: pop@example.org',
    `Date: Thu, 15 Jan 2026 12:0${n}:00 +0000`,
    `Message-ID: <m${n}@example.com>`,
    'MIME-Version: 1.0',
    ...headers,
    '',
    ...body,
    '',
  ].join('\r\n');

const MAILS = [
  mail(0, ['Subject: Beta', 'Content-Type: text/plain'], ['plain words']),
  mail(
    1,
    [
      'Subject: Re: =?utf-8?Q?=C3=84pfel?=',
      'In-Reply-To: <m0@example.com>',
      'References: <m0@example.com>',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: base64',
    ],
    [Buffer.from('Ein Überfall auf die Bibliothek\n').toString('base64')],
  ),
  mail(
    2,
    ['Subject: alpha', 'X-Tag: green', 'Content-Type: multipart/mixed; boundary=b'],
    [
      '--b',
      'Content-Type: text/html',
      '',
      '<p>needle</p>',
      '--b',
      'Content-Disposition: attachment; filename=a.bin',
      '',
      'x'.repeat(5000),
      '--b--',
    ],
  ),
];

async function maildrop() {
  const user = await server.newUser();
  for (const text of MAILS) await deliver(server, user.username, text);
  const api = bridge.api.as(user.username, user.password);
  await waitFor('all deliveries to be seen', async () => {
    const { json } = await api.get('/v1/folders/inbox/messages');
    return json.total === MAILS.length;
  });
  return api;
}

async function list(api, query = '') {
  const answer = await api.get(`/v1/folders/inbox/messages${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** Which of MAILS they are, in order. */
const numbers = ({ messages }) => messages.map(({ messageId }) => Number(messageId[0].slice(1, 2)));

test('every filter finds what it says', async () => {
  const api = await maildrop();
  const expected = {
    'subject=%C3%A4PFEL': [1],
    'from=J%C3%96RG%201': [1],
    'from=joerg': [2, 1, 0],
    'to=nobody': [],
    'header=X-Tag:GREEN': [2],
    'body=bibliothek': [1],
    'body=needle': [2],
    'text=alpha': [2],
    'text=%C3%BCberfall': [1],
    'text=words&from=joerg0': [0],
    'hasAttachment=true': [2],
    'hasAttachment=false': [1, 0],
    'minSize=4000': [2],
    'maxSize=4000': [1, 0],
    'thread=r.bTBAZXhhbXBsZS5jb20': [1, 0],
    'after=2020-01-01T00:00:00Z': [2, 1, 0],
    'before=2020-01-01T00:00:00Z': [],
  };
  for (const [query, found] of Object.entries(expected)) {
    const answer = await list(api, `?${query}`);
    assert.deepEqual(numbers(answer), found, query);
    assert.equal(answer.total, found.length, query);
    assert.deepEqual(answer.incomplete, [], query);
  }
  const thread = await api.get('/v1/threads/r.bTBAZXhhbXBsZS5jb20');
  assert.deepEqual(numbers(thread.json), [0, 1], thread.text);
  api.close();
});

test('every order goes both ways, page by page', async () => {
  const api = await maildrop();
  const orders = { subject: [2, 0, 1], from: [0, 1, 2], sentAt: [0, 1, 2], size: [0, 1, 2] };
  for (const [sort, ascending] of Object.entries(orders)) {
    for (const [name, order] of [
      [sort, ascending],
      [`-${sort}`, [...ascending].reverse()],
    ]) {
      assert.deepEqual(numbers(await list(api, `?sort=${name}`)), order, name);
      const first = await list(api, `?sort=${name}&limit=2`);
      const second = await list(api, `?sort=${name}&limit=2&cursor=${first.nextCursor}`);
      assert.deepEqual([...numbers(first), ...numbers(second)], order, name);
      assert.equal(second.nextCursor, null);
    }
  }
  api.close();
});

test('keywords are kept here, and outlive the conversation with the server', async () => {
  const api = await maildrop();
  const [last, middle, first] = (await list(api)).messages;
  const patch = await api.api('PATCH', `/v1/messages/${last.id}`, {
    body: { keywords: { $seen: true, todo: true } },
  });
  assert.equal(patch.status, 200, patch.text);
  assert.deepEqual(patch.json.keywords, { $seen: true, todo: true });
  const flagged = await api.api('POST', '/v1/messages/actions', {
    body: { action: 'flag', ids: [middle.id, first.id], keywords: { $flagged: true } },
  });
  assert.equal(flagged.json.done, 2, flagged.text);
  // QUIT ends the conversation: what follows is another one.
  const gone = await api.api('DELETE', `/v1/messages/${first.id}?permanent=true`);
  assert.ok([200, 204].includes(gone.status), gone.text);
  const { messages } = await list(api);
  assert.deepEqual(
    messages.map(({ keywords }) => keywords),
    [{ $seen: true, todo: true }, { $flagged: true }],
  );
  assert.deepEqual(numbers(await list(api, '?unseen=true')), [1]);
  assert.deepEqual(numbers(await list(api, '?hasKeyword=todo')), [2]);
  assert.deepEqual(numbers(await list(api, '?flagged=true')), [1]);
  const folder = await api.get('/v1/folders/inbox');
  assert.equal(folder.json.unreadMessages, 1, folder.text);
  const clear = await api.api('PATCH', `/v1/messages/${last.id}`, {
    body: { keywords: { $seen: null, todo: false } },
  });
  assert.deepEqual(clear.json.keywords, {});
  api.close();
});

test('headers that were fetched once are not fetched again in the next conversation', async () => {
  const header = (n) => `From: a@example.com\r\nSubject: number ${n}\r\nMessage-ID: <m${n}@x>\r\n\r\n`;
  const asked = [];
  const scripted = await startScriptedServer(async (peer) => {
    await peer.send('+OK ready\r\n');
    for (let line = await peer.line(); line !== null; line = await peer.line()) {
      const [name, n] = line.split(' ');
      if (name === 'TOP') asked.push(Number(n));
      const answers = {
        CAPA: '+OK\r\nTOP\r\nUIDL\r\nUSER\r\n.\r\n',
        LIST: '+OK\r\n1 100\r\n2 100\r\n3 100\r\n.\r\n',
        UIDL: '+OK\r\n1 a\r\n2 b\r\n3 c\r\n.\r\n',
        TOP: `+OK\r\n${header(n)}.\r\n`,
      };
      await peer.send(answers[name] ?? '+OK\r\n');
      if (name === 'QUIT') peer.socket.end();
    }
  });
  const other = await startMailbridge({
    config: { 'server example.org': { pop3: `pop3://127.0.0.1:${scripted.port}?tls=none` } },
  });
  const api = other.api.as('pop@example.org', 'secret');
  try {
    assert.equal((await list(api, '?limit=2')).messages.length, 2);
    assert.deepEqual(asked, [3, 2]);
    // The rest comes by itself, while there is nothing to do.
    await waitFor('the others', () => asked.length === 3);
    await api.api('DELETE', `/v1/messages/${(await list(api, '?limit=1')).messages[0].id}?permanent=true`);
    const { messages } = await list(api, '?subject=number');
    assert.equal(messages.length, 3);
    // 3 was deleted and so forgotten; here it is still there, for this server forgets nothing.
    assert.deepEqual(asked, [3, 2, 1, 3]);
  } finally {
    api.close();
    await other.stop();
    await scripted.stop();
  }
});
