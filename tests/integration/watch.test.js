// Random things done to a mailbox by other mail programs and over the API, while connections to
// the mail server are cut at random: whenever it is quiet again, who follows the event feed knows
// exactly what a fresh IMAP client sees, and has been told of each message once.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { startCuttingRelay } from './lib/cutting_relay.js';
import { dovecot, startDovecot } from './lib/dovecot.js';
import { openStream } from './lib/event_stream.js';
import { diceOf, Follower, seenBy, textOf } from './lib/follower.js';
import { ApiClient } from './lib/http.js';
import { ImapClient } from './lib/imap_client.js';
import { startMailbridge } from './lib/mailbridge.js';
import { waitFor } from './lib/wait.js';

const ROUNDS = 12;
const FOLDERS = ['INBOX', 'Archive'];
const QUIET_LIMIT_MS = 60_000;
/** Another one makes other things happen. */
const SEED = Number(process.env.MAILBRIDGE_TEST_SEED ?? 1);

/** What there is to cut: the command, on either side of the connection. */
const TRIGGERS = {
  'while it idles': /IDLE/,
  'while it is asked to tell': /NOTIFY/,
  'in the midst of a FETCH': /FETCH/,
  'while it synchronises': /SELECT/,
  'while it is asked where folders stand': /STATUS/,
  'when it stops idling': /DONE/,
  'in a login': /LOGIN|AUTHENTICATE/,
};
const phases = Object.keys(TRIGGERS);

const stops = [];
let bridge;
let servers;

before(async () => {
  const folder = mkdtempSync(`${tmpdir()}/mailbridge-watch-`);
  stops.push(() => rmSync(folder, { recursive: true, force: true }));
  // One for each test, so that none has to wait because another has lost connections.
  const names = Array.from({ length: phases.length + 1 }, (_, n) => `random${n}@example.org`);
  const start = async (name, ...options) => {
    const logins = names.flatMap((username) => ['--user', `${username}:secret`]);
    const server = await startDovecot(`${folder}/${name}`, ...options, ...logins);
    stops.push(() => server.stop());
    const left = [...names];
    return { server, newUser: () => ({ username: left.pop(), password: 'secret' }) };
  };
  const shared = await dovecot();
  servers = {
    'NOTIFY and QRESYNC': {
      server: shared,
      newUser: () => shared.newUser(),
      canSeeAllFlags: true,
    },
    'IDLE and CONDSTORE': {
      ...(await start(
        'condstore',
        '--capability',
        'IMAP4rev1 IDLE CONDSTORE ENABLE UIDPLUS MOVE LITERAL+ NAMESPACE',
      )),
      canSeeAllFlags: true,
    },
    'nothing but IMAP4rev1': await start('plain', '--minimal'),
  };
  const config = { watch_poll: '300ms', login_attempts: 1000 };
  for (const [name, kind] of Object.entries(servers)) {
    kind.relay = await startCuttingRelay(kind.server.imapPort);
    stops.push(() => kind.relay.stop());
    kind.section = `${name.toLowerCase().replace(/[^a-z]+/g, '-')}.example`;
    config[`server ${kind.section}`] = { imap: `imap://localhost:${kind.relay.port}?tls=none` };
  }
  bridge = await startMailbridge({ config });
  stops.push(() => bridge.stop());
});

