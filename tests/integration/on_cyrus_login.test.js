// Ways into a real Cyrus: every mechanism pinned, and the one that is chosen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEMO_PASSWORD, DEMO_USER } from './lib/dovecot.js';
import { startMailbridge } from './lib/mailbridge.js';
import { startOtherServer, whyNot } from './lib/other_server.js';
import { assertProblem } from './lib/problem.js';

const reason = await whyNot('cyrus');
const server = reason ? null : await startOtherServer('cyrus');

// Without one: not SCRAM-SHA-256-PLUS, which Cyrus offers and cannot do over TLS 1.3.
for (const auth of [null, 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'PLAIN', 'LOGIN']) {
  test(`Cyrus lets in by ${auth ?? 'what is chosen'}`, { skip: reason ?? false }, async () => {
    const section = { ...server.section(), ...(auth && { auth }) };
    const bridge = await startMailbridge({ config: { 'server example.org': section } });
    const demo = bridge.api.as(DEMO_USER, DEMO_PASSWORD);
    try {
      const answer = await demo.get('/v1/folders/inbox');
      assert.equal(answer.status, 200, answer.text);
      if (auth) return;
      const stranger = bridge.api.as(DEMO_USER, 'not the password');
      assertProblem(await stranger.get('/v1/folders/inbox'), 401, 'invalid-credentials');
      stranger.close();
    } finally {
      demo.close();
      await bridge.stop();
    }
  });
}
