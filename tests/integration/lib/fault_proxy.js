// A TCP proxy whose faults begin and end while connections are open: latency, cuts after so many
// bytes of the server's, or nobody there.
import net from 'node:net';

class FaultProxy {
  #links = new Set();
  #server;
  /** Each piece is so late, in both directions. */
  delayMs = 0;
  /** So many bytes of the server's pass on a connection, then it ends. A function makes one. */
  cutAfter = () => Infinity;
  /** New connections end at once. */
  isGone = false;
  connections = 0;

  constructor(toPort) {
    this.toPort = toPort;
  }

  async start() {
    this.#server = net.createServer({ noDelay: true }, (client) => this.#join(client));
    this.#server.unref();
    await new Promise((resolve, reject) => {
      this.#server.on('error', reject).listen(0, '127.0.0.1', resolve);
    });
    this.port = this.#server.address().port;
    return this;
  }

  #join(client) {
    this.connections += 1;
    if (this.isGone) {
      client.destroy();
      return;
    }
    const server = net.connect({ port: this.toPort, host: '127.0.0.1', noDelay: true });
    const link = { client, server, left: this.cutAfter() };
    this.#links.add(link);
    for (const socket of [client, server]) {
      socket.on('error', () => {}).on('close', () => {
        client.destroy();
        server.destroy();
        this.#links.delete(link);
      });
    }
    client.on('data', (chunk) => this.#pass(server, chunk));
    server.on('data', (chunk) => {
      const part = chunk.subarray(0, link.left);
      link.left -= part.length;
      this.#pass(client, part);
      if (link.left === 0) this.#later(() => client.destroySoon());
    });
  }

  #later(action) {
    if (this.delayMs > 0) setTimeout(action, this.delayMs).unref();
    else action();
  }

  #pass(to, chunk) {
    this.#later(() => to.writable && to.write(chunk));
  }

  /** What is open now. */
  cut() {
    for (const { client } of this.#links) client.destroy();
  }

  async stop() {
    const ended = new Promise((resolve) => {
      this.#server.close(resolve);
    });
    this.cut();
    await ended;
  }
}

export const startFaultProxy = (toPort) => new FaultProxy(toPort).start();
