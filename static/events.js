/**
 * Follows what happens in a mail account: a client of GET /v1/events for browsers. No dependencies.
 *
 *   import { follow } from '/static/events.js';
 *
 *   const feed = follow({
 *     token: () => token,            // of the session; leave it out with the session cookie
 *     onStart: (cursor) => list(),   // the feed begins here: what is listed from now on is enough
 *     onEvent: (event) => apply(event), // either may be asynchronous: the next event waits for it
 *     onState: (state, detail) => show(state),
 *   });
 *   feed.close();
 *
 * Every event is given once and in order. `reset` says that some are lost: list again. An event may
 * tell what the list has already, for it was listed after the feed began.
 *
 * States: 'connecting', 'open', 'waiting' (tries again in detail.seconds), and at the end 'closed'
 * or 'logged-out' (the session is over: log in, then follow again).
 *
 * Why this is not just `new EventSource(…)`: it cannot send a token, so each connection needs a
 * ticket that is good for one; it gives up for good at any answer but 200; and it does not tell the
 * id of a heartbeat, so the first cursor is taken before. Where event streams do not get through
 * (some proxies hold them back) it goes on by long-poll.
 */

const TYPES = [
	'message.created',
	'message.updated',
	'message.deleted',
	'folder.created',
	'folder.updated',
	'folder.deleted',
	'account.connected',
	'account.disconnected',
	'reset',
];
const BACKOFF_MIN_MS = 500;
const BACKOFF_MAX_MS = 60_000;
const OPEN_LIMIT_MS = 20_000;
const STREAM_TRIES = 3; // that never opened; then long-poll
const POLL_WAIT_S = 50;
const REMEMBERED_IDS = 1000;

/** An answer that is no 2xx. */
class Refusal extends Error {
	constructor(response) {
		super(`${response.status} ${response.url.split('?')[0]}`);
		this.status = response.status;
		this.retryAfterMs = 1000 * Number(response.headers.get('Retry-After') ?? 0);
	}
}

/**
 * Options besides those above: `base`, where the API is ('/mail', 'https://mail.example.org'),
 * without a slash at its end; `since`, a cursor to go on from; `folders` and `types`, arrays to
 * filter by; `transport: 'poll'`, never to try event streams.
 */
export function follow(options) {
	const feed = new Feed(options);
	feed.run();
	return {
		close: () => feed.close(),
		get cursor() {
			return feed.cursor;
		},
	};
}

class Feed {
	#options;
	#closed = false;
	#failures = 0; // since it was open last
	#unopened = 0; // streams in a row that never were
	#seen = new Set();
	#abort = new AbortController();
	#wake = () => {};
	#handled = Promise.resolve();
	cursor;

	constructor(options) {
		this.#options = { base: '', ...options };
		this.cursor = options.since;
	}

	async run() {
		const wake = () => this.#wake();
		globalThis.addEventListener?.('online', wake);
		while (!this.#closed) {
			try {
				this.#tell('connecting');
				await this.#connect();
			} catch (error) {
				if (!this.#closed) await this.#recover(error);
			}
		}
		globalThis.removeEventListener?.('online', wake);
	}

	close(state = 'closed') {
		if (this.#closed) return;
		this.#closed = true;
		this.#abort.abort();
		this.#wake();
		this.#tell(state);
	}

	#tell(state, detail = {}) {
		this.#options.onState?.(state, detail);
	}

	/** Comes back by throwing when the connection is lost. */
	async #connect() {
		if (this.cursor === undefined) {
			this.cursor = (await this.#poll()).cursor;
			await this.#options.onStart?.(this.cursor);
		}
		const streams = this.#options.transport !== 'poll' && this.#unopened < STREAM_TRIES;
		if (streams && globalThis.EventSource) await this.#stream();
		else await this.#pollOn();
	}

	/** After a loss: the longer, the more often it failed; less regular, the more there are. */
	async #recover(error) {
		if (error.status === 401) {
			this.close('logged-out');
			return;
		}
		const most = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** this.#failures++);
		const delay = Math.max(error.retryAfterMs ?? 0, most * (0.5 + Math.random() / 2));
		this.#tell('waiting', { seconds: delay / 1000, error });
		await new Promise((resolve) => {
			const timer = setTimeout(resolve, delay);
			this.#wake = () => {
				clearTimeout(timer);
				resolve();
			};
		});
		this.#wake = () => {};
	}

	#opened() {
		this.#failures = 0;
		this.#tell('open');
	}

	#take(event) {
		if (this.#seen.has(event.id)) return;
		this.#seen.add(event.id);
		if (this.#seen.size > REMEMBERED_IDS) this.#seen.delete(this.#seen.values().next().value);
		this.cursor = event.id;
		this.#handled = this.#handled
			.then(() => this.#closed || this.#options.onEvent?.(event))
			.catch((error) => console.error(event, error));
	}

	// --- asking ---------------------------------------------------------------------

	#url(query) {
		const { base, folders, types } = this.#options;
		const all = new URLSearchParams(query);
		if (folders) all.set('folders', folders.join());
		if (types) all.set('types', types.join());
		return `${base}/v1/events?${all}`;
	}

	async #fetch(method, url) {
		const token = this.#options.token?.();
		const response = await fetch(url, {
			method,
			signal: this.#abort.signal,
			cache: 'no-store',
			credentials: token ? 'omit' : 'include',
			headers: { Accept: 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
		});
		if (!response.ok) throw new Refusal(response);
		return response.json();
	}

	#poll(query = {}) {
		return this.#fetch('GET', this.#url(query));
	}

	// --- long-poll ------------------------------------------------------------------

	async #pollOn() {
		for (let wait = 0; !this.#closed; wait = POLL_WAIT_S) {
			const answer = await this.#poll({ since: this.cursor, wait });
			if (wait === 0) this.#opened();
			for (const event of answer.events) this.#take(event);
			this.cursor = answer.cursor;
		}
	}

	// --- event streams --------------------------------------------------------------

	/** The address of the next stream: with a ticket, unless the cookie says who asks. */
	async #streamUrl() {
		const query = { since: this.cursor };
		if (this.#options.token) {
			const { ticket } = await this.#fetch('POST', `${this.#options.base}/v1/events/tickets`);
			query.ticket = ticket;
		} else if (this.#failures > 0) {
			// An EventSource does not say why it failed; this throws what it was.
			await this.#fetch('GET', `${this.#options.base}/v1/session`);
		}
		return this.#url(query);
	}

	async #stream() {
		const url = await this.#streamUrl();
		if (this.#closed) return;
		this.#unopened++;
		await new Promise((_, reject) => {
			const source = new EventSource(url, { withCredentials: !this.#options.token });
			const end = (error) => {
				clearTimeout(late);
				source.close();
				reject(error);
			};
			const late = setTimeout(() => end(new Error('the stream does not open')), OPEN_LIMIT_MS);
			this.#abort.signal.addEventListener('abort', () => end(new Error('closed')), { once: true });
			source.onopen = () => {
				clearTimeout(late);
				this.#unopened = 0;
				this.#opened();
			};
			// By itself it would go on with a ticket that is spent, and from an older place.
			source.onerror = () => end(new Error('the stream was lost'));
			for (const type of TYPES)
				source.addEventListener(type, ({ data }) => this.#take(JSON.parse(data)));
		});
	}
}
