'use strict';
const { Component } = require('./lib/component.cjs');
const { JsonText } = require('./lib/values.cjs');

module.exports = { Component, JsonText };
