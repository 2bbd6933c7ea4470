// A relay in front of a real mail server that ends the connection at an exact byte, and tells when
// the server has ended its side of it too: from then on nothing that was asked over it happens.
import net from 'node:net';

class Link {
  #relay;
  #client;
  #server;
  #sent = ''; // by the client, while a cut is planned
  #cut = null; // once its trigger was seen
  #from = 0; // where in #sent the cut is counted from
  #left = Infinity; // bytes from the server that may still pass
  #isOver = false;

  constructor(relay, client, toPort) {
    this.#relay = relay;
    this.#client = client.setNoDelay();
    this.#server = net.connect({
      port: toPort,
      host: '127.0.0.1',
      noDelay: true,
      allowHalfOpen: true,
    });
    this.serverClosed = new Promise((resolve) => {
      this.#server.once('close', resolve);
    });
    client.on('data', (chunk) => this.#fromClient(chunk));
    this.#server.on('data', (chunk) => this.#fromServer(chunk));
    client.on('error', () => {}).on('close', () => this.#server.end());
    client.on('end', () => {
      this.#server.end();
      if (this.#isOver) client.end(); // it is tired of the silence
    });
    this.#server.on('error', () => {}).on('end', () => this.#server.end());
    this.#server.on('close', () => this.#isOver || client.end());
  }

  /** What was planned has not come about, and shall not any more. */
  spare() {
    if (this.#isOver) return;
    this.#cut = null;
    this.#left = Infinity;
  }

  destroy() {
    this.#client.destroy();
    this.#server.destroy();
  }

  #fromClient(chunk) {
    if (this.#isOver) return;
    this.#relay.commands?.push(...chunk.toString('latin1').split('\r\n').filter(Boolean));
    if (!this.#relay.plan && !this.#cut) {
      this.#sent = '';
      this.#server.write(chunk);
      return;
    }
    const forwarded = this.#sent.length;
    this.#sent += chunk.toString('latin1');
    const isNew = !this.#cut && this.#findTrigger();
    if (this.#cut?.side !== 'client') {
      this.#server.write(chunk);
      if (isNew && this.#left === 0) this.#end();
      return;
    }
    const left = this.#from + this.#cut.after - forwarded;
    this.#server.write(chunk.subarray(0, Math.max(0, left)));
    if (left <= chunk.length) this.#end();
  }

  #findTrigger() {
    const match = this.#relay.plan?.trigger.exec(this.#sent);
    if (!match) return false;
    this.#cut = this.#relay.plan;
    this.#relay.plan = null;
    this.#from = match.index;
    if (this.#cut.side === 'server') this.#left = this.#cut.after;
    return true;
  }

  #fromServer(chunk) {
    if (this.#isOver) return;
    this.#client.write(chunk.subarray(0, this.#left));
    this.#left -= chunk.length;
    if (this.#left <= 0) this.#end();
  }

  #end() {
    this.#isOver = true;
    this.#cut.hasHappened(this);
    if (this.#cut.how === 'silence') return; // until the client has had enough
    if (this.#cut.how === 'rst') this.#client.resetAndDestroy();
    else this.#client.end();
    this.#server.end();
  }
}

/**
 * Gives { port, record(), cutNext(), cutAll(), stop() }. record() gives an array that from now on gets each line
 * that clients send. cutNext({ trigger, side, after, how }) plans one cut: after so
 * many bytes of what the client sends from where `trigger` matches (side 'client'), or of what the
 * server sends from that moment on (side 'server'). How: 'fin', 'rst' or 'silence', which passes
 * nothing on any more. It gives an object whose `isCut` says whether it came to it, and whose
 * over() waits until the server has ended the connection that was cut.
 */
export async function startCuttingRelay(toPort) {
  const links = new Set();
  const relay = { plan: null, commands: null };
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const link = new Link(relay, client, toPort);
    links.add(link);
    link.serverClosed.then(() => links.delete(link));
  });
  server.unref();
  await new Promise((resolve, reject) => {
    server.on('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    port: server.address().port,
    record() {
      relay.commands = [];
      return relay.commands;
    },
    cutNext({ trigger, side, after, how = 'fin' }) {
      let link = null;
      relay.plan = {
        trigger,
        side,
        after,
        how,
        hasHappened(which) {
          link = which;
        },
      };
      return {
        get isCut() {
          return link !== null;
        },
        async over() {
          relay.plan = null;
          for (const other of links) other.spare();
          await link?.serverClosed;
        },
      };
    },
    /** Ends all that is there. */
    cutAll() {
      for (const link of links) link.destroy();
    },
    async stop() {
      const ended = new Promise((resolve) => {
        server.close(resolve);
      });
      for (const link of links) link.destroy();
      await ended;
    },
  };
}
