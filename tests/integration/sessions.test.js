// Logging in and out: sessions with a token or a cookie, Basic, and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEMO_PASSWORD, DEMO_USER, dovecot } from './lib/dovecot.js';
import { dovecotSection, startMailbridge, useMailbridge } from './lib/mailbridge.js';
import { basic } from './lib/http.js';
import { assertProblem, errorsOf } from './lib/problem.js';
import { waitFor } from './lib/wait.js';

const COOKIE = '__Host-mailbridge';
// Many logins from one address: the limit has a test of its own.
const use = useMailbridge(async () => ({
  config: {
    login_attempts: 1000,
    allowed_origins: 'https://app.example.org',
    'server example.org': await dovecotSection(),
  },
}));
const login = { username: DEMO_USER, password: DEMO_PASSWORD };

const post = (body, headers = {}) => use.api.api('POST', '/v1/sessions', { body, headers });
const bearer = (token) => `Bearer ${token}`;

async function newToken({ username, password } = login) {
  const answer = await post({ username, password });
  assert.equal(answer.status, 201, answer.text);
  return answer.json.token;
}

test('a session is made, used, looked at and ended', async () => {
  const made = await post(login);
  assert.equal(made.status, 201, made.text);
  assert.equal(made.headers.location, '/v1/session');
  const { token, id, account } = made.json;
  assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(account.username, DEMO_USER);
  assert.equal(account.protocol, 'imap');
  assert.equal(account.server, 'example.org');
  assert.deepEqual(account.identities, [{ name: null, email: DEMO_USER }]);

  const seen = await use.api.get('/v1/session', { auth: bearer(token) });
  assert.equal(seen.status, 200);
  const { token: _, ...withoutToken } = made.json;
  assert.deepEqual(seen.json, withoutToken);
  assert.match(seen.headers.vary, /^Authorization, Cookie/);
  const again = await use.api.get('/v1/session', {
    auth: bearer(token),
    headers: { 'if-none-match': seen.headers.etag },
  });
  assert.equal(again.status, 304);

  const list = await use.api.get('/v1/sessions', { auth: bearer(token) });
  const mine = list.json.sessions.find((session) => session.id === id);
  assert.equal(mine.isCurrent, true);
  assert.equal(mine.createdAt, made.json.createdAt);

  const out = await use.api.api('DELETE', '/v1/session', { auth: bearer(token) });
  assert.equal(out.status, 204);
  assert.equal(out.headers['clear-site-data'], '"cache"');
  const after = await use.api.get('/v1/session', { auth: bearer(token) });
  assertProblem(after, 401, 'session-expired');
});

test('one session ends another of the same account, but none of another', async () => {
  const server = await dovecot();
  const other = await server.newUser();
  const [mine, second, theirs] = [await newToken(), await post(login), await newToken(other)];
  const path = `/v1/sessions/${second.json.id}`;
  assertProblem(
    await use.api.api('DELETE', path, { auth: bearer(theirs) }),
    404,
    'session-not-found',
  );
  assert.equal((await use.api.api('DELETE', path, { auth: bearer(mine) })).status, 204);
  assertProblem(
    await use.api.api('DELETE', path, { auth: bearer(mine) }),
    404,
    'session-not-found',
  );
  assertProblem(
    await use.api.get('/v1/session', { auth: bearer(second.json.token) }),
    401,
    'session-expired',
  );
});

test('a refresh gives a new token, and the old one goes on for a while', async () => {
  const old = await newToken();
  const { id } = (await use.api.get('/v1/session', { auth: bearer(old) })).json;
  const refreshed = await use.api.api('POST', '/v1/session/refresh', { auth: bearer(old) });
  assert.equal(refreshed.status, 200, refreshed.text);
  assert.equal(refreshed.json.id, id);
  assert.notEqual(refreshed.json.token, old);
  for (const token of [old, refreshed.json.token]) {
    assert.equal((await use.api.get('/v1/session', { auth: bearer(token) })).status, 200);
  }
  assertProblem(
    await use.api.api('POST', '/v1/session/refresh', { auth: bearer(old) }),
    409,
    'conflict',
  );
  await use.api.api('DELETE', '/v1/session', { auth: bearer(refreshed.json.token) });
  assertProblem(await use.api.get('/v1/session', { auth: bearer(old) }), 401, 'session-expired');
});

