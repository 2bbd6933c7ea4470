// POP3 accounts: what they can, what they say they cannot, and deletions that are cut short.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { dovecot } from './lib/dovecot.js';
import { deliver } from './lib/lmtp.js';
import { startMailbridge } from './lib/mailbridge.js';
import { assertProblem } from './lib/problem.js';
import { startScriptedServer } from './lib/scripted_server.js';
import { waitFor } from './lib/wait.js';

const MESSAGE = [
  'From: Ann <ann@example.com>',
  'To: pop@example.org',
  'Subject: =?utf-8?Q?gr=C3=BC=C3=9Fe?=',
  'Date: Thu, 15 Jan 2026 12:00:00 +0000',
  'Message-ID: <pop@example.com>',
  '',
  '..stuffed',
  'hello',
  '',
].join('\r\n');

let server;
let bridges;

before(async () => {
  server = await dovecot();
  const section = (pop3) => ({ 'server example.org': { pop3, ca_file: server.caFile } });
  bridges = {
    tls: await startMailbridge({ config: section(`pop3s://localhost:${server.pop3sPort}`) }),
    stls: await startMailbridge({ config: section(`pop3://localhost:${server.pop3Port}`) }),
  };
});

after(async () => {
  for (const bridge of Object.values(bridges ?? {})) await bridge.stop();
});

