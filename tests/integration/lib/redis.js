// A private Redis for tests, by tests/support/redis.sh.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { root } from './paths.js';

const script = `${root}tests/support/redis.sh`;
const run = promisify(execFile);

class Redis {
  #folder = mkdtempSync(`${tmpdir()}/mailbridge-redis-`);
  #args;

  constructor(args) {
    this.#args = args;
  }

  async start() {
    const { stdout } = await run(script, ['start', this.#folder, ...this.#args]);
    const said = Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split('=')),
    );
    this.socket = said.REDIS_SOCKET;
    this.port = Number(said.REDIS_PORT);
    this.pid = Number(said.REDIS_PID);
    return this;
  }

  /** It is gone, as after a crash; start() brings an empty one back at the same place. */
  async stop() {
    await run(script, ['stop', this.#folder]);
  }

  pause() {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume() {
    process.kill(this.pid, 'SIGCONT');
  }

  /** What redis-cli prints. */
  async command(...words) {
    return (await run('redis-cli', ['-s', this.socket, ...words])).stdout.trim();
  }

  async remove() {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Why there can be none on this machine, or null. */
export async function redisIsMissing() {
  return run(script, ['can']).then(
    () => null,
    (error) => error.stderr.trim(),
  );
}

export function startRedis(...args) {
  return new Redis(args).start();
}
