// The connection to the mail server is cut at every byte of what must not be done twice. Whatever
// the server had done by then: no message is lost, none is there twice, and the answer tells the
// truth.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { startCuttingRelay } from './lib/cutting_relay.js';
import { dovecot, startDovecot } from './lib/dovecot.js';
import { ImapClient } from './lib/imap_client.js';
import { startMailbridge } from './lib/mailbridge.js';
import { within } from './lib/wait.js';

/** Cuts go on beside each other: most of the time one waits for the other side. */
const LANES = 6;

/** Mailboxes of one kind of server, each behind a relay of its own. */
const kinds = {
  able: { lanes: [] },
  plain: { lanes: [] },
};
const stops = [];
let bridge;

/** One user, the API for him through the relay, and another mail program past it. */
class Lane {
  constructor(server, section, user) {
    Object.assign(this, { server, section, user });
  }

  async begin() {
    const { username, password } = this.user;
    const answer = await bridge.api.api('POST', '/v1/sessions', {
      body: { username, password, server: this.section },
    });
    assert.equal(answer.status, 201, answer.text);
    this.auth = `Bearer ${answer.json.token}`;
    const { folders } = (await bridge.api.get('/v1/folders', { auth: this.auth })).json;
    this.folders = Object.fromEntries(folders.map(({ name, id }) => [name.toUpperCase(), id]));
    this.imap = await ImapClient.connect(this.server, username, password);
    stops.push(() => this.imap.logout());
  }

  request(method, path, body, type = 'application/json') {
    return bridge.api.api(method, path, {
      auth: this.auth,
      headers: { 'content-type': type },
      body,
    });
  }

  /** Puts a message there past everything that is tested; gives its id in the API. */
  async put(folder, subject) {
    const { text } = await this.imap.append(folder, messageOf(subject));
    let [, uidvalidity, uid] = text.match(/APPENDUID (\d+) (\d+)/) ?? [];
    if (!uid) {
      const { untagged } = await this.imap.select(folder);
      await this.imap.command('EXPUNGE'); // what an earlier cut has left marked
      [, uidvalidity] = untagged.join().match(/UIDVALIDITY (\d+)/);
      [uid] = await this.uids(folder, subject);
    }
    const [validity36, uid36] = [uidvalidity, uid].map((n) => Number(n).toString(36));
    return `${this.folders[folder.toUpperCase()]}.${validity36}.${uid36}`;
  }

  /** The messages of that subject that a user would see. */
  async uids(folder, subject) {
    await this.imap.select(folder);
    const { untagged } = await this.imap.command(`UID SEARCH UNDELETED SUBJECT "${subject}"`);
    const found = untagged.find((line) => line.startsWith('* SEARCH'));
    return found.split(' ').slice(2).filter(Boolean).map(Number);
  }

  async count(folder, subject) {
    return (await this.uids(folder, subject)).length;
  }
}

const messageOf = (subject) =>
  [
    'From: ann@example.org',
    `Subject: ${subject}`,
    `Message-ID: <${subject}@example.org>`,
    '',
    'text',
    '',
  ].join('\r\n');

async function addLane(kind, server, user, config) {
  const relay = await startCuttingRelay(server.imapPort);
  stops.push(() => relay.stop());
  const section = `${kind}${kinds[kind].lanes.length}.example`;
  config[`server ${section}`] = { imap: `imap://localhost:${relay.port}?tls=none` };
  const lane = new Lane(server, section, user);
  lane.relay = relay;
  kinds[kind].lanes.push(lane);
}

before(async () => {
  const config = { request_timeout: '9s' };
  const shared = await dovecot();
  const folder = mkdtempSync(`${tmpdir()}/mailbridge-cuts-`);
  stops.push(() => rmSync(folder, { recursive: true, force: true }));
  const users = Array.from({ length: LANES }, (_, n) => ({
    username: `plain${n}@example.org`,
    password: 'secret',
  }));
  const options = users.flatMap((user) => ['--user', `${user.username}:${user.password}`]);
  const plain = await startDovecot(folder, '--minimal', ...options);
  stops.push(() => plain.stop());
  for (const user of users) {
    await addLane('able', shared, await shared.newUser(), config);
    await addLane('plain', plain, user, config);
  }
  bridge = await startMailbridge({ config });
  stops.push(() => bridge.stop());
  for (const { lanes } of Object.values(kinds)) {
    await Promise.all(lanes.map((lane) => lane.begin()));
  }
});

