// Ways in: STARTTLS, and every mechanism pinned, on a real Dovecot.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { DEMO_PASSWORD, DEMO_USER, dovecot } from './lib/dovecot.js';
import { startMailbridge } from './lib/mailbridge.js';
import { assertProblem } from './lib/problem.js';

let server;

before(async () => {
  server = await dovecot();
});

/** One mailbridge whose server section has these settings, for the time of `use`. */
async function withSection(settings, use) {
  const section = { domains: 'example.org', ca_file: server.caFile, ...settings };
  const bridge = await startMailbridge({ config: { 'server example.org': section } });
  const demo = bridge.api.as(DEMO_USER, DEMO_PASSWORD);
  const stranger = bridge.api.as(DEMO_USER, 'not the password');
  try {
    await use(demo, stranger);
  } finally {
    demo.close();
    stranger.close();
    await bridge.stop();
  }
}

test('mail is read over STARTTLS', async () => {
  await withSection({ imap: `imap://localhost:${server.imapPort}` }, async (demo) => {
    const folders = await demo.get('/v1/folders');
    assert.equal(folders.status, 200, folders.text);
    const list = await demo.get('/v1/folders/inbox/messages?limit=2');
    assert.equal(list.status, 200, list.text);
    assert.equal(list.json.messages.length, 2);
  });
});

for (const auth of ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'PLAIN', 'LOGIN']) {
  test(`${auth} lets in who knows the password, and nobody else`, async () => {
    const imap = `imaps://localhost:${server.imapsPort}`;
    await withSection({ imap, auth }, async (demo, stranger) => {
      const answer = await demo.get('/v1/folders/inbox');
      assert.equal(answer.status, 200, answer.text);
      assertProblem(await stranger.get('/v1/folders/inbox'), 401, 'invalid-credentials');
    });
  });
}

test('a mechanism that the server does not offer is not replaced by a weaker one', async () => {
  const imap = `imaps://localhost:${server.imapsPort}`;
  await withSection({ imap, auth: 'OAUTHBEARER' }, async (demo) => {
    assertProblem(await demo.get('/v1/folders/inbox'), 422, 'not-supported');
  });
});
