// An OpenAPI 3.1 document: its operations, and validators for the schemas in it.
import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'];
const BASE = 'openapi';

const escape = (token) => token.replaceAll('~', '~0').replaceAll('/', '~1');

/** A value somewhere in the document, with the JSON pointer to it. */
export class Node {
  constructor(document, value, pointer) {
    this.document = document;
    this.value = value;
    this.pointer = pointer;
  }

  /** The member, through any $ref on the way; undefined if there is none. */
  at(...keys) {
    let node = this.document.resolve(this);
    for (const key of keys) {
      if (node.value?.[key] === undefined) return undefined;
      node = this.document.resolve(
        new Node(this.document, node.value[key], `${node.pointer}/${escape(String(key))}`),
      );
    }
    return node;
  }

  /** The members of an object or array as [key, node]. */
  entries() {
    const { value } = this.document.resolve(this);
    return Object.keys(value ?? {}).map((key) => [key, this.at(key)]);
  }
}

export class Document {
  #ajv = new Ajv({ strict: false, allErrors: true });
  #validators = new Map();

  constructor(content) {
    this.content = content;
    addFormats(this.#ajv);
    this.#ajv.addSchema({ ...content, $id: BASE });
    this.root = new Node(this, content, '');
    this.operations = this.#listOperations();
  }

  static load(file) {
    return new Document(parse(readFileSync(file, 'utf8')));
  }

  resolve(node) {
    let { value, pointer } = node;
    while (typeof value?.$ref === 'string') {
      pointer = value.$ref.slice(1);
      value = pointer
        .split('/')
        .slice(1)
        .reduce(
          (at, token) => at?.[token.replaceAll('~1', '/').replaceAll('~0', '~')],
          this.content,
        );
      if (value === undefined) throw new Error(`${node.pointer}: there is no ${pointer}`);
    }
    return new Node(this, value, pointer);
  }

  #listOperations() {
    const operations = [];
    for (const [path, item] of this.root.at('paths').entries()) {
      for (const method of METHODS) {
        const node = item.at(method);
        if (node) operations.push(new Operation(method.toUpperCase(), path, item, node));
      }
    }
    return operations;
  }

  /** All operations whose path fits; those with the fewest parameters come first. */
  operationsAt(path) {
    const fitting = this.operations.filter((operation) => operation.pattern.test(path));
    const fewest = Math.min(...fitting.map((operation) => operation.holes));
    return fitting.filter((operation) => operation.holes === fewest);
  }

  /** The faults of `value` against the schema at `node`, as sentences. */
  faults(node, value, what) {
    const validate = this.#validator(node.pointer);
    if (validate(value)) return [];
    return validate.errors
      .filter((error) => error.keyword !== 'if')
      .slice(0, 5)
      .map((error) => {
        const extra = error.params.unevaluatedProperty ?? error.params.additionalProperty;
        const name = extra === undefined ? '' : `: ${extra}`;
        return `${what}${error.instancePath} ${error.message}${name}`;
      });
  }

  #validator(pointer) {
    if (!this.#validators.has(pointer)) {
      const $ref = `${BASE}#${pointer.split('/').map(encodeURIComponent).join('/')}`;
      this.#validators.set(pointer, this.#ajv.compile({ $ref }));
    }
    return this.#validators.get(pointer);
  }
}

export class Operation {
  constructor(method, path, item, node) {
    this.method = method;
    this.path = path;
    this.node = node;
    this.holes = path.split('{').length - 1;
    this.pattern = new RegExp(
      `^${path
        .split(/\{\w+\}/)
        .map(literal)
        .join('([^/]+)')}$`,
    );
    this.names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    // What the operation says of a parameter goes before what its path says.
    const parameters = [...listed(item.at('parameters')), ...listed(node.at('parameters'))];
    this.parameters = [
      ...new Map(
        parameters.map((parameter) => [`${parameter.value.in} ${parameter.value.name}`, parameter]),
      ).values(),
    ];
  }

  get id() {
    return `${this.method} ${this.path}`;
  }

  parametersIn(place) {
    return this.parameters.filter((parameter) => parameter.value.in === place);
  }

  /** What is documented for a status: itself, its class ("4XX"), or the default. */
  response(status) {
    const responses = this.node.at('responses');
    return (
      responses.at(String(status)) ??
      responses.at(`${String(status)[0]}XX`) ??
      responses.at('default')
    );
  }
}

const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const listed = (node) => (node ? node.entries().map(([, entry]) => entry) : []);

/** The entry of a `content` object for a media type, by name, "text/*" or "*\/*". */
export function mediaTypeIn(content, contentType) {
  const type = contentType.split(';')[0].trim().toLowerCase();
  return content.at(type) ?? content.at(`${type.split('/')[0]}/*`) ?? content.at('*/*');
}

/** The value that a text in a URL or header stands for, as far as the schema's type says. */
export function coerce(schema, text) {
  const types = [schema?.value?.type ?? typesBelow(schema)].flat();
  if (types.includes('integer') && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (types.includes('number') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (types.includes('boolean') && /^(true|false)$/.test(text)) return text === 'true';
  return text;
}

function typesBelow(schema) {
  const branches = ['oneOf', 'anyOf', 'allOf'].flatMap((key) => listed(schema?.at(key)));
  return branches.flatMap((branch) => branch.value.type ?? []);
}
