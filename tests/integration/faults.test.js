// Mail servers that misbehave. Each fault gets its problem, the password goes nowhere it should
// not, and everybody else is served meanwhile and afterwards.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { DEMO_PASSWORD, DEMO_USER } from './lib/dovecot.js';
import { dovecotSection, freePort, startMailbridge } from './lib/mailbridge.js';
import { certificates, imapPeer, startScriptedServer } from './lib/scripted_server.js';
import { waitFor } from './lib/wait.js';

const MIB = 1 << 20;
const GREETING = '* OK [CAPABILITY IMAP4rev1] ready\r\n';
const PASSWORD = 'not-for-strangers';

/** Answers a command by sending what is given and leaving; `then` says how it goes on. */
const instead = (text, then) => async (command, peer) => {
  await peer.send(text.replace('TAG', command.tag));
  await then?.(peer);
  return null;
};
const cut = (peer) => peer.cut();
const silence = (peer) => peer.silence();
const flood = (bytes) => (peer) => peer.flood(bytes);

/** What the server does, how it is spoken to, and the problems that are right. */
const FAULTS = {
  expired: {
    say: 'has a certificate that has expired',
    certificate: 'expired',
    is: [/^502 upstream-tls-failed$/],
  },
  wronghost: {
    say: "has another host's certificate",
    certificate: 'wronghost',
    is: [/^502 upstream-tls-failed$/],
  },
  stranger: {
    say: 'has a certificate that nobody signed',
    certificate: 'stranger',
    is: [/^502 upstream-tls-failed$/],
  },
  plaintext: {
    say: 'does not speak TLS where it should',
    url: 'imaps',
    peer: imapPeer(),
    is: [/^502 upstream-(tls-failed|protocol-error)$/],
  },
  nostarttls: {
    say: 'does not offer STARTTLS',
    url: 'starttls',
    peer: imapPeer(),
    is: [/^502 upstream-tls-failed$/],
  },
  injected: {
    say: 'slips an answer in before TLS',
    url: 'starttls',
    peer: imapPeer(
      { STARTTLS: instead('TAG OK go\r\n* OK [CAPABILITY IMAP4rev1 EVIL] injected\r\n', silence) },
      { greeting: '* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n' },
    ),
    is: [/^502 upstream-(tls-failed|protocol-error)$/],
  },
  closing: { say: 'closes at once', peer: cut, is: [/^502 upstream-unreachable$/] },
  silent: { say: 'says nothing', peer: silence, is: [/^504 upstream-timeout$/] },
  busy: {
    say: 'greets with BYE',
    peer: async (peer) => {
      await peer.send('* BYE [UNAVAILABLE] come back later\r\n');
      peer.cut();
    },
    is: [/^503 upstream-unavailable$/, /^502 upstream-unreachable$/],
  },
  otherprotocol: {
    say: 'is no mail server',
    peer: async (peer) => {
      await peer.send('SSH-2.0-OpenSSH_9.2\r\n');
      await peer.silence();
    },
    is: [/^502 upstream-protocol-error$/],
  },
  garbage: {
    say: 'answers with garbage',
    answers: { LIST: instead('* LIST (\\Odd "/ }{ \x00\xff\r\nTAG OK done\r\n', silence) },
    is: [/^502 upstream-protocol-error$/],
  },
  half: {
    say: 'leaves in the middle of an answer',
    answers: { LIST: instead('* LIST (\\HasNoChildren) "/" {9}\r\nIN', cut) },
    is: [/^502 upstream-unreachable$/],
  },
  stalled: {
    say: 'falls silent in the middle of an answer',
    answers: { LIST: instead('* LIST (\\HasNoChildren) "/" ', silence) },
    is: [/^504 (upstream-timeout|deadline-exceeded)$/],
  },
  longline: {
    say: 'sends a line without an end',
    answers: { LIST: instead('* LIST (\\HasNoChildren) "/" "', flood(64 * MIB)) },
    is: [/^502 upstream-(too-large|protocol-error)$/],
  },
  literal: {
    say: 'announces 10 GB and sends them',
    answers: { LIST: instead('* LIST () "/" {10000000000}\r\n', flood(10_000_000_000)) },
    is: [/^502 upstream-(too-large|protocol-error)$/],
  },
  endless: {
    say: 'never comes to the end of an answer',
    answers: {
      LIST: instead('', (peer) => peer.flood(128 * MIB, '* LIST (\\HasNoChildren) "/" folder\r\n')),
    },
    is: [/^502 upstream-(too-large|protocol-error)$/, /^504 (upstream-timeout|deadline-exceeded)$/],
  },
  refusing: {
    say: 'says that it is under maintenance',
    answers: { LOGIN: async () => ({ tagged: 'NO [UNAVAILABLE] maintenance' }) },
    is: [/^503 upstream-unavailable$/],
  },
  nologin: {
    say: 'does not let anybody log in',
    peer: imapPeer({}, { greeting: '* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] ready\r\n' }),
    is: [/^(422|502|403) [a-z-]+$/],
  },
};

