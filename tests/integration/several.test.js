// Several bridges that share a Redis are one: sessions, events, mail server sessions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dovecot } from './lib/dovecot.js';
import { openStream } from './lib/event_stream.js';
import { diceOf, Follower, seenBy, textOf } from './lib/follower.js';
import { ImapClient } from './lib/imap_client.js';
import { deliver } from './lib/lmtp.js';
import {
  crash,
  figure,
  pause,
  resume,
  startCountingRelay,
  useSeveral,
  watcherOf,
} from './lib/several.js';
import { waitFor } from './lib/wait.js';

const LIMIT_MS = 60_000;
/** Another one makes other things happen. */
const SEED = Number(process.env.MAILBRIDGE_TEST_SEED ?? 1);

const bearer = (token) => ({ auth: `Bearer ${token}` });
const idsOf = (events) => events.map(({ id }) => id);
/** Of who wrote it: in "e1.<epoch>-<number>", base 36. */
const epochOf = ({ id }) => Number.parseInt(id.match(/\.(\w+)-/)[1], 36);
const created = (events) => events.filter(({ type }) => type === 'message.created');
const subjects = (events) => created(events).map(({ message }) => message.subject);

/** A user of one's own, and what one does with it. */
async function someone(t) {
  const server = await dovecot();
  const user = await server.newUser();
  const at = (bridge) => {
    const api = bridge.api.as(user.username, user.password);
    t.after(() => api.close());
    return api;
  };
  const mail = (subject) =>
    deliver(server, user.username, `From: bob@example.net\nSubject: ${subject}\n\nHello.\n`);
  const imap = async () => {
    const client = await ImapClient.connect(server, user.username, user.password);
    t.after(() => client.logout());
    return client;
  };
  return { server, user, at, mail, imap };
}

async function onDovecot(t, count, settings = {}) {
  const several = await useSeveral(t, {
    'server example.org': (await dovecot()).section(),
    ...settings,
  });
  return [await several.start(count), several];
}

/** What comes of a change, in the order of the ids. */
function assertSameEvents(streams) {
  for (const stream of streams) assert.deepEqual(stream.events, streams[0].events);
  const ids = idsOf(streams[0].events);
  assert.equal(new Set(ids).size, ids.length);
}

// --- sessions ---------------------------------------------------------------------------------

test('a session made on one is good on all, and ends on all', async (t) => {
  // Streams look at their sessions with each heartbeat: that is not waited for.
  const [[a, b]] = await onDovecot(t, 2, { heartbeat: '60s' });
  const { user } = await someone(t);
  const { username, password } = user;
  const made = await a.api.api('POST', '/v1/sessions', { body: { username, password } });
  assert.equal(made.status, 201, made.text);
  const token = bearer(made.json.token);
  assert.equal((await b.api.get('/v1/session', token)).status, 200);
  const stream = await openStream(t, b.api, '', { authorization: token.auth });
  assert.equal((await a.api.api('DELETE', '/v1/session', token)).status, 204);
  await waitFor('the session to end elsewhere', async () => {
    return (await b.api.get('/v1/session', token)).status === 401;
  });
  await stream.ended();
});

// --- events -----------------------------------------------------------------------------------

test('one watches, and all tell the same', async (t) => {
  const [[a, b]] = await onDovecot(t, 2);
  const { at, mail, imap } = await someone(t);
  const streams = [await openStream(t, at(a)), await openStream(t, at(b))];
  assert.equal(await watcherOf([a, b]), a);
  for (const subject of ['one', 'two', 'three']) await mail(subject);
  for (const stream of streams)
    await stream.until('the mail', (events) => subjects(events).length === 3);
  const client = await imap();
  await client.select('INBOX');
  await client.command('STORE 1 +FLAGS (\\Seen)');
  for (const stream of streams)
    await stream.until('what happened', (events) =>
      ['message.updated', 'folder.updated'].every((type) =>
        events.some((event) => event.type === type && subjects(events).length === 3),
      ),
    );
  await waitFor('both to hear the same', () => {
    assert.deepEqual(streams[1].events, streams[0].events);
    return true;
  });
  assertSameEvents(streams);
  // What is done on the one that does not watch is told at once.
  const list = (await at(b).get('/v1/folders/inbox/messages')).json.messages;
  const gone = await at(b).api('DELETE', `/v1/messages/${list[0].id}?permanent=true`);
  assert.ok([200, 204].includes(gone.status), gone.text);
  for (const stream of streams)
    await stream.until('the deletion', (events) =>
      events.some(({ type, ids }) => type === 'message.deleted' && ids.includes(list[0].id)),
    );
});

