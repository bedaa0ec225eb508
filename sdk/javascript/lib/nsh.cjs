'use strict';
const { Tlvs } = require('./tlvs.cjs');

// The network service header (RFC 8300) of a packet, as its metadata record holds it.
class Nsh {
  constructor(packet) {
    this._packet = packet;
    this.tlvs = new Tlvs(packet);
  }

  get ttl() {
    return this._contexts[this._record * 4 + 12] ?? 0;
  }

  get oam() {
    return ((this._contexts[this._record * 4 + 13] ?? 0) & 1) !== 0;
  }

  get nextProtocol() {
    return this._contexts[this._record * 4 + 14] ?? 0;
  }

  get type() {
    return this._contexts[this._record * 4 + 9] ?? 0;
  }

  get spi() {
    return this._records[this._record + 1] ?? 0;
  }

  set spi(value) {
    if (!(value >= 0 && value <= 0xffffff)) throw new RangeError(`service path ${value}: 0 to 16777215`);
    this._records[this._record + 1] = value;
  }

  get si() {
    return this._contexts[this._record * 4 + 8] ?? 0;
  }

  set si(value) {
    if (!(value >= 0 && value <= 255)) throw new RangeError(`service index ${value}: 0 to 255`);
    this._contexts[this._record * 4 + 8] = value;
  }

  get context() {
    const begin = this._record * 4 + 24;
    return this._contexts.subarray(begin, begin + 16);
  }

  get _records() {
    return this._packet._entries.records;
  }

  get _contexts() {
    return this._packet._entries.contexts;
  }

  get _record() {
    return this._packet._entries.indices[this._packet._at] * 16;
  }
}

module.exports = { Nsh };
