// Logins that are bound to their TLS connection (SCRAM-…-PLUS), on a real Cyrus over TLS 1.2.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { dirname } from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';
import { DEMO_PASSWORD, DEMO_USER } from './lib/dovecot.js';
import { startMailbridge } from './lib/mailbridge.js';
import { startOtherServer, whyNot } from './lib/other_server.js';
import { assertProblem } from './lib/problem.js';

const reason = await whyNot('cyrus');
const server = reason ? null : await startOtherServer('cyrus', 'tls12');
const options = { skip: reason ?? false };
const INBOX = '/v1/folders/inbox';

/** Hears both sides of connections to Cyrus, each into an element of `heard`. */
async function startRelay(t, listener, connect) {
  const heard = [];
  const sockets = new Set();
  const relay = listener((client) => {
    const link = { client: '', server: '' };
    heard.push(link);
    const upstream = connect();
    for (const [side, from, to] of [
      ['client', client, upstream],
      ['server', upstream, client],
    ]) {
      sockets.add(from);
      from.on('data', (chunk) => {
        link[side] += chunk.toString('latin1');
        to.write(chunk);
      });
      from.on('error', () => {}).on('close', () => to.end());
    }
  });
  await new Promise((resolve, reject) => {
    relay.on('error', reject).listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    relay.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: relay.address().port, heard };
}

/** Sees the handshake and then only what is encrypted. */
const relayBytes = (t) =>
  startRelay(
    t,
    (onClient) => net.createServer(onClient),
    () => net.connect(server.imapsPort, '127.0.0.1'),
  );

/** Has a certificate that mailbridge trusts, and so reads all. */
function interceptTls(t) {
  const folder = dirname(server.caFile);
  const ours = {
    cert: readFileSync(`${folder}/server.pem`),
    key: readFileSync(`${folder}/server.key`),
    maxVersion: 'TLSv1.2',
  };
  const theirs = {
    port: server.imapsPort,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: readFileSync(server.caFile),
  };
  return startRelay(
    t,
    (onClient) => tls.createServer(ours, onClient),
    () => tls.connect(theirs),
  );
}

/** Gives who(username, password), the API as that user. */
async function startBridge(t, settings) {
  const section = { ...server.section(), ...settings };
  const bridge = await startMailbridge({ config: { 'server example.org': section } });
  t.after(() => bridge.stop());
  return (username, password) => {
    const api = bridge.api.as(username, password);
    t.after(() => api.close());
    return api;
  };
}

async function assertLetsIn(api) {
  const answer = await api.get(INBOX);
  assert.equal(answer.status, 200, answer.text);
}

for (const auth of ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-1-PLUS']) {
  test(`${auth} lets in who knows the password, and nobody else`, options, async (t) => {
    const who = await startBridge(t, { auth });
    await assertLetsIn(who(DEMO_USER, DEMO_PASSWORD));
    const refused = await who(DEMO_USER, 'not the password').get(INBOX);
    assertProblem(refused, 401, 'invalid-credentials');
    // And not for its binding, see below.
    assert.equal(refused.json.upstream.text, 'authentication failure');
  });
}

test('a login is bound to a resumed TLS session', options, async (t) => {
  const relay = await relayBytes(t);
  const imap = `imaps://localhost:${relay.port}`;
  const who = await startBridge(t, { imap, auth: 'SCRAM-SHA-256-PLUS' });
  // In TLS 1.2 it passes unencrypted, unless the session is resumed.
  const pem = readFileSync(`${dirname(server.caFile)}/server.pem`);
  const certificate = new X509Certificate(pem).raw.toString('latin1');
  const isResumed = ({ server: said }) => !said.includes(certificate);

  await assertLetsIn(who(DEMO_USER, DEMO_PASSWORD));
  assert.ok(!isResumed(relay.heard[0]));
  const before = relay.heard.length;
  const { username, password } = await server.newUser();
  await assertLetsIn(who(username, password));
  assert.ok(relay.heard.length > before);
  assert.ok(relay.heard.slice(before).every(isResumed));
});

test('what is chosen is bound, and of no use to whoever sits between', options, async (t) => {
  const direct = await startBridge(t, {});
  await assertLetsIn(direct(DEMO_USER, DEMO_PASSWORD));

  const relay = await interceptTls(t);
  const imap = `imaps://localhost:${relay.port}`;
  const bound = await startBridge(t, { imap });
  const refused = await bound(DEMO_USER, DEMO_PASSWORD).get(INBOX);
  assertProblem(refused, 401, 'invalid-credentials');
  assert.equal(refused.json.upstream.text, 'bad protocol / cancel');
  assert.match(relay.heard[0].client, /^\w+ AUTHENTICATE SCRAM-SHA-256-PLUS /m);

  // For that reason only: what is not bound gets through.
  const unbound = await startBridge(t, { imap, auth: 'SCRAM-SHA-256' });
  await assertLetsIn(unbound(DEMO_USER, DEMO_PASSWORD));
});
