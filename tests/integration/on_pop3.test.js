// POP3 servers other than Dovecot: Courier, GNU mailutils, popa3d, solid-pop3d.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMailbridge } from './lib/mailbridge.js';
import { startOtherServer, whyNot } from './lib/other_server.js';
import { assertProblem } from './lib/problem.js';

const message = (n) =>
  [
    'From: Ann <ann@example.com>',
    'To: spare1@example.org',
    `Subject: =?utf-8?Q?gr=C3=BC=C3=9Fe_${n}?=`,
    `Date: Thu, 15 Jan 2026 12:0${n}:00 +0000`,
    `Message-ID: <pop-${n}@example.com>`,
    '',
    '..stuffed',
    '.',
    'hello',
    '',
  ].join('\r\n');

async function inbox(api) {
  const answer = await api.get('/v1/folders/inbox/messages');
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** A mailbridge in front of a new server, and a user with three messages. */
async function front(t, name) {
  const server = await startOtherServer(name);
  for (const n of [1, 2, 3]) server.drop('spare1@example.org', message(n));
  const bridge = await startMailbridge({ config: { 'server example.org': server.pop3Section() } });
  const api = bridge.api.as('spare1@example.org', 'secret');
  const stranger = bridge.api.as('spare1@example.org', 'not the password');
  t.after(async () => {
    api.close();
    stranger.close();
    await bridge.stop();
  });
  return { api, stranger, server };
}

for (const name of ['courier', 'mailutils', 'popa3d', 'solid-pop3d']) {
  const reason = await whyNot(name);
  test(`a maildrop is listed, read, searched and emptied (${name})`, { skip: reason ?? false }, async (t) => {
    const { api, stranger, server } = await front(t, name);
    assertProblem(await stranger.get('/v1/folders'), 401, 'invalid-credentials');
    const { messages, total } = await inbox(api);
    assert.equal(total, 3);
    assert.deepEqual(messages.map(({ subject }) => subject).sort(), ['grüße 1', 'grüße 2', 'grüße 3']);
    for (const { id, subject } of messages) {
      const full = await api.get(`/v1/messages/${id}`);
      assert.equal(full.status, 200, full.text);
      // solid-pop3d takes the empty line between two messages of an mbox for a part of the first.
      assert.equal(full.json.bodyValues['1'].value.trimEnd(), '..stuffed\n.\nhello');
      const raw = await api.get(`/v1/messages/${id}/raw`);
      assert.ok(raw.text.includes(message(subject.slice(-1)).split('\r\n\r\n')[1]), raw.text);
    }
    const found = await api.get('/v1/folders/inbox/messages?subject=2');
    assert.deepEqual(found.json.messages.map(({ subject }) => subject), ['grüße 2']);
    const dated = await api.get('/v1/folders/inbox/messages?sort=sentAt&body=hello');
    assert.deepEqual(dated.json.messages.map(({ subject }) => subject), ['grüße 1', 'grüße 2', 'grüße 3']);
    const seen = { body: { keywords: { $seen: true } } };
    assert.equal((await api.api('PATCH', `/v1/messages/${messages[0].id}`, seen)).status, 200);
    const gone = messages[1].id;
    const removed = await api.api('DELETE', `/v1/messages/${gone}?permanent=true`);
    assert.ok([200, 204].includes(removed.status), removed.text);
    server.drop('spare1@example.org', message(4));
    const left = (await inbox(api)).messages;
    assert.deepEqual(
      left.map(({ subject }) => subject).sort(),
      [messages[0].subject, messages[2].subject, 'grüße 4'].sort(),
    );
    // The others are who they were before, in the next conversation too.
    assert.deepEqual(left.find(({ id }) => id === messages[0].id).keywords, { $seen: true });
    assert.ok(left.some(({ id }) => id === messages[2].id));
    assertProblem(await api.get(`/v1/messages/${gone}`), 404, 'message-not-found');
  });
}
