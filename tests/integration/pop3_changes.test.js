// POP3 accounts: `state` and changes, which POP3 itself knows nothing of.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { frontOf, Maildrop, message, startBridge } from './lib/maildrop.js';
import { assertProblem } from './lib/problem.js';
import { redisIsMissing, startRedis } from './lib/redis.js';

const FOLDER = '/v1/folders/inbox';

const mail = (...names) => names.map((uidl) => ({ uidl, text: message(uidl) }));

/** What a client has that lists once and asks for changes from then on. */
class Reader {
  constructor(api) {
    this.api = api;
  }

  async #get(path) {
    const answer = await this.api.get(path);
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  }

  async truth() {
    const { messages, state } = await this.#get(`${FOLDER}/messages?limit=500`);
    return { messages: new Map(messages.map((each) => [each.id, each])), state };
  }

  async begin() {
    Object.assign(this, await this.truth());
    assert.match(this.state, /^p1\./);
  }

  /** Applies one page of changes and gives it. */
  async step(limit = 500) {
    const changes = await this.#get(`${FOLDER}/changes?sinceState=${this.state}&limit=${limit}`);
    assert.equal(changes.oldState, this.state);
    assert.ok(changes.created.length + changes.updated.length <= limit);
    for (const each of changes.created) this.messages.set(each.id, each);
    for (const { id, keywords } of changes.updated) {
      assert.ok(this.messages.has(id), `${id} has changed and is not known`);
      this.messages.get(id).keywords = keywords;
    }
    for (const id of changes.destroyed) this.messages.delete(id);
    this.state = changes.newState;
    return changes;
  }

  async catchUp(limit) {
    while ((await this.step(limit)).hasMoreChanges);
  }

  subjects() {
    return [...this.messages.values()].map(({ subject }) => subject).sort();
  }

  async assertUpToDate() {
    const { messages, state } = await this.truth();
    const rows = (map) => [...map.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    assert.deepEqual(rows(this.messages), rows(messages));
    assert.equal(this.state, state);
  }
}

const patch = async (api, id, keywords) => {
  const answer = await api.api('PATCH', `/v1/messages/${id}`, { body: { keywords } });
  assert.equal(answer.status, 200, answer.text);
};

test('what came, went and was marked since a list is told, and nothing else', async (t) => {
  const drop = new Maildrop(mail('a', 'b', 'c'));
  const { api } = await frontOf(t, drop);
  assert.equal((await api.get('/v1/session')).json.account.capabilities.changes, true);
  const reader = new Reader(api);
  await reader.begin();
  const nothing = await reader.step();
  assert.deepEqual([nothing.created, nothing.updated, nothing.destroyed], [[], [], []]);
  assert.equal(nothing.newState, nothing.oldState);

  const [c, b, a] = [...reader.messages.keys()];
  await patch(api, c, { $flagged: true, todo: true });
  drop.messages = [...drop.messages.filter(({ uidl }) => uidl !== 'a'), ...mail('d', 'e')];
  drop.hangUp();
  const changes = await reader.step();
  assert.deepEqual(changes.created.map(({ subject }) => subject), ['d', 'e']);
  assert.deepEqual(changes.updated, [{ id: c, keywords: { $flagged: true, todo: true } }]);
  assert.deepEqual(changes.destroyed, [a]);
  await reader.assertUpToDate();

  const gone = await api.api('DELETE', `/v1/messages/${b}?permanent=true`);
  assert.ok([200, 204].includes(gone.status), gone.text);
  assert.deepEqual((await reader.step()).destroyed, [b]);
  await reader.assertUpToDate();
});

test('a message that came and went in between is not told of, one that came back is there', async (t) => {
  const drop = new Maildrop(mail('a', 'b'));
  const { api } = await frontOf(t, drop);
  const reader = new Reader(api);
  await reader.begin();
  for (const names of [['b', 'x'], ['b'], ['b', 'a']]) {
    drop.messages = mail(...names);
    drop.hangUp();
    await new Reader(api).begin();
  }
  const changes = await reader.step();
  assert.deepEqual(changes.created.map(({ subject }) => subject), ['a']);
  await reader.assertUpToDate();
});