test('a cookie carries the session of a page of ours, and of no other', async () => {
  const made = await post({ ...login, cookie: true }, { origin: use.bridge.url });
  assert.equal(made.status, 201, made.text);
  assert.equal(made.json.token, null);
  const [setCookie] = made.headers['set-cookie'];
  assert.match(setCookie, /^__Host-mailbridge=[\w-]{43}; Path=\/; Max-Age=\d+; /);
  for (const part of ['Secure', 'HttpOnly', 'SameSite=Strict']) {
    assert.ok(setCookie.includes(part), setCookie);
  }
  const cookie = setCookie.split(';')[0];
  const as = (method, path, headers) =>
    use.api.api(method, path, { headers: { cookie, ...headers } });

  assert.equal((await as('GET', '/v1/session')).status, 200);
  for (const origin of ['https://evil.example', 'null']) {
    assertProblem(await as('POST', '/v1/session/refresh', { origin }), 403, 'origin-not-allowed');
  }
  assertProblem(await as('DELETE', '/v1/session'), 403, 'origin-not-allowed');
  const refreshed = await as('POST', '/v1/session/refresh', { origin: 'https://app.example.org' });
  assert.equal(refreshed.status, 200, refreshed.text);
  assert.equal(refreshed.json.token, null);
  assert.equal(refreshed.headers['access-control-allow-origin'], 'https://app.example.org');
  assert.match(refreshed.headers['set-cookie'][0], /^__Host-mailbridge=/);
  const out = await as('DELETE', '/v1/session', { origin: use.bridge.url });
  assert.equal(out.status, 204);
  assert.match(out.headers['set-cookie'][0], /^__Host-mailbridge=; .*Max-Age=0/);
});

test('a page of another origin does not log its visitor in with a cookie', async () => {
  const answer = await post({ ...login, cookie: true }, { origin: 'https://evil.example' });
  assertProblem(answer, 403, 'origin-not-allowed');
  assert.equal(answer.headers['set-cookie'], undefined);
});

test('Basic works without a session, and has none', async () => {
  const answer = await use.demo.get('/v1/session');
  assert.equal(answer.status, 200, answer.text);
  const { id, createdAt, expiresAt } = answer.json;
  assert.deepEqual([id, createdAt, expiresAt], [null, null, null]);
  assertProblem(await use.demo.api('POST', '/v1/session/refresh'), 422, 'not-supported');
  assert.equal((await use.demo.api('DELETE', '/v1/session')).status, 204);
  assert.equal((await use.demo.get('/v1/session')).status, 200);
});

test('Basic from a foreign page changes nothing', async () => {
  const answer = await use.demo.api('DELETE', '/v1/session', {
    headers: { origin: 'https://evil.example' },
  });
  assertProblem(answer, 403, 'origin-not-allowed');
});

test('who does not say who he is, is asked, browsers without a dialog', async () => {
  const curl = await use.api.get('/v1/session');
  assertProblem(curl, 401, 'authentication-required');
  assert.match(curl.headers['www-authenticate'], /^Bearer .*, Basic realm="mailbridge"/);
  for (const headers of [{ origin: 'https://app.example.org' }, { 'sec-fetch-site': 'cross-site' }]) {
    const browser = await use.api.get('/v1/session', { headers });
    assertProblem(browser, 401, 'authentication-required');
    assert.match(browser.headers['www-authenticate'], /^Bearer realm="mailbridge"$/);
  }
});

test('credentials that are none are refused alike', async () => {
  const headers = ['Digest x', 'Basic', 'Basic !!!', basic('', 'x'), 'Bearer'];
  for (const authorization of headers) {
    const answer = await use.api.get('/v1/session', { headers: { authorization } });
    assertProblem(answer, 401, 'authentication-required');
  }
  for (const token of ['x', 'A'.repeat(43), `${'A'.repeat(42)}B`]) {
    const answer = await use.api.get('/v1/session', { auth: bearer(token) });
    assertProblem(answer, 401, 'session-expired');
  }
});

test('a wrong password is told with the words of the mail server', async () => {
  for (const answer of [
    await post({ ...login, password: 'wrong' }),
    await use.api.as(DEMO_USER, 'wrong').get('/v1/folders'),
  ]) {
    assertProblem(answer, 401, 'invalid-credentials');
    assert.equal(answer.json.upstream.code, 'AUTHENTICATIONFAILED');
    assert.equal(answer.json.upstream.protocol, 'imap');
    assert.ok(answer.headers['www-authenticate']);
    assert.ok(!answer.text.includes('wrong'), answer.text);
  }
  assert.equal((await use.demo.get('/v1/folders')).status, 200);
});

