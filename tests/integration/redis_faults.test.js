// Redis in every state but a good one. Whoever was known is served on, nobody waits longer than he
// has to, it is told that something is wrong, and when that is over all is as before.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { dovecot } from './lib/dovecot.js';
import { openStream } from './lib/event_stream.js';
import { startFaultProxy } from './lib/fault_proxy.js';
import { ApiClient } from './lib/http.js';
import { ImapClient } from './lib/imap_client.js';
import { dovecotSection, startMailbridge } from './lib/mailbridge.js';
import { RedisClient } from './lib/redis_client.js';
import { redisIsMissing, startRedis } from './lib/redis.js';
import { waitFor } from './lib/wait.js';

const skip = (await redisIsMissing()) ?? false;
const folder = mkdtempSync(`${tmpdir()}/mailbridge-faults-`);
writeFileSync(`${folder}/key`, 'k'.repeat(64));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Who listens to an event stream, and knows what was sent. */
class Ear {
  gaps = 0;

  constructor(place, stream, first = place.sent.length) {
    Object.assign(this, { place, stream, first });
  }

  get heard() {
    return this.stream.events
      .filter(({ type }) => type === 'message.created')
      .map(({ message }) => message.subject);
  }

  get resets() {
    return this.stream.events.filter(({ type }) => type === 'reset').length;
  }

  /**
   * Everything that was sent has been told, once and in order; or it was told that something is
   * missing, and what comes afterwards is told.
   */
  async hears() {
    const { sent } = this.place;
    const isTold = () => this.heard.includes(sent.at(-1));
    await waitFor('the last one or a reset to be told', () => isTold() || this.resets > this.gaps)
      .then(async () => {
        if (this.resets === this.gaps) return;
        this.gaps = this.resets;
        await this.place.deliver();
        await waitFor('the next one to be told', isTold);
      })
      .catch((error) => {
        const told = this.stream.events.map(({ type, message }) => message?.subject ?? type);
        throw new Error(`${error.message}; ${sent.at(-1)}; ${told}\n${this.place.bridge.output}`);
      });
    const known = sent
      .slice(this.first)
      .filter((subject) => this.gaps === 0 || this.heard.includes(subject));
    assert.deepEqual(this.heard, known);
  }
}

/** A bridge on a Redis of its own behind a proxy, and one user: by Basic, by a session, listening. */
class Place {
  sent = [];

  static async make(t, { settings = {}, redisArgs = [], url = (port) => `redis://127.0.0.1:${port}` } = {}) {
    const place = new Place();
    place.redis = await startRedis(...redisArgs);
    t.after(() => place.redis.remove());
    place.proxy = await startFaultProxy(place.redis.port);
    t.after(() => place.proxy.stop());
    place.config = {
      state: url(place.proxy.port, place.redis),
      state_timeout: '300ms',
      key_file: `${folder}/key`,
      login_attempts: 1000,
      metrics: 'same',
      ...settings,
      'server example.org': await dovecotSection(),
    };
    place.bridge = await place.startBridge(t);
    place.user = await (await dovecot()).newUser();
    place.imap = await ImapClient.connect(await dovecot(), place.user.username, place.user.password);
    t.after(() => place.imap.logout());
    place.basic = place.bridge.api.as(place.user.username, place.user.password);
    t.after(() => place.basic.close());
    await place.logIn(t);
    await place.listen(t);
    await place.deliver();
    await place.hears();
    await place.isServed();
    return place;
  }

  async startBridge(t, settings = {}) {
    const bridge = await startMailbridge({ config: { ...this.config, ...settings } });
    t.after(() => bridge.isRunning && bridge.stop());
    return bridge;
  }

  async login() {
    const answer = await this.bridge.api.api('POST', '/v1/sessions', {
      body: { username: this.user.username, password: this.user.password },
    });
    assert.equal(answer.status, 201, answer.text);
    return `Bearer ${answer.json.token}`;
  }

  async logIn(t) {
    this.session = new ApiClient(this.bridge.port, await this.login());
    t.after(() => this.session.close());
  }

  /** From where one was, unless one is there still. */
  async listen(t) {
    const before = this.ear?.stream;
    if (before && !before.hasEnded) return;
    const stream = await openStream(t, this.session, before ? `?since=${before.lastId}` : '');
    stream.events.unshift(...(before?.events ?? []));
    if (this.ear) this.ear.stream = stream;
    else this.ear = new Ear(this, stream);
  }

  async deliver() {
    const subject = `number ${this.sent.length}`;
    await this.imap.append('INBOX', `From: a@example.com\r\nSubject: ${subject}\r\n\r\nx\r\n`);
    this.sent.push(subject);
  }

  hears() {
    return this.ear.hears();
  }

  get resets() {
    return this.ear.resets;
  }

