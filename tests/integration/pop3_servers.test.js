// POP3 on the odd servers of Debian: no CAPA, no TOP, UIDLs of all kinds, mboxes that are rewritten.
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { startMailbridge } from './lib/mailbridge.js';
import { whyNot } from './lib/other_server.js';
import { runSupport } from './lib/paths.js';
import { assertProblem } from './lib/problem.js';

const COUNT = 5;
const message = (n) =>
  [
    `From: =?utf-8?Q?J=C3=B6rg_${n}?= <joerg@example.com>`,
    'To: pop@example.org',
    `Subject: =?utf-8?Q?gr=C3=BC=C3=9Fe?= ${n}`,
    `Date: Thu, 15 Jan 2026 12:0${n}:00 +0000`,
    `Message-ID: <m${n}@example.com>`,
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    `..dots and números ${n}`,
    n === 3 ? 'needle' : 'hay',
    '',
  ].join('\n');

/** Where Courier looks is a maildir, where the others do an mbox. */
function fill(name, folder) {
  for (let n = 1; n <= COUNT; n++) {
    if (name === 'courier') writeFileSync(`${folder}/mail/pop/new/${n}.test`, message(n));
    else appendFileSync(`${folder}/mail/pop`, `From joerg@example.com Thu Jan 15 12:0${n}:00 2026\n${message(n)}\n`);
  }
}

async function start(t, name) {
  const folder = mkdtempSync(`${tmpdir()}/mailbridge-pop3-`);
  await runSupport('servers/server.sh', 'start', name, folder, '--user', 'pop:secret');
  t.after(async () => {
    await runSupport('servers/server.sh', 'stop', folder);
    rmSync(folder, { recursive: true, force: true });
  });
  fill(name, folder);
  const port = readFileSync(`${folder}/env`, 'utf8').match(/^POP3_PORT=(\d+)$/m)[1];
  const bridge = await startMailbridge({
    config: {
      maildrop_idle: '200ms',
      'server example.org': { pop3: `pop3://127.0.0.1:${port}?tls=none`, username: '%n' },
    },
  });
  t.after(() => bridge.stop());
  const api = bridge.api.as('pop@example.org', 'secret');
  t.after(() => api.close());
  return api;
}

async function list(api, query = '') {
  const answer = await api.get(`/v1/folders/inbox/messages${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.messages;
}

const subjects = (messages) => messages.map(({ subject }) => Number(subject.split(' ')[1]));

for (const name of ['courier', 'mailutils', 'popa3d', 'solid-pop3d']) {
  const reason = await whyNot(name);
  test(`a maildrop on ${name}`, { skip: reason ?? false }, async (t) => {
    const api = await start(t, name);
    const messages = await list(api);
    assert.deepEqual(subjects(messages).sort(), [1, 2, 3, 4, 5]);
    assert.equal(messages[0].from[0].name, `Jörg ${subjects(messages)[0]}`);
    const third = messages.find(({ subject }) => subject === 'grüße 3');

    const full = await api.get(`/v1/messages/${third.id}`);
    assert.equal(full.status, 200, full.text);
    assert.equal(full.json.bodyValues['1'].value.trimEnd(), '..dots and números 3\nneedle');
    const raw = await api.get(`/v1/messages/${third.id}/raw`);
    assert.match(raw.text, /^\.\.dots and .*3\r\nneedle\r\n/m);

    assert.deepEqual(subjects(await list(api, '?sort=sentAt')), [1, 2, 3, 4, 5]);
    assert.deepEqual(subjects(await list(api, '?body=needle')), [3]);
    assert.deepEqual(subjects(await list(api, '?subject=GR%C3%9C%C3%9FE%204')), [4]);
    const patch = await api.api('PATCH', `/v1/messages/${third.id}`, {
      body: { keywords: { $seen: true } },
    });
    assert.equal(patch.status, 200, patch.text);

    const gone = messages.find(({ subject }) => subject === 'grüße 2');
    const deleted = await api.api('DELETE', `/v1/messages/${gone.id}?permanent=true`);
    assert.ok([200, 204].includes(deleted.status), deleted.text);
    const left = await list(api);
    // The others are who they were before, in the next conversation too.
    assert.deepEqual(
      left.map(({ id }) => id).sort(),
      messages.map(({ id }) => id).filter((id) => id !== gone.id).sort(),
    );
    assert.deepEqual(left.find(({ id }) => id === third.id).keywords, { $seen: true });
    assertProblem(await api.get(`/v1/messages/${gone.id}`), 404, 'message-not-found');
  });
}
