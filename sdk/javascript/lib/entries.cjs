'use strict';
// The packets of one attachment, one array per property. The addon writes them when packets arrive and reads them
// when they are returned; entries below BATCH are the batch, those above are packets the author holds.

const BATCH = 256;
const BYTES_PER_ENTRY = 23;
const METADATA = 1;
const DROP = 4;
const EMPTY = new Uint8Array(0);
const VIEWS = 1024; // Uint8Arrays kept for reuse, a power of two

class Entries {
  constructor(memory) {
    const capacity = BATCH + memory.packets + 1;
    const buffer = new ArrayBuffer(capacity * BYTES_PER_ENTRY);
    let at = 0;
    const take = (Type) => {
      const array = new Type(buffer, at, capacity);
      at += array.byteLength;
      return array;
    };
    this.buffer = buffer;
    this.offsets = take(Uint32Array);
    this.lengths = take(Uint32Array);
    this.begins = take(Uint32Array);
    this.ends = take(Uint32Array);
    this.indices = take(Uint32Array);
    this.ports = take(Uint8Array);
    this.inputs = take(Uint8Array);
    this.flags = take(Uint8Array);
    this.void = capacity - 1;
    this.packets = memory.packets;
    this.inputCount = memory.inputs;
    this.outputs = memory.outputs;
    this.pool = new Uint8Array(memory.frames);
    this.records = new Uint32Array(memory.metadata);
    this.times = new BigUint64Array(memory.metadata);
    this.contexts = new Uint8Array(memory.metadata);
    this.tlvs = memory.tlvs ? new Uint8Array(memory.tlvs) : null;
    this.views = new Array(VIEWS).fill(null);
    this.viewOffsets = new Uint32Array(VIEWS);
    this.viewLengths = new Uint32Array(VIEWS);
  }

  // The bytes of packet `i`. Making a Uint8Array costs far more than finding the one made for the same place before.
  view(i) {
    const offset = this.offsets[i];
    const length = this.lengths[i];
    if (length === 0) return EMPTY;
    const key = (offset >>> 6) & (VIEWS - 1);
    if (this.viewOffsets[key] === offset && this.viewLengths[key] === length) {
      const found = this.views[key];
      if (found !== null) return found;
    }
    const made = new Uint8Array(this.pool.buffer, offset, length);
    this.viewOffsets[key] = offset;
    this.viewLengths[key] = length;
    this.views[key] = made;
    return made;
  }

  // The memory is gone. Packets that the author still has are empty, and what is done to them goes nowhere.
  forget() {
    this.views.fill(null);
    this.pool = EMPTY;
    this.records = new Uint32Array(0);
    this.times = new BigUint64Array(0);
    this.contexts = EMPTY;
    this.tlvs = null;
  }

  // First word of the metadata record of packet `i`, for changing it.
  record(i) {
    const at = this.indices[i] * 16;
    if ((this.flags[i] & METADATA) === 0) {
      this.records.fill(0, at, at + 16);
      this.flags[i] |= METADATA;
    }
    return at;
  }
}

module.exports = { BATCH, METADATA, DROP, Entries };