after(async () => {
  for (const stop of stops.reverse()) await stop();
});

/**
 * Runs `scene(lane, cut, subject)` for cuts at every `stride`-th byte on this side from `trigger`
 * on, until the conversation is over without a cut; at least `least` cuts that must be. Gives what
 * the scenes gave.
 */
async function cutEverywhere(t, kind, { name, trigger, side, stride = 1, least = 20 }, scene) {
  let next = 0;
  let isThrough = false;
  const results = [];
  await Promise.all(
    kinds[kind].lanes.map(async (lane) => {
      while (!isThrough) {
        const byte = next;
        next += stride;
        const how = (byte / stride) % 2 ? 'rst' : 'fin';
        const result = await scene(
          lane,
          () => lane.relay.cutNext({ trigger, side, after: byte, how }),
          `${name}.${side}.${byte}.`,
        );
        if (!result.isCut) isThrough = true;
        else results.push(result);
      }
    }),
  );
  t.diagnostic(`${results.length} cuts: ${tally(results.map(({ said }) => said))}`);
  assert.ok(results.length >= least, 'it was not cut');
  return results;
}

function tally(words) {
  const counts = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return JSON.stringify(counts);
}

/** What a request came to while its connection was cut, when the old session has ended. */
async function whileCut(plan, request) {
  const cut = plan();
  const answer = await request();
  await within(30_000, 'the end of the session that was cut', cut.over());
  return { answer, isCut: cut.isCut };
}

// --- moving --------------------------------------------------------------------------------------

async function moveScene(lane, plan, subject) {
  const id = await lane.put('INBOX', subject);
  const action = { action: 'move', ids: [id], folderId: 'archive' };
  const { answer, isCut } = await whileCut(plan, () =>
    lane.request('POST', '/v1/messages/actions', action),
  );
  assert.ok(answer.status === 200 || answer.status === 502, `${subject}: ${answer.text}`);
  const result = answer.status === 200 ? answer.json.results[0] : { status: 'failed' };
  return {
    isCut,
    said: result.status,
    subject,
    result,
    left: await lane.count('INBOX', subject),
    arrived: await lane.count('Archive', subject),
    archive: lane.folders.ARCHIVE,
  };
}

function assertMoveIsTrue({ said, subject, result, left, arrived, archive }) {
  const what = `${subject}: said ${said}, ${left} left, ${arrived} arrived`;
  assert.equal(left + arrived, 1, what);
  if (said === 'done') {
    assert.equal(arrived, 1, what);
    assert.equal(result.folderId, archive, what);
  }
  if (said === 'failed') assert.equal(left, 1, what);
}

const LOOK = { what: 'the look before', kind: 'able', trigger: /\S+ STATUS /, least: 4 };
const MOVE = { what: 'MOVE', kind: 'able', trigger: /\S+ UID MOVE / };
const HALVES = { what: 'COPY and removal', kind: 'plain', trigger: /\S+ UID COPY / };
const MOVES = [
  { ...LOOK, side: 'client', stride: 41 },
  { ...LOOK, side: 'server', stride: 61 },
  { ...MOVE, side: 'client' },
  { ...MOVE, side: 'server' },
  { ...HALVES, side: 'client', stride: 5 },
  { ...HALVES, side: 'server', stride: 7 },
];

for (const [number, { what, kind, ...cuts }] of MOVES.entries()) {
  test(`a move is cut in ${what}, wherever the ${cuts.side} sends`, async (t) => {
    const results = await cutEverywhere(t, kind, { ...cuts, name: `move${number}` }, moveScene);
    for (const result of results) assertMoveIsTrue(result);
  });
}