  /** Lists are answered, always, and with what is there as soon as the mail server has told. */
  async isServed() {
    const faults = [];
    const subjectsOf = async (api) => {
      const answer = await api.get('/v1/folders/inbox/messages?limit=100', { limitMs: 15_000 });
      if (answer.status !== 200) faults.push(answer.text);
      else return answer.json.messages.map(({ subject }) => subject).sort();
    };
    for (const api of [this.basic, this.session]) {
      await waitFor('what is there', async () => {
        const subjects = await subjectsOf(api);
        return faults.length || isDeepStrictEqual(subjects, [...this.sent].sort());
      });
      assert.deepEqual(faults, []);
    }
  }

  async readiness() {
    return (await this.bridge.api.get('/health/ready')).status;
  }

  async isReady(status = 200) {
    await waitFor(`readiness ${status}`, async () => (await this.readiness()) === status);
  }

  async metric(name) {
    const { text } = await this.bridge.api.get('/metrics');
    return Number(text.match(new RegExp(`^mailbridge_${name} ([\\d.]+)$`, 'm'))[1]);
  }

  /** As if nothing had been: both users, new ones, events. */
  async isWell() {
    await this.isReady();
    assert.equal(await this.metric('store_up'), 1);
    await this.deliver();
    await this.hears();
    await this.isServed();
    const fresh = new ApiClient(this.bridge.port, await this.login());
    assert.equal((await fresh.get('/v1/session')).status, 200);
    fresh.close();
  }
}

/** What one process tells and keeps another on the same Redis finds. */
async function isShared(t, place) {
  const other = await place.startBridge(t);
  const api = new ApiClient(other.port, place.session.auth);
  t.after(() => api.close());
  assert.equal((await api.get('/v1/session')).status, 200);
  const stream = await openStream(t, api);
  await place.deliver();
  await stream.until('it to be told there', (events) =>
    events.some(({ message }) => message?.subject === place.sent.at(-1)),
  );
  await place.hears();
  await other.stop();
}

/** While it is away nothing of what goes on shows it but readiness. */
async function goesOnWithout(place) {
  assert.equal(await place.metric('store_leases'), 1);
  const hits = await place.metric('store_sessions_hits_total');
  await place.isReady(503);
  assert.equal(await place.metric('store_up'), 0);
  for (let i = 0; i < 3; i++) {
    await place.isServed();
    await place.deliver();
  }
  await place.isServed();
  assert.equal(await place.metric('store_logs_unwritten'), 1);
  assert.ok((await place.metric('store_sessions_hits_total')) > hits);
}

test('Redis is slow, but not too slow', { skip }, async (t) => {
  const place = await Place.make(t, { settings: { state_timeout: '5s' } });
  place.proxy.delayMs = 300;
  await place.isServed();
  await place.deliver();
  await place.hears();
  await place.isWell();
  assert.equal(await place.metric('store_timeouts_total'), 0);
  place.proxy.delayMs = 0;
  await place.isWell();
});

test('Redis answers too late', { skip }, async (t) => {
  const place = await Place.make(t);
  place.proxy.delayMs = 5000;
  await goesOnWithout(place);
  assert.ok((await place.metric('store_timeouts_total')) > 0);
  place.proxy.delayMs = 0;
  await place.isWell();
  assert.equal(place.resets, 0);
});

test('Redis is paused', { skip }, async (t) => {
  const place = await Place.make(t);
  place.redis.pause();
  await goesOnWithout(place);
  place.redis.resume();
  await place.isWell();
  assert.equal(place.resets, 0);
});

test('Redis crashes and comes back empty', { skip }, async (t) => {
  const place = await Place.make(t);
  await place.redis.stop();
  await goesOnWithout(place);
  await place.redis.start();
  await place.isReady();
  // Its sessions are gone with it: whoever had one logs in again.
  await place.logIn(t);
  await place.listen(t);
  await place.isWell();
});

test('Redis is out of memory', { skip }, async (t) => {
  const place = await Place.make(t);
  await place.redis.command('CONFIG', 'SET', 'maxmemory', '1');
  await place.isServed();
  for (let i = 0; i < 3; i++) {
    await place.deliver();
    await place.isServed();
  }
  await place.isReady(503);
  assert.equal(await place.metric('store_refusing'), 1);
  await waitFor('the reason in the log', () => /out of memory/.test(place.bridge.output));
  await place.redis.command('CONFIG', 'SET', 'maxmemory', '0');
  await place.isWell();
});

test('connections break in the middle of an answer, again and again', { skip }, async (t) => {
  const place = await Place.make(t);
  let bytes = 0;
  place.proxy.cutAfter = () => 1 + (bytes++ % 6000) * 7;
  for (let i = 0; i < 40; i++) {
    place.proxy.cut();
    await place.isServed();
    if (i % 10 === 0) await place.deliver();
  }
  assert.ok(place.proxy.connections > 10);
  place.proxy.cutAfter = () => Infinity;
  await place.isWell();
  assert.equal(place.resets, 0);
});

/** Does something to every key of ours: how(client, key, its type). */
async function spoil(place, how) {
  const client = new RedisClient(place.redis.socket);
  const keys = await client.command('KEYS', '*');
  assert.ok(keys.length > 3, `${keys}`);
  for (const key of keys) await how(client, key, `${await client.command('TYPE', key)}`);
  client.close();
}

