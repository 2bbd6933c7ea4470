// POP3 servers that lie, break off, say too much or too little.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { frontOf, Maildrop, message, multiline } from './lib/maildrop.js';
import { assertProblem } from './lib/problem.js';
import { waitFor } from './lib/wait.js';

const INBOX = '/v1/folders/inbox/messages';

async function list(api, query = '') {
  const answer = await api.get(`${INBOX}${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.messages;
}

const raw = (api, id, headers = {}) => api.get(`/v1/messages/${id}/raw`, { headers });

const mail = (...names) => names.map((uidl) => ({ uidl, text: message(uidl) }));

/** It is up, whatever the server did. */
const assertAlive = async (api) => assert.equal((await api.get('/health/live')).status, 200);

// --- cut off ---------------------------------------------------------------------------------

test('wherever a whole conversation of a deletion is cut, what is reported is true', async (t) => {
  const drop = new Maildrop(mail('a', 'b', 'c'));
  const { api, server } = await frontOf(t, drop);
  const ids = (await list(api)).map(({ id }) => id);
  const body = { action: 'delete', permanent: true, ids: ids.slice(0, 2) };
  const kept = drop.messages;
  const remove = async (cutNext) => {
    drop.hangUp();
    Object.assign(drop, { messages: kept, cutNext });
    const answer = await api.api('POST', '/v1/messages/actions', { body });
    return { answer, isGone: drop.messages.length === 1 };
  };
  const whole = await remove(null);
  assert.ok(whole.isGone, whole.answer.text);
  const bytes = server.peers.at(-1).socket.bytesWritten;
  assert.ok(bytes > 150);
  let done = 0;
  // From the first answer to DELE on at every byte.
  const login = bytes - '+OK\r\n+OK\r\n+OK bye\r\n'.length;
  for (let cutAt = 0; cutAt <= bytes; cutAt += cutAt < login - 11 ? 11 : 1) {
    const { answer, isGone } = await remove(cutAt);
    const where = `cut after ${cutAt} of ${bytes} bytes: ${answer.status} ${answer.text}`;
    if (answer.status === 200) {
      for (const { status } of answer.json.results) {
        if (status === 'done') assert.ok(isGone, where);
        else if (status === 'failed') assert.ok(!isGone, where);
        else assert.equal(status, 'unknown', where);
      }
      done += answer.json.done;
    } else {
      assert.ok([502, 503, 504].includes(answer.status), where);
      if (answer.json.code !== 'outcome-unknown') assert.ok(!isGone, where);
    }
    assert.ok([1, 3].includes(drop.messages.length), where);
    // After failures a host is left alone for a moment.
    drop.hangUp();
    const left = await waitFor('a list', async () => {
      const next = await api.get(INBOX);
      return next.status === 200 && next.json.messages;
    });
    assert.equal(left.length, drop.messages.length, where);
  }
  assert.ok(done > 0);
});

test('a QUIT that is refused leaves the outcome unknown', async (t) => {
  const drop = new Maildrop(mail('a', 'b'));
  const { api } = await frontOf(t, drop);
  const [{ id }] = await list(api);
  drop.answers.QUIT = '-ERR some deleted messages not removed\r\n';
  const answer = await api.api('DELETE', `/v1/messages/${id}?permanent=true`);
  assertProblem(answer, 504, 'outcome-unknown');
  assert.equal((await list(api)).length, 2);
});

test('a DELE that is refused is told, and the others go', async (t) => {
  const drop = new Maildrop(mail('a', 'b', 'c'));
  const { api } = await frontOf(t, drop);
  const ids = (await list(api)).map(({ id }) => id);
  drop.answers.DELE = ({ args }) => (args[0] === '2' ? '-ERR it is locked\r\n' : undefined);
  const body = { action: 'delete', permanent: true, ids };
  const { json } = await api.api('POST', '/v1/messages/actions', { body });
  assert.deepEqual(json.results.map(({ status }) => status), ['done', 'failed', 'done']);
  assert.deepEqual((await list(api)).map(({ subject }) => subject), ['b']);
});

// --- sizes -----------------------------------------------------------------------------------

test('a size that LIST tells wrongly cuts nothing off', async (t) => {
  const text = message('sized', `${'line of text\r\n'.repeat(5000)}the end\r\n`);
  const sizes = [0, 1, 10, text.length - 1, text.length, text.length + 1, text.length * 3, 2 ** 40];
  for (const size of sizes) {
    const drop = new Maildrop([{ uidl: 'a', text, size }]);
    const { api } = await frontOf(t, drop);
    const [{ id }] = await list(api);
    const middle = await raw(api, id, { range: 'bytes=1000-1009' });
    assert.equal(middle.status, 206, `${size}: ${middle.text}`);
    assert.equal(middle.text, text.slice(1000, 1010));
    assert.equal((await raw(api, id)).text, text, `${size}`);
    const last = await raw(api, id, { range: 'bytes=-9' });
    assert.ok([200, 206].includes(last.status), `${size}: ${last.text}`);
    assert.ok(last.text.endsWith('the end\r\n'), `${size}`);
    const full = await api.get(`/v1/messages/${id}`);
    assert.ok(full.json.bodyValues['1'].value.endsWith('the end\n'), `${size}`);
    assert.equal(full.json.size, text.length, `${size}`);
  }
});

test('a size that is none ends the conversation', async (t) => {
  for (const row of ['1 many', '1 -5', '1 99999999999999999999999', '1', '0 5', '4294967296 5']) {
    const drop = new Maildrop(mail('a'));
    drop.answers.LIST = `+OK\r\n${row}\r\n.\r\n`;
    const { api } = await frontOf(t, drop);
    const answer = await api.get(INBOX);
    assert.equal(answer.status, 502, `${row}: ${answer.text}`);
    await assertAlive(api);
  }
});

test('a message that is another one each time is given as it comes', async (t) => {
  const long = { uidl: 'a', text: message('long', 'x\r\n'.repeat(20_000)) };
  const drop = new Maildrop([...mail('other'), long]);
  const { api } = await frontOf(t, drop);
  const [{ id, subject }, other] = await list(api);
  assert.equal(subject, 'long');
  const short = message('short', 'y\r\n');
  drop.answers.RETR = multiline(short);
  assert.equal((await raw(api, id)).text, short);
  const full = await api.get(`/v1/messages/${id}`);
  assert.equal(full.json.bodyValues['1'].value, 'y\n');
  // Nothing at all is no message: whoever keeps a copy and deletes must not be content.
  drop.answers.RETR = '+OK\r\n.\r\n';
  assertProblem(await raw(api, other.id), 502, 'upstream-protocol-error');
  const empty = await api.get(`/v1/messages/${other.id}`);
  assertProblem(empty, 502, 'upstream-protocol-error');
});

test('a message that is gone when it is asked for is not found', async (t) => {
  const drop = new Maildrop(mail('a', 'b'));
  const { api } = await frontOf(t, drop);
  const [b, a] = await list(api);
  drop.answers.RETR = ({ args }) => (args[0] === '2' ? '-ERR message is gone\r\n' : undefined);
  assertProblem(await raw(api, b.id), 404, 'message-not-found');
  assertProblem(await api.get(`/v1/messages/${b.id}`), 404, 'message-not-found');
  assert.equal((await raw(api, a.id)).text, drop.messages[0].text);
});

// --- dots and borders ------------------------------------------------------------------------

/** A message whose bytes before the line are as many as wanted, at RETR. */
function lineAt(offset, line) {
  const head = `${message('dots', '')}`;
  const left = offset - '+OK\r\n'.length - head.length;
  const rows = Math.floor(left / 62);
  const filling = `${'f'.repeat(60)}\r\n`.repeat(rows - 1);
  const rest = left - filling.length - 2;
  return `${head}${filling}${'r'.repeat(rest)}\r\n${line}tail\r\n`;
}

test('lines of dots are undone at every place of a buffer’s end', async (t) => {
  const messages = [];
  for (const border of [4096, 8192, 16384, 65536])
    for (let offset = border - 6; offset <= border + 3; offset++)
      for (const line of ['.\r\n', '..\r\n.\r\n'])
        messages.push({ uidl: `${offset}-${line.length}`, text: lineAt(offset, line) });
  const drop = new Maildrop(messages);
  const { api } = await frontOf(t, drop);
  const ids = (await list(api, '?limit=500')).map(({ id }) => id).reverse();
  assert.equal(ids.length, messages.length);
  for (const [i, id] of ids.entries()) {
    const answer = await raw(api, id);
    assert.ok(answer.text === messages[i].text, messages[i].uidl);
  }
});

test('an answer is understood in whatever pieces it comes', async (t) => {
  const text = message('pieces', '.\r\n..\r\n.x\r\n\r\n.');
  const drop = new Maildrop([{ uidl: 'a', text }]);
  const { api } = await frontOf(t, drop);
  const [{ id }] = await list(api);
  const answer = multiline(text);
  const first = answer.indexOf('\r\n\r\n');
  for (let at = first; at < answer.length; at++) {
    drop.answers.RETR = async (_, peer) => {
      peer.socket.setNoDelay(true);
      await peer.send(answer.slice(0, at));
      await setImmediate();
      await peer.send(answer.slice(at));
      return null;
    };
    assert.equal((await raw(api, id)).text, `${text}\r\n`, `cut at ${at}`);
  }
});

// --- too much --------------------------------------------------------------------------------

const HUGE = 10_000_000;

test('a message of one line of 10 MB comes through', async (t) => {
  const text = message('huge', `${'z'.repeat(HUGE)}\r\n`);
  const { api } = await frontOf(t, new Maildrop([{ uidl: 'a', text }]));
  const [{ id }] = await list(api);
  const answer = await raw(api, id);
  assert.ok(answer.text === text);
});

test('a header line of 10 MB is cut, and the message is listed', async (t) => {
  const text = `Subject: first\r\nX-Huge: ${'z'.repeat(HUGE)}\r\nFrom: a@example.com\r\n\r\nhello\r\n`;
  const drop = new Maildrop([{ uidl: 'a', text }, ...mail('b')]);
  const { api } = await frontOf(t, drop);
  assert.deepEqual((await list(api)).map(({ subject }) => subject), ['b', 'first']);
  assert.deepEqual((await list(api, '?subject=first')).length, 1);
});

test('lines of 10 MB where none may be end the conversation', async (t) => {
  const huge = 'z'.repeat(HUGE);
  const answers = {
    'UIDL, in a row': { UIDL: `+OK\r\n1 ${huge}\r\n.\r\n` },
    'LIST, in a row': { LIST: `+OK\r\n1 5 ${huge}\r\n.\r\n` },
    CAPA: { CAPA: `+OK\r\nX-${huge}\r\n.\r\n` },
    'a status': { PASS: `+OK ${huge}\r\n` },
    'a refusal': { PASS: `-ERR ${huge}\r\n` },
  };
  for (const [what, script] of Object.entries(answers)) {
    const drop = new Maildrop(mail('a'));
    drop.answers = script;
    const { api } = await frontOf(t, drop);
    const answer = await api.get(INBOX);
    assert.equal(answer.status, 502, `${what}: ${answer.text}`);
    await assertAlive(api);
  }
});

test('an answer that never ends is given up', async (t) => {
  const endless = (row) => async (_, peer) => {
    await peer.send('+OK\r\n');
    for (let n = 1; !peer.isClosed; n += 1000) {
      const rows = Array.from({ length: 1000 }, (__, i) => `${row(n + i)}\r\n`);
      await peer.send(rows.join(''));
      await setImmediate();
    }
    return null;
  };
  const answers = {
    LIST: (n) => `${n} 5`,
    UIDL: (n) => `${n} id${n}`,
    CAPA: (n) => `X-${n}`,
    TOP: (n) => `X-Header: ${n}`,
  };
  for (const [name, row] of Object.entries(answers)) {
    const drop = new Maildrop(mail('a'));
    drop.answers[name] = endless(row);
    const { api } = await frontOf(t, drop, { request_timeout: '2s', literal_bytes: '1M' });
    const answer = await api.get(INBOX);
    assert.ok([502, 504].includes(answer.status), `${name}: ${answer.status} ${answer.text}`);
    await assertAlive(api);
  }
  const drop = new Maildrop(mail('a'));
  const { api } = await frontOf(t, drop, { request_timeout: '2s', literal_bytes: '1M' });
  const [{ id }] = await list(api);
  drop.answers.RETR = endless(() => 'text');
  await assert.rejects(raw(api, id), 'a stream over the limit must not look whole');
  const full = await api.get(`/v1/messages/${id}`);
  assert.ok(full.status >= 500, full.text);
  await assertAlive(api);
});

// --- names -----------------------------------------------------------------------------------

test('odd UIDLs make messages neither vanish nor be mistaken', async (t) => {
  const uidls = [
    'plain',
    'double',
    'double',
    '',
    '',
    'x'.repeat(70),
    'y'.repeat(71),
    'z'.repeat(500),
    'b\xfcch\xff',
    '!"#$%&()*+,-./:;<=>?@[]^_`{|}~',
  ];
  const drop = new Maildrop(uidls.map((uidl, i) => ({ uidl, text: message(`number ${i}`) })));
  const { api } = await frontOf(t, drop);
  const messages = (await list(api)).reverse();
  assert.deepEqual(
    messages.map(({ subject }) => subject),
    uidls.map((_, i) => `number ${i}`),
  );
  assert.equal(new Set(messages.map(({ id }) => id)).size, uidls.length);
  for (const { id } of messages) assert.match(id, /^[\w.-]{1,300}$/);
  const kinds = messages.map(({ id }) => id.split('.')[1]);
  assert.deepEqual(kinds, ['p', 'h', 'h', 'h', 'h', 'p', 'h', 'h', 'h', 'p']);
  for (const [i, { id }] of messages.entries())
    assert.equal((await raw(api, id)).text, drop.messages[i].text);
  // One of two of the same name goes, and it is the one that was meant.
  const removed = await api.api('DELETE', `/v1/messages/${messages[2].id}?permanent=true`);
  assert.ok([200, 204].includes(removed.status), removed.text);
  assert.ok(!drop.messages.some(({ text }) => text === message('number 2')));
  assert.equal(drop.messages.length, uidls.length - 1);
});

