// A mail server for `./dev bench watch`: thousands of TLS connections that do nothing but IDLE, which
// no real one here can have. Knows what a watch asks of IMAP4rev1 with IDLE and UIDPLUS; every user
// has an inbox of the same messages.
//
//   imap_standin.js CERT KEY MESSAGES [--full-handshakes | --tls1.2]
//
// Node gives tickets of TLS 1.3 at full handshakes only, two at a time, and each is good for one
// connection: all can be resumed in TLS 1.2 alone.
//
// Prints its port. A line on its standard input changes a flag of the first message of every user at
// once; it answers each with the number of its connections, and of those whose TLS
// handshake had been a resumed one.
import { constants } from 'node:crypto';
import { readFileSync } from 'node:fs';
import readline from 'node:readline';
import tls from 'node:tls';

const [cert, key, messages, mode] = process.argv.slice(2);
const COUNT = Number(messages);
const CAPABILITY = 'IMAP4rev1 SASL-IR AUTH=PLAIN IDLE UIDPLUS';
const flags = Buffer.from(
  Array.from({ length: COUNT }, (_, n) => `* ${n + 1} FETCH (UID ${n + 1} FLAGS (\\Seen))\r\n`).join(''),
);
const STATUS = { MESSAGES: COUNT, UIDNEXT: COUNT + 1, UIDVALIDITY: 7, UNSEEN: 0, RECENT: 0 };

/** Untagged answers by command. */
const answers = {
  CAPABILITY: () => `* CAPABILITY ${CAPABILITY}\r\n`,
  AUTHENTICATE: () => '',
  LOGIN: () => '',
  NOOP: () => '',
  ID: () => '* ID NIL\r\n',
  LIST: (rest) => (/^"" ""/.test(rest) ? '* LIST (\\Noselect) "/" ""\r\n' : '* LIST () "/" INBOX\r\n'),
  LSUB: () => '* LSUB () "/" INBOX\r\n',
  STATUS: (rest) => {
    const items = rest.match(/\(([^)]*)\)/)[1].split(' ');
    return `* STATUS INBOX (${items.map((item) => `${item} ${STATUS[item] ?? 0}`).join(' ')})\r\n`;
  },
  SELECT: () =>
    `* FLAGS (\\Seen \\Flagged \\Answered \\Draft \\Deleted)\r\n* ${COUNT} EXISTS\r\n* 0 RECENT\r\n` +
    `* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT ${COUNT + 1}] ok\r\n` +
    '* OK [PERMANENTFLAGS (\\Seen \\Flagged \\Answered \\Draft \\Deleted \\*)] ok\r\n',
  UID: (rest) => (/^FETCH 1:\S+ \((UID )?FLAGS( UID)?\)$/i.test(rest) ? flags : unknown(`UID ${rest}`)),
  FETCH: (rest) => (/^1:\S+ \((UID )?FLAGS( UID)?\)$/i.test(rest) ? flags : unknown(`FETCH ${rest}`)),
};
answers.EXAMINE = answers.SELECT;

function unknown(what) {
  console.error(`the stand-in does not know: ${what}`);
  return '';
}

const idling = new Set();
const sockets = new Set();
let isFlagged = false;
let changes = 0;

/** Who does not idle for the moment is told as soon as it does. */
function tell(socket) {
  if (socket.changes !== changes)
    socket.write(`* 1 FETCH (UID 1 FLAGS (\\Seen${isFlagged ? ' \\Flagged' : ''}))\r\n`);
  socket.changes = changes;
}

function answer(socket, line) {
  if (line === 'DONE') {
    idling.delete(socket);
    socket.write(`${socket.idleTag} OK done\r\n`);
    return;
  }
  const [, tag, name, rest] = line.match(/^(\S+) (\S+) ?(.*)$/);
  const command = name.toUpperCase();
  if (command === 'IDLE') {
    socket.idleTag = tag;
    idling.add(socket);
    socket.write('+ idling\r\n');
    tell(socket);
  } else if (command === 'LOGOUT') {
    socket.end(`* BYE\r\n${tag} OK bye\r\n`);
  } else {
    socket.write(answers[command]?.(rest) ?? unknown(line));
    socket.write(`${tag} OK ${command === 'SELECT' ? '[READ-WRITE] ' : ''}done\r\n`);
  }
}

// Without tickets, and without a store for sessions, none is ever resumed.
const secureOptions = mode === '--full-handshakes' ? constants.SSL_OP_NO_TICKET : 0;
const maxVersion = mode === '--tls1.2' ? 'TLSv1.2' : 'TLSv1.3';
const options = { cert: readFileSync(cert), key: readFileSync(key), secureOptions, maxVersion };
const server = tls.createServer(options, (socket) => {
  let buffered = '';
  socket.setNoDelay();
  socket.write(`* OK [CAPABILITY ${CAPABILITY}] ready\r\n`);
  socket.setEncoding('latin1').on('data', (data) => {
    const lines = (buffered + data).split('\r\n');
    buffered = lines.pop();
    for (const line of lines) answer(socket, line);
  });
  socket.changes = changes;
  sockets.add(socket);
  socket.on('error', () => {}).on('close', () => {
    idling.delete(socket);
    sockets.delete(socket);
  });
});
server.listen(0, '127.0.0.1', 4096, () => console.log(server.address().port));

readline.createInterface({ input: process.stdin }).on('line', () => {
  isFlagged = !isFlagged;
  changes++;
  for (const socket of idling) tell(socket);
  console.log(sockets.size, [...sockets].filter((socket) => socket.isSessionReused()).length);
});
