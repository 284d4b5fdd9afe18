// The way back to the address that several servers have in common, for when the one that this page is from does not answer any more.
import { pauseBefore } from './pauses.js';

const PATIENCE = 1000; // ms for the first answer: a server that hangs takes connections, and says nothing
const MOST = 8000; // the same, later

export class External {
  // root is the common address, or '': there is none. pass is what the query needs there so that the viewer is let in.
  constructor(root, base, pass) {
    this.here = new URL(base || './', location.href);
    this.root = root === this.here.href ? '' : root;
    this.pass = pass;
    this.control = null; // ends the search for another server
  }

  // address is that of this page at the common address.
  get address() {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of new URLSearchParams(this.pass)) query.set(name, value);
    const path = location.pathname.slice(this.here.pathname.length);
    return `${this.root}${path}${String(query) && `?${query}`}${location.hash}`;
  }

  // stay ends what leave has begun.
  stay() {
    this.control?.abort();
    this.control = null;
  }

  // leave goes to the common address once a server answers there, unless this one does, or until stay is called.
  async leave() {
    if (!this.root || this.control) return;
    const control = this.control = new AbortController();
    for (let failed = 0; this.control === control; failed++) {
      await new Promise((resolve) => { setTimeout(resolve, pauseBefore(failed)); });
      const first = await this.findServer(Math.min(PATIENCE * 2 ** failed, MOST), control.signal);
      if (this.control !== control) return;
      if (first === this.here) return this.stay();
      if (first) location.replace(first); // and if that hangs, again
    }
  }

  // findServer returns the address that answers first, if any does. This server is nearer by a redirect.
  async findServer(patience, until) {
    const signal = AbortSignal.any([until, AbortSignal.timeout(patience)]);
    const ask = async (address, answering) => {
      await fetch(answering, { mode: 'no-cors', cache: 'no-store', signal });
      return address;
    };
    try {
      return await Promise.any([ask(this.here, new URL('healthz', this.here)), ask(this.address, this.address)]);
    } catch {
      return null;
    }
  }
}
