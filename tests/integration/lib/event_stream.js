// Listening to GET /v1/events as the tests do: event streams, read as the WHATWG's standard says.
import assert from 'node:assert/strict';
import { waitFor } from './wait.js';

/** Fields of each block as they come; a block without data moves the id only. */
class BlockReader {
  #rest = '';

  push(text) {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop();
    return blocks.map((block) => {
      const fields = {};
      for (const line of block.split('\n')) {
        const colon = line.indexOf(':');
        if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
      }
      return fields;
    });
  }
}

export class EventStream {
  #response;
  #reader = new BlockReader();
  events = [];
  text = '';
  lastId = null;
  hasEnded = false;

  constructor(response) {
    this.#response = response;
    this.headers = response.headers;
    response.setEncoding('utf8').on('data', (text) => this.#take(text));
    response.on('error', () => {}).on('close', () => {
      this.hasEnded = true;
    });
  }

  #take(text) {
    this.text += text;
    for (const { id, event, data } of this.#reader.push(text)) {
      if (id) this.lastId = id;
      if (!data) continue;
      const parsed = JSON.parse(data);
      assert.equal(parsed.id, id);
      assert.equal(parsed.type, event);
      this.events.push(parsed);
    }
  }

  /** Stops reading: the server's buffers fill. */
  pause() {
    this.#response.pause();
  }

  resume() {
    this.#response.resume();
  }

  /** Closes the connection without a word. */
  cut() {
    this.#response.destroy();
  }

  /** The events once `check` is true of them. */
  async until(what, check) {
    await waitFor(what, () => check(this.events)).catch((error) => {
      throw new Error(`${error.message}; it got ${JSON.stringify(this.events)}`);
    });
    return this.events;
  }

  ended() {
    return waitFor('the stream to end', () => this.hasEnded);
  }
}

/** Opens one and waits for its first block: `lastId` is then where it begins. */
export async function openStream(t, api, query = '', headers = {}) {
  const response = await api.api('GET', `/v1/events${query}`, {
    headers: { accept: 'text/event-stream', ...headers },
    stream: true,
  });
  const stream = new EventStream(response);
  t.after(() => stream.cut());
  if (response.statusCode !== 200) {
    await stream.ended();
    throw new Error(`${response.statusCode} ${stream.text}`);
  }
  await waitFor('the first block', () => stream.text.includes('\n\n'));
  return stream;
}