const servers = {};
let bridge;
let demo;

async function startFault(name, { certificate, answers, peer }) {
  const conversation = peer ?? imapPeer(answers, { greeting: GREETING });
  servers[name] = await startScriptedServer(conversation, { certificate });
}

function urlOf(name, { certificate, url }) {
  const { port } = servers[name];
  if (certificate || url === 'imaps') return `imaps://localhost:${port}`;
  return url === 'starttls' ? `imap://localhost:${port}` : `imap://localhost:${port}?tls=none`;
}

before(async () => {
  const config = { login_timeout: '4s', request_timeout: '8s' };
  const caFile = `${await certificates()}/ca.pem`;
  for (const [name, fault] of Object.entries(FAULTS)) {
    await startFault(name, fault);
    config[`server ${name}.example`] = { imap: urlOf(name, fault), ca_file: caFile };
  }
  config['server absent.example'] = { imap: `imap://localhost:${await freePort()}?tls=none` };
  config['server example.org'] = await dovecotSection();
  bridge = await startMailbridge({ config });
  demo = bridge.api.as(DEMO_USER, DEMO_PASSWORD);
});

after(async () => {
  demo?.close();
  await bridge?.stop();
  for (const server of Object.values(servers)) await server.stop();
});

const ask = (name, path = '/v1/folders') =>
  bridge.api.as(`ann@${name}.example`, PASSWORD).get(path);

function residentBytes() {
  const status = readFileSync(`/proc/${bridge.pid}/status`, 'utf8');
  return Number(status.match(/VmRSS:\s+(\d+) kB/)[1]) * 1024;
}

async function assertProblemIs(answer, expected) {
  const problem = answer.json;
  const said = `${answer.status} ${problem.code}`;
  assert.ok(
    expected.some((pattern) => pattern.test(said)),
    `${said}: ${answer.text}`,
  );
  assert.ok(!answer.text.includes(PASSWORD), 'the password is in the answer');
  if (answer.status === 503) assert.match(answer.headers['retry-after'], /^\d+$/);
}

for (const [name, { say, is }] of Object.entries(FAULTS)) {
  test(`a mail server that ${say} gets its problem`, async () => {
    const before = residentBytes();
    await assertProblemIs(await ask(name), is);
    // The sanitizers hold freed memory back for a while, hence the margin.
    assert.ok(
      residentBytes() - before < 160 * MIB,
      `memory grew by ${residentBytes() - before} bytes`,
    );
    assert.equal((await demo.get('/v1/folders')).status, 200);
  });
}

test('a host where nobody listens is unreachable', async () => {
  await assertProblemIs(await ask('absent'), [/^502 upstream-unreachable$/]);
});

test('the password is not sent where the connection is not what it should be', () => {
  for (const name of [
    'expired',
    'wronghost',
    'stranger',
    'plaintext',
    'nostarttls',
    'injected',
    'nologin',
  ]) {
    const received = servers[name].peers.flatMap((peer) => peer.received).join('\n');
    assert.ok(!received.includes(PASSWORD), name);
    assert.doesNotMatch(received, /^\S+ (LOGIN|AUTHENTICATE)\b/im, name);
  }
});

test('the password is not in the log', () => {
  assert.ok(!bridge.output.includes(PASSWORD));
});

test('who waits for a silent mail server holds nobody up', async () => {
  let isSilentDone = false;
  const silent = ask('silent').then((answer) => {
    isSilentDone = true;
    return answer;
  });
  for (let n = 0; n < 5; n += 1) assert.equal((await demo.get('/v1/folders')).status, 200);
  assert.equal(isSilentDone, false);
  assert.ok((await silent).status >= 500);
});

test('a client that leaves takes the connection to a silent mail server with it', async () => {
  const known = servers.silent.peers.length;
  const socket = net.connect(bridge.port, '127.0.0.1');
  const credentials = Buffer.from(`bob@silent.example:${PASSWORD}`).toString('base64');
  socket.write(
    `GET /v1/folders HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${credentials}\r\n\r\n`,
  );
  const peer = await waitFor('the connection', () => servers.silent.peers[known]);
  socket.destroy();
  await peer.closed;
});
