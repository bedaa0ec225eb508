'use strict';

const DEFAULTS = { reasons: [], spares: 32, largeSpares: 2, timestamps: false, spinUs: 20, socket: undefined, name: undefined };
const TIMESTAMPS = 1;
const MOST_REASONS = 255;

function whole(name, value, most) {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new RangeError(`option '${name}' is ${String(value)}; allowed: 0 to ${most}`);
}

function checkReasons(reasons) {
  if (!Array.isArray(reasons) || reasons.length > MOST_REASONS) {
    throw new TypeError(`option 'reasons' is an array of at most ${MOST_REASONS} words`);
  }
  for (const reason of reasons) {
    if (!/^[a-z0-9-]{1,64}$/.test(reason)) {
      throw new TypeError(`'${reason}' is no reason: 1 to 64 lower-case letters, digits and '-'`);
    }
  }
  if (new Set(reasons).size !== reasons.length) throw new TypeError("option 'reasons' has a reason twice");
  return reasons.map((name) => ({ name }));
}

// What the addon takes, from what the author gave; all keys are there and of their type.
function readOptions(given, sdk) {
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(DEFAULTS, key)) {
      throw new TypeError(`no option '${key}'; allowed: ${Object.keys(DEFAULTS).join(', ')}`);
    }
  }
  const options = { ...DEFAULTS, ...given };
  return {
    reasons: checkReasons(options.reasons),
    spares: whole('spares', options.spares, 256),
    largeSpares: whole('largeSpares', options.largeSpares, 16),
    features: options.timestamps ? TIMESTAMPS : 0,
    spinUs: whole('spinUs', options.spinUs, 1000),
    socket: String(options.socket ?? ''),
    name: String(options.name ?? ''),
    sdk,
  };
}

module.exports = { readOptions };