after(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** The mailbox, from all sides. */
class Mailbox {
  constructor(t, kind, dice) {
    Object.assign(this, { t, kind, dice, count: 0 });
  }

  async begin() {
    this.user = await this.kind.newUser();
    const { username, password } = this.user;
    const made = await bridge.api.api('POST', '/v1/sessions', {
      body: { username, password, server: this.kind.section },
    });
    assert.equal(made.status, 201, made.text);
    this.auth = `Bearer ${made.json.token}`;
    this.others = [await this.connect(), await this.connect()];
    for (const other of this.others) this.t.after(() => other.logout());
    await this.others[0].command('CREATE Archive').catch(() => {});
    for (const folder of FOLDERS) for (let n = 0; n < 5; n++) await this.deliver(folder);
    this.api = new ApiClient(bridge.port, this.auth);
    this.t.after(() => this.api.close());
    const { folders } = (await this.request('GET', '/v1/folders')).json;
    this.ids = Object.fromEntries(folders.map(({ name, id }) => [name.toUpperCase(), id]));
    this.stream = await openStream(this.t, this.api);
    this.firstId = this.stream.lastId;
    this.follower = new Follower(this.stream, await this.listed());
  }

  connect() {
    const { username, password } = this.user;
    return ImapClient.connect(this.kind.server, username, password);
  }

  request(method, path, body) {
    return this.api.api(method, path, { body });
  }

  id(folder) {
    return this.ids[folder.toUpperCase()];
  }

  /** All messages, as the API lists them. */
  async listed() {
    const lists = [];
    for (const folder of FOLDERS) {
      const answer = await this.request('GET', `/v1/folders/${this.id(folder)}/messages?limit=500`);
      assert.equal(answer.status, 200, answer.text);
      lists.push(...answer.json.messages);
    }
    return lists;
  }

  /** And as a fresh IMAP client sees them: Map of id to keywords. */
  async truth() {
    const client = await this.connect();
    const truth = await seenBy(client, new Map(FOLDERS.map((name) => [name, this.id(name)])));
    await client.logout();
    return truth;
  }

  async deliver(folder) {
    const subject = `random ${this.count++}`;
    const text = `From: bob@example.net\r\nSubject: ${subject}\r\n\r\nText of ${subject}.\r\n`;
    await this.others[this.dice(2)].append(folder, text, this.dice(2) ? '\\Seen' : '');
  }

  /** Another client selects a folder and does something to a message in it. */
  async change(folder) {
    const client = this.others[this.dice(2)];
    const { untagged } = await client.select(folder);
    const exists = Number(untagged.join().match(/(\d+) EXISTS/)?.[1] ?? 0);
    if (!exists) return;
    const number = this.dice(exists) + 1;
    const last = Math.min(exists, number + this.dice(4));
    const flags = ['\\Seen', '\\Flagged', 'todo', '\\Answered'];
    const what = this.dice(4);
    if (what === 0) {
      await client.command(`STORE ${number}:${last} +FLAGS.SILENT (\\Deleted)`);
      await client.command('EXPUNGE');
    } else if (folder === 'INBOX' || this.kind.canSeeAllFlags) {
      const sign = '+-'[this.dice(2)];
      await client.command(`STORE ${number}:${last} ${sign}FLAGS (${flags[this.dice(4)]})`);
    }
  }

  /** Something of our own; what comes of it when it is cut is not the question here. */
  async act() {
    const messages = await this.request('GET', `/v1/folders/${this.id('INBOX')}/messages?limit=5`);
    const ids = (messages.json?.messages ?? []).map(({ id }) => id);
    if (!ids.length) return;
    const id = ids[this.dice(ids.length)];
    const bodies = [
      { action: 'flag', ids: [id], keywords: { $flagged: true } },
      { action: 'move', ids: [id], folderId: this.id('Archive') },
      { action: 'copy', ids: [id], folderId: this.id('Archive') },
      { action: 'delete', ids: [id], permanent: true },
    ];
    await this.request('POST', '/v1/messages/actions', bodies[this.dice(4)]);
  }

  cut(phase = phases[this.dice(phases.length)]) {
    return this.kind.relay.cutNext({
      trigger: TRIGGERS[phase],
      side: this.dice(2) ? 'client' : 'server',
      after: this.dice(60),
      how: this.dice(2) ? 'fin' : 'rst',
    });
  }

  /** Goes on until a connection has been cut there. */
  async cutIn(phase) {
    const cut = this.cut(phase);
    for (let tries = 0; tries < 30 && !cut.isCut; tries++) {
      // What it logs in for comes behind another cut.
      if (phase === 'in a login') this.kind.relay.cutAll();
      await this.deliver(FOLDERS[tries % 2]);
      await this.change('INBOX');
      await this.listed().catch(() => {}); // an answer may be what was cut
      await waitFor('it', () => cut.isCut, 500).catch(() => {});
    }
    assert.ok(cut.isCut, `nothing was cut ${phase}`);
  }

  async step() {
    const folder = FOLDERS[this.dice(2)];
    const what = this.dice(10);
    if (what < 3) await this.deliver(folder);
    else if (what < 7) await this.change(folder);
    else if (what < 9) await this.act();
    else this.cut();
  }

  /** Until the follower and the API's lists say what a fresh client sees. */
  async quiet() {
    const same = (map, truth) => assert.deepEqual([...map].sort(), [...truth].sort());
    await waitFor(
      'the follower to know what the server has',
      async () => {
        const truth = await this.truth();
        this.follower.hear();
        same(this.follower.known, truth);
        const listed = await this.listed();
        same(new Map(listed.map(({ id, keywords }) => [id, textOf(keywords)])), truth);
        return true;
      },
      QUIET_LIMIT_MS,
    );
  }
}

/** What is cut in each: what it sends there. */
const kinds = {
  'NOTIFY and QRESYNC': phases,
  'IDLE and CONDSTORE': phases.filter((phase) => phase !== 'while it is asked to tell'),
  'nothing but IMAP4rev1': ['in the midst of a FETCH', 'while it synchronises', 'in a login'],
};

for (const [n, [name, cuts]] of Object.entries(kinds).entries()) {
  for (const phase of cuts) {
    test(`a connection that is cut ${phase} loses nothing: ${name}`, async (t) => {
      const box = new Mailbox(t, servers[name], diceOf(1000 * SEED + 100 + n));
      await box.begin();
      await box.cutIn(phase);
      await box.quiet();
    });
  }

  test(`random changes are followed: ${name}`, async (t) => {
    const box = new Mailbox(t, servers[name], diceOf(1000 * SEED + n));
    await box.begin();
    for (let round = 0; round < ROUNDS; round++) {
      for (let steps = 1 + box.dice(8); steps > 0; steps--) await box.step();
      await box.quiet();
    }
    // Who reads it all once more gets the same.
    const again = await openStream(t, box.api, `?since=${box.firstId}`);
    const ids = (events) => events.map(({ id }) => id);
    await again.until('the whole feed', (events) => events.length >= box.stream.events.length);
    assert.deepEqual(ids(again.events).slice(0, box.stream.events.length), ids(box.stream.events));
  });
}