test('a move on one is told as a move by another', async (t) => {
  const [[a, b]] = await onDovecot(t, 2);
  const { at, mail, imap } = await someone(t);
  await (await imap()).command('CREATE Archive');
  await mail('to be moved');
  const stream = await openStream(t, at(a));
  const other = await openStream(t, at(b));
  assert.equal(await watcherOf([a, b]), a);
  const { folders } = (await at(b).get('/v1/folders')).json;
  const archive = folders.find(({ name }) => name === 'Archive').id;
  const [{ id }] = (await at(b).get('/v1/folders/inbox/messages')).json.messages;
  const moved = await at(b).api('POST', '/v1/messages/actions', {
    body: { action: 'move', ids: [id], folderId: archive },
  });
  assert.equal(moved.status, 200, moved.text);
  for (const { type } of [{ type: 'message.created' }, { type: 'message.deleted' }])
    for (const s of [stream, other])
      await s.until('the move', (events) => events.some((event) => event.type === type));
  const to = created(stream.events)[0];
  assert.equal(to.movedFrom, id);
  const from = stream.events.find(({ type }) => type === 'message.deleted');
  assert.deepEqual(from.movedTo, { [id]: to.message.id });
});

test('the others list what the one that watches knows', async (t) => {
  const [[a, b, c]] = await onDovecot(t, 3);
  const { at, mail } = await someone(t);
  for (let n = 0; n < 5; n++) await mail(`mail ${n}`);
  const [onA, onB, onC] = [at(a), at(b), at(c)];
  const streams = [await openStream(t, onA), await openStream(t, onB), await openStream(t, onC)];
  assert.equal(await watcherOf([a, b, c]), a);
  const list = async (api) => {
    const answer = await api.get('/v1/folders/inbox/messages');
    assert.equal(answer.status, 200, answer.text);
    return answer.json.messages.map(({ id, keywords }) => [id, textOf(keywords)]);
  };
  const copies = () => figure(b, 'lists_total{from="copy"}');
  const untilCopied = async () => {
    const before = await copies();
    await waitFor('a list from a copy', async () => {
      await list(onB);
      return (await copies()) > before;
    });
  };
  await untilCopied();
  assert.deepEqual(await list(onB), await list(onA));
  // Who is told of something finds it, and who has done something, wherever he looks.
  for (let n = 0; n < 5; n++) {
    await mail(`told ${n}`);
    await streams[1].until('the mail', (events) => created(events).length === n + 1);
    assert.equal((await list(onB)).length, 6 + n);
  }
  for (let n = 0; n < 12; n++) {
    if (n % 4 === 0) await untilCopied();
    const [[id]] = await list(onB);
    const body = { keywords: { $flagged: n % 2 === 0 } };
    const set = await [onA, onB, onC][n % 3].api('PATCH', `/v1/messages/${id}`, { body });
    assert.equal(set.status, 200, set.text);
    const of = (listed) => listed.find(([other]) => other === id)[1];
    for (const api of [onB, onC, onA])
      assert.equal(of(await list(api)), n % 2 === 0 ? '$flagged' : '');
  }
  await untilCopied();
  const logins = await figure(b, 'logins_total');
  for (let n = 0; n < 20; n++) await list(onB);
  assert.equal(await figure(b, 'logins_total'), logins);
});

/** Delivers and flags until told to stop. */
function busy(mail, client) {
  const load = { sent: [], isOver: false };
  load.done = (async () => {
    for (let n = 0; !load.isOver; n++) {
      await mail(`mail ${n}`);
      load.sent.push(`mail ${n}`);
      await client.select('INBOX');
      await client.command(`STORE ${n + 1} +FLAGS (${n % 2 ? '\\Seen' : '\\Flagged'})`);
    }
  })();
  load.stop = () => {
    load.isOver = true;
    return load.done;
  };
  return load;
}

