#!/usr/bin/env node
// A TCP proxy for tests and benches that makes a network slow or breaks it.
//
//   delay_proxy.js --to PORT [--listen PORT] [--delay-ms N] [--cut-after BYTES] [--stall-after BYTES]
//
// Prints the port that it listens on. --delay-ms holds every piece back in both directions;
// --cut-after ends the connection after so many bytes from the server, --stall-after passes
// nothing on from then on and keeps the connection open.
import net from 'node:net';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/** Passes bytes on in order, each `delayMs` after it came, and then the end. */
function pipeLater(from, to, delayMs, admit) {
  const later = (action) => (delayMs > 0 ? setTimeout(action, delayMs) : action());
  from.on('data', (chunk) => {
    const part = admit(chunk);
    if (part.length)
      later(() => {
        if (to.writable) to.write(part);
      });
  });
  from.on('end', () => later(() => to.end()));
}

function join(client, { toPort, toHost, delayMs, cutAfterBytes, stallAfterBytes }) {
  const server = net.connect({ port: toPort, host: toHost, noDelay: true });
  const both = [client, server];
  for (const socket of both) {
    socket.on('error', () => {});
    socket.on('close', () => both.forEach((other) => other.destroySoon()));
  }
  let passed = 0;
  pipeLater(client, server, delayMs, (chunk) => chunk);
  pipeLater(server, client, delayMs, (chunk) => {
    const left = Math.max(0, Math.min(cutAfterBytes, stallAfterBytes) - passed);
    passed += chunk.length;
    if (passed >= cutAfterBytes) setTimeout(() => client.destroySoon(), delayMs + 1);
    return chunk.subarray(0, left);
  });
}

/** Gives { port, connections, stop() }; all options may be changed between connections. */
export async function startDelayProxy(options) {
  const settings = {
    toHost: '127.0.0.1',
    listenPort: 0,
    delayMs: 0,
    cutAfterBytes: Infinity,
    stallAfterBytes: Infinity,
    ...options,
  };
  const clients = new Set();
  const server = net.createServer({ noDelay: true }, (client) => {
    proxy.connections += 1;
    clients.add(client.on('close', () => clients.delete(client)));
    join(client, settings);
  });
  await new Promise((resolve, reject) => {
    server.on('error', reject).listen(settings.listenPort, '127.0.0.1', resolve);
  });
  const proxy = {
    port: server.address().port,
    settings,
    connections: 0,
    async stop() {
      const ended = new Promise((resolve) => {
        server.close(resolve);
      });
      clients.forEach((client) => client.destroy());
      await ended;
    },
  };
  return proxy;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const string = { type: 'string' };
  const { values } = parseArgs({
    options: {
      to: string,
      listen: string,
      'delay-ms': string,
      'cut-after': string,
      'stall-after': string,
    },
  });
  const proxy = await startDelayProxy({
    toPort: Number(values.to),
    listenPort: Number(values.listen ?? 0),
    delayMs: Number(values['delay-ms'] ?? 0),
    cutAfterBytes: Number(values['cut-after'] ?? Infinity),
    stallAfterBytes: Number(values['stall-after'] ?? Infinity),
  });
  console.log(proxy.port);
}