test('keys hold what is of another type', { skip }, async (t) => {
  const place = await Place.make(t);
  for (const foreign of [
    ['SADD', 'x'],
    ['SET', 'x'],
    ['LPUSH', 'x'],
    ['XADD', '*', 'a', 'b'],
  ]) {
    await spoil(place, async (client, key) => {
      await client.command('DEL', key);
      await client.command(foreign[0], key, ...foreign.slice(1));
    });
    assert.equal((await place.basic.get('/v1/folders/inbox/messages')).status, 200);
    await place.logIn(t);
    await place.listen(t);
    await place.isWell();
    await isShared(t, place);
  }
});

test('entries are of another version', { skip }, async (t) => {
  const place = await Place.make(t);
  for (const version of ['\u0000', '\u0002', '\u007f']) {
    await spoil(place, async (client, key, type) => {
      if (type === 'string') await client.command('SETRANGE', key, '0', version);
    });
    await place.redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await place.redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await place.isReady();
    assert.equal((await place.basic.get('/v1/folders/inbox/messages')).status, 200);
    await place.logIn(t);
    await place.listen(t);
    await place.isWell();
    await isShared(t, place);
  }
});

test('the password is another one', { skip }, async (t) => {
  const place = await Place.make(t);
  await place.redis.command('CONFIG', 'SET', 'requirepass', 'changed');
  place.proxy.cut();
  await goesOnWithout(place);
  await waitFor('the reason in the log', () => /wants a password/.test(place.bridge.output));
  await place.redis.command('-a', 'changed', 'CONFIG', 'SET', 'requirepass', '');
  await place.isWell();
  assert.equal(place.resets, 0);
});

test('Redis has become a replica', { skip }, async (t) => {
  const place = await Place.make(t);
  await place.redis.command('REPLICAOF', '127.0.0.1', '1');
  await place.isServed();
  await place.deliver();
  await place.isServed();
  await place.isReady(503);
  await place.redis.command('REPLICAOF', 'NO', 'ONE');
  await place.isWell();
});

test('a user of Redis with no more rights than needed', { skip }, async (t) => {
  const place = await Place.make(t, {
    redisArgs: [
      ...'--user bridge on >secret ~mb1:* &mb1:* -@all'.split(' '),
      ...'+@read +@write +@connection +@scripting +@pubsub -@dangerous +info +time'.split(' '),
    ],
    url: (port) => `redis://bridge:secret@127.0.0.1:${port}`,
  });
  await place.isWell();
});

test('over its socket', { skip }, async (t) => {
  const place = await Place.make(t, { url: (port, redis) => redis.socket });
  await place.isWell();
  await place.redis.stop();
  await goesOnWithout(place);
  await place.redis.start();
  await place.isReady();
});

test('one of two processes is cut off from Redis', { skip }, async (t) => {
  const place = await Place.make(t);
  const proxy = await startFaultProxy(place.redis.port);
  t.after(() => proxy.stop());
  const other = await place.startBridge(t, { state: `redis://127.0.0.1:${proxy.port}` });
  const there = new ApiClient(other.port, place.session.auth);
  t.after(() => there.close());
  const ear = new Ear(place, await openStream(t, there));
  const bothHear = async () => {
    await place.deliver();
    // A reset makes one of them send another one.
    for (let before = 0; before < place.sent.length; ) {
      before = place.sent.length;
      await place.hears();
      await ear.hears();
    }
  };
  await bothHear();
  // First the one that watches, then the other one, which has taken over.
  for (const cut of [place.proxy, proxy]) {
    cut.isGone = true;
    cut.cut();
    for (let i = 0; i < 3; i++) await bothHear();
    cut.isGone = false;
    await place.isReady();
    await waitFor('the other to be ready', async () => {
      return (await other.api.get('/health/ready')).status === 200;
    });
    await bothHear();
  }
});

test('a user of Redis who has too few rights', { skip }, async (t) => {
  const redis = await startRedis(...'--user bridge on >secret ~mb1:* +@all resetchannels'.split(' '));
  t.after(() => redis.remove());
  const bridge = await startMailbridge({
    isReady: false,
    config: {
      state: `redis://bridge:secret@127.0.0.1:${redis.port}`,
      key_file: `${folder}/key`,
      'server example.org': await dovecotSection(),
    },
  });
  const { username, password } = await (await dovecot()).newUser();
  await waitFor('the refusal', async () => {
    const login = await bridge.api.api('POST', '/v1/sessions', { body: { username, password } });
    return login.status === 503 && (await bridge.api.get('/health/ready')).status === 503;
  });
  await waitFor('the reason in the log', () => /does not let us use all/.test(bridge.output));
  // It works for whom it need not keep anything.
  const basic = bridge.api.as(username, password);
  assert.equal((await basic.get('/v1/folders/inbox/messages')).status, 200);
  basic.close();
  assert.doesNotMatch(bridge.output, /secret/);
  await bridge.stop();
});
