// Judging one HTTP exchange by the document. Faults are sentences; none means all is documented.
import { coerce, mediaTypeIn } from './document.js';

/** Headers that say how a message travels, not what it means; no document lists them. */
const TRANSPORT = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'trailer',
  'transfer-encoding',
]);

/**
 * { operation, faults } of { request: { method, path, headers, body }, response: { status,
 * headers, body } }. Bodies are texts, null, or { bytes } where they were too long to keep. The
 * operation is null where the document has none and the answer rightly says so.
 */
export function checkExchange(document, { request, response }) {
  const [path, query = ''] = request.path.split('?');
  const operations = document.operationsAt(path);
  const operation =
    operations.find(({ method }) => method === request.method) ??
    (request.method === 'HEAD' ? operations.find(({ method }) => method === 'GET') : undefined);
  if (!operation)
    return { operation: null, faults: checkRefusal(document, operations, request, response) };
  const faults = checkResponse(document, operation, request, response);
  if (response.status < 400)
    faults.push(...checkRequest(document, operation, request, path, query));
  return { operation, faults: faults.map((fault) => `${operation.id}: ${fault}`) };
}

/** A path or method that is not documented must be refused, by a problem. */
function checkRefusal(document, operations, { method, path }, response) {
  const isOptions = method === 'OPTIONS' && operations.length > 0;
  if (isOptions && response.status === 204) return [];
  const expected = operations.length > 0 ? [405, 501] : [404, 405, 501];
  // What is wrong with the request in any case may be said first.
  if (![...expected, 400, 401, 408, 413, 414, 429, 431, 503].includes(response.status)) {
    return [`${method} ${path.split('?')[0]} is not documented but answered ${response.status}`];
  }
  const problem = document.root.at('components', 'schemas', 'Problem');
  if (method === 'HEAD' || !problem) return [];
  return checkJson(document, problem, response.body, `${method} ${path.split('?')[0]}: problem`);
}

function checkResponse(document, operation, request, response) {
  const documented = operation.response(response.status);
  if (!documented) return [`status ${response.status} is not documented`];
  return [
    ...checkHeaders(document, documented, response),
    ...checkBody(document, documented, request, response),
  ];
}

function checkHeaders(document, documented, { status, headers }) {
  const faults = [];
  const known = new Map(
    (documented.at('headers')?.entries() ?? []).map(([name, node]) => [name.toLowerCase(), node]),
  );
  for (const [name, value] of Object.entries(headers)) {
    if (TRANSPORT.has(name)) continue;
    const header = known.get(name);
    const schema = header?.at('schema');
    if (!header) faults.push(`header ${name} is not documented for status ${status}`);
    else if (schema) {
      const text = Array.isArray(value) ? value.join(', ') : value;
      faults.push(...document.faults(schema, coerce(schema, text), `header ${name}`));
    }
  }
  for (const [name, header] of known) {
    if (header.value.required && !(name in headers))
      faults.push(`header ${name} is missing for ${status}`);
  }
  return faults;
}

function checkBody(document, documented, request, { status, headers, body }) {
  const content = documented.at('content');
  const isEmpty = body === null || body === '';
  if (request.method === 'HEAD') return isEmpty ? [] : ['an answer to HEAD has a body'];
  if (!content) return isEmpty ? [] : [`a body is not documented for status ${status}`];
  const type = headers['content-type'];
  if (!type) return [`status ${status} has no Content-Type`];
  const media = mediaTypeIn(content, type);
  if (!media) return [`type ${type} is not documented for status ${status}`];
  const schema = media.at('schema');
  if (!schema || !isJson(type) || body?.bytes) return [];
  return checkJson(document, schema, body, `body of ${status}`);
}

const isJson = (type) => /^application\/([\w.-]+\+)?json\b/.test(type);

function checkJson(document, schema, text, what) {
  try {
    return document.faults(schema, JSON.parse(text), what);
  } catch (error) {
    if (error instanceof SyntaxError) return [`${what} is not JSON`];
    throw error;
  }
}

/** What was accepted must have been documented too. */
function checkRequest(document, operation, request, path, query) {
  return [
    ...checkPathParameters(document, operation, path),
    ...checkQuery(document, operation, query),
    ...checkRequestBody(document, operation, request),
  ];
}

function checkPathParameters(document, operation, path) {
  const values = path.match(operation.pattern).slice(1);
  return operation.parametersIn('path').flatMap((parameter) => {
    const schema = parameter.at('schema');
    const text = decodeURIComponent(values[operation.names.indexOf(parameter.value.name)]);
    return document.faults(schema, coerce(schema, text), `path parameter ${parameter.value.name}`);
  });
}

function checkQuery(document, operation, query) {
  const faults = [];
  const search = new URLSearchParams(query);
  const known = new Map(operation.parametersIn('query').map((node) => [node.value.name, node]));
  for (const name of new Set(search.keys())) {
    const parameter = known.get(name);
    if (!parameter) faults.push(`query parameter ${name} is accepted but not documented`);
    else {
      const schema = parameter.at('schema');
      const value = queryValue(parameter, schema, search.getAll(name));
      faults.push(...document.faults(schema, value, `query parameter ${name}`));
    }
  }
  for (const [name, parameter] of known) {
    if (parameter.value.required && !search.has(name))
      faults.push(`query parameter ${name} is missing`);
  }
  return faults;
}

function queryValue(parameter, schema, texts) {
  if (schema.value.type !== 'array') return coerce(schema, texts[0]);
  const items = parameter.value.explode === false ? texts[0].split(',') : texts;
  return items.map((text) => coerce(schema.at('items'), text));
}

function checkRequestBody(document, operation, { headers, body }) {
  const documented = operation.node.at('requestBody');
  if (body === null || body === '') {
    return documented?.value.required ? ['a request without its required body is accepted'] : [];
  }
  if (!documented) return ['a request body is accepted but not documented'];
  const type = headers['content-type'] ?? '';
  const media = mediaTypeIn(documented.at('content'), type);
  if (!media) return [`a request body of type ${type || 'unknown'} is accepted but not documented`];
  const schema = media.at('schema');
  if (!schema || !isJson(type) || body.bytes) return [];
  return checkJson(document, schema, body, 'request body');
}
