'use strict';
const { TYPES } = require('./values.cjs');

const READ = 1;
const WRITE = 2;
const PARAMETER = 4;
const CALL = 8;
const MOST = 256;
const KEYS = ['type', 'unit', 'help', 'limits', 'read', 'write', 'parameter', 'call'];

function checkKeys(name, options) {
  for (const key of Object.keys(options)) {
    if (!KEYS.includes(key)) throw new TypeError(`handler '${name}': no option '${key}'; allowed: ${KEYS.join(', ')}`);
  }
  for (const key of ['read', 'write', 'call']) {
    if (options[key] !== undefined && typeof options[key] !== 'function') {
      throw new TypeError(`handler '${name}': '${key}' is not a function`);
    }
  }
}

function accessOf(name, { read, write, parameter, call }) {
  if (call && (read || write || parameter)) throw new TypeError(`handler '${name}' is a command: 'call' stands alone`);
  if (call) return READ | PARAMETER | CALL;
  const access = (read ? READ : 0) | (write ? WRITE : 0) | (parameter ? PARAMETER : 0);
  if ((access & (READ | WRITE)) === 0) throw new TypeError(`handler '${name}' needs 'read', 'write' or 'call'`);
  if (parameter && !read) throw new TypeError(`handler '${name}' has a 'parameter' but no 'read'`);
  return access;
}

const messageOf = (error) => (error instanceof Error ? error.message : String(error));

class Handlers {
  constructor() {
    this.declared = [];
    this._handlers = [];
    this._names = new Set();
  }

  add(name, options) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name)) {
      throw new TypeError(`'${name}' is no name of a handler: a letter or '_', then letters, digits and '_', 64 at most`);
    }
    if (this._names.has(name)) throw new TypeError(`handler '${name}' is there already`);
    if (this._names.size === MOST) throw new RangeError(`handler '${name}': there are ${MOST} already, the most there can be`);
    checkKeys(name, options);
    const { type = 'text', unit = '', help = '', limits = '' } = options;
    const value = TYPES.findIndex((each) => each.name === type);
    if (value < 0) {
      throw new TypeError(`handler '${name}': no type '${type}'; allowed: ${TYPES.map((each) => each.name).join(', ')}`);
    }
    const access = accessOf(name, options);
    this._names.add(name);
    const { read, write, call } = options;
    this._handlers.push({ name, type: TYPES[value], read: call ?? read, write });
    this.declared.push({ name, value, access, unit: String(unit), help: String(help), limits: String(limits) });
  }

  // Never throws: whatever goes wrong is the answer, given by `answer(failed, value)` now or later.
  call(index, write, value, answer) {
    const handler = this._handlers[index];
    const fail = (error) => answer(true, messageOf(error));
    const finish = (result) => {
      try {
        answer(false, write ? '' : encode(handler, result));
      } catch (error) {
        fail(error);
      }
    };
    try {
      const result = write ? handler.write(decode(handler, value), value) : handler.read(value);
      if (typeof result?.then === 'function') result.then(finish, fail);
      else finish(result);
    } catch (error) {
      fail(error);
    }
  }
}

function decode({ type }, value) {
  try {
    return type.decode(value);
  } catch {
    throw new TypeError(`'${value}' is not of type ${type.name === 'json' ? 'JSON' : type.name}`);
  }
}

function encode({ name, type }, value) {
  if (type.name === 'button') return ''; // of a command without a result
  const encoded = type.encode(value);
  if (encoded !== undefined) return encoded;
  throw new TypeError(`handler '${name}' gave ${describe(value)}; of type ${type.name} is ${type.takes}`);
}

function describe(value) {
  return typeof value === 'string' ? `'${value}'` : typeof value === 'object' ? 'an object' : String(value);
}

module.exports = { Handlers };
