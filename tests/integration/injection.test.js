// What a client says stays an argument: hostile names and passwords against a POP3 server, whose
// protocol has no way to quote, and the same over JSON against an IMAP server. The proof for each
// place of IMAP is the unit test test_injection.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { startMailbridge } from './lib/mailbridge.js';
import { imapPeer, startScriptedServer } from './lib/scripted_server.js';

const EVIL = [
  'a\r\nDELE 1',
  'a\nQUIT',
  'a\rQUIT',
  'a\0b',
  '\r\n',
  'a" b\\c',
  'a {5}',
  'a{5+}',
  '{5}\r\nDELE 1\r\n',
  'ü 日本 📧',
  '"\r\na9 DELETE INBOX\r\n',
  '* % ( ) ~ + = ,',
  'a\u0001b',
  'a\u007fb',
];

/** A POP3 server that notes each line and knows USER and PASS only. */
async function startPop3() {
  const lines = [];
  const server = net.createServer((socket) => {
    let rest = '';
    socket.on('error', () => {});
    socket.write('+OK ready\r\n');
    socket.on('data', (chunk) => {
      const parts = (rest + chunk.toString('latin1')).split('\r\n');
      rest = parts.pop();
      for (const line of parts) {
        lines.push(line);
        if (line === 'CAPA') socket.write('+OK\r\nUSER\r\nUIDL\r\n.\r\n');
        else if (/^(STAT|NOOP)$/.test(line)) socket.write('+OK 0 0\r\n');
        else if (/^(LIST|UIDL)$/.test(line)) socket.write('+OK\r\n.\r\n');
        else socket.write('+OK\r\n');
      }
    });
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  return { lines, port: server.address().port, stop: () => server.close() };
}

let pop3;
let imap;
let bridge;

before(async () => {
  pop3 = await startPop3();
  imap = await startScriptedServer(imapPeer());
  bridge = await startMailbridge({
    config: {
      login_attempts: 10000,
      'server pop3.example': { pop3: `pop3://localhost:${pop3.port}?tls=none` },
      'server imap.example': { imap: `imap://localhost:${imap.port}?tls=none` },
    },
  });
});

after(async () => {
  await bridge?.stop();
  pop3?.stop();
  await imap?.stop();
});

const logIn = (body) => bridge.api.api('POST', '/v1/sessions', { body });
const latin1 = (text) => Buffer.from(text).toString('latin1');

test('a name or password is one argument of POP3, or is not sent', async () => {
  for (const evil of EVIL) {
    for (const [username, password] of [
      [`${evil}@pop3.example`, 'secret'],
      ['ann@pop3.example', evil],
    ]) {
      pop3.lines.length = 0;
      const answer = await logIn({ server: 'pop3.example', username, password });
      const said = pop3.lines.filter((line) => !/^(CAPA|STAT|UIDL|LIST|QUIT|NOOP)$/.test(line));
      const whole = [`USER ${latin1(username)}`, `PASS ${latin1(password)}`];
      assert.ok(answer.status === 201 || (answer.status >= 400 && answer.status < 500), answer.text);
      // All of it, or as much of it as is harmless.
      assert.deepEqual(said, whole.slice(0, said.length), JSON.stringify(evil));
      if (answer.status === 201) assert.equal(said.length, 2);
    }
  }
});

test('a name of a folder is one argument of IMAP, or is not sent', async () => {
  const client = bridge.api.as('ann@imap.example', 'secret');
  try {
    assert.equal((await client.get('/v1/folders')).status, 200);
    for (const evil of EVIL) {
      const answer = await client.api('POST', '/v1/folders', { body: { name: evil } });
      assert.ok(answer.status >= 400 && answer.status < 500, answer.text);
    }
    const lines = imap.peers.flatMap((peer) => peer.received);
    const usual = /^a\d+ (CAPABILITY|LOGIN|CREATE|LIST|LSUB|STATUS|NOOP)( |$)/;
    for (const line of lines) assert.match(line, usual);
    // The server knows no CREATE; what reached it was this and nothing else.
    const created = lines.filter((line) => / CREATE /.test(line));
    assert.ok(created.length > 0 && created.length <= EVIL.length, created.join('\n'));
  } finally {
    client.close();
  }
});
