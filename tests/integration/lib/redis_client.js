// A client of Redis for what redis-cli cannot say: keys and values of any bytes. Answers are
// Buffers, numbers, arrays of them, null, or thrown.
import net from 'node:net';

const NEWLINE = Buffer.from('\r\n');

/** The first whole reply of the bytes as { value, rest }, or null. */
function parse(bytes) {
  const end = bytes.indexOf(NEWLINE);
  if (end < 0) return null;
  const line = bytes.subarray(1, end).toString();
  let rest = bytes.subarray(end + 2);
  const kind = String.fromCharCode(bytes[0]);
  if (kind === '+') return { value: Buffer.from(line), rest };
  if (kind === '-') return { value: new Error(line), rest };
  if (kind === ':') return { value: Number(line), rest };
  if (Number(line) < 0) return { value: null, rest };
  if (kind === '$') {
    if (rest.length < Number(line) + 2) return null;
    return { value: rest.subarray(0, Number(line)), rest: rest.subarray(Number(line) + 2) };
  }
  const value = [];
  for (let left = Number(line); left > 0; left--) {
    const item = parse(rest);
    if (!item) return null;
    value.push(item.value);
    rest = item.rest;
  }
  return { value, rest };
}

export class RedisClient {
  #socket;
  #waiting = [];
  #bytes = Buffer.alloc(0);

  /** Of a socket's path. */
  constructor(path) {
    this.#socket = net.connect({ path }).unref();
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('Redis has left'));
    });
  }

  #take(chunk) {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (let reply = parse(this.#bytes); reply; reply = parse(this.#bytes)) {
      this.#bytes = reply.rest;
      const { resolve, reject } = this.#waiting.shift();
      if (reply.value instanceof Error) reject(reply.value);
      else resolve(reply.value);
    }
  }

  /** Words are texts or Buffers. */
  command(...words) {
    const parts = words.map((word) => Buffer.from(word));
    this.#socket.ref().write(
      Buffer.concat([
        Buffer.from(`*${parts.length}\r\n`),
        ...parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, NEWLINE]),
      ]),
    );
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    }).finally(() => this.#waiting.length || this.#socket.unref());
  }

  close() {
    this.#socket.destroy();
  }
}