test('changes come in pages that end where the whole ends', async (t) => {
  const drop = new Maildrop(mail('a', 'b', 'c', 'd'));
  const { api } = await frontOf(t, drop);
  const reader = new Reader(api);
  await reader.begin();
  const ids = [...reader.messages.keys()];
  drop.messages = [...drop.messages.slice(1), ...mail('e', 'f', 'g')];
  drop.hangUp();
  await patch(api, ids[0], { $seen: true });
  const first = await reader.step(2);
  assert.ok(first.hasMoreChanges);
  // Between two pages, too, something happens: also to what the first one has told.
  await patch(api, ids[1], { $seen: true });
  for (const { id } of first.created) await patch(api, id, { $answered: true });
  drop.messages = [...drop.messages, ...mail('h')];
  drop.hangUp();
  await reader.catchUp(1);
  await reader.assertUpToDate();
});

test('an empty maildrop has a state', async (t) => {
  const drop = new Maildrop();
  const { api } = await frontOf(t, drop);
  const reader = new Reader(api);
  await reader.begin();
  drop.messages = mail('a');
  drop.hangUp();
  await reader.catchUp();
  assert.deepEqual(reader.subjects(), ['a']);
  await reader.assertUpToDate();
});

test('without UIDL it is the same', async (t) => {
  const drop = new Maildrop(mail('a', 'b', 'b'));
  drop.answers.UIDL = '-ERR no\r\n';
  const { api } = await frontOf(t, drop);
  const reader = new Reader(api);
  await reader.begin();
  drop.messages = mail('b', 'b', 'c');
  drop.hangUp();
  await reader.catchUp();
  assert.deepEqual(reader.subjects(), ['b', 'b', 'c']);
  await reader.assertUpToDate();
});

test('a search has the state of the whole folder', async (t) => {
  const { api } = await frontOf(t, new Maildrop(mail('a', 'b')));
  const reader = new Reader(api);
  await reader.begin();
  const found = await api.get(`${FOLDER}/messages?subject=a`);
  assert.equal(found.json.state, reader.state);
});

test('what nobody can know is refused', async (t) => {
  const drop = new Maildrop(mail('a', 'b'));
  const { api } = await frontOf(t, drop);
  const reader = new Reader(api);
  await reader.begin();
  const [, epoch, at] = reader.state.split('.');
  const others = [
    `p1.${epoch}.zzz`, // of the future
    `p1.${epoch}0.${at}`, // of another store
    `p1.${epoch}.${at}.`,
    's1.1.1.1', // of an IMAP account
    'p1.0.1',
    'nothing of ours',
  ];
  for (const state of others) {
    const answer = await api.get(`${FOLDER}/changes?sinceState=${encodeURIComponent(state)}`);
    assertProblem(answer, 409, 'cannot-calculate-changes');
  }
  // The memory of one that has begun anew is another one.
  const again = await frontOf(t, drop);
  assertProblem(
    await again.api.get(`${FOLDER}/changes?sinceState=${reader.state}`),
    409,
    'cannot-calculate-changes',
  );
});

test('If-Match refuses a change that would undo another', async (t) => {
  const { api } = await frontOf(t, new Maildrop(mail('a')));
  const reader = new Reader(api);
  await reader.begin();
  const [id] = reader.messages.keys();
  const { etag } = (await api.get(`/v1/messages/${id}`)).headers;
  const change = (keywords) =>
    api.api('PATCH', `/v1/messages/${id}`, { body: { keywords }, headers: { 'If-Match': etag } });
  const first = await change({ $seen: true });
  assert.equal(first.status, 200, first.text);
  assert.equal((await change({ $flagged: true })).status, 412);
  await reader.catchUp();
  await reader.assertUpToDate();
});

test('of 50,000 messages the first list fetches its page, and changes stay exact', async (t) => {
  const drop = new Maildrop(mail(...Array.from({ length: 50_000 }, (_, n) => `number-${n}`)));
  const { api } = await frontOf(t, drop);
  const first = await api.get(`${FOLDER}/messages?limit=50`);
  const tops = drop.heard.filter((line) => line.startsWith('TOP'));
  assert.equal(first.status, 200, first.text);
  assert.equal(first.json.total, 50_000);
  assert.equal(first.json.messages.length, 50);
  // Its own first; by now some more may have been asked for, while there is nothing to do.
  assert.deepEqual(
    tops.slice(0, 50).map((line) => Number(line.split(' ')[1])).sort(),
    Array.from({ length: 50 }, (_, n) => 50_000 - n).sort(),
  );
  assert.ok(tops.length < 5000, `${tops.length}`);
  drop.messages = [...drop.messages.slice(3), ...mail('new')];
  drop.hangUp();
  const answer = await api.get(`${FOLDER}/changes?sinceState=${first.json.state}`);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.json.created.map(({ subject }) => subject), ['new']);
  assert.equal(answer.json.destroyed.length, 3);
  assert.deepEqual(answer.json.updated, []);
});

