'use strict';
const { METADATA, DROP } = require('./entries.cjs');
const { Nsh } = require('./nsh.cjs');

const LONGEST = 65553;
const FURTHEST = 65535 - 16; // behind what is not the component's: offsets have 16 bits

class Packet {
  constructor(entries, at, owner) {
    this._entries = entries;
    this._at = at;
    this._owner = owner;
    this._nsh = null;
  }

  get bytes() {
    return this._entries.view(this._at);
  }

  get length() {
    return this._entries.lengths[this._at];
  }

  get input() {
    return this._entries.inputs[this._at];
  }

  get output() {
    const { flags, ports } = this._entries;
    return (flags[this._at] & DROP) === 0 ? ports[this._at] : -1;
  }

  set output(port) {
    const entries = this._entries;
    if (!(port >= 0 && port < entries.outputs) || port !== Math.floor(port)) {
      throw new RangeError(`output ${port}: ${describeOutputs(entries.outputs)}`);
    }
    entries.flags[this._at] &= ~DROP;
    entries.ports[this._at] = port;
  }

  get dropped() {
    return (this._entries.flags[this._at] & DROP) !== 0;
  }

  drop(reason) {
    const entries = this._entries;
    const number = reason === undefined ? 0 : this._owner.reasonNumber(reason);
    entries.flags[this._at] |= DROP;
    entries.ports[this._at] = number;
  }

  get headroom() {
    const { offsets, begins, lengths } = this._entries;
    return Math.min(offsets[this._at] - begins[this._at], LONGEST - lengths[this._at]);
  }

  get tailroom() {
    const { offsets, lengths, ends } = this._entries;
    const length = lengths[this._at];
    return Math.min(ends[this._at] - offsets[this._at], LONGEST) - length;
  }

  push(count) {
    const entries = this._entries;
    if (!(checkCount(count) <= this.headroom)) return false;
    entries.offsets[this._at] -= count;
    entries.lengths[this._at] += count;
    return true;
  }

  pull(count) {
    const entries = this._entries;
    if (!(checkCount(count) <= entries.lengths[this._at])) return false;
    if (entries.offsets[this._at] - entries.begins[this._at] + count > FURTHEST) return false;
    entries.offsets[this._at] += count;
    entries.lengths[this._at] -= count;
    return true;
  }

  put(count) {
    if (!(checkCount(count) <= this.tailroom)) return false;
    this._entries.lengths[this._at] += count;
    return true;
  }

  trim(length) {
    if (!(checkCount(length) <= this._entries.lengths[this._at])) return false;
    this._entries.lengths[this._at] = length;
    return true;
  }

  getUint8(offset) {
    return this._entries.pool[this._reach(offset, 1)];
  }

  getUint16(offset) {
    const { pool } = this._entries;
    const at = this._reach(offset, 2);
    return (pool[at] << 8) | pool[at + 1];
  }

  getUint32(offset) {
    const { pool } = this._entries;
    const at = this._reach(offset, 4);
    return ((pool[at] << 24) | (pool[at + 1] << 16) | (pool[at + 2] << 8) | pool[at + 3]) >>> 0;
  }

  setUint8(offset, value) {
    this._entries.pool[this._reach(offset, 1)] = value;
  }

  setUint16(offset, value) {
    const { pool } = this._entries;
    const at = this._reach(offset, 2);
    pool[at] = value >>> 8;
    pool[at + 1] = value;
  }

  setUint32(offset, value) {
    const { pool } = this._entries;
    const at = this._reach(offset, 4);
    pool[at] = value >>> 24;
    pool[at + 1] = value >>> 16;
    pool[at + 2] = value >>> 8;
    pool[at + 3] = value;
  }

  get mark() {
    const { flags, indices, records } = this._entries;
    return (flags[this._at] & METADATA) === 0 ? 0 : (records[indices[this._at] * 16] ?? 0);
  }

  set mark(value) {
    this._entries.records[this._entries.record(this._at)] = value;
  }

  get timestamp() {
    const { flags, indices, times } = this._entries;
    return (flags[this._at] & METADATA) === 0 ? 0n : (times[indices[this._at] * 8 + 2] ?? 0n);
  }

  set timestamp(nanoseconds) {
    this._entries.times[this._entries.record(this._at) / 2 + 2] = nanoseconds;
  }

  get nsh() {
    const { flags, indices, contexts } = this._entries;
    if ((flags[this._at] & METADATA) === 0 || contexts[indices[this._at] * 64 + 9] === 0) return null;
    return (this._nsh ??= new Nsh(this));
  }

  keep() {
    return this._owner.keep(this);
  }

  clone() {
    return this._owner.clone(this);
  }

  // Where byte `offset` lies in the pool, if `count` bytes from there on belong to the packet.
  _reach(offset, count) {
    const entries = this._entries;
    if (!(offset >= 0 && offset + count <= entries.lengths[this._at])) {
      throw new RangeError(`bytes ${offset} to ${offset + count - 1} of a packet of ${this.length} bytes`);
    }
    return entries.offsets[this._at] + offset;
  }
}

function checkCount(count) {
  if (Number.isInteger(count) && count >= 0) return count;
  throw new RangeError(`${String(count)} is no number of bytes`);
}

function describeOutputs(outputs) {
  if (outputs === 0) return 'no output is connected';
  return outputs === 1 ? 'the only output is 0' : `outputs are 0 to ${outputs - 1}`;
}

module.exports = { Packet };
