// Idempotency-Key: what is asked for twice under one key is done once, whatever happens between.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { dovecot } from './lib/dovecot.js';
import { startFaultProxy } from './lib/fault_proxy.js';
import { dovecotSection, startMailbridge, useMailbridge } from './lib/mailbridge.js';
import { assertProblem, errorsOf } from './lib/problem.js';
import { redisIsMissing, startRedis } from './lib/redis.js';
import { imapPeer, startScriptedServer } from './lib/scripted_server.js';
import { waitFor } from './lib/wait.js';

const letter = (subject) => `From: a@example.org\r\nSubject: ${subject}\r\n\r\nhello\r\n`;
const PASSWORD = 'not-for-journals';

/** A mail server whose APPEND does what the test has put into `onAppend`. */
async function slowServer() {
  const held = { appends: 0, onAppend: async () => null };
  const server = await startScriptedServer(
    imapPeer({
      LIST: '* LIST (\\HasNoChildren) "/" INBOX\r\n* LIST (\\Drafts) "/" Drafts\r\n',
      APPEND: async (command, peer) => {
        held.appends++;
        return held.onAppend(command, peer);
      },
    }),
  );
  return Object.assign(held, { server, section: { imap: `imap://127.0.0.1:${server.port}?tls=none` } });
}

const slow = await slowServer();
const use = useMailbridge(async () => ({
  config: {
    metrics: 'same',
    'server example.org': await dovecotSection(),
    'server slow.example': slow.section,
  },
}));
after(() => slow.server.stop());

const append = (api, key, body = letter('once'), query = '', more = {}) =>
  api.api('POST', `/v1/messages${query}`, {
    headers: { 'content-type': 'message/rfc822', ...(key === null ? {} : { 'idempotency-key': key }) },
    body,
    ...more,
  });

const isReplayed = (answer) => answer.headers['idempotency-replayed'] === 'true';

async function newUser(t) {
  const { username, password } = await (await dovecot()).newUser();
  const api = use.bridge.api.as(username, password);
  t.after(() => api.close());
  return api;
}

const total = async (api, folder = 'drafts') =>
  (await api.get(`/v1/folders/${folder}/messages`)).json.total;

test('the same request under the same key is answered as before', async (t) => {
  const api = await newUser(t);
  const first = await append(api, 'k1', letter('once'), '?keywords=$draft');
  assert.equal(first.status, 201, first.text);
  assert.ok(!isReplayed(first));
  for (let i = 0; i < 3; i++) {
    const again = await append(api, 'k1', letter('once'), '?keywords=$draft');
    assert.equal(again.status, 201);
    assert.ok(isReplayed(again));
    assert.equal(again.text, first.text);
    assert.equal(again.headers.location, first.headers.location);
    assert.equal(again.headers['content-type'], first.headers['content-type']);
  }
  assert.equal(await total(api), 1);
  const other = await append(api, 'k2', letter('once'), '?keywords=$draft');
  assert.ok(!isReplayed(other));
  assert.notEqual(other.json.id, first.json.id);
});

test('another request under the same key is refused', async (t) => {
  const api = await newUser(t);
  assert.equal((await append(api, 'k', letter('a'))).status, 201);
  for (const [body, query] of [
    [letter('b'), ''],
    [letter('a'), '?keywords=$draft'],
    [letter('a'), '?folderId=drafts'],
  ]) {
    assertProblem(await append(api, 'k', body, query), 422, 'idempotency-key-reused');
  }
  assert.equal(await total(api), 1);
});

test('keys are of one account', async (t) => {
  const [ann, ben] = [await newUser(t), await newUser(t)];
  const first = await append(ann, 'shared');
  const second = await append(ben, 'shared');
  assert.deepEqual([first.status, second.status], [201, 201]);
  assert.ok(!isReplayed(second));
  assert.notEqual(first.json.folderId, second.json.folderId);
  assertProblem(await append(ben, 'shared', letter('x')), 422, 'idempotency-key-reused');
});