test('a password that was changed ends what rests on it', async () => {
  const server = await dovecot();
  const user = await server.newUser();
  const bridge = await startMailbridge({
    config: {
      session_idle: '200ms',
      verified_ttl: '1ms',
      login_attempts: 1000,
      'server example.org': await dovecotSection(),
    },
  });
  const folders = (auth) => bridge.api.get('/v1/folders', { auth });
  try {
    const { username, password } = user;
    const made = await bridge.api.api('POST', '/v1/sessions', { body: { username, password } });
    const token = bearer(made.json.token);
    assert.equal((await folders(token)).status, 200);
    server.changePassword(username, 'another');
    const old = await waitFor('the mail server to take the new password', async () => {
      const answer = await folders(basic(username, password));
      return answer.status !== 200 && answer;
    });
    assertProblem(old, 401, 'invalid-credentials');
    // Connections that are open stay so; the session has to log in once they are closed.
    await waitFor('the connections to be closed', () => server.isLoggedOut(username));
    const refused = await folders(token);
    assertProblem(refused, 401, 'credentials-revoked');
    assert.equal(refused.json.upstream.code, 'AUTHENTICATIONFAILED');
    assert.equal((await folders(basic(username, 'another'))).status, 200);
  } finally {
    await bridge.stop();
  }
});

test('another password never rides an open connection', async () => {
  const { username, password } = await (await dovecot()).newUser();
  assert.equal((await use.api.as(username, password).get('/v1/folders')).status, 200);
  const wrong = await use.api.as(username, `${password}x`).get('/v1/folders');
  assertProblem(wrong, 401, 'invalid-credentials');
});

test('an address without a server is told so', async () => {
  const answer = await post({ username: 'ada@nowhere.example', password: 'x' });
  assertProblem(answer, 422, 'unknown-server');
  assertProblem(await post({ ...login, server: 'no such' }), 422, 'unknown-server');
  assert.equal((await post({ ...login, server: 'example.org' })).status, 201);
});

test('servers of free choice are the operator to allow', async () => {
  const answer = await post({ ...login, incoming: 'imaps://evil.example' });
  assertProblem(answer, 403, 'server-not-allowed');
});

test('a dry run tells and makes nothing', async () => {
  const good = await post({ ...login, dryRun: true });
  assert.equal(good.status, 200, good.text);
  assert.deepEqual(good.json, {
    incoming: { server: 'example.org', protocol: 'imap', ok: true, problem: null },
    outgoing: null,
  });
  const bad = await post({ ...login, password: 'wrong', dryRun: true });
  assert.equal(bad.status, 200, bad.text);
  assert.equal(bad.json.incoming.ok, false);
  assert.equal(bad.json.incoming.problem.code, 'invalid-credentials');
});

test('every fault of a login form is named', async () => {
  const faults = async (body) => errorsOf(await post(body));
  assert.deepEqual(await faults({}), ['#/username missing-member']);
  assert.deepEqual(await faults({ usrname: 'x', password: 5 }), [
    '#/usrname unknown-member',
    '#/username missing-member',
    '#/password wrong-type',
  ]);
  assert.deepEqual(await faults({ username: DEMO_USER }), ['#/password invalid-value']);
  assert.deepEqual(await faults({ ...login, oauth: { accessToken: 'x' } }), [
    '#/password invalid-value',
  ]);
  assert.deepEqual(await faults({ ...login, username: 'a\nb' }), ['#/username invalid-value']);
  assert.deepEqual(await faults([]), ['# wrong-type']);
  const suggested = await post({ ...login, coockie: true });
  assert.equal(suggested.json.errors[0].detail, 'Did you mean cookie?');
});

test('what is not JSON is located and not repeated', async () => {
  const headers = { 'content-type': 'application/json' };
  const answer = await use.api.api('POST', '/v1/sessions', {
    headers,
    body: '{"username":"ada","password":"hunter2"',
  });
  assertProblem(answer, 400, 'invalid-json');
  assert.match(answer.json.detail, /^Line 1, column \d+/);
  assert.ok(!answer.text.includes('hunter2'));
  const asText = await use.api.api('POST', '/v1/sessions', {
    headers: { 'content-type': 'text/plain' },
    body: '{}',
  });
  assertProblem(asText, 415, 'unsupported-media-type');
});

test('guessing is slowed down', async () => {
  const bridge = await startMailbridge({
    config: { login_attempts: 3, 'server example.org': await dovecotSection() },
  });
  try {
    const attempt = () =>
      bridge.api.api('POST', '/v1/sessions', { body: { ...login, password: 'wrong' } });
    for (let i = 0; i < 3; i++) assertProblem(await attempt(), 401, 'invalid-credentials');
    const refused = await attempt();
    assertProblem(refused, 429, 'too-many-requests');
    assert.ok(Number(refused.headers['retry-after']) > 0);
  } finally {
    await bridge.stop();
  }
});

test('the token stands in no log, and neither does the password', async () => {
  const token = await newToken();
  await use.api.get('/v1/session', { auth: bearer(token) });
  assert.ok(!use.bridge.output.includes(token));
  assert.ok(!use.bridge.output.includes(`password`));
  assert.ok(!use.bridge.output.includes(COOKIE));
});