async function inbox(api, query = '') {
  const answer = await api.get(`/v1/folders/inbox/messages${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

for (const kind of ['tls', 'stls']) {
  test(`a maildrop is listed newest first, page by page (${kind})`, async () => {
    const user = await server.newUser('-n', '7', '--profile', 'bulk');
    const api = bridges[kind].api.as(user.username, user.password);
    const first = await inbox(api, '?limit=3');
    assert.equal(first.total, 7);
    assert.equal(first.messages.length, 3);
    const second = await inbox(api, `?limit=10&cursor=${first.nextCursor}`);
    assert.equal(second.messages.length, 4);
    assert.equal(second.nextCursor, null);
    const ids = [...first.messages, ...second.messages].map(({ id }) => id);
    assert.equal(new Set(ids).size, 7);
    const subjects = new Set(user.manifest.map(({ subject }) => subject));
    for (const { subject } of [...first.messages, ...second.messages]) {
      assert.ok(subjects.has(subject), subject);
    }
    api.close();
  });
}

test('a message is read, decoded, and comes raw as it was sent', async () => {
  const user = await server.newUser();
  await deliver(server, user.username, MESSAGE);
  const api = bridges.tls.api.as(user.username, user.password);
  const [summary] = await waitFor('the delivery to be seen', async () => {
    const { messages } = await inbox(api);
    return messages.length && messages;
  });
  assert.equal(summary.subject, 'grüße');
  const full = await api.get(`/v1/messages/${summary.id}`);
  assert.equal(full.status, 200, full.text);
  assert.equal(full.json.bodyValues['1'].value, '..stuffed\nhello\n');
  const raw = await api.get(`/v1/messages/${summary.id}/raw`);
  assert.ok(raw.text.endsWith(MESSAGE), raw.text);
  const range = await api.get(`/v1/messages/${summary.id}/raw`, { headers: { range: 'bytes=2-9' } });
  assert.equal(range.status, 206);
  assert.equal(range.text, raw.text.slice(2, 10));
  const part = await api.get(`/v1/messages/${summary.id}/parts/1`);
  assert.equal(part.text, '..stuffed\r\nhello\r\n');
  api.close();
});

test('the session says beforehand what POP3 cannot, and that is what is refused', async () => {
  const user = await server.newUser('-n', '1', '--profile', 'bulk');
  const api = bridges.tls.api.as(user.username, user.password);
  const { account } = (await api.get('/v1/session')).json;
  assert.equal(account.protocol, 'pop3');
  const { folders, flags, move, append, search, push } = account.capabilities;
  assert.deepEqual(
    { folders, flags, move, append, search, push },
    { folders: false, flags: 'local', move: false, append: false, search: 'local', push: 'poll' },
  );
  const [{ id }] = (await inbox(api)).messages;
  const trash = await api.api('DELETE', `/v1/messages/${id}`);
  assertProblem(trash, 422, 'not-supported');
  assert.match(trash.json.detail, /permanent/);
  const elsewhere = { body: { folderId: 'archive' } };
  assertProblem(await api.api('PATCH', `/v1/messages/${id}`, elsewhere), 422, 'not-supported');
  for (const action of ['move', 'copy']) {
    const body = { action, folderId: 'archive', ids: [id] };
    assertProblem(await api.api('POST', '/v1/messages/actions', { body }), 422, 'not-supported');
  }
  for (const query of ['', '?folderId=inbox']) {
    const headers = { 'Content-Type': 'message/rfc822' };
    const append = await api.api('POST', `/v1/messages${query}`, { body: MESSAGE, headers });
    assertProblem(append, 422, 'not-supported');
  }
  for (const [method, path, body] of [
    ['PATCH', '/v1/folders/inbox', { name: 'Other' }],
    ['DELETE', '/v1/folders/inbox'],
  ])
    assert.ok([409, 422].includes((await api.api(method, path, body && { body })).status), path);
  const create = { body: { name: 'New' } };
  assertProblem(await api.api('POST', '/v1/folders', create), 422, 'not-supported');
  assert.equal((await inbox(api)).total, 1);
  api.close();
});

test('a permanent deletion is committed before it is answered', async () => {
  const user = await server.newUser('-n', '3', '--profile', 'bulk');
  const api = bridges.tls.api.as(user.username, user.password);
  const { messages } = await inbox(api);
  const gone = messages[1].id;
  const answer = await api.api('DELETE', `/v1/messages/${gone}?permanent=true`);
  assert.ok([200, 204].includes(answer.status), answer.text);
  const { messages: left } = await inbox(api);
  assert.deepEqual(
    left.map(({ id }) => id),
    [messages[0].id, messages[2].id],
  );
  assertProblem(await api.get(`/v1/messages/${gone}`), 404, 'message-not-found');
  api.close();
});

test('a wrong password is refused in the server’s words', async () => {
  const user = await server.newUser();
  const api = bridges.tls.api.as(user.username, 'wrong');
  const answer = await api.get('/v1/folders');
  assertProblem(answer, 401, 'invalid-credentials');
  assert.equal(answer.json.upstream.protocol, 'pop3');
  api.close();
});

/* --- a server that is told what to do ------------------------------------------------- */

/** Serves MESSAGE as the only one; `answers` replaces or adds answers by command. */
function popPeer(answers = {}, greeting = '+OK ready <1.2@example.org>\r\n') {
  const stuffed = MESSAGE.replace(/^\./gm, '..');
  const usual = {
    CAPA: '+OK\r\nTOP\r\nUIDL\r\nUSER\r\n.\r\n',
    USER: '+OK\r\n',
    PASS: '+OK\r\n',
    LIST: `+OK\r\n1 ${MESSAGE.length}\r\n.\r\n`,
    UIDL: '+OK\r\n1 only\r\n.\r\n',
    TOP: `+OK\r\n${stuffed.split('\r\n\r\n')[0]}\r\n\r\n.\r\n`,
    RETR: `+OK\r\n${stuffed}.\r\n`,
    DELE: '+OK\r\n',
    QUIT: '+OK\r\n',
    NOOP: '+OK\r\n',
    ...answers,
  };
  return async (peer) => {
    await peer.send(greeting);
    for (let line = await peer.line(); line !== null; line = await peer.line()) {
      const name = line.split(' ')[0].toUpperCase();
      const answer = usual[name] ?? '-ERR unknown command\r\n';
      await peer.send(typeof answer === 'function' ? answer(line, peer) : answer);
      if (name === 'QUIT') peer.socket.end();
    }
  };
}

async function withServer(conversation, use, settings = {}) {
  const scripted = await startScriptedServer(conversation);
  const bridge = await startMailbridge({
    config: {
      ...settings,
      'server example.org': { pop3: `pop3://127.0.0.1:${scripted.port}?tls=none` },
    },
  });
  const api = bridge.api.as('pop@example.org', 'secret');
  try {
    await use(api, scripted);
  } finally {
    api.close();
    await bridge.stop();
    await scripted.stop();
  }
}