test('when the watcher dies another goes on, and nobody misses anything', async (t) => {
  const [[a, b, c]] = await onDovecot(t, 3);
  const { at, mail, imap } = await someone(t);
  const first = await openStream(t, at(a));
  const streams = [await openStream(t, at(b)), await openStream(t, at(c))];
  assert.equal(await watcherOf([a, b, c]), a);
  const load = busy(mail, await imap());
  await streams[0].until('some mail', (events) => created(events).length >= 5);
  const epoch = epochOf(streams[0].events[0]);
  await crash(a);
  const died = Date.now();
  const isNext = (event) => epochOf(event) > epoch;
  await streams[0].until('an event of the next watcher', (events) => events.some(isNext));
  const firstAfter = Date.now() - died;
  await waitFor('a survivor to watch', () => watcherOf([b, c]), LIMIT_MS);
  t.diagnostic(`after the watcher's death: next event ${firstAfter} ms`);
  await load.stop();
  const last = load.sent.at(-1);
  for (const stream of streams)
    await stream.until('the last mail', (events) => subjects(events).includes(last));
  for (const stream of streams) assert.deepEqual(subjects(stream.events), load.sent);
  const ids = idsOf(streams[0].events);
  assert.equal(new Set(ids).size, ids.length);
  // Who was cut off with it resumes elsewhere.
  await first.ended();
  const again = await openStream(t, at(c), '', { 'last-event-id': first.lastId });
  await again.until('the last mail', (events) => subjects(events).includes(last));
  assert.deepEqual([...subjects(first.events), ...subjects(again.events)], load.sent);
});

test('who slept through its lease writes nothing more', async (t) => {
  const [[a, b]] = await onDovecot(t, 2);
  const { at, mail, imap } = await someone(t);
  const streams = [await openStream(t, at(a)), await openStream(t, at(b))];
  assert.equal(await watcherOf([a, b]), a);
  const load = busy(mail, await imap());
  await streams[1].until('some mail', (events) => created(events).length >= 3);
  pause(a);
  const slept = Date.now();
  await waitFor('the other to watch', () => watcherOf([b]), LIMIT_MS);
  const before = created(streams[1].events).length;
  await streams[1].until('mail again', (events) => created(events).length > before);
  t.diagnostic(`after the watcher was stopped: next mail told after ${Date.now() - slept} ms`);
  resume(a);
  const during = created(streams[1].events).length;
  await streams[1].until('more mail', (events) => created(events).length > during + 3);
  await load.stop();
  assert.equal(await watcherOf([a, b]), b);
  const last = load.sent.at(-1);
  for (const stream of streams)
    await stream.until('the last mail', (events) => subjects(events).includes(last));
  await waitFor('both to hear the same', () => {
    assert.deepEqual(idsOf(streams[1].events), idsOf(streams[0].events));
    return true;
  });
  assertSameEvents(streams);
  assert.deepEqual(subjects(streams[0].events), load.sent);
  const epochs = streams[0].events.map(epochOf);
  for (let i = 1; i < epochs.length; i++) assert.ok(epochs[i] >= epochs[i - 1]);
});

test('when Redis dies and comes back empty, nobody misses anything unknowingly', async (t) => {
  const [[a, b], several] = await onDovecot(t, 2);
  const { at, mail, imap } = await someone(t);
  const streams = [await openStream(t, at(a)), await openStream(t, at(b))];
  assert.equal(await watcherOf([a, b]), a);
  const load = busy(mail, await imap());
  await streams[1].until('some mail', (events) => created(events).length >= 3);
  await several.redis.restart();
  const before = created(streams[1].events).length;
  await streams[1].until('mail again', (events) => created(events).length > before + 3);
  await load.stop();
  const last = load.sent.at(-1);
  for (const stream of streams) {
    await stream.until('the last mail', (events) => subjects(events).includes(last));
    const told = subjects(stream.events);
    assert.equal(new Set(told).size, told.length);
    // Who led goes on, and fills Redis again. If it is too slow for that, the next one cannot
    // know what was in it, and says so.
    if (stream.events.some(({ type }) => type === 'reset')) t.diagnostic('there was a reset');
    else assert.deepEqual(told, load.sent);
  }
});