const noRedis = (await redisIsMissing()) ?? false;

test('after a restart a state that outlives it tells the rest, for one UIDL', { skip: noRedis }, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.remove());
  const folder = mkdtempSync(`${tmpdir()}/mailbridge-pop3-`);
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(`${folder}/key`, 'k'.repeat(64));
  const settings = { state: redis.socket, key_file: `${folder}/key` };
  const drop = new Maildrop(mail('a', 'b', 'c'));
  const { api, bridge, server } = await frontOf(t, drop, settings);
  const reader = new Reader(api);
  await reader.begin();
  const [c, b] = [...reader.messages.keys()];
  await patch(api, c, { $flagged: true });
  api.close();
  await bridge.stop();

  drop.messages = [drop.messages[0], drop.messages[2], ...mail('d')];
  drop.heard = [];
  const again = await startBridge(t, server, settings);
  reader.api = again.api;
  const changes = await reader.step();
  assert.deepEqual(changes.created.map(({ subject }) => subject), ['d']);
  assert.deepEqual(changes.updated, [{ id: c, keywords: { $flagged: true } }]);
  assert.deepEqual(changes.destroyed, [b]);
  await reader.assertUpToDate();
  const asked = (name) => drop.heard.filter((line) => line.startsWith(name)).length;
  assert.deepEqual([asked('UIDL'), asked('LIST'), asked('TOP'), asked('RETR')], [1, 1, 1, 0]);
});

test('two processes that share a state tell the same', { skip: noRedis }, async (t) => {
  const redis = await startRedis();
  t.after(() => redis.remove());
  const folder = mkdtempSync(`${tmpdir()}/mailbridge-pop3-`);
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(`${folder}/key`, 'k'.repeat(64));
  const settings = { state: redis.socket, key_file: `${folder}/key` };
  const drop = new Maildrop(mail('0'));
  const { api, server } = await frontOf(t, drop, settings);
  const other = await startBridge(t, server, settings);
  const readers = [new Reader(api), new Reader(other.api)];
  for (const reader of readers) await reader.begin();
  for (let n = 1; n < 12; n++) {
    drop.messages = [...drop.messages.slice(n % 3 === 0 ? 1 : 0), ...mail(`${n}`)];
    drop.hangUp();
    // Both at once: one of them has to look again before it writes.
    await Promise.all(readers.map((reader) => reader.catchUp()));
    assert.equal(readers[0].state, readers[1].state);
    // And with what the other has told.
    [readers[0].api, readers[1].api] = [readers[1].api, readers[0].api];
    for (const reader of readers) await reader.assertUpToDate();
  }
});

/** The same numbers in every run. */
function dice(seed) {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 16) % sides;
  };
}

test('whoever keeps up is never wrong', async (t) => {
  const roll = dice(20260115);
  const drop = new Maildrop(mail('0', '1', '2', '3'));
  const { api } = await frontOf(t, drop);
  const readers = [new Reader(api), new Reader(api), new Reader(api)];
  for (const reader of readers) await reader.begin();
  let next = 4;
  for (let round = 0; round < 80; round++) {
    const what = roll(4);
    if (what === 0) drop.messages = [...drop.messages, ...mail(`${next++}`)];
    if (what === 1) drop.messages = drop.messages.filter(() => roll(5) > 0);
    if (what < 2 || roll(3) === 0) drop.hangUp();
    const ids = [...(await readers[0].truth()).messages.keys()];
    const one = ids[roll(ids.length || 1)];
    if (what === 2 && one) await patch(api, one, { [['$seen', 'todo'][roll(2)]]: roll(2) === 0 });
    if (what === 3 && one) await api.api('DELETE', `/v1/messages/${one}?permanent=true`);
    // One is always there, one now and then, one rarely and in small pages.
    await readers[0].catchUp();
    if (roll(4) === 0) await readers[1].catchUp();
    if (roll(15) === 0) await readers[2].catchUp(1 + roll(2));
    await readers[0].assertUpToDate();
  }
  for (const reader of readers) {
    await reader.catchUp(3);
    await reader.assertUpToDate();
  }
});
