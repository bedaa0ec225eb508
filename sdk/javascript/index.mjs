export { Component, JsonText } from './index.cjs';