// --- mail server sessions -----------------------------------------------------------------------

test('sessions of an account are counted over all', async (t) => {
  const server = await dovecot();
  for (const limit of [1, 3]) {
    const relay = await startCountingRelay(server.imapPort);
    t.after(() => relay.stop());
    const [bridges] = await onDovecot(t, 3, {
      sessions_per_account: limit,
      'server example.org': {
        domains: 'example.org',
        imap: `imap://localhost:${relay.port}?tls=none`,
      },
    });
    const { at, mail } = await someone(t);
    for (let n = 0; n < 5; n++) await mail(`mail ${n}`);
    const clients = bridges.map(at);
    const stream = await openStream(t, clients[0]);
    const ask = async (client, n) => {
      const answer = await client.get(
        n % 2 ? '/v1/folders/inbox/messages?sort=subject' : '/v1/messages?subject=mail',
      );
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.json.messages.length, 5);
    };
    for (let round = 0; round < 2; round++)
      await Promise.all(
        clients.flatMap((client) => Array.from({ length: 6 }, (_, n) => ask(client, n))),
      );
    await mail('told');
    await stream.until('new mail', (events) => subjects(events).includes('told'));
    assert.ok(relay.peak <= limit, `${relay.peak} connections at once, ${limit} are allowed`);
    assert.equal(relay.peak, limit);
  }
});

test('one maildrop serves all', async (t) => {
  const server = await dovecot();
  const { pop3sPort, caFile } = server;
  const [[a, b]] = await onDovecot(t, 2, {
    watch_poll: '300ms',
    maildrop_idle: '60s',
    'server example.org': { pop3: `pop3s://localhost:${pop3sPort}`, ca_file: caFile },
  });
  const { at, mail } = await someone(t);
  await mail('first');
  const stream = await openStream(t, at(b));
  const clients = [at(a), at(b)];
  for (let n = 0; n < 6; n++) {
    const answer = await clients[n % 2].get('/v1/folders/inbox/messages');
    assert.equal(answer.status, 200, answer.text);
    assert.ok(answer.json.messages.length >= 1);
  }
  await mail('second');
  await stream.until('the second one', (events) => subjects(events).includes('second'));
  await Promise.all(
    clients.map(async (client) => {
      const answer = await client.get('/v1/folders/inbox/messages');
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.json.messages.length, 2);
    }),
  );
});

// --- all at once -----------------------------------------------------------------------------------

const ROUNDS = 8;
const FOLDERS = ['INBOX', 'Archive'];

/** Random things done to a mailbox, while bridges die, sleep and come. */
class Chaos {
  constructor(t, several, person, dice) {
    Object.assign(this, { t, several, person, dice, count: 0, all: [], sleeping: null });
  }

  async begin() {
    this.bridges = await this.several.start(3);
    this.client = await this.person.imap();
    await this.client.command('CREATE Archive');
    for (const folder of FOLDERS) for (let n = 0; n < 4; n++) await this.deliver(folder);
    const { folders } = (await this.person.at(this.bridges[0]).get('/v1/folders')).json;
    const ids = folders.map(({ name, id }) => [name.toUpperCase(), id]);
    this.ids = new Map(ids);
    this.followers = [];
    for (const bridge of this.bridges) await this.follow(bridge);
  }

  /** Those who listen here: a cursor first, then all there is. */
  async follow(bridge) {
    const api = this.person.at(bridge);
    const stream = await openStream(this.t, api);
    const messages = [];
    for (const folder of FOLDERS) {
      const id = this.ids.get(folder.toUpperCase());
      const answer = await api.get(`/v1/folders/${id}/messages?limit=500`);
      assert.equal(answer.status, 200, answer.text);
      messages.push(...answer.json.messages);
    }
    this.followers.push({ bridge, api, stream, follower: new Follower(stream, messages) });
  }

  async deliver(folder) {
    const text = `From: bob@example.net\r\nSubject: chaos ${this.count++}\r\n\r\nText.\r\n`;
    await this.client.append(folder, text, this.dice(2) ? '\\Seen' : '');
  }

