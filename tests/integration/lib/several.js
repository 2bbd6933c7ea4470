// Several bridges on one Redis of their own, and what they do to the mail server.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { startMailbridge } from './mailbridge.js';
import { runSupport } from './paths.js';
import { waitFor } from './wait.js';

const run = promisify(execFile);

class Redis {
  constructor(folder, printed) {
    this.folder = folder;
    const of = (name) => printed.match(new RegExp(`^${name}=(.*)$`, 'm'))[1];
    this.port = Number(of('REDIS_PORT'));
    this.socket = of('REDIS_SOCKET');
    this.url = `redis://127.0.0.1:${this.port}`;
  }

  /** What redis-cli says to a command. */
  async cli(...args) {
    const { stdout } = await run('redis-cli', ['-s', this.socket, ...args.map(String)]);
    return stdout.trim();
  }

  async restart() {
    await runSupport('redis.sh', 'stop', this.folder);
    await runSupport('redis.sh', 'start', this.folder);
  }

  async stop() {
    await runSupport('redis.sh', 'stop', this.folder);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function startRedis() {
  const folder = mkdtempSync(`${tmpdir()}/mailbridge-redis-`);
  const { stdout } = await runSupport('redis.sh', 'start', folder);
  return new Redis(folder, stdout);
}

/** Bridges of one configuration that share a Redis: start() more of them, stop() all. */
class Several {
  #folder = mkdtempSync(`${tmpdir()}/mailbridge-several-`);
  #bridges = [];

  constructor(redis, config) {
    this.redis = redis;
    const keyFile = `${this.#folder}/key`;
    writeFileSync(keyFile, randomBytes(32), { mode: 0o600 });
    this.config = {
      login_attempts: 1000,
      metrics: 'same',
      state: redis.url,
      key_file: keyFile,
      ...config,
    };
  }

  async start(count = 1) {
    const started = await Promise.all(
      Array.from({ length: count }, () => startMailbridge({ config: this.config })),
    );
    this.#bridges.push(...started);
    return started;
  }

  /** Each must end well, but those that were killed. */
  async stop() {
    try {
      for (const bridge of this.#bridges) {
        resume(bridge);
        bridge.api.close();
      }
      await Promise.all(
        this.#bridges.filter(({ wasCrashed }) => !wasCrashed).map((bridge) => bridge.stop()),
      );
    } finally {
      for (const bridge of this.#bridges) bridge.kill();
      await this.redis.stop();
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }
}

/** For one test: `config` as startMailbridge takes it, without what concerns the state. */
export async function useSeveral(t, config) {
  const several = new Several(await startRedis(), config);
  t.after(() => several.stop());
  return several;
}

/** It sleeps, as on a machine that was suspended. */
export function pause(bridge) {
  process.kill(bridge.pid, 'SIGSTOP');
}

export function resume(bridge) {
  if (bridge.isRunning) process.kill(bridge.pid, 'SIGCONT');
}

/** It dies without a word. */
export async function crash(bridge) {
  bridge.wasCrashed = true;
  bridge.kill();
  await bridge.exited();
}

/** A figure of GET /metrics. */
export async function figure(bridge, name) {
  const { text } = await bridge.api.get('/metrics');
  const line = text.split('\n').find((each) => each.startsWith(`mailbridge_${name} `));
  if (!line) throw new Error(`there is no ${name} in ${text}`);
  return Number(line.split(' ').pop());
}

/** The one bridge of these that watches an account; the others relay. */
export function watcherOf(bridges) {
  return waitFor('one of them to watch', async () => {
    const counts = await Promise.all(bridges.map((bridge) => figure(bridge, 'accounts_watched')));
    if (counts.reduce((sum, n) => sum + n, 0) !== 1) return null;
    return bridges[counts.indexOf(1)];
  });
}

function afterTurns(count, then) {
  setImmediate(count > 1 ? () => afterTurns(count - 1, then) : then);
}

/** A relay that counts connections: { port, open, peak, stop() }. */
export async function startCountingRelay(toPort) {
  const relay = { open: 0, peak: 0 };
  const sockets = new Set();
  const server = net.createServer({ noDelay: true }, (client) => {
    const upstream = net.connect({ port: toPort, host: '127.0.0.1', noDelay: true });
    let isCounted = false;
    let isOver = false;
    const end = () => {
      if (isCounted) relay.open--;
      isCounted = false;
      isOver = true;
      client.destroy();
      upstream.destroy();
      sockets.delete(client);
    };
    // Behind what another one sent before this one came: data are read in one turn, the end of
    // them in the next.
    afterTurns(3, () => {
      if (isOver) return;
      isCounted = true;
      relay.peak = Math.max(relay.peak, ++relay.open);
    });
    sockets.add(client);
    client.pipe(upstream, { end: false });
    upstream.pipe(client, { end: false });
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    client.on('end', end);
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  relay.port = server.address().port;
  relay.stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return relay;
}