test('keys are visible ASCII of at most 255', async (t) => {
  const api = await newUser(t);
  for (const key of ['', 'a b', 'x'.repeat(256), 'k\u00e4', 'tab\there']) {
    const answer = await append(api, key);
    assertProblem(answer, 400, 'invalid-request');
    assert.deepEqual(errorsOf(answer), ['Idempotency-Key invalid-value']);
  }
  assert.equal((await append(api, `!~${'x'.repeat(253)}`)).status, 201);
  assert.equal(await total(api), 1);
});

test('what was certainly not done leaves the key free', async (t) => {
  const api = await newUser(t);
  const missing = await append(api, 'k', letter('a'), '?folderId=important');
  assertProblem(missing, 404, 'role-not-found');
  const again = await append(api, 'k', letter('a'), '?folderId=important');
  assertProblem(again, 404, 'role-not-found');
  assert.ok(!isReplayed(again));
  assert.equal((await append(api, 'k')).status, 201);
});

test('a large body is told from another by its end', async (t) => {
  const api = await newUser(t);
  const large = letter('large') + `${'x'.repeat(70)}\r\n`.repeat(20_000);
  assert.equal((await append(api, 'k', large)).status, 201);
  assert.ok(isReplayed(await append(api, 'k', large)));
  assertProblem(await append(api, 'k', `${large.slice(0, -3)}y\r\n`), 422, 'idempotency-key-reused');
});

test('many at once under one key are one', async (t) => {
  const api = await newUser(t);
  const answers = await Promise.all(Array.from({ length: 20 }, () => append(api, 'race')));
  const fresh = answers.filter((answer) => answer.status === 201 && !isReplayed(answer));
  assert.equal(fresh.length, 1);
  for (const answer of answers) {
    if (answer === fresh[0] || isReplayed(answer)) continue;
    assertProblem(answer, 409, 'request-in-progress');
  }
  assert.equal(await total(api), 1);
});

/** Requests without an answer, but for the one that asks. */
async function underWay() {
  const { text } = await use.api.get('/metrics');
  return Number(text.match(/^mailbridge_http_requests_under_way (\d+)$/m)[1]) - 1;
}

test('a request goes on without its client, and the next one hears what came of it', async (t) => {
  const login = ['leaver@slow.example', PASSWORD];
  const [api, leaving, other] = [1, 2, 3].map(() => use.bridge.api.as(...login));
  t.after(() => api.close());
  const before = slow.appends;
  let finish;
  slow.onAppend = () =>
    new Promise((resolve) => {
      finish = resolve;
    });
  const lost = append(leaving, 'k').catch(() => 'gone');
  await waitFor('the APPEND', () => finish);
  assertProblem(await append(api, 'k'), 409, 'request-in-progress');
  assertProblem(await append(api, 'k', letter('x')), 422, 'idempotency-key-reused');
  // One without a key, whose client leaves later, is given up: so both have been seen to leave.
  const givenUp = append(other, null).catch(() => 'gone');
  await waitFor('both to be under way', async () => (await underWay()) === 2);
  leaving.close();
  assert.equal(await lost, 'gone');
  other.close();
  assert.equal(await givenUp, 'gone');
  await waitFor('one to be given up', async () => (await underWay()) === 1);
  assertProblem(await append(api, 'k'), 409, 'request-in-progress');
  finish({ tagged: 'OK [APPENDUID 42 8] done' });
  const answer = await waitFor('the outcome', async () => {
    const again = await append(api, 'k');
    return again.status === 201 && again;
  });
  assert.ok(isReplayed(answer));
  assert.equal(slow.appends, before + 1);
});

