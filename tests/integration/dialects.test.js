// How big providers speak, seen from HTTP: what their refusals become, and what works in spite of
// them. The dialogues in tests/transcripts/imap/dialogue have the details.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startMailbridge } from './lib/mailbridge.js';
import { assertProblem } from './lib/problem.js';
import { imapPeer, startScriptedServer } from './lib/scripted_server.js';

const PASSWORD = 'secret';
const EXCHANGE = '* OK The Microsoft Exchange IMAP4 service is ready. [RgBSADIAUAAy]\r\n';
const NETEASE = '* OK Coremail System IMap Server Ready(163com[10774b260cc7a37d])\r\n';
const NETEASE_CAPABILITY =
  '* CAPABILITY IMAP4rev1 XLIST SPECIAL-USE ID LITERAL+ UIDPLUS X-CM-EXT-1 SASL-IR AUTH=PLAIN\r\n';

const refuse = (text) => async () => ({ tagged: text });

/** AUTHENTICATE of a server that offers SASL-IR and does not know it. */
async function authenticateLikeCoremail({ text }, peer) {
  if (text !== 'AUTHENTICATE PLAIN') return { tagged: 'BAD Request not ending with \\r\\n' };
  await peer.send('+ \r\n');
  const said = Buffer.from((await peer.line()) ?? '', 'base64').toString();
  return { tagged: said.endsWith(`\0${PASSWORD}`) ? 'OK completed' : 'NO LOGIN Login error' };
}

const header = (subject) =>
  `BODY[HEADER.FIELDS (DATE SUBJECT FROM SENDER REPLY-TO TO CC BCC MESSAGE-ID IN-REPLY-TO REFERENCES)]` +
  ` {${subject.length + 13}}\r\nSubject: ${subject}\r\n\r\n`;
const message = (seq, uid) =>
  `* ${seq} FETCH (UID ${uid} FLAGS () INTERNALDATE "17-Feb-2026 12:00:00 +0000" RFC822.SIZE 400` +
  ` BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 5 1) ${header(`number ${seq}`)})\r\n`;

/** Three messages; the second one can never be fetched, and whatever asks for it fails. */
async function fetchLikeYahoo({ text }, peer) {
  const isByUid = text.startsWith('UID');
  const set = text.replace(/^UID /, '').split(' ')[1];
  const wanted = [1, 2, 3].filter((seq) =>
    set.split(',').some((range) => {
      const [first, last = first] = range.split(':').map(Number);
      const n = isByUid ? 100 + seq : seq;
      return n >= first && n <= last;
    }),
  );
  const isBare = /\(UID\)$/.test(text);
  for (const seq of wanted) {
    if (isBare) await peer.send(`* ${seq} FETCH (UID ${100 + seq})\r\n`);
    else if (seq === 2) return { tagged: 'NO [UNAVAILABLE] FETCH Server error' };
    else await peer.send(message(seq, 100 + seq));
  }
  return {};
}

/** Domain -> its server. */
const SERVERS = {
  'exchange.example': imapPeer(
    { SELECT: refuse('NO Request is throttled. Suggested Backoff Time: 299910 milliseconds') },
    { greeting: EXCHANGE },
  ),
  'toomany.example': imapPeer({
    LOGIN: refuse('NO [ALERT] Too many simultaneous connections. (Failure)'),
  }),
  'traffic.example': imapPeer({
    SELECT: refuse('NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)'),
  }),
  'web.example': imapPeer({
    LOGIN: async (command, peer) => {
      await peer.send('* NO [WEBALERT https://accounts.example/continue] Web login required.\r\n');
      return { tagged: 'NO [ALERT] Please log in via your web browser (Failure)' };
    },
  }),
  'netease.example': imapPeer(
    { CAPABILITY: NETEASE_CAPABILITY, AUTHENTICATE: authenticateLikeCoremail },
    { greeting: NETEASE },
  ),
  'unsafe.example': imapPeer(
    { SELECT: refuse('NO SELECT Unsafe Login. Please contact kefu@188.com for help') },
    { greeting: NETEASE },
  ),
  'yahoo.example': imapPeer({
    SELECT:
      '* 3 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n* OK [UIDNEXT 104] ok\r\n* FLAGS (\\Seen)\r\n',
    SEARCH: '* SEARCH\r\n',
    FETCH: fetchLikeYahoo,
  }),
};

const servers = [];
let bridge;

before(async () => {
  const config = {};
  for (const [domain, peer] of Object.entries(SERVERS)) {
    const server = await startScriptedServer(peer);
    servers.push(server);
    config[`server ${domain}`] = { imap: `imap://localhost:${server.port}?tls=none` };
  }
  bridge = await startMailbridge({ config });
});

after(async () => {
  await bridge?.stop();
  for (const server of servers) await server.stop();
});

async function ask(domain, path, password = PASSWORD) {
  const client = bridge.api.as(`ann@${domain}`, password);
  try {
    return await client.get(path);
  } finally {
    client.close();
  }
}

test('who is throttled hears for how long', async () => {
  const answer = await ask('exchange.example', '/v1/folders/inbox/messages');
  assertProblem(answer, 503, 'upstream-unavailable');
  assert.equal(answer.headers['retry-after'], '300');
});

test('too many sessions are no wrong password', async () => {
  const answer = await ask('toomany.example', '/v1/folders');
  assertProblem(answer, 503, 'upstream-unavailable');
  assert.match(answer.headers['retry-after'], /^\d+$/);
});

test('a limit of traffic is no full mailbox', async () => {
  const answer = await ask('traffic.example', '/v1/folders/inbox/messages');
  assertProblem(answer, 503, 'upstream-unavailable');
  assert.equal(answer.json.upstream.code, 'OVERQUOTA');
});

test('who has to log in on the web is shown the words of the server', async () => {
  const answer = await ask('web.example', '/v1/folders');
  assertProblem(answer, 401, 'invalid-credentials');
  assert.match(answer.json.upstream.text, /web browser/);
});

test('a server that does not know the initial response it offers lets in all the same', async () => {
  const answer = await ask('netease.example', '/v1/folders');
  assert.equal(answer.status, 200, answer.text);
  assertProblem(await ask('netease.example', '/v1/folders', 'wrong'), 401, 'invalid-credentials');
});

test('a login that is not trusted may look, but not open a folder', async () => {
  assert.equal((await ask('unsafe.example', '/v1/folders')).status, 200);
  const answer = await ask('unsafe.example', '/v1/folders/inbox/messages');
  assert.equal(answer.status, 403, answer.text);
  assert.match(answer.json.upstream.text, /Unsafe Login/);
});

test('one message that the server never gives does not hide the others', async () => {
  const answer = await ask('yahoo.example', '/v1/folders/inbox/messages');
  assert.equal(answer.status, 200, answer.text);
  const subjects = answer.json.messages.map(({ subject }) => subject);
  assert.ok(subjects.includes('number 1') && subjects.includes('number 3'), answer.text);
  assert.equal(answer.json.total, 3);
});
