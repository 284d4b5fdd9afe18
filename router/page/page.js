// The page shows all cameras without this script: four streams, the rest as snapshots, their states as they were. With it
// the states stay true, snapshots are renewed, pictures that failed come back, and nothing is read while nobody can see it.
'use strict';

const STEP = 500; // ms: how often is looked what is due
const POLL = 2000; // between two readings of status
const STILL = 2000; // between two snapshots of a camera
const RETRY = 3000; // after a failure: within the linger time, or a camera that is down would be called idle
const PATIENCE = 15000; // for a snapshot
const START = 1500; // the same of a camera that must start: the others wait meanwhile, and status tells when it is there
const SILENCE = 8000; // without status
const SETTLE = 200; // after scrolling
const DEAD = 3; // readings of status after which a stream without news is opened anew
const BLANK = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';

const main = document.querySelector('main');
const query = main.dataset.query; // what every address needs: the token, in a frame of another site
const streams = Number(main.dataset.streams);

// A tile is one camera on the page.
class Tile {
  constructor(card) {
    this.card = card;
    this.name = card.id;
    this.seen = false; // whether it is on the screen
    this.due = 0; // the time from which the camera may be asked again
    this.still = null; // the snapshot under way
    this.dead = 0; // readings of status for which the stream has looked dead
    this.adopt(card.querySelector('img'));
    this.open = new URL(this.img.src).pathname.endsWith('/live'); // whether a stream is under way
    this.mode = this.open ? 'live' : 'off'; // or still
    if (this.img.complete && !this.img.naturalWidth) this.lost();
    if (!this.open) this.img.src = BLANK;
  }

  adopt(img) {
    this.img = img;
    img.onerror = () => this.lost();
  }

  get alive() { return this.card.dataset.state === 'live'; }
  get ended() { return this.card.dataset.state === 'ended'; }

  // turn makes the tile live, still or off. A stream ends only when the image is given another address.
  turn(mode) {
    if (mode === this.mode) return;
    this.mode = mode;
    if (this.still) this.still.src = BLANK;
    if (mode === 'live' || !this.open) return;
    this.open = false;
    this.img.src = BLANK;
  }

  url(what) { return `${this.name}/${what}${query || '?'}&${Date.now()}`; }

  stream() {
    this.open = true;
    this.dead = 0;
    this.card.classList.remove('missing');
    this.img.src = this.url('live');
  }

  // snapshot resolves when the picture is there, or is not.
  async snapshot() {
    const next = this.still = new Image();
    next.alt = this.img.alt;
    const timer = setTimeout(() => { next.src = BLANK; }, this.alive ? PATIENCE : START);
    next.src = this.url('snapshot');
    const came = await new Promise((resolve) => {
      next.onload = () => resolve(next.src !== BLANK);
      next.onerror = () => resolve(false);
    });
    clearTimeout(timer);
    this.still = null;
    this.due = Date.now() + STILL;
    if (this.mode !== 'still') return;
    if (!came) return this.lost();
    this.img.replaceWith(next);
    this.adopt(next);
    this.card.classList.remove('missing');
  }

  // lost clears a picture that failed, so that no browser shows a broken one, and waits.
  lost() {
    this.open = false;
    this.img.src = BLANK;
    this.card.classList.add('missing');
    this.due = Date.now() + RETRY;
  }

  // tell shows what status says of the camera.
  tell(camera) {
    if (camera.state === 'live' && !this.alive) this.due = 0;
    if (camera.state === 'ended' && !this.ended) this.open = false;
    this.card.dataset.state = camera.state;
    for (const element of this.card.querySelectorAll('[data-field]')) {
      const text = String(camera[element.dataset.field]);
      if (element.textContent !== text) element.textContent = text;
    }
    const unanswered = camera.state === 'idle' && this.card.classList.contains('missing');
    this.card.querySelector('.reason').hidden = camera.state !== 'down' && !unanswered;
    this.card.querySelector('.next').hidden = !camera.retry_seconds;
    this.facts(camera.facts);
    this.check(camera);
  }

  facts(facts) {
    const text = JSON.stringify(facts);
    if (text === this.told) return;
    this.told = text;
    this.card.querySelector('.facts').replaceChildren(...Object.entries(facts).map(([name, value]) => {
      const row = document.createElement('div');
      row.append(...[['dt', name], ['dd', value]].map(([tag, text]) => {
        const element = document.createElement(tag);
        element.textContent = text;
        return element;
      }));
      return row;
    }));
  }

  // check opens a stream anew that is dead: one that always shows the same while the camera has new pictures, or that the
  // server knows nothing of. Browsers do not tell when a stream ends.
  check(camera) {
    const news = this.alive && camera.frames !== this.frames;
    this.frames = camera.frames;
    if (!this.open || (camera.viewers && !news)) return;
    const look = sample(this.img);
    this.dead = camera.viewers && look !== this.look ? 0 : this.dead + 1;
    this.look = look;
    if (this.dead >= DEAD) this.open = false;
  }
}

