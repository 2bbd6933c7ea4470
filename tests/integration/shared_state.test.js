// State in Redis: what one process keeps another finds, and so does the next one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { DEMO_PASSWORD, DEMO_USER } from './lib/dovecot.js';
import { dovecotSection, startMailbridge } from './lib/mailbridge.js';
import { assertProblem } from './lib/problem.js';
import { redisIsMissing, startRedis } from './lib/redis.js';
import { waitFor } from './lib/wait.js';

const missing = (await redisIsMissing()) ?? false;
const folder = mkdtempSync(`${tmpdir()}/mailbridge-shared-`);
let redis;

before(async () => {
  if (missing) return;
  redis = await startRedis();
  writeFileSync(`${folder}/key`, 'k'.repeat(64));
});
after(async () => {
  await redis?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const start = async (settings = {}) =>
  startMailbridge({
    config: {
      state: redis.socket,
      state_timeout: '200ms',
      key_file: `${folder}/key`,
      login_attempts: 1000,
      ...settings,
      'server example.org': await dovecotSection(),
    },
  });

async function login(bridge) {
  const body = { username: DEMO_USER, password: DEMO_PASSWORD };
  const made = await bridge.api.api('POST', '/v1/sessions', { body });
  assert.equal(made.status, 201, made.text);
  return { auth: `Bearer ${made.json.token}` };
}

test('a session of one process is good at another and after a restart', { skip: missing }, async () => {
  const [one, other] = [await start(), await start({ state: `redis://127.0.0.1:${redis.port}` })];
  const mine = await login(one);
  assert.equal((await other.api.get('/v1/session', mine)).status, 200);
  assert.equal((await other.api.get('/v1/folders', mine)).status, 200);
  await one.stop();
  const again = await start();
  assert.equal((await again.api.get('/v1/session', mine)).status, 200);
  // Ended at one it is ended at the other, used just now or not.
  assert.equal((await other.api.get('/v1/session', mine)).status, 200);
  assert.equal((await again.api.api('DELETE', '/v1/session', mine)).status, 204);
  assertProblem(await other.api.get('/v1/session', mine), 401, 'session-expired');
  await again.stop();
  await other.stop();
});

test('the usual request asks Redis nothing', { skip: missing }, async () => {
  const bridge = await start();
  const mine = await login(bridge);
  // Scripts that get an entry; what else is going on does so now and then.
  const asked = async () => {
    const stats = await redis.command('INFO', 'commandstats');
    return Number(/cmdstat_pttl:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  };
  await waitFor('a session that is known', async () => {
    const before = await asked();
    await bridge.api.get('/v1/session', mine);
    return (await asked()) === before;
  });
  const before = await asked();
  for (let i = 0; i < 50; i++) assert.equal((await bridge.api.get('/v1/folders', mine)).status, 200);
  assert.ok((await asked()) - before < 10);
  await bridge.stop();
});

test('what users wrote cannot be read in Redis', { skip: missing }, async () => {
  const bridge = await start();
  await login(bridge);
  // Some keys have any bytes in them: they are looked at where they are.
  const odd = `local odd = {}
    for _, key in ipairs(redis.call('KEYS', '*')) do
      local low = key:lower()
      if key:sub(1, 6) ~= 'mb1:1:' or low:find('demo', 1, true) or low:find('example', 1, true) then
        odd[#odd + 1] = key
      end
    end
    return {#redis.call('KEYS', '*'), odd}`;
  assert.match(await redis.command('EVAL', odd, '0'), /^[1-9]\d*$/);
  await bridge.stop();
});

test('it is not ready while Redis is away, and says why in the log only', { skip: missing }, async () => {
  const bridge = await start();
  await redis.stop();
  await waitFor('not being ready', async () => {
    const answer = await bridge.api.get('/health/ready');
    if (answer.status === 200) return false;
    assertProblem(answer, 503, 'not-ready');
    return answer.json.detail === 'The store of sessions cannot be reached.';
  });
  assert.equal((await bridge.api.get('/health/live')).status, 200);
  assert.match(bridge.output, /level=warn event=redis msg="Redis is away: /);
  await redis.start();
  await waitFor('being ready again', async () => {
    return (await bridge.api.get('/health/ready')).status === 200;
  });
  await login(bridge);
  await bridge.stop();
});

test('a session in use goes on while Redis is away, a new one cannot be', { skip: missing }, async () => {
  const bridge = await start();
  const mine = await login(bridge);
  for (let i = 0; i < 3; i++) assert.equal((await bridge.api.get('/v1/folders', mine)).status, 200);
  await redis.stop();
  await waitFor('not being ready', async () => {
    return (await bridge.api.get('/health/ready')).status === 503;
  });
  assert.equal((await bridge.api.get('/v1/folders', mine)).status, 200);
  const body = { username: DEMO_USER, password: DEMO_PASSWORD };
  const refused = await bridge.api.api('POST', '/v1/sessions', { body });
  assert.equal(refused.status, 503, refused.text);
  // It comes back empty: what was known is not believed any more.
  await redis.start();
  await waitFor('being ready again', async () => {
    return (await bridge.api.get('/health/ready')).status === 200;
  });
  await waitFor('asking Redis again', async () => {
    return (await bridge.api.get('/v1/folders', mine)).status === 401;
  });
  await bridge.stop();
});

test('a password of the URL is never shown', { skip: missing }, async () => {
  const state = `redis://ada:hidden-word@127.0.0.1:${redis.port}`;
  const section = await dovecotSection();
  const bridge = await startMailbridge({
    isReady: false,
    config: { state, key_file: `${folder}/key`, 'server example.org': section },
  });
  await waitFor('the refusal', () => /refuses the user name or password/.test(bridge.output));
  assert.doesNotMatch(bridge.output, /hidden-word/);
  await bridge.stop();
});
