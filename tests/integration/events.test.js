// The event feed: streams and long-polls over a real server, with another client changing things.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dovecot } from './lib/dovecot.js';
import { openStream } from './lib/event_stream.js';
import { ImapClient } from './lib/imap_client.js';
import { deliver } from './lib/lmtp.js';
import { dovecotSection, startMailbridge, useMailbridge } from './lib/mailbridge.js';
import { assertProblem, errorsOf } from './lib/problem.js';
import { waitFor } from './lib/wait.js';

const use = useMailbridge(async () => ({
  config: {
    login_attempts: 1000,
    streams_per_account: 4,
    heartbeat: '500ms',
    'server example.org': await dovecotSection(),
  },
}));

const bearer = (token) => ({ auth: `Bearer ${token}` });
const ofMessages = (events) => events.filter(({ type }) => type.startsWith('message.'));
const subjects = (events) =>
  events.filter(({ type }) => type === 'message.created').map(({ message }) => message.subject);

/** A user of one's own, and what one does with it. */
async function someone(t, bridge = use.bridge) {
  const server = await dovecot();
  const user = await server.newUser();
  const api = bridge.api.as(user.username, user.password);
  t.after(() => api.close());
  const mail = (subject) =>
    deliver(server, user.username, `From: bob@example.net\nSubject: ${subject}\n\nHello.\n`);
  const imap = async () => {
    const client = await ImapClient.connect(server, user.username, user.password);
    t.after(() => client.logout());
    return client;
  };
  const poll = async (query) => {
    const answer = await api.get(`/v1/events${query}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };
  /** All events after the cursor, by long-poll, until `check` is true of them. */
  const pollUntil = async (since, check, query = '') => {
    const events = [];
    await waitFor('events of long-polls', async () => {
      const answer = await poll(`?since=${since}&wait=2${query}`);
      events.push(...answer.events);
      since = answer.cursor;
      return check(events);
    });
    return events;
  };
  const newToken = async () => {
    const { username, password } = user;
    const made = await use.api.api('POST', '/v1/sessions', { body: { username, password } });
    assert.equal(made.status, 201, made.text);
    return made.json;
  };
  return { server, user, api, mail, imap, poll, pollUntil, newToken };
}

// --- what comes ----------------------------------------------------------------------------

test('what happens comes once and in order, to streams and long-polls alike', async (t) => {
  const { api, mail, imap, poll, pollUntil } = await someone(t);
  const { cursor, events: none } = await poll('');
  assert.deepEqual(none, []);
  const streams = [await openStream(t, api), await openStream(t, api)];
  await mail('first');
  await streams[0].until('the first message', (events) => subjects(events).length === 1);
  const client = await imap();
  await client.select('INBOX');
  await client.command('STORE 1 +FLAGS (\\Seen todo)');
  await streams[0].until('the flags', (events) =>
    events.some(({ type, updates }) => type === 'message.updated' && updates[0].keywords.todo),
  );
  await mail('second');
  await streams[0].until('the second message', (events) => subjects(events).length === 2);
  await client.command('STORE 1 +FLAGS (\\Deleted)');
  await client.command('EXPUNGE');
  const isOver = (events) => events.some(({ type }) => type === 'message.deleted');
  const lists = [
    await streams[0].until('the deletion', isOver),
    await streams[1].until('the deletion', isOver),
    await pollUntil(cursor, isOver),
  ].map(ofMessages);
  assert.deepEqual(lists[1], lists[0]);
  assert.deepEqual(lists[2], lists[0]);

  const [events] = lists;
  const created = events.filter(({ type }) => type === 'message.created');
  assert.deepEqual(subjects(events), ['first', 'second']);
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
  const list = await api.get('/v1/folders/inbox/messages?preview=true');
  const [second] = list.json.messages;
  assert.equal(list.json.messages.length, 1);
  assert.deepEqual({ ...created[1].message, preview: null }, { ...second, preview: null });
  assert.equal(created[0].folderId, second.folderId);
  assert.equal(created[0].movedFrom, null);
  const deleted = events.filter(({ type }) => type === 'message.deleted');
  assert.deepEqual(
    deleted.flatMap(({ ids }) => ids),
    [created[0].message.id],
  );
  assert.deepEqual(deleted[0].movedTo, {});
  assert.equal(events.at(-1), deleted[0]);
});

test('one sees what one does oneself', async (t) => {
  const { api, mail, pollUntil, poll } = await someone(t);
  const { cursor } = await poll('');
  await mail('mine');
  const [{ message }] = (
    await pollUntil(cursor, (events) => subjects(events).includes('mine'))
  ).filter(({ type }) => type === 'message.created');
  const stream = await openStream(t, api);
  const set = await api.api('PATCH', `/v1/messages/${message.id}`, {
    body: { keywords: { $flagged: true } },
  });
  assert.equal(set.status, 200, set.text);
  await stream.until('the flag', (events) =>
    events.some(
      ({ type, updates }) =>
        type === 'message.updated' &&
        updates.some(({ id, keywords }) => id === message.id && keywords.$flagged),
    ),
  );
});

// Dovecot's NOTIFY gives names in another encoding than its LIST.
test('folders are known by whatever name the server gives them', async (t) => {
  const { api, imap, poll, pollUntil } = await someone(t);
  const names = ['Harbour & Quay', 'Família', '旅行'];
  const ids = [];
  for (const name of names) {
    const made = await api.api('POST', '/v1/folders', { body: { name } });
    assert.equal(made.status, 201, made.text);
    ids.push(made.json.id);
  }
  const { cursor } = await poll('');
  const client = await imap();
  for (const name of ['Harbour &- Quay', 'Fam&AO0-lia', '&ZcWITA-'])
    await client.append(name, `Subject: to ${name}\r\n\r\nHello.\r\n`);
  const events = await pollUntil(cursor, (all) => subjects(all).length === names.length);
  const created = events.filter(({ type }) => type === 'message.created');
  assert.deepEqual(created.map(({ folderId }) => folderId).sort(), ids.sort());
});

test('nobody hears of another account', async (t) => {
  const [ada, bob] = [await someone(t), await someone(t)];
  const streams = [await openStream(t, ada.api), await openStream(t, bob.api)];
  for (let n = 0; n < 3; n++) {
    await ada.mail(`ada ${n}`);
    await bob.mail(`bob ${n}`);
  }
  await streams[0].until('mail for ada', (events) => subjects(events).length >= 3);
  await streams[1].until('mail for bob', (events) => subjects(events).length >= 3);
  assert.deepEqual(subjects(streams[0].events).sort(), ['ada 0', 'ada 1', 'ada 2']);
  assert.deepEqual(subjects(streams[1].events).sort(), ['bob 0', 'bob 1', 'bob 2']);
  // A cursor of another account's feed is one that was never given.
  const { events } = await bob.poll(`?since=${streams[0].lastId}`);
  assert.ok(events.every(({ message }) => !message?.subject.startsWith('ada')));
  assert.equal(events[0].type, 'reset');
});

test('filters hold back all but resets and the account', async (t) => {
  const { api, mail, imap } = await someone(t);
  const client = await imap();
  await client.command('CREATE Plans');
  const { folders } = (await api.get('/v1/folders')).json;
  const plans = folders.find(({ name }) => name === 'Plans').id;
  const ofInbox = await openStream(t, api, '?folders=inbox&types=message.created,message.deleted');
  const ofPlans = await openStream(t, api, `?folders=${plans}`);
  const all = await openStream(t, api);
  await mail('to the inbox');
  await client.append('Plans', 'Subject: to plans\r\n\r\nx\r\n');
  await all.until('both', (events) => subjects(events).length === 2);
  await ofPlans.until('the one in Plans', (events) => subjects(events).length === 1);
  await ofInbox.until('the one in the inbox', (events) => subjects(events).length === 1);
  assert.deepEqual(subjects(ofPlans.events), ['to plans']);
  assert.deepEqual(subjects(ofInbox.events), ['to the inbox']);
  assert.ok(ofMessages(ofInbox.events).every(({ type }) => type === 'message.created'));
  // A heartbeat brings them to where the others are.
  await waitFor('their ids to move', () => ofInbox.lastId === all.lastId);
  await waitFor('their ids to move', () => ofPlans.lastId === all.lastId);
});

// --- going on --------------------------------------------------------------------------------

test('who is cut off goes on where it was', async (t) => {
  const { api, mail } = await someone(t);
  const first = await openStream(t, api);
  const start = first.lastId;
  await mail('one');
  await first.until('the first message', (events) => subjects(events).length === 1);
  first.cut();
  await mail('two');
  await mail('three');
  // As a browser does it: `since` is as old as the page, Last-Event-ID is new.
  const again = await openStream(t, api, `?since=${start}`, { 'last-event-id': first.lastId });
  await again.until('what was missed', (events) => subjects(events).length >= 2);
  assert.deepEqual(subjects(again.events).sort(), ['three', 'two']);
  const since = await openStream(t, api, `?since=${start}`);
  await since.until('all of it', (events) => subjects(events).length >= 3);
  assert.deepEqual(ofMessages(since.events), [
    ...ofMessages(first.events),
    ...ofMessages(again.events),
  ]);
});

test('one that connects again and again misses nothing and sees nothing twice', async (t) => {
  const COUNT = 15;
  const { api, mail } = await someone(t);
  const witness = await openStream(t, api);
  let since = witness.lastId;
  const seen = [];
  let isDelivered = false;
  const delivery = (async () => {
    for (let n = 0; n < COUNT; n++) await mail(`message ${n}`);
    isDelivered = true;
  })();
  await waitFor('all of them', async () => {
    const stream = await openStream(t, api, `?since=${since}`);
    if (isDelivered) {
      await witness.until('all of them', (events) => subjects(events).length >= COUNT);
      await stream.until('the rest', () => stream.lastId === witness.lastId);
    }
    stream.cut();
    seen.push(...stream.events);
    since = stream.lastId;
    return isDelivered && subjects(seen).length >= COUNT;
  });
  await delivery;
  assert.deepEqual(
    seen.filter(({ id }) => ofMessages(witness.events).some((event) => event.id === id)),
    ofMessages(witness.events),
  );
  assert.equal(new Set(seen.map(({ id }) => id)).size, seen.length);
  assert.equal(new Set(subjects(seen)).size, COUNT);
});

test('a cursor that is no good is a reset, a malformed one is refused', async (t) => {
  const { api, mail, poll } = await someone(t);
  const { cursor } = await poll('');
  for (const since of ['e1.1-1', 'e1.zzzzzzzzzz-1', `${cursor}1`]) {
    const { events, cursor: top, hasMore } = await poll(`?since=${since}&wait=50`);
    assert.deepEqual(
      events.map(({ type, folderId }) => [type, folderId]),
      [['reset', null]],
    );
    assert.match(events[0].reason, /^log-(lost|expired)$/);
    assert.equal(events[0].id, top);
    assert.equal(hasMore, false);
    const stream = await openStream(t, api, `?since=${since}`);
    await stream.until('the reset', ([event]) => event?.type === 'reset');
    await mail(`after ${since}`);
    await stream.until('what comes then', (all) => subjects(all).includes(`after ${since}`));
    assert.equal(stream.events.filter(({ type }) => type === 'reset').length, 1);
    stream.cut();
  }
  const strange = await openStream(t, api, '', { 'last-event-id': 'from another service' });
  await strange.until('the reset', ([event]) => event?.type === 'reset');
  strange.cut();
  const refused = await api.get('/v1/events?since=yesterday&types=message.read&wait=51');
  assert.deepEqual(errorsOf(refused), ['wait invalid-value']);
  assert.deepEqual(errorsOf(await api.get('/v1/events?since=yesterday')), ['since invalid-value']);
  assert.deepEqual(errorsOf(await api.get('/v1/events?types=message.read')), [
    'types invalid-value',
  ]);
  assertProblem(await api.get('/v1/events?folders=spam,junk'), 404, 'folder-not-found');
});

test('a long-poll waits for its event, or as long as it may', async (t) => {
  const { mail, poll } = await someone(t);
  const { cursor } = await poll('');
  assert.deepEqual(await poll(`?since=${cursor}&wait=1&types=folder.deleted`), {
    events: [],
    cursor,
    hasMore: false,
  });
  const waiting = poll(`?since=${cursor}&wait=50&types=message.created`);
  await mail('awaited');
  const { events, hasMore } = await waiting;
  assert.deepEqual(subjects(events), ['awaited']);
  assert.equal(hasMore, false);
});

// --- who may listen -----------------------------------------------------------------------------

test('HEAD is answered at once, and Accept decides what it is', async (t) => {
  const { api } = await someone(t);
  const head = (accept) => api.api('HEAD', '/v1/events', { headers: { accept } });
  const stream = await head('text/event-stream');
  assert.equal(stream.status, 200);
  assert.equal(stream.headers['content-type'], 'text/event-stream');
  assert.equal(stream.headers['cache-control'], 'no-store');
  assert.equal(stream.headers['x-accel-buffering'], 'no');
  assert.match(stream.headers.vary, /Accept/);
  const json = await head('*/*');
  assert.equal(json.headers['content-type'], 'application/json');
  const page = await api.get('/v1/events', { headers: { accept: 'text/html' } });
  assertProblem(page, 406, 'not-acceptable');
  const text = await api.get('/v1/events', { headers: { accept: 'text/*' } });
  assertProblem(text, 406, 'not-acceptable');
  const open = await openStream(t, api, '', { accept: 'application/json, text/event-stream' });
  assert.equal(open.headers['content-type'], 'text/event-stream');
  assert.equal(open.headers['cache-control'], 'no-store');
  assert.equal(open.headers['x-accel-buffering'], 'no');
  assert.match(open.headers.vary, /Accept/);
  assert.match(open.text, /^retry: \d+\nid: e1\.\S+\n\n/);
});

test('a ticket lets in once, without its session it does not, and it is in no log', async (t) => {
  const { newToken, mail } = await someone(t);
  const { token } = await newToken();
  const makeTicket = async () => {
    const made = await use.api.api('POST', '/v1/events/tickets', bearer(token));
    assert.equal(made.status, 201, made.text);
    assert.equal(made.headers['cache-control'], 'no-store');
    assert.ok(Date.parse(made.json.expiresAt) > Date.now());
    return made.json.ticket;
  };
  const ticket = await makeTicket();
  const stream = await openStream(t, use.api, `?ticket=${ticket}`);
  await mail('by ticket');
  await stream.until('the message', (events) => subjects(events).length === 1);
  const spent = await use.api.get(`/v1/events?ticket=${ticket}`);
  assertProblem(spent, 401, 'invalid-ticket');
  assertProblem(await use.api.get('/v1/events?ticket=x'), 401, 'invalid-ticket');
  assertProblem(await use.api.get(`/v1/session?ticket=${await makeTicket()}`), 400, 'invalid-request');
  assertProblem(
    await use.api.get('/v1/session', bearer(await makeTicket())),
    401,
    'session-expired',
  );
  const late = await makeTicket();
  await use.api.api('DELETE', '/v1/session', bearer(token));
  assertProblem(await use.api.get(`/v1/events?ticket=${late}`), 401, 'invalid-ticket');
  await stream.ended();
  assert.ok(!use.bridge.output.includes(ticket));
});

test('Basic gets tickets too', async (t) => {
  const { api } = await someone(t);
  const { ticket } = (await api.api('POST', '/v1/events/tickets')).json;
  const stream = await openStream(t, use.api, `?ticket=${ticket}`);
  assert.match(stream.lastId, /^e1\./);
});

test('streams end with their session, and only those', async (t) => {
  const { newToken, mail } = await someone(t);
  const [first, second] = [await newToken(), await newToken()];
  const open = ({ token }) =>
    openStream(t, use.api, '', { authorization: `Bearer ${token}` });
  const streams = [await open(first), await open(second)];
  const query = `since=${streams[0].lastId}&wait=50&types=folder.deleted`;
  const waiting = use.api.get(`/v1/events?${query}`, bearer(first.token));
  const ended = await use.api.api('DELETE', `/v1/sessions/${first.id}`, bearer(second.token));
  assert.equal(ended.status, 204);
  await streams[0].ended();
  assert.deepEqual((await waiting).json.events, []);
  assertProblem(await use.api.get(`/v1/events?${query}`, bearer(first.token)), 401, 'session-expired');
  await mail('for the other');
  await streams[1].until('the message', (events) => subjects(events).length === 1);
  await use.api.api('DELETE', '/v1/session', bearer(second.token));
  await streams[1].ended();
});

test('an account has so many streams, and a place that is left is free', async (t) => {
  const { api } = await someone(t);
  const streams = [];
  for (let n = 0; n < 4; n++) streams.push(await openStream(t, api));
  const refused = await api.get('/v1/events', { headers: { accept: 'text/event-stream' } });
  assertProblem(refused, 429, 'too-many-requests');
  assert.ok(refused.headers['retry-after']);
  streams[1].cut();
  await waitFor('the place', () => openStream(t, api).then(() => true));
});

test('a wrong password hears nothing', async (t) => {
  const { user } = await someone(t);
  const stranger = use.api.as(user.username, 'wrong');
  t.after(() => stranger.close());
  assertProblem(await stranger.get('/v1/events'), 401, 'invalid-credentials');
});

// --- the end ------------------------------------------------------------------------------------

test('who does not read is dropped, and goes on from where it was', async (t) => {
  const COUNT = 40;
  const { api, imap, pollUntil } = await someone(t);
  const stream = await openStream(t, api);
  const start = stream.lastId;
  stream.pause();
  const client = await imap();
  const subject = 'x'.repeat(60_000); // enough to fill every buffer on the way
  for (let n = 0; n < COUNT; n++)
    await client.append('INBOX', `Subject: ${n} ${subject}\r\n\r\nx\r\n`);
  const all = await pollUntil(start, (events) => subjects(events).length >= COUNT);
  await waitFor('it to be dropped', () => /op=listEvents .* end=slow/.test(use.bridge.output));
  stream.resume();
  await stream.ended();
  const events = stream.events;
  let since = stream.lastId;
  assert.ok(subjects(events).length < COUNT);
  const isLast = ({ id }) => id === all.at(-1).id;
  await waitFor('the rest', async () => {
    const again = await openStream(t, api, `?since=${since}`);
    await again.until('the rest', () => again.hasEnded || again.events.some(isLast));
    again.cut();
    events.push(...again.events);
    since = again.lastId;
    return events.some(isLast);
  });
  assert.deepEqual(ofMessages(events), ofMessages(all));
});

test('a server that stops sends its listeners away', async (t) => {
  const config = { streams_per_account: 2, 'server example.org': await dovecotSection() };
  const bridge = await startMailbridge({ config });
  t.after(() => bridge.kill());
  const { api } = await someone(t, bridge);
  const stream = await openStream(t, api);
  const waiting = api.get(`/v1/events?since=${stream.lastId}&wait=50&types=folder.deleted`);
  await waitFor('both to be let in', async () => {
    const { status } = await api.get('/v1/events');
    return status === 429;
  });
  const stopped = bridge.stop();
  await stream.ended();
  assert.match(stream.text, /retry: \d+\n: The server stops\. Connect again\.\n\n$/);
  const { events, cursor } = (await waiting).json;
  assert.deepEqual(events, []);
  assert.equal(cursor, stream.lastId);
  await stopped;
});
