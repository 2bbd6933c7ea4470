// Ways in: STARTTLS, every mechanism pinned, passwords and access tokens, on a real Dovecot.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { DEMO_PASSWORD, DEMO_USER, dovecot } from './lib/dovecot.js';
import { startMailbridge } from './lib/mailbridge.js';
import { assertProblem } from './lib/problem.js';
import { waitFor } from './lib/wait.js';

let server;

before(async () => {
  server = await dovecot();
});

/** One mailbridge whose server section has these settings, for the time of `use`. */
async function withBridge(settings, use, others = {}) {
  const section = { domains: 'example.org', ca_file: server.caFile, ...settings };
  const config = { login_attempts: 1000, ...others, 'server example.org': section };
  const bridge = await startMailbridge({ config });
  try {
    await use(bridge);
  } finally {
    await bridge.stop();
  }
}

async function withSection(settings, use) {
  await withBridge(settings, async (bridge) => {
    const demo = bridge.api.as(DEMO_USER, DEMO_PASSWORD);
    const stranger = bridge.api.as(DEMO_USER, 'not the password');
    try {
      await use(demo, stranger);
    } finally {
      demo.close();
      stranger.close();
    }
  });
}

const newSession = (bridge, username, accessToken) =>
  bridge.api.api('POST', '/v1/sessions', { body: { username, oauth: { accessToken } } });

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
  await withSection({ imap, auth: 'SCRAM-SHA-256-PLUS' }, async (demo) => {
    assertProblem(await demo.get('/v1/folders/inbox'), 422, 'not-supported');
  });
});

for (const auth of ['OAUTHBEARER', 'XOAUTH2']) {
  test(`${auth} lets in with an access token, and not with one that is no good`, async () => {
    const imap = `imaps://localhost:${server.imapsPort}`;
    await withBridge({ imap, auth }, async (bridge) => {
      const made = await newSession(bridge, DEMO_USER, server.accessToken(DEMO_USER, 600));
      assert.equal(made.status, 201, made.text);
      const list = await bridge.api.get('/v1/folders/inbox/messages?limit=2', {
        auth: `Bearer ${made.json.token}`,
      });
      assert.equal(list.status, 200, list.text);
      assert.equal(list.json.messages.length, 2);
      // Dovecot explains itself in a challenge first; only its answer brings the code.
      for (const [what, token] of [
        ['expired', server.accessToken(DEMO_USER, -60)],
        ['forged', server.accessToken(DEMO_USER, 600, 'some other key')],
        ['of somebody else', server.accessToken('spare0@example.org', 600)],
        ['no token at all', 'opaque'],
      ]) {
        const refused = await newSession(bridge, DEMO_USER, token);
        assertProblem(refused, 401, 'invalid-credentials');
        assert.equal(refused.json.upstream.code, 'AUTHENTICATIONFAILED', what);
        assert.ok(!refused.text.includes(token), what);
        assert.ok(!bridge.output.includes(token), what);
      }
    });
  });
}

test('a password does not go where only tokens may', async () => {
  const imap = `imaps://localhost:${server.imapsPort}`;
  await withSection({ imap, auth: 'XOAUTH2' }, async (demo) => {
    assertProblem(await demo.get('/v1/folders/inbox'), 422, 'not-supported');
  });
});

/** A session on a token that was good when the session was made, and when it ends. */
async function sessionThatExpires(bridge, username) {
  // On a slow machine a short life is over before the token arrives.
  for (let seconds = 2; seconds < 300; seconds *= 2) {
    const endsAt = Date.now() + seconds * 1000;
    const made = await newSession(bridge, username, server.accessToken(username, seconds));
    if (made.status === 201) return { token: made.json.token, endsAt };
    assertProblem(made, 401, 'invalid-credentials');
  }
  throw new Error('no access token was ever good');
}

test('a session whose access token has expired is told so', async () => {
  const imap = `imaps://localhost:${server.imapsPort}`;
  const { username } = await server.newUser();
  await withBridge(
    { imap },
    async (bridge) => {
      const { token, endsAt } = await sessionThatExpires(bridge, username);
      await waitFor('the token to expire', () => Date.now() > endsAt + 1500, 400_000);
      // What is open stays open; the next connection needs the token again.
      await waitFor('the connections to be closed', () => server.isLoggedOut(username));
      const refused = await bridge.api.get('/v1/folders', { auth: `Bearer ${token}` });
      assertProblem(refused, 401, 'credentials-revoked');
      assert.equal(refused.json.upstream.code, 'AUTHENTICATIONFAILED');
    },
    { session_idle: '200ms', verified_ttl: '1ms' },
  );
});
