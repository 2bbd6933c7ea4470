// A mail server that does what a test tells it, for what no real server does on demand.
//
//   const server = await startScriptedServer(async (peer) => {
//     await peer.send('* OK [CAPABILITY IMAP4rev1] ready\r\n');
//     const { tag } = await peer.expect(/^LOGIN /);
//     await peer.send(`${tag} OK done\r\n`);
//     peer.cut();
//   });
//
// The function runs once for each connection. imapPeer() is one that behaves like a small IMAP
// server except where a test says otherwise.
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { setImmediate } from 'node:timers/promises';
import tls from 'node:tls';
import { LineReader } from './imap_client.js';
import { runSupport, testFolder } from './paths.js';

/** One connection, seen from the server. All that waits ends with an error when the peer leaves. */
class Peer {
  #reader = new LineReader(() => this.socket.write('+ go ahead\r\n'));
  #lines = [];
  #waiting = null;
  isClosed = false;
  #left = Infinity;
  /** Everything that the client sent. */
  received = [];

  constructor(socket) {
    // What a failed test left open must not keep the process.
    this.socket = socket.unref();
    this.closed = new Promise((resolve) => {
      socket.once('close', resolve);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
    socket.on('data', (chunk) => this.#take(chunk));
  }

  #take(chunk) {
    this.#reader.push(chunk);
    for (let line = this.#reader.shift(); line !== null; line = this.#reader.shift()) {
      this.received.push(line);
      this.#lines.push(line);
    }
    this.#wake();
  }

  #wake() {
    this.#waiting?.();
    this.#waiting = null;
  }

  /** The next line, a literal within it, or null when the client has left. */
  async line() {
    while (!this.#lines.length && !this.isClosed) {
      await new Promise((resolve) => {
        this.#waiting = resolve;
      });
    }
    return this.#lines.shift() ?? null;
  }

  /** The next command as { tag, text }, or null. */
  async command() {
    const line = await this.line();
    if (line === null) return null;
    const space = line.indexOf(' ');
    return { tag: line.slice(0, space), text: line.slice(space + 1) };
  }

  /** The next command, which must match. */
  async expect(pattern) {
    const command = await this.command();
    if (!command || !pattern.test(command.text)) {
      throw new Error(`the client sent ${command?.text ?? 'nothing'} instead of ${pattern}`);
    }
    return command;
  }

  /** Writes text or bytes; resolves when the system has taken them, or the client has left. */
  async send(data) {
    if (this.isClosed) return;
    const bytes = Buffer.from(data, typeof data === 'string' ? 'latin1' : undefined);
    const part = bytes.subarray(0, this.#left);
    this.#left -= part.length;
    const written = new Promise((resolve) => {
      this.socket.write(part, resolve);
    });
    await Promise.race([written, this.closed]);
    if (this.#left === 0) this.cut();
  }

  /** From now on only so many bytes reach the client; then the connection ends. */
  cutAfter(bytes) {
    this.#left = bytes;
  }

  /** Closes without a word, as a crashed server does. */
  cut() {
    this.socket.destroy();
  }

  /** Says nothing more until the client leaves. */
  async silence() {
    await this.closed;
  }

  /** Sends `count` bytes of filling, stopping early when the client leaves. */
  async flood(count, filling = 'x') {
    const block = Buffer.alloc(65536 - (65536 % filling.length), filling);
    for (let left = count; left > 0 && !this.isClosed; left -= block.length) {
      await this.send(left < block.length ? block.subarray(0, left) : block);
      // A write that succeeds at once gives nobody else a turn.
      await setImmediate();
    }
  }
}

/** Certificates of certs.sh, made once for all scripted servers. */
export async function certificates() {
  const folder = `${testFolder}/certs`;
  if (!existsSync(`${folder}/ready`)) await runSupport('certs.sh', folder);
  return folder;
}

/**
 * Listens on a free port. `certificate` names one of certs.sh and makes it speak TLS from the
 * first byte. Gives { port, peers, errors, caFile, stop() }; what a conversation threw is in
 * `errors` and thrown by stop().
 */
export async function startScriptedServer(conversation, { certificate = null } = {}) {
  const peers = [];
  const errors = [];
  const folder = await certificates();
  const onSocket = (socket) => {
    const peer = new Peer(socket);
    peers.push(peer);
    Promise.resolve(conversation(peer, peers.length)).catch((error) => {
      errors.push(error);
      peer.cut();
    });
  };
  const server = certificate
    ? tls.createServer(
        {
          cert: readFileSync(`${folder}/${certificate}.pem`),
          key: readFileSync(`${folder}/server.key`),
        },
        onSocket,
      )
    : net.createServer(onSocket);
  server.on('tlsClientError', () => {});
  server.unref();
  await new Promise((resolve, reject) => {
    server.on('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    port: server.address().port,
    caFile: `${folder}/ca.pem`,
    peers,
    errors,
    async stop() {
      const ended = new Promise((resolve) => {
        server.close(resolve);
      });
      for (const peer of peers) peer.cut();
      await ended;
      if (errors.length) throw errors[0];
    },
  };
}

/** What the answer of imapPeer to a FETCH is made from. */
const MESSAGE = [
  'From: Ann <ann@example.com>',
  'To: demo@example.org',
  'Subject: scripted',
  'Date: Thu, 15 Jan 2026 12:00:00 +0000',
  'Message-ID: <scripted@example.com>',
  '',
  'hello',
  '',
].join('\r\n');

const FETCHED =
  '* 1 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE "15-Jan-2026 12:00:00 +0000"' +
  ` RFC822.SIZE ${MESSAGE.length} ENVELOPE ("Thu, 15 Jan 2026 12:00:00 +0000" "scripted"` +
  ' (("Ann" NIL "ann" "example.com")) (("Ann" NIL "ann" "example.com"))' +
  ' (("Ann" NIL "ann" "example.com")) ((NIL NIL "demo" "example.org")) NIL NIL NIL' +
  ' "<scripted@example.com>") BODYSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL' +
  ' "7BIT" 7 1 NIL NIL NIL NIL) BODY[HEADER.FIELDS (REFERENCES)] {2}\r\n\r\n' +
  ' BODY[1] {7}\r\nhello\r\n)\r\n';

const SELECTED =
  '* 1 EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen \\Flagged \\Deleted)\r\n' +
  '* OK [UIDVALIDITY 42] ok\r\n* OK [UIDNEXT 8] ok\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] ok\r\n';

/** Command -> untagged answers. An entry is a text, or a function of (command, peer). */
export const USUAL = {
  CAPABILITY: '* CAPABILITY IMAP4rev1\r\n',
  LOGIN: '',
  NOOP: '',
  CHECK: '',
  CLOSE: '',
  UNSELECT: '',
  ID: '* ID NIL\r\n',
  ENABLE: '* ENABLED\r\n',
  NAMESPACE: '* NAMESPACE (("" "/")) NIL NIL\r\n',
  LIST: '* LIST (\\HasNoChildren) "/" INBOX\r\n',
  LSUB: '* LSUB () "/" INBOX\r\n',
  STATUS: '* STATUS INBOX (MESSAGES 1 RECENT 0 UIDNEXT 8 UIDVALIDITY 42 UNSEEN 0)\r\n',
  SELECT: SELECTED,
  EXAMINE: SELECTED,
  FETCH: FETCHED,
  SEARCH: '* SEARCH 7\r\n',
  LOGOUT: '* BYE bye\r\n',
};

/**
 * A conversation for startScriptedServer: greets, then answers every command with OK after what
 * `answers` or USUAL say of it. An answer that is a function may send for itself and return
 * { tagged: 'NO [CODE] text' } for another ending, or null for none.
 */
export function imapPeer(
  answers = {},
  { greeting = '* OK [CAPABILITY IMAP4rev1] ready\r\n' } = {},
) {
  return async (peer) => {
    await peer.send(greeting);
    for (let command = await peer.command(); command; command = await peer.command()) {
      const name = command.text.replace(/^UID /i, '').split(' ')[0].toUpperCase();
      const answer = answers[name] ?? USUAL[name];
      let tagged = answer === undefined ? 'BAD unknown command' : 'OK done';
      if (typeof answer === 'function') {
        const result = await answer(command, peer);
        if (result === null) continue;
        if (result?.tagged) tagged = result.tagged;
      } else if (answer) {
        await peer.send(answer);
      }
      await peer.send(`${command.tag} ${tagged}\r\n`);
      if (name === 'LOGOUT') peer.socket.end();
    }
  };
}