const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });

// sample is a picture's look, small.
function sample(img) {
  canvas.clearRect(0, 0, 16, 16);
  canvas.drawImage(img, 0, 0, 16, 16);
  return canvas.getImageData(0, 0, 16, 16).data.join();
}

const tiles = [...document.querySelectorAll('.camera')].map((card) => new Tile(card));

let large; // the enlarged tile, if there is one

// arrange gives the streams to the enlarged camera alone, else to the first on the screen.
function arrange() {
  large = tiles.find((tile) => tile.card.matches(':target'));
  const shown = document.hidden ? [] : large ? [large] : tiles.filter((tile) => tile.seen);
  for (const tile of tiles) {
    const place = shown.indexOf(tile);
    tile.turn(place < 0 ? 'off' : place < streams ? 'live' : 'still');
    tile.card.inert = Boolean(large) && tile !== large;
  }
  step();
}

// step opens what is due: every stream, but one snapshot at a time. What has ended is played again only for who enlarges it.
function step() {
  const now = Date.now();
  const due = tiles.filter((tile) => tile.due <= now && !tile.ended);
  for (const tile of due) if (tile.mode === 'live' && !tile.open) tile.stream();
  if (tiles.some((tile) => tile.still)) return;
  const [next] = due.filter((tile) => tile.mode === 'still').sort((a, b) => a.due - b.due);
  if (next) next.snapshot().then(step);
}

let polling = false;
let timer; // of the next poll
let heard = Date.now(); // the time of the latest status, 0 after a failure
let lostAt = ''; // when the connection was lost, as text; '' while there is one

async function poll() {
  clearTimeout(timer);
  if (polling || document.hidden) return;
  polling = true;
  const control = new AbortController();
  const limit = setTimeout(() => control.abort(), SILENCE);
  try {
    const response = await fetch('status' + query, { cache: 'no-store', signal: control.signal });
    if (!response.ok) throw new Error(response.status);
    tell(await response.json());
    unheard('');
    lostAt = '';
  } catch (error) {
    lostAt ||= new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    unheard(error.message === '401' ? 'Your login has ended: reload the page' : `Connection lost at ${lostAt}, reconnecting …`);
    heard = 0;
  }
  clearTimeout(limit);
  polling = false;
  timer = setTimeout(poll, POLL);
}

// unheard says why the page knows nothing, or with '' that it does.
function unheard(message) {
  const lost = document.querySelector('.lost');
  lost.textContent = message;
  lost.hidden = !message;
  document.documentElement.classList.toggle('unheard', Boolean(message));
}

function tell(status) {
  status.cameras = status.cameras.filter((camera) => !camera.variant_of);
  const names = status.cameras.map((camera) => camera.name + ' ' + camera.title);
  const shown = tiles.map((tile) => tile.name + ' ' + tile.card.querySelector('h2').textContent);
  if (names.join('\n') !== shown.join('\n')) return location.reload();
  const silent = Date.now() - heard > SILENCE;
  heard = Date.now();
  status.cameras.forEach((camera, i) => {
    if (silent) tiles[i].open = false; // the streams are probably dead, too
    tiles[i].tell(camera);
  });
  shape(status.cameras.filter((camera) => camera.height).map((camera) => camera.width / camera.height));
  step();
}

// shape makes the tiles as wide as the widest picture, within reason where there are others.
function shape(ratios) {
  if (!ratios.length) return;
  const widest = Math.max(...ratios);
  main.style.setProperty('--shape', tiles.length > 1 ? Math.min(widest, 16 / 9) : widest);
}

let entered = false; // whether going back leads to all cameras

function leave() {
  if (entered) history.back();
  else location.replace('#-'); // names no camera, and does not scroll
}

function neighbour(by) {
  const i = tiles.indexOf(large) + by;
  location.replace('#' + tiles[(i + tiles.length) % tiles.length].name);
}

addEventListener('hashchange', () => {
  const before = large;
  arrange();
  entered = Boolean(large) && (entered || !before);
  if (large && large.ended) large.stream();
});

main.addEventListener('click', (event) => {
  if (!large || !event.target.closest('.picture, .back')) return;
  event.preventDefault();
  leave();
});

addEventListener('keydown', (event) => {
  if (!large || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === 'Escape') leave();
  else if (event.key === 'ArrowRight') neighbour(1);
  else if (event.key === 'ArrowLeft') neighbour(-1);
});

document.addEventListener('visibilitychange', () => {
  heard = Date.now();
  arrange();
  poll();
});

const watch = new IntersectionObserver((entries) => {
  for (const entry of entries) tiles.find((tile) => tile.card === entry.target).seen = entry.isIntersecting;
  clearTimeout(settling);
  settling = setTimeout(arrange, SETTLE);
});
let settling; // waits for scrolling to end

document.documentElement.classList.add('script');
for (const tile of tiles) watch.observe(tile.card);
if (document.hidden) arrange();
poll();
setInterval(step, STEP);