test('without UIDL and TOP messages are known by their headers', async () => {
  const answers = {
    CAPA: '-ERR what\r\n',
    UIDL: '-ERR no\r\n',
    TOP: '-ERR no\r\n',
    LIST: '+OK\r\n1 10\r\n2 10\r\n.\r\n',
  };
  await withServer(popPeer(answers), async (api) => {
    const { messages } = await inbox(api);
    assert.equal(messages.length, 2);
    for (const { id, subject } of messages) {
      assert.match(id, /^[\w-]{12}\.h\./);
      assert.equal(subject, 'grüße');
      assert.equal((await api.get(`/v1/messages/${id}`)).status, 200);
    }
    assert.notEqual(messages[0].id, messages[1].id);
  });
});

test('a maildrop that somebody else has is waited for, then reported as busy', async () => {
  let locked = 2;
  let quits = 0;
  const PASS = () => (locked-- > 0 ? '-ERR [IN-USE] locked\r\n' : '+OK\r\n');
  const QUIT = () => {
    quits += 1;
    return '+OK\r\n';
  };
  await withServer(
    popPeer({ PASS, QUIT }),
    async (api) => {
      assert.equal((await inbox(api)).messages.length, 1);
      assert.ok(locked < 0);
      locked = Infinity;
      quits = 0;
      await waitFor('the maildrop to be given up', () => quits > 0);
      const busy = await api.get('/v1/folders/inbox/messages');
      assertProblem(busy, 503, 'upstream-unavailable');
      assert.ok(busy.headers['retry-after']);
      assert.equal(busy.json.upstream.code, 'IN-USE');
    },
    { maildrop_idle: '300ms', maildrop_patience: '1500ms' },
  );
});

test('a deletion cut before QUIT is refused, cut behind it is unknown', async () => {
  let cutAt = null;
  const cut = (name) => (line, peer) => {
    if (cutAt === name) peer.cut();
    return '+OK\r\n';
  };
  await withServer(popPeer({ DELE: cut('DELE'), QUIT: cut('QUIT') }), async (api) => {
    const [{ id }] = (await inbox(api)).messages;
    cutAt = 'DELE';
    const before = await api.api('DELETE', `/v1/messages/${id}?permanent=true`);
    assert.equal(before.status, 502, before.text);
    cutAt = 'QUIT';
    const behind = await api.api('DELETE', `/v1/messages/${id}?permanent=true`);
    assertProblem(behind, 504, 'outcome-unknown');
    cutAt = null;
    assert.equal((await inbox(api)).messages.length, 1);
  });
});

test('what a server says wrongly ends its session, and nothing else', async () => {
  const wrong = {
    greeting: [{}, '* OK IMAP4rev1\r\n'],
    status: [{ LIST: 'hello\r\n' }],
    listing: [{ LIST: '+OK\r\none two\r\n.\r\n' }],
    order: [{ LIST: '+OK\r\n2 1\r\n1 1\r\n.\r\n' }],
    line: [{ LIST: `+OK\r\n1 ${'9'.repeat(2_000_000)}\r\n.\r\n` }],
  };
  for (const [what, script] of Object.entries(wrong)) {
    await withServer(popPeer(...script), async (api) => {
      const answer = await api.get('/v1/folders/inbox/messages');
      assert.equal(answer.status, 502, `${what}: ${answer.text}`);
      assert.equal((await api.get('/health/live')).status, 200);
    });
  }
});
