// The page shows all cameras without its scripts: four streams, the rest as snapshots, their states as they were. With them
// every camera on the screen is live, on one connection, and nothing is read while nobody can see it.
import { Tile } from './tile.js';
import { Enlarged } from './enlarged.js';
import { External } from './external.js';
import { Menu } from './menu.js';
import { measure } from './variants.js';
import { settings, save } from './settings.js';

const POLL = 2000; // ms between two readings of /status
const TIMEOUT = 8000; // ms for one
const SETTLE = 200; // ms after scrolling
const TICK = 500; // ms between two looks at the ages of pictures

const main = document.querySelector('main');
const { base, query, external: root, pass } = main.dataset;
const only = main.dataset.cameras ? main.dataset.cameras.split(',') : null;
const title = document.title;
let tiles = [];

const enlarged = new Enlarged(main, () => tiles, arrange);
const menu = new Menu({ base, query, root, change: arrange });
const external = new External(root, base, pass);

// address returns that of a route of this server, with what it needs in its query.
function address(route, parameters = []) {
  const all = new URLSearchParams(query);
  for (const [name, value] of parameters) all.append(name, value);
  return new URL(`${base}${route}?${all}`, location.href).href;
}

// A link shows one camera, and opens nothing that shows more.
const statusAddress = address('status', query.includes('signature=') ? [['camera', main.dataset.cameras]] : []);

// Firefox has all that a worker needs, too, but as of version 140 its pages hang with it now and then, or drown in pictures.
const workersDraw = typeof OffscreenCanvas === 'function' && HTMLCanvasElement.prototype.transferControlToOffscreen &&
  !navigator.userAgent.includes('Firefox');

// startWall runs the wall in a worker, or in the page where a worker cannot draw.
async function startWall() {
  if (workersDraw) {
    try {
      return await startWorker();
    } catch {
      // such as a browser without module workers
    }
  }
  const { Wall } = await import('./wall.js');
  return new Wall(hear);
}

function startWorker() {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    worker.onerror = reject;
    worker.onmessage = ({ data }) => {
      worker.onmessage = ({ data }) => hear(data);
      if (!data.ready) return reject();
      resolve({
        show: (...values) => worker.postMessage(['show', ...values]),
        resize: (widths) => worker.postMessage(['resize', widths]),
        removeCanvas: (id) => worker.postMessage(['removeCanvas', id]),
        addCanvas: (id, canvas) => {
          const offscreen = canvas.transferControlToOffscreen();
          worker.postMessage(['addCanvas', id, offscreen], [offscreen]);
        },
      });
    };
  });
}

// hear is told what the wall reports.
function hear({ tiles: pictures, id, state, connected, problem }) {
  for (const tile of tiles) {
    if (pictures?.[tile.id]) tile.setPicture(pictures[tile.id]);
    if (state && tile.id === id) tile.setState(state);
  }
  if (connected) external.stay();
  if (connected === false) {
    if (typeof problem === 'string') external.leave(); // there was no answer
    poll();
  }
  if (problem === 401) showProblem('Your login has ended: reload the page');
  if (state) showTitle();
  if (state?.state === 'ended') arrange();
}

let shown = ''; // what the wall shows

// arrange has the wall show the enlarged camera alone, else those on the screen.
function arrange() {
  enlarged.update();
  const wanted = document.hidden && !enlarged.detached ? [] : enlarged.tile ? [enlarged.tile] : tiles.filter((tile) => tile.visible);
  const streams = new Map(); // the tiles' IDs by the names of their streams
  for (const tile of wanted) {
    if (!tile.hasEnded || tile === enlarged.tile) streams.set(tile.stream, tile.id);
  }
  for (const tile of tiles) {
    if (wanted.includes(tile)) continue;
    if (!tile.hasEnded) tile.removeImage();
    if (tile.wallState) tile.setState(null);
  }
  wall.resize(Object.fromEntries(wanted.map((tile) => [tile.id, tile.shownWidth])));
  const names = [...streams.keys()];
  const now = JSON.stringify([...streams]);
  if (now === shown) return;
  shown = now;
  wall.show(names.length ? address('wall', names.map((name) => ['camera', name])) : '', Object.fromEntries(streams));
}

let polling = false;
let timer; // of the next poll
let lostAt = ''; // when the connection was lost, as text; '' while there is one

async function poll() {
  clearTimeout(timer);
  if (polling || document.hidden && !enlarged.detached) return;
  polling = true;
  const control = new AbortController();
  const limit = setTimeout(() => control.abort(), TIMEOUT);
  try {
    const response = await fetch(statusAddress, { cache: 'no-store', signal: control.signal });
    if (!response.ok) throw new Error(response.status);
    await follow((await response.json()).cameras);
    showProblem('');
    lostAt = '';
    external.stay();
  } catch (error) {
    if (!Number(error.message)) external.leave();
    lostAt ||= new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    showProblem({ 401: 'Your login has ended: reload the page', 403: 'This link has ended' }[error.message] || `Connection lost at ${lostAt}, reconnecting …`);
  }
  clearTimeout(limit);
  polling = false;
  timer = setTimeout(poll, POLL);
}

// showProblem says why the page knows nothing, or with '' that it does.
function showProblem(message) {
  const lost = document.querySelector('.lost');
  lost.textContent = message;
  lost.hidden = !message;
  document.documentElement.classList.toggle('unheard', Boolean(message));
}

