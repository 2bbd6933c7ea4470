import { follow } from './events.js';

/* Where this page came from is where the API is. */
const here = location.href.replace(/\/[^/]*$/, '');
for (const place of document.querySelectorAll('.origin')) {
	place.textContent = here;
}

/* --- the inbox, live: an example of how list and events go together ------------------- */

const SHOWN = 8;
const form = document.querySelector('#login');
const live = document.querySelector('#live');
const list = document.querySelector('#messages');
const state = document.querySelector('#state');
let token = null;
let inbox = null;
let feed = null;
let messages = new Map();

async function api(method, path, body) {
	const response = await fetch(`${here}/v1${path}`, {
		method,
		headers: {
			...(token && { Authorization: `Bearer ${token}` }),
			...(body && { 'Content-Type': 'application/json' }),
		},
		body: body && JSON.stringify(body),
	});
	if (response.status === 204) return null;
	const answer = await response.json();
	if (!response.ok) throw new Error(answer.detail ?? answer.title);
	return answer;
}

function row(message) {
	const item = document.createElement('li');
	const from = message.from[0];
	const name = document.createElement('b');
	item.dataset.id = message.id;
	item.classList.toggle('unread', !message.keywords.$seen);
	name.textContent = from ? from.name ?? from.email : '(nobody)';
	item.append(name, ` ${message.subject ?? '(no subject)'}`);
	return item;
}

function show() {
	const newest = [...messages.values()].sort((a, b) => b.receivedAt.localeCompare(a.receivedAt));
	list.replaceChildren(...newest.slice(0, SHOWN).map(row));
}

async function load() {
	const answer = await api('GET', `/folders/${inbox}/messages?limit=50`);
	messages = new Map(answer.messages.map((message) => [message.id, message]));
	show();
}

/* Each of these may tell what the list has already: that changes nothing. */
const apply = {
	'message.created': ({ message }) => messages.set(message.id, message),
	'message.updated': ({ updates }) => {
		for (const { id, keywords } of updates) {
			if (messages.has(id)) messages.get(id).keywords = keywords;
		}
	},
	'message.deleted': ({ ids }) => ids.forEach((id) => messages.delete(id)),
	reset: () => load(),
};

async function onEvent(event) {
	if (event.folderId && event.folderId !== inbox) return;
	await apply[event.type]?.(event);
	show();
}

function onState(name, { seconds } = {}) {
	state.textContent = seconds ? `${name} ${Math.ceil(seconds)} s` : name;
	if (name === 'logged-out') leave();
}

function leave() {
	token = null;
	messages.clear();
	live.hidden = true;
	form.hidden = false;
}

form.addEventListener('submit', async (submit) => {
	submit.preventDefault();
	const fields = Object.fromEntries(new FormData(form));
	const problem = form.querySelector('output');
	problem.textContent = '';
	try {
		({ token } = await api('POST', '/sessions', fields));
		form.reset();
		inbox = (await api('GET', '/folders/inbox')).id;
		form.hidden = true;
		live.hidden = false;
		feed = follow({ base: here, token: () => token, onStart: load, onEvent, onState });
	} catch (error) {
		problem.textContent = error.message;
	}
});

document.querySelector('#logout').addEventListener('click', async () => {
	feed.close();
	await api('DELETE', '/session').catch(() => {});
	leave();
});
