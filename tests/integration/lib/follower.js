// Who follows the event feed the way a client does, and what a fresh IMAP client sees meanwhile.
import assert from 'node:assert/strict';

/** Numbers below n, the same ones for the same seed. */
export function diceOf(seed) {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % n;
  };
}

const flagNames = { '\\Seen': '$seen', '\\Answered': '$answered', '\\Flagged': '$flagged' };
export const textOf = (keywords) => Object.keys(keywords).sort().join(' ');

/** One who follows the feed: what he knows, by id. Complains of what makes no sense. */
export class Follower {
  known = new Map();
  heardIds = [];
  #heard = 0;

  constructor(stream, messages) {
    this.stream = stream;
    for (const { id, keywords } of messages) this.known.set(id, textOf(keywords));
  }

  hear() {
    for (; this.#heard < this.stream.events.length; this.#heard++) {
      this.heardIds.push(this.stream.events[this.#heard].id);
      this.#take(this.stream.events[this.#heard]);
    }
  }

  /** The next stream, from where the last one ended. */
  goOn(stream) {
    this.stream = stream;
    this.#heard = 0;
  }

  #take(event) {
    switch (event.type) {
      case 'message.created':
        assert.ok(!this.known.has(event.message.id), `told twice: ${event.message.id}`);
        this.known.set(event.message.id, textOf(event.message.keywords));
        break;
      case 'message.updated':
        for (const { id, keywords } of event.updates) {
          assert.ok(this.known.has(id), `changed, but never there: ${id}`);
          this.known.set(id, textOf(keywords));
        }
        break;
      case 'message.deleted':
        for (const id of event.ids) assert.ok(this.known.delete(id), `never there: ${id}`);
        break;
      case 'reset':
        assert.fail(`reset: ${JSON.stringify(event)}`);
    }
  }
}

/** What an IMAP client sees in some folders (Map of name to id): Map of message id to keywords. */
export async function seenBy(client, folders) {
  const all = new Map();
  for (const [name, id] of folders) {
    const { untagged } = await client.select(name);
    const validity = Number(untagged.join().match(/UIDVALIDITY (\d+)/)[1]).toString(36);
    const fetched = await client.command('UID FETCH 1:* (FLAGS)');
    for (const line of fetched.untagged) {
      const [, flags] = line.match(/FLAGS \(([^)]*)\)/) ?? [];
      const [, uid] = line.match(/UID (\d+)/) ?? [];
      if (!uid || flags.includes('\\Deleted')) continue;
      const names = flags.split(' ').filter((flag) => flag && flag !== '\\Recent');
      const keywords = names.map((flag) => flagNames[flag] ?? flag.toLowerCase()).sort();
      all.set(`${id}.${validity}.${Number(uid).toString(36)}`, keywords.join(' '));
    }
  }
  return all;
}
