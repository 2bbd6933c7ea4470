// Running the program under test. Whatever a sanitizer says about it fails the test file.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { after, before } from 'node:test';
import { DEMO_PASSWORD, DEMO_USER, dovecot } from './dovecot.js';
import { ApiClient } from './http.js';
import { mailServer } from './mail_server.js';
import { root } from './paths.js';
import { waitFor, within } from './wait.js';

const STOP_LIMIT_MS = 30_000;
const SANITIZER = /(ERROR|WARNING): \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer/;

export const binary = () => process.env.MAILBRIDGE_BIN ?? `${root}build/asan/api/mailbridge`;

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net
      .createServer()
      .on('error', reject)
      .listen(0, '127.0.0.1', () => {
        const { port } = server.address();
        server.close(() => resolve(port));
      });
  });
}

/**
 * The text of a configuration: { listen: …, 'server example.org': { imap: … } }. Members that are
 * objects are sections.
 */
export function iniText(settings) {
  const plain = Object.entries(settings).filter(([, value]) => typeof value !== 'object');
  const sections = Object.entries(settings).filter(([, value]) => typeof value === 'object');
  const lines = (entries) => entries.map(([key, value]) => `${key} = ${value}\n`).join('');
  return (
    lines(plain) +
    sections.map(([name, entries]) => `\n[${name}]\n${lines(Object.entries(entries))}`).join('')
  );
}

/** The section for the shared Dovecot, over TLS from the first byte. */
export async function dovecotSection(overrides = {}) {
  return { ...(await dovecot()).section(), ...overrides };
}

class Mailbridge {
  #child;
  #exited;
  #folder;
  output = '';

  constructor(port, config, { args = [], env = {} }) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.api = new ApiClient(port);
    this.#folder = mkdtempSync(`${tmpdir()}/mailbridge-config-`);
    const file = `${this.#folder}/mailbridge.ini`;
    writeFileSync(file, config);
    this.#child = spawn(binary(), ['--config', file, '--listen', `127.0.0.1:${port}`, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        // Variables of ours look like settings to it.
        ...Object.fromEntries(
          Object.entries(process.env).filter(([name]) => !name.startsWith('MAILBRIDGE_')),
        ),
        ASAN_OPTIONS: 'detect_leaks=1:quarantine_size_mb=16',
        UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
        ...env,
      },
    });
    for (const pipe of [this.#child.stdout, this.#child.stderr]) {
      pipe.setEncoding('utf8').on('data', (text) => {
        this.output += text;
      });
    }
    this.#exited = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) => resolve(signal ?? code));
    });
    this.#exited.catch(() => {});
  }

  get pid() {
    return this.#child.pid;
  }

  get isRunning() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async untilReady() {
    await waitFor('mailbridge to answer', async () => {
      if (!this.isRunning) await this.#refuse('ended before it was ready');
      return (await this.api.get('/health/ready')).status === 200;
    }).catch(async (error) => {
      this.kill();
      throw new Error(`${error.message}\n${this.output}`, { cause: error.cause });
    });
  }

  /** SIGTERM; fails unless it ends in time, with 0 and with no word of a sanitizer. */
  async stop() {
    this.api.close();
    this.#child.kill('SIGTERM');
    try {
      const code = await within(STOP_LIMIT_MS, 'stopping mailbridge', this.#exited);
      if (code !== 0) await this.#refuse(`ended with ${code}`);
      if (SANITIZER.test(this.output)) await this.#refuse('was caught by a sanitizer');
    } finally {
      this.kill();
    }
  }

  kill() {
    if (this.isRunning) this.#child.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The exit code or signal, once it has ended by itself. */
  exited() {
    return this.#exited;
  }

  async #refuse(what) {
    await this.#exited;
    throw new Error(`mailbridge ${what}; it printed:\n${this.output}`);
  }
}

/**
 * Starts one and waits until it is ready. `config` is what iniText takes, or a text; without it
 * the mail server of the test serves example.org.
 */
export async function startMailbridge({ config = null, isReady = true, ...options } = {}) {
  const settings = config ?? { 'server example.org': (await mailServer()).section() };
  const text = typeof settings === 'string' ? settings : iniText(settings);
  const bridge = new Mailbridge(await freePort(), text, options);
  if (isReady) await bridge.untilReady();
  return bridge;
}

/**
 * For the head of a test file: one for all its tests, stopped and judged after them. `options`
 * may be a function that makes them. Gives an object whose members are there once tests run:
 * bridge, api (nobody) and demo (the demo user).
 */
export function useMailbridge(options = {}) {
  const use = {};
  before(async () => {
    use.bridge = await startMailbridge(typeof options === 'function' ? await options() : options);
    use.api = use.bridge.api;
    use.demo = use.api.as(DEMO_USER, DEMO_PASSWORD);
  });
  after(async () => {
    use.demo?.close();
    await use.bridge?.stop();
  });
  return use;
}
