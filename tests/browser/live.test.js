// The start page and static/events.js in a real browser: what only one can show.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { dovecot } from '../integration/lib/dovecot.js';
import { ImapClient } from '../integration/lib/imap_client.js';
import { deliver } from '../integration/lib/lmtp.js';
import { startMailbridge } from '../integration/lib/mailbridge.js';
import { waitFor } from '../integration/lib/wait.js';
import { startDelayProxy } from '../support/delay_proxy.js';

const LIMIT_MS = 30_000;
let browser;
let bridge;

before(async () => {
  bridge = await startMailbridge();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});

after(async () => {
  await browser?.close();
  await bridge?.stop();
});

/** A user, mail for them, and a page on a line of its own that can be cut. */
async function visit(t) {
  const server = await dovecot();
  const user = await server.newUser();
  const mail = (subject) =>
    deliver(server, user.username, `From: Bob <b@example.net>\nSubject: ${subject}\n\nHello.\n`);
  let line = await startDelayProxy({ toPort: bridge.port });
  const { port } = line;
  const cut = () => line.stop();
  const mend = async () => {
    line = await startDelayProxy({ toPort: bridge.port, listenPort: port });
  };
  const context = await browser.newContext();
  context.setDefaultTimeout(LIMIT_MS);
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  t.after(async () => {
    await context.close();
    await line.stop();
    assert.deepEqual(complaints, []);
  });
  await page.goto(`http://127.0.0.1:${port}/`);
  return { server, user, mail, page, cut, mend, line: () => line };
}

async function logIn(page, { username, password }) {
  await page.fill('[name=username]', username);
  await page.fill('[name=password]', password);
  await page.click('#login button');
  await page.getByRole('status').filter({ hasText: 'open' }).waitFor();
}

const row = (page, subject) => page.locator('#messages li', { hasText: subject });

test('new mail comes into the page, once, whatever becomes of the line', async (t) => {
  const { server, user, mail, page, cut, mend } = await visit(t);
  let tickets = 0;
  page.on('request', (request) => {
    if (request.url().endsWith('/v1/events/tickets')) tickets++;
  });
  await mail('before');
  await logIn(page, user);
  await row(page, 'before').waitFor();
  await mail('first');
  await row(page, 'first').waitFor();
  assert.equal(tickets, 1);

  const client = await ImapClient.connect(server, user.username, user.password);
  t.after(() => client.logout());
  await client.select('INBOX');
  await client.command('STORE 1:* +FLAGS (\\Seen)');
  await row(page, 'first').and(page.locator('li:not(.unread)')).waitFor();

  await cut();
  await page.getByRole('status').filter({ hasText: 'waiting' }).waitFor();
  await mail('while away');
  await mend();
  await row(page, 'while away').waitFor();
  await mail('afterwards');
  await row(page, 'afterwards').waitFor();
  assert.ok(tickets >= 2, 'each stream has a ticket of its own');
  for (const subject of ['before', 'first', 'while away', 'afterwards'])
    assert.equal(await row(page, subject).count(), 1, subject);
});

test('a server that starts anew asks to log in again, and the page goes on', async (t) => {
  const { user, mail, page, line } = await visit(t);
  await logIn(page, user);
  await mail('one');
  await row(page, 'one').waitFor();
  // The line leads to the next one; the embedded state's sessions end with their process.
  const old = bridge;
  bridge = await startMailbridge();
  line().settings.toPort = bridge.port;
  await old.stop();
  await page.locator('#login').waitFor();
  await mail('two');
  await logIn(page, user);
  await row(page, 'two').waitFor();
  await mail('three');
  await row(page, 'three').waitFor();
});

/** Follows the events in the page with these options; gives what it saw so far. */
async function follow(page, options) {
  await page.evaluate(async (options) => {
    const { follow } = await import('/static/events.js');
    globalThis.seen = { subjects: [], states: [], starts: 0 };
    globalThis.feed = follow({
      ...options,
      onStart: () => globalThis.seen.starts++,
      onEvent: ({ message }) => message && globalThis.seen.subjects.push(message.subject),
      onState: (state) => globalThis.seen.states.push(state),
    });
  }, options);
  return () => page.evaluate(() => globalThis.seen);
}

async function logInWithCookie(page, { username, password }) {
  const status = await page.evaluate(
    async (body) => {
      const headers = { 'Content-Type': 'application/json' };
      const answer = await fetch('/v1/sessions', { method: 'POST', headers, body });
      return answer.status;
    },
    JSON.stringify({ username, password, cookie: true }),
  );
  assert.equal(status, 201);
}

for (const transport of ['stream', 'poll']) {
  test(`with the cookie, by ${transport}, nothing is lost or doubled`, async (t) => {
    const { user, mail, page, cut, mend } = await visit(t);
    await logInWithCookie(page, user);
    const seen = await follow(page, { transport });
    await waitFor('the feed to be open', async () => (await seen()).states.includes('open'));
    await mail('one');
    await waitFor('the first', async () => (await seen()).subjects.length === 1);
    await cut();
    await waitFor('it to notice', async () => (await seen()).states.includes('waiting'));
    await mail('two');
    await mend();
    await waitFor('the second', async () => (await seen()).subjects.length === 2);
    await page.evaluate(() => fetch('/v1/session', { method: 'DELETE' }));
    await waitFor('the end', async () => (await seen()).states.at(-1) === 'logged-out');
    const { subjects, starts } = await seen();
    assert.deepEqual(subjects, ['one', 'two']);
    assert.equal(starts, 1);
  });
}