// --- what servers can and say they can ---------------------------------------------------------

test('without PIPELINING nothing is said before the last answer has come', async (t) => {
  const drop = new Maildrop(mail('a', 'b', 'c'));
  drop.capabilities = ['TOP', 'UIDL', 'USER'];
  for (const name of ['LIST', 'UIDL', 'TOP', 'DELE'])
    drop.answers[name] = async ({ args }, peer) => {
      // What is pipelined comes with it, or right behind.
      await setImmediate();
      await setImmediate();
      assert.equal(peer.received.at(-1), [name, ...args].join(' '), 'it did not wait');
    };
  const { api } = await frontOf(t, drop);
  const ids = (await list(api)).map(({ id }) => id);
  assert.equal(ids.length, 3);
  const body = { action: 'delete', permanent: true, ids };
  assert.equal((await api.api('POST', '/v1/messages/actions', { body })).status, 200);
  assert.equal(drop.messages.length, 0);
});

test('answers in another order than the commands are noticed', async (t) => {
  const drop = new Maildrop(mail('a', 'b'));
  const rows = '+OK\r\n1 name-a\r\n2 name-b\r\n.\r\n';
  // LIST is answered with what is for UIDL.
  drop.answers.LIST = rows;
  drop.answers.UIDL = '+OK\r\n1 60\r\n2 60\r\n.\r\n';
  const { api } = await frontOf(t, drop);
  assert.equal((await api.get(INBOX)).status, 502);
  assert.equal(drop.messages.length, 2);
});

