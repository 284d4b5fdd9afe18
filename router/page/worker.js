// The wall off the page's own thread: decoding and drawing do not wait for the page, nor the page for them.
import { Wall } from './wall.js';

const wall = new Wall((report) => postMessage(report));
onmessage = ({ data: [method, ...values] }) => wall[method](...values);
postMessage({ ready: true });
