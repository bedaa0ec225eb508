'use strict';
const { BATCH, DROP } = require('./entries.cjs');

class Batch {
  constructor(entries, packets, owner) {
    this._entries = entries;
    this._packets = packets;
    this._owner = owner;
    this.count = 0;
    this.pool = entries.pool;
    this.words = new Int32Array(entries.pool.buffer);
    this.offsets = entries.offsets.subarray(0, BATCH);
    this.lengths = entries.lengths.subarray(0, BATCH);
    this.begins = entries.begins.subarray(0, BATCH);
    this.ends = entries.ends.subarray(0, BATCH);
    this.inputs = entries.inputs.subarray(0, BATCH);
    this.ports = entries.ports.subarray(0, BATCH);
  }

  drop(i, reason) {
    const number = reason === undefined ? 0 : this._owner.reasonNumber(reason);
    this._entries.flags[this._check(i)] |= DROP;
    this.ports[i] = number;
  }

  packet(i) {
    return this._packets[this._check(i)];
  }

  bytes(i) {
    return this._entries.view(this._check(i));
  }

  flush(end = this.count) {
    this._owner.flush(end);
  }

  *[Symbol.iterator]() {
    for (let i = 0; i < this.count; i++) yield this._packets[i];
  }

  _check(i) {
    if (i >= 0 && i < this.count) return i;
    throw new RangeError(`packet ${i} of a batch of ${this.count}`);
  }
}

module.exports = { Batch };
