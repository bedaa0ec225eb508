'use strict';

const HEAD = 4; // bytes of a context header before its value
const MOST = 244;
const LONGEST = 127;
const STRIDE = 256; // bytes from one packet's context headers to those of the next
const VARIABLE = 2; // the MD type that has them

const padded = (length) => (length + 3) & ~3;

function check(what, number, most) {
  if (Number.isInteger(number) && number >= 0 && number <= most) return;
  throw new RangeError(`${what} of a context header is 0 to ${most}, not ${String(number)}`);
}

function encode(tlvs) {
  const bytes = [];
  for (const { class: mdClass, type, value = new Uint8Array(0), unassigned = false } of tlvs) {
    check('the class', mdClass, 0xffff);
    check('the type', type, 0xff);
    check('the length', value.length, LONGEST);
    bytes.push(mdClass >> 8, mdClass & 0xff, type, (unassigned ? 0x80 : 0) | value.length, ...value);
    while (bytes.length % 4 !== 0) bytes.push(0);
  }
  return Uint8Array.from(bytes);
}

// The context headers that `bytes` begins with, up to the first that is not wholly there; values are copies.
function decode(bytes) {
  const found = [];
  for (let at = 0; bytes.length - at >= HEAD; ) {
    const length = bytes[at + 3] & 0x7f;
    const end = at + HEAD + padded(length);
    if (end > bytes.length) break;
    const value = bytes.slice(at + HEAD, at + HEAD + length);
    found.push({ class: (bytes[at] << 8) | bytes[at + 1], type: bytes[at + 2], value, unassigned: bytes[at + 3] >= 0x80 });
    at = end;
  }
  return found;
}

// The context headers of a packet's NSH of MD type 2 (RFC 8300, section 2.5.1), as their table holds them.
class Tlvs {
  constructor(packet) {
    this._packet = packet;
  }

  get length() {
    return this.list().length;
  }

  list() {
    return decode(this.bytes);
  }

  [Symbol.iterator]() {
    return this.list()[Symbol.iterator]();
  }

  find(mdClass, type) {
    return this.list().find((tlv) => tlv.class === mdClass && tlv.type === type)?.value ?? null;
  }

  add(tlv) {
    this.bytes = encode([...this, tlv]);
  }

  set(mdClass, type, value) {
    const tlvs = this.list();
    const found = tlvs.find((tlv) => tlv.class === mdClass && tlv.type === type);
    if (found) found.value = value;
    else tlvs.push({ class: mdClass, type, value });
    this.bytes = encode(tlvs);
  }

  remove(mdClass, type) {
    const tlvs = this.list();
    const left = tlvs.filter((tlv) => tlv.class !== mdClass || tlv.type !== type);
    if (left.length < tlvs.length) this.bytes = encode(left);
    return tlvs.length - left.length;
  }

  get bytes() {
    const { contexts, tlvs } = this._packet._entries;
    const record = this._index * 64;
    if (contexts[record + 9] !== VARIABLE || tlvs === null) return new Uint8Array(0);
    const length = Math.min(contexts[record + 10] | (contexts[record + 11] << 8), MOST);
    return tlvs.slice(this._index * STRIDE, this._index * STRIDE + length);
  }

  set bytes(bytes) {
    const { contexts, tlvs } = this._packet._entries;
    const record = this._index * 64;
    const type = contexts[record + 9] ?? 0;
    if (type !== VARIABLE) throw new TypeError(`an NSH of MD type 2 has context headers, not one of type ${type}`);
    if (tlvs === null) throw new TypeError('this engine does not tell of context headers');
    if (bytes.length > MOST) throw new RangeError(`${bytes.length} bytes of context headers; at most ${MOST} are possible`);
    tlvs.set(bytes, this._index * STRIDE);
    contexts[record + 10] = bytes.length;
    contexts[record + 11] = 0;
  }

  get _index() {
    return this._packet._entries.indices[this._packet._at];
  }
}

module.exports = { Tlvs };