test('an APOP that is asked for is used where the greeting offers it, and nothing else', async (t) => {
  const drop = new Maildrop(mail('a'));
  const stamp = '<1896.697170952@dbc.mtview.ca.us>';
  drop.greeting = `+OK POP3 server ready ${stamp}\r\n`;
  const digest = createHash('md5').update(`${stamp}secret`).digest('hex');
  drop.answers.APOP = ({ args }) =>
    args[0] === 'pop@example.org' && args[1] === digest ? '+OK\r\n' : '-ERR\r\n';
  const { api } = await frontOf(t, drop, {}, { auth: 'APOP' });
  await list(api);
  assert.ok(drop.heard.includes(`APOP pop@example.org ${digest}`));
  assert.ok(!drop.heard.some((line) => /^(USER|PASS|AUTH)/.test(line)));
  drop.greeting = '+OK POP3 server ready\r\n';
  drop.heard = [];
  drop.hangUp();
  assert.ok((await api.get(INBOX)).status >= 400);
  assert.ok(!drop.heard.some((line) => /^(USER|PASS|AUTH|APOP)/.test(line)));
});

test('refusals of a login mean what their codes say', async (t) => {
  const codes = {
    'IN-USE': [503, 'upstream-unavailable'],
    'LOGIN-DELAY': [503, 'upstream-unavailable'],
    'SYS/TEMP': [503, 'upstream-unavailable'],
    'SYS/PERM': [403, null],
    AUTH: [401, 'invalid-credentials'],
    '': [401, 'invalid-credentials'],
  };
  for (const [code, [status, name]] of Object.entries(codes)) {
    const drop = new Maildrop(mail('a'));
    drop.answers.PASS = code ? `-ERR [${code}] because\r\n` : '-ERR because\r\n';
    const { api } = await frontOf(t, drop, { maildrop_patience: '200ms' });
    const answer = await api.get(INBOX);
    assert.equal(answer.status, status, `${code}: ${answer.text}`);
    if (name) assertProblem(answer, status, name);
    if (status === 503) assert.ok(Number(answer.headers['retry-after']) > 0, code);
    if (code) assert.equal(answer.json.upstream.code, code);
    assert.equal(answer.json.upstream.text, 'because');
  }
});

test('CAPA that is refused costs nothing but speed', async (t) => {
  const drop = new Maildrop(mail('a', 'b'));
  drop.answers.CAPA = '-ERR unknown\r\n';
  const { api } = await frontOf(t, drop);
  assert.deepEqual((await list(api)).map(({ subject }) => subject), ['b', 'a']);
  const [{ id }] = await list(api);
  assert.equal((await api.api('DELETE', `/v1/messages/${id}?permanent=true`)).status < 300, true);
  assert.equal(drop.messages.length, 1);
});
