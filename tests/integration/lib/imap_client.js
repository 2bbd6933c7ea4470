// "Another mail program": a small IMAP client, for tests to change mailboxes behind our back.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { within } from './wait.js';

const LIMIT_MS = 30_000;
const LITERAL = /\{(\d+)(\+?)\}$/;

/** Cuts a stream into lines; a literal stays within the line that announced it. */
export class LineReader {
  #buffer = Buffer.alloc(0);
  #searchFrom = 0;
  #onLiteral;

  /** `onLiteral` is called for each literal whose sender waits to be asked for it. */
  constructor(onLiteral = () => {}) {
    this.#onLiteral = onLiteral;
  }

  push(chunk) {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
  }

  /** The next whole line without its end, as latin1, or null. */
  shift() {
    for (;;) {
      const end = this.#buffer.indexOf('\r\n', this.#searchFrom);
      if (end < 0) return null;
      const literal = this.#buffer.toString('latin1', Math.max(0, end - 25), end).match(LITERAL);
      if (!literal) {
        const line = this.#buffer.toString('latin1', 0, end);
        this.#buffer = this.#buffer.subarray(end + 2);
        this.#searchFrom = 0;
        return line;
      }
      if (!literal[2]) this.#onLiteral();
      this.#searchFrom = end + 2 + Number(literal[1]);
    }
  }
}

export class ImapClient {
  #socket;
  #reader = new LineReader();
  #lines = [];
  #waiting = [];
  #tags = 0;

  constructor(socket) {
    // What a failed test left open must not keep the process; every wait has a limit of its own.
    this.#socket = socket.unref();
    socket.on('data', (chunk) => {
      this.#reader.push(chunk);
      for (let line = this.#reader.shift(); line !== null; line = this.#reader.shift()) {
        const waiting = this.#waiting.shift();
        if (waiting) waiting.resolve(line);
        else this.#lines.push(line);
      }
    });
    const fail = (error) => {
      for (const { reject } of this.#waiting.splice(0)) {
        reject(error instanceof Error ? error : new Error('the IMAP connection ended'));
      }
    };
    socket.on('error', fail).on('close', fail);
  }

  static async connect(server, username, password) {
    const { hasTls = true } = server;
    const socket = hasTls
      ? tls.connect({
          port: server.imapsPort,
          host: '127.0.0.1',
          servername: 'localhost',
          ca: readFileSync(server.caFile),
        })
      : net.connect(server.imapPort, '127.0.0.1');
    const client = new ImapClient(socket);
    try {
      await client.#line();
      await client.command(`LOGIN ${quoted(server.loginName(username))} ${quoted(password)}`);
      return client;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  #line() {
    const line = this.#lines.shift();
    if (line !== undefined) return Promise.resolve(line);
    return within(
      LIMIT_MS,
      'an answer of the IMAP server',
      new Promise((resolve, reject) => {
        this.#waiting.push({ resolve, reject });
      }),
    );
  }

  /** Sends one command; gives { text, untagged } and fails unless the answer is OK. */
  async command(text, literal = null) {
    const tag = `t${++this.#tags}`;
    const untagged = [];
    this.#socket.write(
      literal === null ? `${tag} ${text}\r\n` : `${tag} ${text} {${literal.length}}\r\n`,
    );
    for (;;) {
      const line = await this.#line();
      if (line.startsWith('+')) {
        this.#socket.write(Buffer.concat([literal, Buffer.from('\r\n')]));
      } else if (line.startsWith(`${tag} `)) {
        if (!line.startsWith(`${tag} OK`)) throw new Error(`${text}: ${line}`);
        return { text: line.slice(tag.length + 1), untagged };
      } else {
        untagged.push(line);
      }
    }
  }

  select(folder) {
    return this.command(`SELECT ${quoted(folder)}`);
  }

  /** `receivedAt` in seconds since 1970. */
  append(folder, message, flags = '', receivedAt = null) {
    const date = receivedAt === null ? '' : ` ${dateTime(receivedAt)}`;
    return this.command(`APPEND ${quoted(folder)} (${flags})${date}`, Buffer.from(message));
  }

  async logout() {
    await this.command('LOGOUT').catch(() => {});
    this.#socket.destroy();
  }
}

/** RFC 9051's date-time. */
function dateTime(seconds) {
  const [, day, month, year, time] = new Date(seconds * 1000)
    .toUTCString()
    .match(/(\d+) (\w+) (\d+) ([\d:]+)/);
  return `"${day}-${month}-${year} ${time} +0000"`;
}

export function quoted(text) {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
