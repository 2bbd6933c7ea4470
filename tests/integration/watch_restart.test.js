// A mail server that is stopped and started again while somebody listens.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { startDovecot } from './lib/dovecot.js';
import { openStream } from './lib/event_stream.js';
import { ImapClient } from './lib/imap_client.js';
import { startMailbridge } from './lib/mailbridge.js';

const ANN = 'ann@example.org';
const letter = (subject) => `From: a@example.org\r\nSubject: ${subject}\r\n\r\ntext\r\n`;

let folder;
let server;
let bridge;

before(async () => {
  folder = mkdtempSync(`${tmpdir()}/mailbridge-restart-`);
  server = await startDovecot(folder, '--user', `${ANN}:secret`);
  bridge = await startMailbridge({
    config: {
      watch_poll: '1s',
      'server example.org': {
        domains: 'example.org',
        imap: `imaps://localhost:${server.imapsPort}`,
        ca_file: server.caFile,
      },
    },
  });
});

after(async () => {
  await bridge?.stop();
  server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const subjects = (events) =>
  events.filter(({ type }) => type === 'message.created').map(({ message }) => message.subject);

async function change(what) {
  const imap = await ImapClient.connect(server, ANN, 'secret');
  await what(imap);
  await imap.logout();
}

test('a restarted server is found again, and all that happened is told once', async (t) => {
  await change((imap) => imap.append('INBOX', letter('zero')));
  const api = bridge.api.as(ANN, 'secret');
  t.after(() => api.close());
  const stream = await openStream(t, api);
  const { cursor } = (await api.get('/v1/events')).json;
  const want = [];
  for (const [index, round] of ['one', 'two'].entries()) {
    server.stop();
    await stream.until(`the loss in round ${round}`, (events) =>
      events.filter(({ type }) => type === 'account.disconnected').length > index,
    );
    const started = await startDovecot(folder, '--user', `${ANN}:secret`);
    assert.equal(started.imapsPort, server.imapsPort);
    server = started;
    // At once, while the watch is about to come back; and after it has.
    await change((imap) => imap.append('INBOX', letter(`${round} early`)));
    want.push(`${round} early`);
    await stream.until(`the first of round ${round}`, (events) =>
      subjects(events).includes(`${round} early`),
    );
    await change((imap) => imap.append('INBOX', letter(`${round} late`)));
    want.push(`${round} late`);
    await stream.until(`the second of round ${round}`, (events) =>
      subjects(events).includes(`${round} late`),
    );
  }
  assert.deepEqual(subjects(stream.events), want);
  const again = (await api.get(`/v1/events?since=${cursor}`)).json;
  assert.deepEqual(subjects(again.events), want);
});
