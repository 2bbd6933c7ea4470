// The tools that the other tests rest on.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, test } from 'node:test';
import { startDelayProxy } from '../support/delay_proxy.js';
import { DEMO_PASSWORD, DEMO_USER, dovecot } from './lib/dovecot.js';
import { ImapClient } from './lib/imap_client.js';
import { deliver } from './lib/lmtp.js';
import { imapPeer, startScriptedServer } from './lib/scripted_server.js';
import { waitFor } from './lib/wait.js';

const stops = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** Everything that comes over a plain connection until it ends. */
function readAll(port, request = '') {
  return new Promise((resolve, reject) => {
    let text = '';
    net
      .connect(port, '127.0.0.1', function connected() {
        this.write(request);
      })
      .on('data', (chunk) => {
        text += chunk;
      })
      .on('close', () => resolve(text))
      .on('error', (error) => (error.code === 'ECONNRESET' ? resolve(text) : reject(error)));
  });
}

test('the demo mailbox has what the manifest says', async () => {
  const server = await dovecot();
  const manifest = server.demoManifest();
  const client = await ImapClient.connect(server, DEMO_USER, DEMO_PASSWORD);
  const { untagged } = await client.select('INBOX');
  const inbox = manifest.filter((truth) => truth.folder === 'INBOX');
  assert.ok(untagged.includes(`* ${inbox.length} EXISTS`), untagged.join('\n'));
  const fetched = await client.command('FETCH 1:* (RFC822.SIZE)');
  const sizes = fetched.untagged.map((line) => Number(line.match(/RFC822\.SIZE (\d+)/)[1]));
  assert.deepEqual(
    sizes,
    inbox.map((truth) => truth.size),
  );
  await client.logout();
});

test('mail that is delivered arrives, and a literal stays in its line', async () => {
  const server = await dovecot();
  const user = await server.newUser();
  await deliver(server, user.username, 'Subject: hello\n\n.dot\na1 OK not an answer\n');
  const client = await ImapClient.connect(server, user.username, user.password);
  await waitFor('the message', async () =>
    (await client.select('INBOX')).untagged.includes('* 1 EXISTS'),
  );
  const { untagged } = await client.command('FETCH 1 (BODY.PEEK[TEXT])');
  assert.match(untagged[0], /\{\d+\}\r\n\.dot\r\na1 OK not an answer\r\n\)$/);
  await client.append('Sent', 'Subject: copy\r\n\r\nx\r\n', '\\Seen');
  assert.ok((await client.select('Sent')).untagged.includes('* 1 EXISTS'));
  await client.logout();
});

test('a wrong password is refused', async () => {
  await assert.rejects(
    ImapClient.connect(await dovecot(), DEMO_USER, 'wrong'),
    /AUTHENTICATIONFAILED/,
  );
});

test('a scripted server answers, stops in the middle of an answer, and notes what it got', async () => {
  const server = await startScriptedServer(
    imapPeer({
      SEARCH: async (command, peer) => {
        peer.cutAfter(5);
        await peer.send('* SEARCH 1 2 3\r\n');
        return null;
      },
    }),
  );
  stops.push(() => server.stop());
  const text = await readAll(server.port, 'a LOGIN x {3}\r\nabc\r\nb SEARCH ALL\r\n');
  assert.match(text, /^\* OK .*\r\n\+ go ahead\r\na OK done\r\n\* SEA$/);
  assert.deepEqual(server.peers[0].received, ['a LOGIN x {3}\r\nabc', 'b SEARCH ALL']);
});

test('a proxy delays what it passes on, and cuts where it is told', async () => {
  const server = await startScriptedServer(async (peer) => {
    await peer.send('0123456789');
    await peer.silence();
  });
  stops.push(() => server.stop());
  const proxy = await startDelayProxy({ toPort: server.port, cutAfterBytes: 4, delayMs: 150 });
  stops.push(() => proxy.stop());
  const started = performance.now();
  assert.equal(await readAll(proxy.port), '0123');
  // Node's timers count whole milliseconds of a clock of their own: a little less is no fault.
  assert.ok(performance.now() - started >= 140, 'it was not delayed');
});
