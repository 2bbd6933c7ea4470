// POP3 accounts: the event feed, out of looking at the maildrop at intervals.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dovecot } from './lib/dovecot.js';
import { openStream } from './lib/event_stream.js';
import { deliver } from './lib/lmtp.js';
import { startMailbridge, useMailbridge } from './lib/mailbridge.js';
import { startScriptedServer } from './lib/scripted_server.js';
import { waitFor } from './lib/wait.js';

const use = useMailbridge(async () => {
  const { pop3sPort, caFile } = await dovecot();
  return {
    config: {
      watch_poll: '300ms',
      maildrop_idle: '100ms',
      'server example.org': { pop3: `pop3s://localhost:${pop3sPort}`, ca_file: caFile },
    },
  };
});

const ofMessages = (events) => events.filter(({ type }) => type.startsWith('message.'));
const created = (events) => events.filter(({ type }) => type === 'message.created');

async function someone(t) {
  const server = await dovecot();
  const user = await server.newUser();
  const api = use.bridge.api.as(user.username, user.password);
  t.after(() => api.close());
  const mail = (subject) =>
    deliver(
      server,
      user.username,
      `From: bob@example.net\nSubject: ${subject}\nMessage-ID: <${subject}@x>\n\nHello ${subject}.\n`,
    );
  return { api, mail };
}

test('what comes, changes and goes is told once and in order', async (t) => {
  const { api, mail } = await someone(t);
  await mail('old');
  const stream = await openStream(t, api);
  await mail('one');
  await stream.until('the first one', (events) => created(events).length === 1);
  await mail('two');
  const seen = await stream.until('the second one', (events) => created(events).length === 2);
  const [one, two] = created(seen).map(({ message }) => message);
  assert.deepEqual([one.subject, two.subject], ['one', 'two']);
  assert.equal(one.preview, 'Hello one.');
  assert.match(one.id, /^[\w-]{12}\.p\./);
  assert.equal((await api.get(`/v1/messages/${one.id}`)).json.id, one.id);

  const patch = { body: { keywords: { $flagged: true } } };
  assert.equal((await api.api('PATCH', `/v1/messages/${two.id}`, patch)).status, 200);
  await stream.until('the flag', (events) => events.some(({ type }) => type === 'message.updated'));
  const gone = await api.api('DELETE', `/v1/messages/${one.id}?permanent=true`);
  assert.ok([200, 204].includes(gone.status), gone.text);
  await stream.until('the deletion', (events) =>
    events.some(({ type }) => type === 'message.deleted'),
  );
  const events = ofMessages(stream.events);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['message.created', 'message.created', 'message.updated', 'message.deleted'],
  );
  assert.deepEqual(events[2].updates, [{ id: two.id, keywords: { $flagged: true } }]);
  assert.deepEqual(events[3].ids, [one.id]);
  assert.deepEqual(
    stream.events.filter(({ type }) => type === 'reset'),
    [],
  );
});

test('between the looks nothing is held, so that other programs get in', async (t) => {
  const heard = [];
  const scripted = await startScriptedServer(async (peer) => {
    await peer.send('+OK ready\r\n');
    for (let line = await peer.line(); line !== null; line = await peer.line()) {
      const [name] = line.split(' ');
      if (name === 'PASS' || name === 'QUIT') heard.push(name);
      const empty = '+OK\r\n.\r\n';
      const answers = { CAPA: '+OK\r\nUIDL\r\n.\r\n', LIST: empty, UIDL: empty };
      await peer.send(answers[name] ?? '+OK\r\n');
      if (name === 'QUIT') peer.socket.end();
    }
  });
  t.after(() => scripted.stop());
  const bridge = await startMailbridge({
    config: {
      watch_poll: '300ms',
      maildrop_idle: '100ms',
      'server example.org': { pop3: `pop3://127.0.0.1:${scripted.port}?tls=none` },
    },
  });
  t.after(() => bridge.stop());
  const api = bridge.api.as('pop@example.org', 'secret');
  t.after(() => api.close());
  await openStream(t, api);
  await waitFor('some looks', () => heard.length >= 8);
  assert.deepEqual(
    heard.slice(0, 8),
    Array.from({ length: 8 }, (_, i) => (i % 2 ? 'QUIT' : 'PASS')),
  );
});

test('a listener that comes back hears what it has missed', async (t) => {
  const { api, mail } = await someone(t);
  const { cursor } = (await api.get('/v1/events')).json;
  await mail('missed');
  const events = [];
  let since = cursor;
  await waitFor('the event', async () => {
    const answer = await api.get(`/v1/events?since=${since}&wait=1`);
    assert.equal(answer.status, 200, answer.text);
    events.push(...answer.json.events);
    since = answer.json.cursor;
    return created(events).length > 0;
  });
  assert.deepEqual(
    ofMessages(events).map(({ message }) => message?.subject),
    ['missed'],
  );
});
