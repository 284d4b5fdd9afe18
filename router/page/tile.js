// A tile is one camera on the page.
import { settings } from './settings.js';

const FRESH = 1500; // ms: no picture younger than this is called old
const STATES = {
  live: 'Live', still: 'Still', old: 'Old picture', waiting: 'Connecting', connecting: 'Connecting', down: 'Down', idle: 'Idle', ended: 'Ended', full: 'Full',
};

export class Tile {
  constructor(card) {
    this.card = card;
    this.name = card.id;
    this.visible = false; // whether it is on the screen
    this.status = { state: card.dataset.state }; // what /status says of it
    this.wallState = null; // what the wall says, which knows it sooner
    this.variants = []; // what /status says of them
    this.picture = null; // what the wall says of the latest
    this.drawn = 0;
    this.img = card.querySelector('img');
    this.canvas = null;
  }

  get title() { return this.card.querySelector('h2').textContent; }
  get state() { return this.card.dataset.state; }
  get link() { return this.card.querySelector('.picture'); }
  get camera() { return { ...this.status, ...this.wallState }; }
  get hasEnded() { return this.camera.state === 'ended'; }
  get enlarged() { return this.card.matches(':target'); }

  // addCanvas puts a canvas over the image, which stays until there is something on it.
  addCanvas() {
    this.canvas = document.createElement('canvas');
    this.canvas.width = this.canvas.height = 1;
    this.canvas.setAttribute('role', 'img');
    this.canvas.setAttribute('aria-label', this.img.alt);
    this.img.after(this.canvas);
    return this.canvas;
  }

  // removeImage ends the image's stream, too.
  removeImage() {
    this.img?.removeAttribute('src');
    this.img?.remove();
    this.img = null;
  }

  // stream is the name of the camera or variant to show: the one that was chosen, or the one whose pictures are the nearest
  // in width above the tile's.
  get stream() {
    const chosen = settings.variants[this.name];
    if (chosen === this.name || this.variants.some((variant) => variant.name === chosen)) return chosen;
    const enough = this.variants.filter((variant) => variant.width >= this.width && variant.width < this.status.width &&
      Math.abs(shape(variant) / shape(this.status) - 1) < 0.02);
    return enough.sort((a, b) => a.width - b.width)[0]?.name || this.name;
  }

  // width is how many device pixels the picture has from left to right.
  get width() {
    const { clientWidth, clientHeight } = this.link;
    return Math.min(clientWidth, clientHeight * shape(this.camera) || clientWidth) * devicePixelRatio;
  }

  // shownWidth is how many of the picture's pixels are needed.
  get shownWidth() { return this.card.classList.contains('actual') ? Infinity : this.width; }

  // needsVariant reports whether the camera has more pixels than the tile.
  get needsVariant() { return this.visible && this.state === 'live' && this.status.width > this.width; }

  // setStatus shows what /status says.
  setStatus(camera, variants) {
    this.status = camera;
    this.variants = variants;
    this.showFacts(camera.facts);
    this.update();
  }

  // setState shows what the wall says; null: nothing.
  setState(state) {
    if (!state && this.wallState) this.status.state = this.wallState.state; // until /status says what has changed
    this.wallState = state && { ...state, last_error: state.reason };
    this.update();
  }

  setPicture(picture) {
    this.removeImage();
    const before = this.picture?.drawn || 0;
    this.picture = picture;
    this.drawn += picture.drawn - before;
    this.card.dataset.drawn = this.drawn;
    this.update();
  }

  // age is that of the picture on the screen, in ms.
  get age() { return this.picture ? Math.max(0, Date.now() - this.picture.time) : Infinity; }

  // condition is the camera's state, but that nothing counts as live whose picture is older than three of its intervals.
  get condition() {
    const { state, still, fps, stale } = this.camera;
    if (state !== 'live' || !this.canvas) return state;
    if (!this.picture) return 'waiting';
    if (still) return 'still';
    const interval = Math.max(this.picture.interval, fps ? 1000 / fps : 0);
    return stale || this.age > Math.max(FRESH, 3 * interval) ? 'old' : 'live';
  }

  update() {
    const { camera } = this;
    const condition = this.condition;
    if (this.state !== condition) this.card.dataset.state = condition;
    const old = this.picture && condition !== 'live' && condition !== 'still';
    for (const element of this.card.querySelectorAll('[data-field]')) {
      const field = element.dataset.field;
      const text = field === 'state' ? STATES[condition] || condition : String(camera[field] ?? 0);
      if (element.textContent !== text) element.textContent = text;
    }
    this.setText('.age', old ? `${duration(this.age)} ago` : '');
    this.card.querySelector('.reason').hidden = !['down', 'full', 'ended'].includes(condition) || !camera.last_error;
    this.card.querySelector('.next').hidden = condition !== 'down' || !camera.retry_seconds;
  }

  setText(selector, text) {
    const element = this.card.querySelector(selector);
    element.hidden = !text;
    if (element.textContent !== text) element.textContent = text;
  }

  showFacts(facts = {}) {
    const text = JSON.stringify(facts);
    if (text === this.factsShown) return;
    this.factsShown = text;
    this.card.querySelector('.facts').replaceChildren(...Object.entries(facts).map(([name, value]) => {
      const row = document.createElement('div');
      row.append(...[['dt', name], ['dd', value]].map(([tag, text]) => Object.assign(document.createElement(tag), { textContent: text })));
      return row;
    }));
  }
}

function shape({ width, height }) { return width / height; }

// duration is a time in words, such as "12 s".
function duration(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