  async change(folder) {
    const { untagged } = await this.client.select(folder);
    const exists = Number(untagged.join().match(/(\d+) EXISTS/)?.[1] ?? 0);
    if (!exists) return;
    const number = this.dice(exists) + 1;
    const what = this.dice(5);
    if (what === 0) {
      await this.client.command(`STORE ${number} +FLAGS.SILENT (\\Deleted)`);
      await this.client.command('EXPUNGE');
    } else if (what === 1) {
      const to = folder === 'INBOX' ? 'Archive' : 'INBOX';
      await this.client.command(`MOVE ${number} ${to}`);
    } else {
      const sign = '+-'[this.dice(2)];
      const flag = ['\\Seen', '\\Flagged', 'todo'][this.dice(3)];
      await this.client.command(`STORE ${number} ${sign}FLAGS (${flag})`);
    }
  }

  /** One dies, and another comes in its place. Its listeners go on at a third one. */
  async kill() {
    const [gone, other] = this.#two();
    await crash(gone);
    const [fresh] = await this.several.start();
    this.bridges = this.bridges.map((bridge) => (bridge === gone ? fresh : bridge));
    for (const entry of this.followers.filter(({ bridge }) => bridge === gone))
      await this.#moveTo(entry, other);
  }

  async #moveTo(entry, bridge) {
    await entry.stream.ended();
    entry.follower.hear();
    const api = this.person.at(bridge);
    const { lastId } = entry.stream;
    const stream = await openStream(this.t, api, '', { 'last-event-id': lastId });
    Object.assign(entry, { bridge, api, stream });
    entry.follower.goOn(stream);
  }

  #two() {
    const awake = this.bridges.filter((bridge) => bridge !== this.sleeping);
    const n = this.dice(awake.length);
    return [awake[n], awake[(n + 1) % awake.length]];
  }

  async step() {
    const what = this.dice(20);
    const folder = FOLDERS[this.dice(2)];
    if (what < 8) {
      await this.deliver(folder);
    } else if (what < 17) {
      await this.change(folder);
    } else if (what < 18) {
      await this.kill();
    } else if (this.sleeping) {
      resume(this.sleeping);
      this.sleeping = null;
    } else {
      [this.sleeping] = this.#two();
      pause(this.sleeping);
    }
  }

  async quiet() {
    if (this.sleeping) resume(this.sleeping);
    this.sleeping = null;
    await waitFor(
      'all followers to know what the server has',
      async () => {
        const folders = new Map(FOLDERS.map((name) => [name, this.ids.get(name.toUpperCase())]));
        const truth = [...(await seenBy(this.client, folders))].sort();
        for (const { follower } of this.followers) {
          follower.hear();
          assert.deepEqual([...follower.known].sort(), truth);
        }
        return true;
      },
      LIMIT_MS,
    );
  }

  /** And what each of them heard, they all heard, in one order. */
  assertOneOrder() {
    const told = this.followers.map(({ follower }) => follower.heardIds);
    for (const ids of told) {
      assert.equal(new Set(ids).size, ids.length, 'an event came twice');
      const shortest = Math.min(ids.length, told[0].length);
      assert.deepEqual(ids.slice(-shortest), told[0].slice(-shortest));
    }
  }
}

test('whatever dies or sleeps, who follows the feed knows what the server has', async (t) => {
  const several = await useSeveral(t, {
    watch_poll: '300ms',
    'server example.org': (await dovecot()).section(),
  });
  const chaos = new Chaos(t, several, await someone(t), diceOf(SEED));
  await chaos.begin();
  for (let round = 0; round < ROUNDS; round++) {
    for (let steps = 2 + chaos.dice(8); steps > 0; steps--) await chaos.step();
    await chaos.quiet();
  }
  chaos.assertOneOrder();
  const lists = await Promise.all(
    chaos.bridges.map(async (bridge) => {
      const answer = await chaos.person.at(bridge).get('/v1/folders/inbox/messages?limit=500');
      return answer.json.messages.map(({ id, keywords }) => [id, textOf(keywords)]);
    }),
  );
  for (const list of lists) assert.deepEqual(list, lists[0]);
});
