// The wall: many cameras on one connection, each drawn on its canvas. It runs in a worker where it can, else in the page.
import { decode, decodesBytes } from './decode.js';
import { RecordReader } from './records.js';
import { pauseBefore } from './pauses.js';

const REPORT = 250; // ms between two reports
const SILENCE = 1500; // ms without a byte after which a connection counts as frozen, at least
const NO_HEARTBEAT = 10000; // the same, where the server sends no heartbeat
const STEADY = 5000; // ms for which a connection must have worked for the first pause to come again

// A worker hands a bitmap over for less work than it takes to draw it.
const handsOver = !decodesBytes && typeof document === 'undefined';

// A Screen is a tile's canvas. It shows one picture after another, and of those that come meanwhile the newest.
class Screen {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = handsOver ? canvas.getContext('bitmaprenderer') : canvas.getContext('2d', { alpha: false });
    this.shown = Infinity; // device pixels from left to right
    this.width = this.height = 0; // of the latest picture, which may be drawn smaller
    this.drawn = 0; // pictures
    this.reported = 0; // of them
    this.time = 0; // of the latest, in ms since 1970 by the server's clock
    this.interval = 0; // ms between the latest two
    this.busy = false;
    this.next = null; // the picture that waits
  }

  show(jpeg, time) {
    const picture = { jpeg: jpeg.slice(), time };
    if (this.busy) this.next = picture;
    else this.draw(picture);
  }

  async draw(picture) {
    this.busy = true;
    for (; picture; picture = this.next) {
      this.next = null;
      try {
        const { image, width, height } = await decode(picture.jpeg, this.shown);
        try {
          this.paint(image);
        } finally {
          image.close();
        }
        this.width = width;
        this.height = height;
        if (this.time) this.interval = picture.time - this.time;
        this.time = picture.time;
        this.drawn++;
      } catch {
        // A picture that the browser cannot decode is left out.
      }
    }
    this.busy = false;
  }

  // paint shows a VideoFrame, or an ImageBitmap.
  paint(image) {
    const { displayWidth: width = image.width, displayHeight: height = image.height } = image;
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    if (handsOver) this.context.transferFromImageBitmap(image);
    else this.context.drawImage(image, 0, 0);
  }
}

// A Wall calls report with what the page must know: {tiles: {ID: {drawn, time, interval}}}, {id, state}, and {connected,
// problem}.
export class Wall {
  constructor(report) {
    this.report = report;
    this.screens = new Map(); // by the tile's ID
    this.control = null; // ends the connection
    this.tries = 0;
    this.clock = 0; // what this machine's clock is ahead of the server's, in ms
    setInterval(() => this.reportPictures(), REPORT);
  }

  addCanvas(id, canvas) { this.screens.set(id, new Screen(canvas)); }

  removeCanvas(id) { this.screens.delete(id); }

  // show reads the wall at an address, which shows the tiles with these IDs by the names of their cameras, until the next
  // call. Without an address it reads nothing.
  show(address, ids) {
    this.control?.abort();
    this.control = null;
    this.going = new Set(Object.values(ids)); // the tiles that have not ended
    clearTimeout(this.retry);
    if (address) this.connect(address, ids);
  }

  // resize sets how many device pixels the tiles with these IDs show from left to right.
  resize(widths) {
    for (const [id, width] of Object.entries(widths)) if (this.screens.has(id)) this.screens.get(id).shown = width;
  }

  async connect(address, ids) {
    const control = this.control = new AbortController();
    const begun = Date.now();
    let problem = 'the server has ended it';
    try {
      await this.read(address, ids, control);
    } catch (error) {
      problem = error.status || String(error.message);
    }
    control.abort();
    clearTimeout(this.watch);
    if (this.control !== control || !this.going.size) return;
    if (Date.now() - begun > STEADY) this.tries = 0;
    this.report({ connected: false, problem });
    this.retry = setTimeout(() => this.connect(address, ids), pauseBefore(this.tries++));
  }

  async read(address, ids, control) {
    this.expect(SILENCE * 4, control);
    const response = await fetch(address, { cache: 'no-store', signal: control.signal });
    if (!response.ok) throw Object.assign(new Error(response.statusText), { status: response.status });
    const heartbeat = 1000 * Number(response.headers.get('X-Mjpegazer-Heartbeat'));
    const silence = heartbeat ? Math.max(SILENCE, 1.5 * heartbeat) : NO_HEARTBEAT;
    const reader = response.body.getReader();
    const records = new RecordReader();
    this.clock = Infinity;
    let order = [];
    for (;;) {
      this.expect(silence, control);
      const { value, done } = await reader.read();
      if (done) return;
      for (const record of records.add(value)) {
        if (record.type === 2) {
          order = JSON.parse(new TextDecoder().decode(record.body)).cameras.map((name) => ids[name]);
          this.report({ connected: true });
        }
        this.handle(record, order[record.tile]);
      }
    }
  }

  // expect ends the connection if nothing comes for a while.
  expect(silence, control) {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => control.abort(), silence);
  }

  handle(record, id) {
    if (record.type === 0) {
      this.screens.get(id)?.show(record.body, record.time);
      return;
    }
    this.clock = Math.min(this.clock, Date.now() - record.time);
    if (record.type !== 1) return;
    const state = JSON.parse(new TextDecoder().decode(record.body));
    if (state.state === 'ended') this.going.delete(id);
    this.report({ id, state });
  }

  reportPictures() {
    const tiles = {};
    let any = false;
    for (const [id, screen] of this.screens) {
      if (screen.drawn === screen.reported) continue;
      any = true;
      screen.reported = screen.drawn;
      const { drawn, interval, width, height } = screen;
      tiles[id] = { drawn, time: screen.time + this.clock, interval, width, height };
    }
    if (any) this.report({ tiles });
  }
}