// --- appending -----------------------------------------------------------------------------------

async function appendScene(lane, plan, subject) {
  const { answer, isCut } = await whileCut(plan, () =>
    lane.request('POST', '/v1/messages?folderId=archive', messageOf(subject), 'message/rfc822'),
  );
  return {
    isCut,
    said: answer.json.code ?? 'done',
    subject,
    answer,
    count: await lane.count('Archive', subject),
  };
}

function assertAppendIsTrue({ said, subject, answer, count }) {
  const what = `${subject}: said ${answer.status} ${said}, ${count} there`;
  assert.ok(['done', 'outcome-unknown', 'upstream-unreachable'].includes(said), what);
  if (said === 'done') assert.equal(count, 1, what);
  else if (said === 'outcome-unknown') assert.ok(count <= 1, what);
  else assert.equal(count, 0, what);
}

const APPENDS = [
  { what: 'an append', kind: 'able', side: 'client', stride: 5 },
  { what: 'an append', kind: 'able', side: 'server' },
  { what: 'an append without UIDPLUS', kind: 'plain', side: 'client', stride: 5 },
  { what: 'an append without UIDPLUS', kind: 'plain', side: 'server', stride: 5 },
];

for (const [number, { what, kind, ...cuts }] of APPENDS.entries()) {
  test(`${what} is cut wherever the ${cuts.side} sends`, async (t) => {
    const where = { ...cuts, name: `append${number}`, trigger: /\S+ APPEND / };
    const results = await cutEverywhere(t, kind, where, appendScene);
    for (const result of results) assertAppendIsTrue(result);
  });
}

// --- replacing a draft ---------------------------------------------------------------------------

async function replaceScene(lane, plan, subject) {
  const id = await lane.put('Drafts', `${subject}-old`);
  const { answer, isCut } = await whileCut(plan, () =>
    lane.request(
      'POST',
      `/v1/messages?replaces=${id}`,
      messageOf(`${subject}-new`),
      'message/rfc822',
    ),
  );
  return {
    isCut,
    said: answer.json.code ?? 'done',
    subject,
    old: await lane.count('Drafts', `${subject}-old`),
    fresh: await lane.count('Drafts', `${subject}-new`),
  };
}

for (const side of ['client', 'server']) {
  test(`the replacement of a draft is cut wherever the ${side} sends`, async (t) => {
    const cuts = { name: 'draft', trigger: /\S+ APPEND /, side, stride: 7 };
    for (const { said, subject, old, fresh } of await cutEverywhere(
      t,
      'able',
      cuts,
      replaceScene,
    )) {
      const what = `${subject}: said ${said}, ${old} old, ${fresh} new`;
      assert.equal(old + fresh, 1, what);
      if (said === 'done') assert.equal(fresh, 1, what);
      else if (said !== 'outcome-unknown') assert.equal(old, 1, what);
    }
  });
}

// --- silence -------------------------------------------------------------------------------------

test('a server that falls silent is asked anew before the request is over', async () => {
  const scenes = ['client', 'server'].map(async (side, n) => {
    const lane = kinds.able.lanes[n];
    const subject = `silence-${side}`;
    const id = await lane.put('INBOX', subject);
    const { answer, isCut } = await whileCut(
      () =>
        lane.relay.cutNext({
          trigger: /\S+ UID MOVE /,
          side,
          after: 3,
          how: 'silence',
        }),
      () => lane.request('PATCH', `/v1/messages/${id}`, { folderId: 'archive' }),
    );
    assert.ok(isCut);
    const left = await lane.count('INBOX', subject);
    const arrived = await lane.count('Archive', subject);
    assert.equal(left + arrived, 1);
    // All of the command had come through on one of them, and that is found out.
    if (side === 'server') assert.deepEqual([answer.status, arrived], [200, 1], answer.text);
    else assert.deepEqual([answer.status, answer.json.code, left], [504, 'outcome-unknown', 1]);
  });
  await Promise.all(scenes);
});
