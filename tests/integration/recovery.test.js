// A mail server that goes away comes back, one that has too much to do is asked later: whatever
// ends a session, the next request is served as soon as the server can.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCuttingRelay } from './lib/cutting_relay.js';
import { dovecot } from './lib/dovecot.js';
import { startMailbridge } from './lib/mailbridge.js';
import { assertProblem } from './lib/problem.js';
import { USUAL, imapPeer, startScriptedServer } from './lib/scripted_server.js';
import { waitFor } from './lib/wait.js';

const PASSWORD = 'secret';

/** What the scripted servers do instead of the usual; each test has a server of its own. */
const scripts = {};
const servers = {};
const NAMES = ['bye', 'idle', 'select', 'login', 'silent', 'breaker', 'goodbye'];
let bridge;
let relay;
let user;

/** Answers as `scripts` says at that moment: a text for the tagged answer, or a function. */
const scripted = (name, command) => async (text, peer) => {
  const what = scripts[name]?.[command];
  if (typeof what === 'function') return what(text, peer);
  if (what) return { tagged: what };
  await peer.send(USUAL[command]);
  return undefined;
};

before(async () => {
  const config = { login_timeout: '5s', request_timeout: '4s' };
  for (const name of NAMES) {
    const commands = ['LOGIN', 'LIST', 'SELECT', 'FETCH'];
    const answers = Object.fromEntries(commands.map((word) => [word, scripted(name, word)]));
    const usual = imapPeer(answers);
    servers[name] = await startScriptedServer(async (peer, n) =>
      scripts[name]?.greet ? scripts[name].greet(peer, n) : usual(peer),
    );
    config[`server ${name}.example`] = {
      imap: `imap://localhost:${servers[name].port}?tls=none`,
    };
  }
  const server = await dovecot();
  user = await server.newUser();
  relay = await startCuttingRelay(server.imapPort);
  config['server example.org'] = { imap: `imap://localhost:${relay.port}?tls=none` };
  bridge = await startMailbridge({ config });
});

after(async () => {
  await bridge?.stop();
  await relay?.stop();
  for (const server of Object.values(servers)) await server.stop();
});

const list = (name) =>
  bridge.api.as(`ann@${name}.example`, PASSWORD).get('/v1/folders/inbox/messages');

async function assertFine(promise) {
  const answer = await promise;
  assert.equal(answer.status, 200, answer.text);
}

function assertComesBack(answer) {
  assertProblem(answer, 503, 'upstream-unavailable');
  assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
}

/** Asks as a good client does: after as many seconds as the last answer named. */
async function untilFine(what, ask) {
  await waitFor(
    what,
    async () => {
      const answer = await ask();
      await sleep(Number(answer.headers['retry-after'] ?? 0) * 1000);
      assert.equal(answer.status, 200, answer.text);
      return true;
    },
    60_000,
  );
}

test('BYE in the middle of a command: what was only read is asked for again', async () => {
  await assertFine(list('bye'));
  scripts.bye = {
    FETCH: async (command, peer) => {
      scripts.bye = {};
      await peer.send('* BYE [UNAVAILABLE] the server is being restarted\r\n');
      peer.cut();
      return null;
    },
  };
  await assertFine(list('bye'));
  assert.equal(servers.bye.peers.length, 2);
});

test('BYE while nothing is asked: the next request gets another session', async () => {
  await assertFine(list('idle'));
  const [first] = servers.idle.peers;
  await first.send('* BYE idle for too long\r\n');
  first.socket.end();
  await first.closed;
  await assertFine(list('idle'));
  assert.equal(servers.idle.peers.length, 2);
});

for (const code of ['LIMIT', 'UNAVAILABLE', 'INUSE']) {
  test(`[${code}] on SELECT is a matter of time, and of this folder alone`, async () => {
    const api = bridge.api.as(`${code.toLowerCase()}@select.example`, PASSWORD);
    await assertFine(api.get('/v1/folders'));
    const sessions = servers.select.peers.length;
    scripts.select = { SELECT: `NO [${code}] not now` };
    assertComesBack(await api.get('/v1/folders/inbox/messages'));
    await assertFine(api.get('/v1/folders'));
    scripts.select = {};
    await assertFine(api.get('/v1/folders/inbox/messages'));
    assert.equal(servers.select.peers.length, sessions, 'the session was given up');
  });

  test(`[${code}] on login is a matter of time`, async () => {
    const api = bridge.api.as(`${code.toLowerCase()}@login.example`, PASSWORD);
    const ask = () => api.get('/v1/folders');
    scripts.login = { LOGIN: `NO [${code}] not now` };
    assertComesBack(await ask());
    scripts.login = {};
    await untilFine('the next login', ask);
  });
}

test('a server that falls silent is given up, and asked anew by the next request', async () => {
  await assertFine(list('silent'));
  scripts.silent = {
    FETCH: async (command, peer) => {
      scripts.silent = {};
      await peer.silence();
      return null;
    },
  };
  const answer = await list('silent');
  assert.equal(answer.status, 504, answer.text);
  await assertFine(list('silent'));
});

test('a connection that nobody has at the other end any more is given up', async () => {
  const ask = () =>
    bridge.api.as(user.username, user.password).get('/v1/folders/inbox/messages');
  await assertFine(ask());
  const cut = relay.cutNext({ trigger: /\S+ /, side: 'client', after: 0, how: 'silence' });
  const answer = await ask();
  assert.equal(answer.status, 504, answer.text);
  assert.ok(cut.isCut);
  await cut.over();
  await assertFine(ask());
});

test('a host that keeps failing is left alone for a while, then asked again', async () => {
  scripts.breaker = { greet: (peer) => peer.cut() };
  // Another user each time: it is the host that is counted against.
  let n = 0;
  const ask = () => bridge.api.as(`user${n++}@breaker.example`, PASSWORD).get('/v1/folders');
  const left = await waitFor('the host to be left alone', async () => {
    const answer = await ask();
    return answer.status === 503 && answer;
  });
  assert.match(left.headers['retry-after'], /^[1-9]\d*$/);
  const asked = servers.breaker.peers.length;
  assert.equal((await ask()).status, 503);
  assert.equal(servers.breaker.peers.length, asked, 'it was asked all the same');
  scripts.breaker = {};
  await untilFine('the host to be asked again', ask);
});

test('who leaves says LOGOUT', async () => {
  const other = await startMailbridge({
    config: {
      'server goodbye.example': { imap: `imap://localhost:${servers.goodbye.port}?tls=none` },
    },
  });
  const api = other.api.as('ann@goodbye.example', PASSWORD);
  await assertFine(api.get('/v1/folders'));
  api.close();
  await other.stop();
  const [peer] = servers.goodbye.peers;
  await peer.closed;
  assert.match(peer.received.at(-1), /^\S+ LOGOUT$/);
});