test('what the mail server did not tell stays unknown', async (t) => {
  const api = use.bridge.api.as('doubter@slow.example', PASSWORD);
  t.after(() => api.close());
  const before = slow.appends;
  // It is gone before it tells, and whoever looks afterwards finds nothing for certain.
  slow.onAppend = async (command, peer) => {
    peer.cut();
    return null;
  };
  const first = await append(api, 'k');
  assertProblem(first, 504, 'outcome-unknown');
  assert.ok(!isReplayed(first));
  const again = await append(api, 'k');
  assertProblem(again, 504, 'outcome-unknown');
  assert.ok(isReplayed(again));
  assert.equal(slow.appends, before + 1);
});

// --- a process that dies --------------------------------------------------------------------

function stateFolder(t) {
  const folder = mkdtempSync(`${tmpdir()}/mailbridge-state-`);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const startWith = (folder) =>
  startMailbridge({
    config: { state_dir: `${folder}/journal`, 'server slow.example': slow.section },
  });

const files = (folder) =>
  readdirSync(`${folder}/journal`).map((name) => `${folder}/journal/${name}`);

test('a process that is killed in between leaves an unknown outcome', async (t) => {
  const folder = stateFolder(t);
  const before = slow.appends;
  const victim = await startWith(folder);
  const client = victim.api.as('victim@slow.example', PASSWORD);
  let isAsked = false;
  slow.onAppend = async (_, peer) => {
    isAsked = true;
    await peer.silence();
    return null;
  };
  const lost = append(client, 'secret-key-1').catch(() => 'gone');
  const keyless = append(client, null, letter('keyless')).catch(() => 'gone');
  await waitFor('the APPEND', () => isAsked);
  victim.kill();
  assert.deepEqual(await Promise.all([lost, keyless]), ['gone', 'gone']);

  for (let round = 0; round < 2; round++) {
    const next = await startWith(folder);
    const api = next.api.as('victim@slow.example', PASSWORD);
    slow.onAppend = async () => ({ tagged: 'OK [APPENDUID 42 9] done' });
    const answer = await append(api, 'secret-key-1');
    assertProblem(answer, 504, 'outcome-unknown');
    assert.ok(isReplayed(answer));
    assertProblem(await append(api, 'secret-key-1', letter('x')), 422, 'idempotency-key-reused');
    const doubts = next.output.match(/in-doubt kind=append account=\S+/g) ?? [];
    assert.equal(doubts.length, round === 0 ? 2 : 0, next.output);
    assert.equal((await append(api, `new-${round}`)).status, 201);
    api.close();
    await next.stop();
  }
  // The one without a key had waited for its turn.
  assert.equal(slow.appends - before, 3);
  for (const file of files(folder)) {
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const text = readFileSync(file, 'latin1');
    for (const secret of [PASSWORD, 'secret-key-1', 'victim', 'Subject', 'hello']) {
      assert.ok(!text.includes(secret), `${secret} is in the journal`);
    }
  }
});

test('answers are kept across a restart', async (t) => {
  const folder = stateFolder(t);
  slow.onAppend = async () => ({ tagged: 'OK [APPENDUID 42 11] done' });
  const one = await startWith(folder);
  const first = await append(one.api.as('ann@slow.example', PASSWORD), 'k');
  assert.equal(first.status, 201, first.text);
  await one.stop();
  const two = await startWith(folder);
  const again = await append(two.api.as('ann@slow.example', PASSWORD), 'k');
  assert.equal(again.text, first.text);
  assert.ok(isReplayed(again));
  assert.equal(again.headers.location, first.headers.location);
  await two.stop();
});

test('a maildrop that was being emptied is in doubt', async (t) => {
  const folder = stateFolder(t);
  let isAsked = false;
  const drop = await startScriptedServer(async (peer) => {
    await peer.send('+OK ready\r\n');
    for (let line = await peer.line(); line !== null; line = await peer.line()) {
      if (line === 'DELE 1') {
        isAsked = true;
        await peer.silence();
        return;
      }
      if (line === 'CAPA') await peer.send('+OK\r\nTOP\r\nUIDL\r\nUSER\r\n.\r\n');
      else if (line === 'LIST') await peer.send('+OK\r\n1 60\r\n.\r\n');
      else if (line === 'UIDL') await peer.send('+OK\r\n1 only\r\n.\r\n');
      else if (line.startsWith('TOP')) await peer.send('+OK\r\nSubject: x\r\n\r\n.\r\n');
      else await peer.send('+OK\r\n');
    }
  });
  t.after(() => drop.stop());
  const config = {
    state_dir: `${folder}/journal`,
    'server pop.example': { pop3: `pop3://127.0.0.1:${drop.port}?tls=none` },
  };
  const victim = await startMailbridge({ config });
  const api = victim.api.as('victim@pop.example', PASSWORD);
  const { messages } = (await api.get('/v1/folders/inbox/messages')).json;
  const path = `/v1/messages/${messages[0].id}?permanent=true`;
  const lost = api.api('DELETE', path).catch(() => 'gone');
  await waitFor('the DELE', () => isAsked);
  victim.kill();
  assert.equal(await lost, 'gone');
  const next = await startMailbridge({ config });
  const doubts = next.output.match(/in-doubt kind=delete account=\S+/g) ?? [];
  assert.equal(doubts.length, 1, next.output);
  await next.stop();
});

test('two processes share a folder', async (t) => {
  const folder = stateFolder(t);
  slow.onAppend = async () => ({ tagged: 'OK [APPENDUID 42 12] done' });
  const [one, two] = [await startWith(folder), await startWith(folder)];
  assert.equal(files(folder).length, 2);
  for (const bridge of [one, two]) {
    assert.equal((await append(bridge.api.as('b@slow.example', PASSWORD), 'k')).status, 201);
  }
  await one.stop();
  await two.stop();
  const last = await startWith(folder);
  assert.ok(isReplayed(await append(last.api.as('b@slow.example', PASSWORD), 'k')));
  assert.equal(files(folder).length, 1);
  await last.stop();
});

test('a folder that cannot be used is told at the start', async () => {
  const bridge = await startMailbridge({
    config: { state_dir: '/dev/null/journal', 'server slow.example': slow.section },
    isReady: false,
  });
  assert.equal(await bridge.exited(), 1);
  assert.match(bridge.output, /\/dev\/null\/journal: Not a directory/);
  bridge.kill();
});

// --- several processes on one Redis ---------------------------------------------------------

const skip = (await redisIsMissing()) ?? false;

async function sharedPlace(t) {
  const redis = await startRedis();
  t.after(() => redis.remove());
  const folder = stateFolder(t);
  writeFileSync(`${folder}/key`, 'k'.repeat(64));
  const config = {
    state: redis.socket,
    state_timeout: '300ms',
    login_attempts: 1000,
    key_file: `${folder}/key`,
    'server slow.example': slow.section,
  };
  const start = (more) => startMailbridge({ config: { ...config, ...more } });
  return { redis, start };
}

test('a key that one process has another honours', { skip }, async (t) => {
  const place = await sharedPlace(t);
  const [one, two] = [await place.start(), await place.start()];
  const [here, there] = [one, two].map(({ api }) => api.as('ann@slow.example', PASSWORD));
  t.after(() => [here, there].forEach((api) => api.close()));
  const before = slow.appends;
  let finish;
  slow.onAppend = () =>
    new Promise((resolve) => {
      finish = resolve;
    });
  const first = append(here, 'k');
  await waitFor('the APPEND', () => finish);
  assertProblem(await append(there, 'k'), 409, 'request-in-progress');
  assertProblem(await append(there, 'k', letter('x')), 422, 'idempotency-key-reused');
  finish({ tagged: 'OK [APPENDUID 42 21] done' });
  const { status, text } = await first;
  assert.equal(status, 201, text);
  const again = await append(there, 'k');
  assert.equal(again.text, text);
  assert.ok(isReplayed(again));
  assert.equal(slow.appends, before + 1);
  await one.stop();
  await two.stop();
});

test('a process that is killed leaves its keys unknown to the others', { skip }, async (t) => {
  const place = await sharedPlace(t);
  const [victim, other] = [await place.start(), await place.start()];
  const before = slow.appends;
  let isAsked = false;
  slow.onAppend = async (_, peer) => {
    isAsked = true;
    await peer.silence();
    return null;
  };
  const lost = append(victim.api.as('ann@slow.example', PASSWORD), 'k').catch(() => 'gone');
  await waitFor('the APPEND', () => isAsked);
  victim.kill();
  assert.equal(await lost, 'gone');
  const api = other.api.as('ann@slow.example', PASSWORD);
  t.after(() => api.close());
  const unknown = await waitFor(
    'it to be known that the process is gone',
    async () => {
      const answer = await append(api, 'k');
      if (answer.status !== 409) return answer;
      assertProblem(answer, 409, 'request-in-progress');
      return null;
    },
    60_000,
  );
  assertProblem(unknown, 504, 'outcome-unknown');
  assertProblem(await append(api, 'k'), 504, 'outcome-unknown');
  assert.equal(slow.appends, before + 1);
  await other.stop();
});

test('without its store a key is not taken, and is good afterwards', { skip }, async (t) => {
  const place = await sharedPlace(t);
  const bridge = await place.start();
  const api = bridge.api.as('ann@slow.example', PASSWORD);
  t.after(() => api.close());
  const before = slow.appends;
  slow.onAppend = async () => ({ tagged: 'OK [APPENDUID 42 31] done' });
  assert.equal((await append(api, 'before')).status, 201);
  place.redis.pause();
  for (let i = 0; i < 3; i++) assertProblem(await append(api, 'k'), 503, 'busy');
  assert.equal((await append(api, null)).status, 201);
  assert.equal(slow.appends, before + 2);
  place.redis.resume();
  const answer = await waitFor('the store to be back', async () => {
    const now = await append(api, 'k');
    return now.status !== 503 && now;
  });
  // Also when the claim that was not answered came to it after all.
  assert.equal(answer.status, 201, answer.text);
  assert.ok(!isReplayed(answer));
  assert.ok(isReplayed(await append(api, 'k')));
  assert.equal(slow.appends, before + 3);
  await bridge.stop();
});

test('whatever breaks between it and the store, nothing is done twice', { skip }, async (t) => {
  const place = await sharedPlace(t);
  const proxy = await startFaultProxy(place.redis.port);
  t.after(() => proxy.stop());
  const bridge = await place.start({ state: `redis://127.0.0.1:${proxy.port}` });
  const api = bridge.api.as('ann@slow.example', PASSWORD);
  t.after(() => api.close());
  const stored = new Map();
  slow.onAppend = async ({ text }) => {
    const [subject] = text.match(/(?<=Subject: )\S+/) ?? [];
    stored.set(subject, (stored.get(subject) ?? 0) + 1);
    return { tagged: 'OK [APPENDUID 42 41] done' };
  };
  // Each connection breaks a little later in what the store answers, once it has greeted.
  const greeting = (await place.redis.command('INFO')).length;
  let connections = 0;
  proxy.cutAfter = () => greeting + (connections++ % 40) * 7;
  proxy.cut();
  const keys = Array.from({ length: 12 }, (_, n) => `key${n}`);
  const outcomes = await Promise.all(
    keys.map(async (key) => {
      const outcome = await waitFor(
        `an outcome of ${key}`,
        async () => {
          const answer = await append(api, key, letter(key));
          return answer.status !== 503 && answer.status !== 409 && answer;
        },
        90_000,
      );
      return outcome.status;
    }),
  );
  proxy.cutAfter = () => Infinity;
  assert.ok(proxy.connections > 10, `${proxy.connections}`);
  for (const [n, key] of keys.entries()) {
    assert.equal(outcomes[n], 201, key);
    assert.equal(stored.get(key), 1, key);
  }
  await bridge.stop();
});
