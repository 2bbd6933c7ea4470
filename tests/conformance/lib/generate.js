// Making requests from the document: such as it allows, and such as nobody should send.
import fc from 'fast-check';

const JUNK_TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  '1e9',
  '99999999999999999999',
  'true',
  'null',
  '%00',
  '%ff%fe',
  '..',
  '../../etc/passwd',
  '\'"><script>',
  'a'.repeat(5000),
  'ünïcödé',
  '日本',
  '\u202e',
  '{}',
  '[]',
  'A1 LOGOUT\r\nA2 NOOP',
  '*',
];

/** An arbitrary of values that fit the schema at `node`, as far as generated mail needs it. */
export function valueOf(node, depth = 0) {
  const { value } = node;
  if (value === true || value === undefined) return fc.jsonValue({ maxDepth: 1 });
  if (value.const !== undefined) return fc.constant(value.const);
  if (value.enum) return fc.constantFrom(...value.enum);
  if (value.allOf) return allOf(node, depth);
  const branches = node.at('oneOf') ?? node.at('anyOf');
  if (branches) return fc.oneof(...branches.entries().map(([, branch]) => valueOf(branch, depth)));
  const types = [value.type ?? (value.properties ? 'object' : 'string')].flat();
  return fc.oneof(...types.map((type) => MAKERS[type](node, depth)));
}

const MAKERS = {
  null: () => fc.constant(null),
  boolean: () => fc.boolean(),
  integer: ({ value }) =>
    fc.integer({ min: value.minimum ?? -1000, max: value.maximum ?? 1_000_000 }),
  number: ({ value }) =>
    fc.double({ min: value.minimum ?? -1e6, max: value.maximum ?? 1e6, noNaN: true }),
  string: ({ value }) => text(value),
  array: (node, depth) => {
    if (depth > 4 || !node.at('items')) return fc.constant([]);
    const { minItems = 0, maxItems = 3 } = node.value;
    return fc.array(valueOf(node.at('items'), depth + 1), {
      minLength: minItems,
      maxLength: Math.max(minItems, Math.min(maxItems, 3)),
    });
  },
  object: (node, depth) =>
    object(node.at('properties')?.entries() ?? [], node.value.required ?? [], depth),
};

function object(properties, required, depth) {
  const optional = depth > 4 ? [] : properties;
  const used = properties.filter(([name]) => required.includes(name) || optional.length);
  return fc.record(
    Object.fromEntries(used.map(([name, node]) => [name, valueOf(node, depth + 1)])),
    {
      requiredKeys: required.filter((name) => used.some(([known]) => known === name)),
    },
  );
}

function allOf(node, depth) {
  const parts = node
    .at('allOf')
    .entries()
    .map(([, part]) => valueOf(part, depth));
  const own = object(node.at('properties')?.entries() ?? [], node.value.required ?? [], depth);
  return fc.tuple(...parts, own).map((values) => Object.assign({}, ...values));
}

function text({ format, pattern, minLength = 0, maxLength = 40 }) {
  if (format === 'date-time')
    return fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
      .map((d) => d.toISOString());
  if (format === 'email') return fc.emailAddress();
  if (format === 'uri') return fc.webUrl();
  if (pattern)
    return fc.stringMatching(new RegExp(pattern)).map((made) => made.slice(0, maxLength));
  return fc.string({ minLength, maxLength: Math.min(maxLength, 60) });
}

/**
 * Requests that the document allows: { method, path, headers, body }. `seeds` has real values by
 * parameter or member name, so that some requests meet something that exists.
 */
export function validRequest(operation, seeds = {}) {
  const choose = (name, node) => {
    const made = valueOf(node.at('schema') ?? node);
    return seeds[name]?.length
      ? fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...seeds[name]) }, made)
      : made;
  };
  const chosen = (place) =>
    fc.record(
      Object.fromEntries(
        operation
          .parametersIn(place)
          .map((node) => [node.value.name, choose(node.value.name, node)]),
      ),
      {
        requiredKeys: operation
          .parametersIn(place)
          .filter((node) => node.value.required)
          .map((node) => node.value.name),
      },
    );
  return fc
    .tuple(chosen('path'), chosen('query'), chosen('header'), bodyOf(operation, seeds))
    .map(([path, query, headers, body]) => ({
      method: operation.method,
      path: fill(operation, path) + queryText(operation, query),
      headers: { ...stringsOf(headers), ...(body && { 'content-type': body.type }) },
      body: body && body.text,
    }));
}