// follow shows what /status says, and cameras that were added, and those no more that were removed.
async function follow(cameras) {
  const listed = only ? only.map((name) => cameras.find((camera) => camera.name === name)).filter(Boolean)
    : cameras.filter((camera) => !camera.variant_of);
  const names = (list) => list.map(({ name, title }) => `${name} ${title}`).sort().join('\n');
  if (names(listed) !== names(tiles)) await rebuild();
  for (const tile of tiles) {
    const camera = listed.find(({ name }) => name === tile.name);
    if (!camera) continue;
    const variants = cameras.filter((other) => other.variant_of === tile.name);
    for (const variant of variants) measure(tile, variant, address);
    tile.setStatus(camera, variants);
  }
  showTitle();
  shape(listed.filter((camera) => camera.height).map((camera) => camera.width / camera.height));
  if (shown) arrange(); // for other variants
}

// rebuild takes the tiles of cameras that are new from the page as it is now. The others go on.
async function rebuild() {
  const response = await fetch(location.href, { cache: 'no-store', headers: { Accept: 'text/html' } });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const cards = [...page.querySelectorAll('.camera')];
  for (const tile of tiles.slice()) {
    const same = cards.find((card) => card.id === tile.name && card.querySelector('h2').textContent === tile.title);
    if (!same) removeTile(tile);
  }
  for (const [i, card] of cards.entries()) {
    if (tiles.some((tile) => tile.name === card.id)) continue;
    for (const img of card.querySelectorAll('img')) img.removeAttribute('src');
    const added = document.importNode(card, true);
    main.insertBefore(added, main.querySelectorAll('.camera')[i] || null);
    addTile(added);
  }
  for (const name of ['columns', 'rows']) main.dataset[name] = page.querySelector('main').dataset[name];
  applyOrder();
}

let lastID = 0;

function addTile(card) {
  const tile = new Tile(card);
  tile.id = String(++lastID);
  tiles.push(tile);
  wall.addCanvas(tile.id, tile.addCanvas());
  enlarged.addTools(tile, () => menu.open(tile, { several: tiles.length > 1 && !only, move, applyOrder }));
  watch.observe(card);
}

function removeTile(tile) {
  tiles = tiles.filter((other) => other !== tile);
  wall.removeCanvas(tile.id);
  watch.unobserve(tile.card);
  tile.card.remove();
}

// move puts a tile a place forward or back.
function move(tile, by) {
  const i = tiles.indexOf(tile);
  const j = i + by;
  if (j < 0 || j >= tiles.length) return;
  [tiles[i], tiles[j]] = [tiles[j], tiles[i]];
  settings.order = tiles.map(({ name }) => name);
  save();
  applyOrder();
}

// applyOrder puts the tiles into the order that this browser's user has chosen; new ones are last.
function applyOrder() {
  const place = ({ name }) => (settings.order.indexOf(name) + 1 || Infinity);
  const served = [...main.querySelectorAll('.camera')].map((card) => card.id);
  if (!only && settings.order.length) {
    tiles.sort((a, b) => (place(a) === place(b) ? served.indexOf(a.name) - served.indexOf(b.name) : place(a) - place(b)));
    for (const [i, { card }] of tiles.entries()) if (main.querySelectorAll('.camera')[i] !== card) main.insertBefore(card, main.querySelectorAll('.camera')[i]);
  } else {
    tiles.sort((a, b) => served.indexOf(a.name) - served.indexOf(b.name));
  }
  const hidden = only ? [] : tiles.filter(({ name }) => settings.hidden.includes(name));
  for (const tile of tiles) tile.card.hidden = hidden.includes(tile);
  const restore = document.querySelector('.restore');
  restore.hidden = !hidden.length;
  restore.textContent = `Show ${hidden.length} hidden`;
}

// showTitle warns in the window's title.
function showTitle() {
  const down = tiles.filter(({ state }) => state === 'down').length;
  const text = (down ? `(${down} down) ` : '') + title;
  if (document.title !== text) document.title = text;
}

// shape makes the tiles as wide as the widest picture, within reason where there are others.
function shape(ratios) {
  if (!ratios.length) return;
  const widest = Math.max(...ratios);
  main.style.setProperty('--shape', tiles.length > 1 ? Math.min(widest, 16 / 9) : widest);
}

const watch = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const tile = tiles.find(({ card }) => card === target);
    if (tile) tile.visible = isIntersecting;
  }
  settle();
});
let settling; // waits for scrolling, or a window's change of size, to end

function settle() {
  clearTimeout(settling);
  settling = setTimeout(arrange, shown ? SETTLE : 0);
}

addEventListener('resize', settle);

function showStatistics() {
  document.documentElement.classList.toggle('plain', !settings.statistics);
  document.querySelector('.statistics').setAttribute('aria-pressed', settings.statistics);
}

document.querySelector('.statistics').addEventListener('click', () => {
  settings.statistics = !settings.statistics;
  save();
  showStatistics();
});

document.querySelector('.restore').addEventListener('click', () => {
  settings.hidden = [];
  save();
  applyOrder();
});

document.addEventListener('visibilitychange', () => {
  arrange();
  poll();
});

const wall = await startWall();
for (const card of document.querySelectorAll('.camera')) addTile(card);
document.documentElement.classList.add('script');
document.querySelector('.statistics').hidden = false;
showStatistics();
applyOrder();
poll();
setInterval(() => {
  for (const tile of tiles) tile.update();
  showTitle();
}, TICK);
