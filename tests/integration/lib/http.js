// HTTP as the tests speak it: a client that writes down every exchange for the conformance suite,
// and a raw one for what no client library would send.
import { appendFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { within } from './wait.js';

const RECORDED_BODY_MAX = 1 << 18;

export function basic(username, password) {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** A client of one mailbridge. `auth` is the Authorization header that it sends unless told. */
export class ApiClient {
  constructor(port, auth = null) {
    this.port = port;
    this.auth = auth;
    this.agent = new http.Agent({ keepAlive: true });
  }

  as(username, password) {
    return new ApiClient(this.port, basic(username, password));
  }

  close() {
    this.agent.destroy();
  }

  get(path, options) {
    return this.api('GET', path, options);
  }

  /**
   * One exchange: { status, headers, body (Buffer), text, json }. An object as `body` is sent as
   * JSON; `auth: null` sends none. With `stream: true` the answer is Node's own, unread, and not
   * recorded.
   */
  async api(method, path, options = {}) {
    const { stream = false, limitMs = 60_000 } = options;
    const request = this.#prepare(method, path, options);
    const response = await within(limitMs, `${method} ${path}`, this.#send(request));
    if (stream) return response;
    const chunks = [];
    await within(
      limitMs,
      `the answer to ${method} ${path}`,
      (async () => {
        for await (const chunk of response) chunks.push(chunk);
      })(),
    );
    const answer = new Answer(response.statusCode, response.headers, Buffer.concat(chunks));
    record(request, answer);
    return answer;
  }

  #prepare(method, path, { auth = this.auth, headers = {}, body = null }) {
    const all = { ...headers };
    if (auth) all.authorization ??= auth;
    let bytes = body;
    if (body !== null && typeof body === 'object' && !Buffer.isBuffer(body)) {
      bytes = JSON.stringify(body);
      all['content-type'] ??= 'application/json';
    }
    if (bytes !== null) all['content-length'] ??= Buffer.byteLength(bytes);
    return { method, path, headers: all, body: bytes };
  }

  #send({ method, path, headers, body }) {
    return new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: this.port,
        method,
        path,
        headers,
        agent: this.agent,
      };
      http
        .request(options, resolve)
        .on('error', reject)
        .end(body ?? undefined);
    });
  }
}

class Answer {
  constructor(status, headers, body) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }

  get text() {
    return this.body.toString('utf8');
  }

  get json() {
    try {
      return JSON.parse(this.text);
    } catch (error) {
      throw new Error(`not JSON, status ${this.status}: ${this.text.slice(0, 500)}`, {
        cause: error,
      });
    }
  }
}

function record(request, answer) {
  const file = process.env.MAILBRIDGE_RECORD;
  if (!file) return;
  const line = {
    test: process.argv[1]?.split('/').pop(),
    request: { ...request, body: textOf(request.body) },
    response: { status: answer.status, headers: answer.headers, body: textOf(answer.body) },
  };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

function textOf(body) {
  if (body === null) return null;
  return body.length > RECORDED_BODY_MAX ? { bytes: body.length } : body.toString('utf8');
}

/**
 * Sends bytes as they are, in pieces if `bytes` is an array, and reads until the other side closes
 * or `until` (of the text so far) is true. Gives { text, closed }.
 */
export function rawHttp(port, bytes, { until = () => false, limitMs = 30_000, end = false } = {}) {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  const done = new Promise((resolve, reject) => {
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (until(text)) resolve({ text, closed: false });
    });
    socket.on('close', () => resolve({ text, closed: true }));
    // A reset after the answer is a close like another.
    socket.on('error', (error) => (error.code === 'ECONNREFUSED' ? reject(error) : null));
    socket.on('connect', () => {
      for (const piece of [bytes].flat()) socket.write(piece);
      if (end) socket.end();
    });
  });
  return within(limitMs, 'a raw HTTP exchange', done).finally(() => socket.destroy());
}

/** The first answer in what rawHttp read: { status, headers, body }. */
export function parseRawAnswer(text) {
  const [head, ...rest] = text.split('\r\n\r\n');
  const [statusLine, ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(statusLine.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}