function bodyOf(operation, seeds) {
  const documented = operation.node.at('requestBody');
  const media =
    documented
      ?.at('content')
      .entries()
      .filter(([type]) => /json/.test(type)) ?? [];
  if (!media.length) return fc.constant(null);
  const made = fc.oneof(
    ...media.map(([type, node]) =>
      valueOf(node.at('schema'))
        .chain((value) => seeded(value, seeds))
        .map((value) => ({ type, text: JSON.stringify(value) })),
    ),
  );
  return documented.value.required ? made : fc.option(made);
}

/** Puts real values in the place of made ones, three times in four. */
function seeded(value, seeds) {
  const names = Object.keys(value ?? {}).filter((name) => seeds[name]?.length);
  if (!names.length || Array.isArray(value)) return fc.constant(value);
  const real = fc.record(
    Object.fromEntries(names.map((name) => [name, fc.constantFrom(...seeds[name])])),
  );
  return fc.oneof(
    { weight: 3, arbitrary: real.map((known) => ({ ...value, ...known })) },
    { weight: 1, arbitrary: fc.constant(value) },
  );
}

function fill(operation, values) {
  return operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name]) || '-');
}

function queryText(operation, values) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    const isJoined =
      operation.parametersIn('query').find((node) => node.value.name === name)?.value.explode ===
      false;
    if (Array.isArray(value) && !isJoined) value.forEach((item) => search.append(name, item));
    else search.append(name, value);
  }
  return search.size === 0 ? '' : `?${search}`;
}

/** Header values that Node's client consents to send. */
const stringsOf = (headers) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      String(value).replace(/[^\x20-\x7e]/g, '?'),
    ]),
  );

/** A valid request with one thing spoiled. */
export function junkRequest(operation, seeds = {}) {
  return fc
    .tuple(validRequest(operation, seeds), spoiler(operation))
    .map(([request, spoil]) => spoil({ ...request, headers: { ...request.headers } }));
}

function spoiler(operation) {
  const junk = fc.oneof(fc.constantFrom(...JUNK_TEXTS), fc.string({ unit: 'binary' }));
  const withQuery = (request, name, value) => ({
    ...request,
    path: `${request.path}${request.path.includes('?') ? '&' : '?'}${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  });
  const withHeader = (request, name, value) => ({
    ...request,
    headers: { ...request.headers, [name]: value.replace(/[^\x20-\x7e]/g, '?') },
  });
  const withBody = (request, body, type = 'application/json') =>
    operation.node.at('requestBody')
      ? { ...request, body, headers: { ...request.headers, 'content-type': type } }
      : request;
  const choices = [
    junk.map((value) => (request) => withQuery(request, 'nosuch', value)),
    fc
      .tuple(
        fc.constantFrom(
          'limit',
          'position',
          'cursor',
          'sort',
          'body',
          ...operation.parametersIn('query').map((node) => node.value.name),
        ),
        junk,
      )
      .map(
        ([name, value]) =>
          (request) =>
            withQuery(request, name, value),
      ),
    fc
      .tuple(
        fc.constantFrom(
          'accept',
          'if-none-match',
          'if-match',
          'range',
          'authorization',
          'cookie',
          'x-request-id',
          'origin',
          'accept-encoding',
          'expect',
        ),
        junk,
      )
      .map(
        ([name, value]) =>
          (request) =>
            withHeader(request, name, value),
      ),
    fc.jsonValue().map((value) => (request) => withBody(request, JSON.stringify(value))),
    junk.map((value) => (request) => withBody(request, value)),
    junk.map(
      (value) => (request) =>
        withBody(request, '{}', value.replace(/[^\x20-\x7e]/g, '') || 'text/plain'),
    ),
  ];
  if (operation.names.length) {
    choices.push(
      junk.map((value) => (request) => ({
        ...request,
        path: operation.path.replace(/\{\w+\}/g, () => encodeURIComponent(value) || '-'),
      })),
    );
  }
  return fc.oneof(...choices);
}
