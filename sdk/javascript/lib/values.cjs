'use strict';
// Values of handlers: text on the wire, values of JavaScript for the author. The C library has refused what is not
// of the handler's type before it comes here.

class JsonText {
  constructor(text) {
    this.text = String(text);
    JSON.parse(this.text);
  }
}

const asText = (value) => (typeof value === 'string' ? value : undefined);

const asLines = (value) => {
  if (!Array.isArray(value)) return asText(value);
  return value.every((line) => typeof line === 'string') ? value.map((line) => `${line}\n`).join('') : undefined;
};

function wholeBetween(least, most) {
  return (value) => {
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return undefined;
    return value >= least && value <= most ? String(value) : undefined;
  };
}

// Numbers as far as they are exact, BigInt beyond.
const toWhole = (text) => {
  const whole = BigInt(text);
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
};

function asBytes(value) {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? Buffer.from(value) : undefined;
}

const asJson = (value) => (value instanceof JsonText ? value.text : JSON.stringify(value));
const same = (text) => text;

// By number of the contract. `encode` gives undefined for what is not of the type, which `takes` describes.
const TYPES = [
  { name: 'text', takes: 'a string', decode: same, encode: asText },
  { name: 'lines', takes: 'a string or an array of strings', decode: same, encode: asLines },
  {
    name: 'unsigned',
    takes: 'a whole number or BigInt from 0 to 2^64-1',
    decode: toWhole,
    encode: wholeBetween(0n, 2n ** 64n - 1n),
  },
  {
    name: 'integer',
    takes: 'a whole number or BigInt from -2^63 to 2^63-1',
    decode: toWhole,
    encode: wholeBetween(-(2n ** 63n), 2n ** 63n - 1n),
  },
  { name: 'real', takes: 'a finite number', decode: Number, encode: (v) => (Number.isFinite(v) ? String(v) : undefined) },
  {
    name: 'bool',
    takes: 'true or false',
    decode: (text) => ['true', '1', 'yes'].includes(text),
    encode: (v) => (typeof v === 'boolean' ? String(v) : undefined),
  },
  { name: 'button', takes: 'nothing', decode: () => undefined, encode: () => undefined },
  { name: 'json', takes: 'what JSON.stringify takes, or JsonText', decode: JSON.parse, encode: asJson },
  { name: 'bytes', takes: 'a Uint8Array', decode: same, encode: asBytes },
];

module.exports = { TYPES, JsonText };
