// The enlarged camera: next and previous, full screen, actual size, a window of its own.
const SWIPE = 60; // CSS pixels

export class Enlarged {
  // tiles returns all tiles; change is called when another one is enlarged.
  constructor(main, tiles, change) {
    this.main = main;
    this.tiles = tiles;
    this.change = change;
    this.tile = null;
    this.entered = false; // whether going back leads to all cameras
    this.detached = false; // whether it is in a window of its own
    addEventListener('hashchange', () => this.follow());
    addEventListener('keydown', (event) => this.press(event));
    main.addEventListener('click', (event) => this.click(event));
    main.addEventListener('pointerdown', (event) => this.pointerDown(event));
    main.addEventListener('pointermove', (event) => this.pointerMove(event));
    main.addEventListener('pointerup', (event) => this.pointerUp(event));
    main.addEventListener('dragstart', (event) => this.tile && event.preventDefault()); // the mouse moves the picture, no link
    main.addEventListener('pointercancel', () => { this.from = null; });
    visualViewport?.addEventListener('resize', () => document.documentElement.classList.toggle('zoomed', visualViewport.scale > 1));
  }

  // addTools gives a tile its buttons, and what opens its menu.
  addTools(tile, openMenu) {
    const tools = tile.card.querySelector('.tools');
    const add = (name, label, text, action) => {
      const button = Object.assign(document.createElement('button'), { type: 'button', className: name, textContent: text, title: label });
      button.setAttribute('aria-label', label);
      button.addEventListener('click', action);
      tools.append(button);
    };
    add('previous', 'Previous camera', '‹', () => this.step(-1));
    add('next', 'Next camera', '›', () => this.step(1));
    add('actual', 'Actual size, 1:1, and back (z)', '1:1', () => this.toggleActual());
    if (tile.canvas.captureStream && document.pictureInPictureEnabled) {
      add('detach', 'Picture in picture', '', () => this.detach(tile));
    }
    if (document.fullscreenEnabled) add('full', 'Full screen (f)', '', () => this.toggleFullScreen(tile));
    add('more', `More for ${tile.title}`, '⋯', openMenu);
    tools.hidden = false;
  }

  update() {
    this.tile = this.tiles().find((tile) => tile.enlarged) || null;
    for (const tile of this.tiles()) tile.card.inert = Boolean(this.tile) && tile !== this.tile;
    for (const part of document.querySelectorAll('header')) part.inert = Boolean(this.tile);
  }

  // follow keeps the focus on the camera that is enlarged, or was.
  follow() {
    const before = this.tile;
    before?.card.classList.remove('actual');
    this.change();
    this.entered = Boolean(this.tile) && (this.entered || !before);
    (this.tile || before)?.link.focus({ preventScroll: Boolean(this.tile) });
  }

  leave() {
    if (this.entered) history.back();
    else location.replace('#-'); // names no camera, and does not scroll
  }

  step(by) {
    const all = this.tiles().filter((tile) => !tile.card.hidden);
    const i = all.indexOf(this.tile) + by;
    if (all.length > 1) location.replace('#' + all[(i + all.length) % all.length].name);
  }

  press(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest('dialog, input')) return;
    const tile = this.tile || (this.tiles().length === 1 ? this.tiles()[0] : this.tiles().find(({ card }) => card.contains(document.activeElement)));
    if (event.key === 'f' && tile) this.toggleFullScreen(tile);
    if (!this.tile) return;
    if (event.key === 'Escape' && !document.fullscreenElement) this.leave();
    else if (event.key === 'ArrowRight') this.step(1);
    else if (event.key === 'ArrowLeft') this.step(-1);
    else if (event.key === 'z') this.toggleActual();
  }

  click(event) {
    if (!this.tile || !event.target.closest('.picture, .back')) return;
    event.preventDefault();
    if (this.moved) return;
    if (event.target.closest('.actual .picture')) this.toggleActual();
    else this.leave();
  }

  // toggleActual shows one pixel of the camera on one of the screen, and back.
  toggleActual() {
    const { card, canvas, link } = this.tile;
    const actual = card.classList.toggle('actual');
    card.querySelector('.actual')?.setAttribute('aria-pressed', actual);
    canvas.style.width = actual ? `${this.tile.picture?.width / devicePixelRatio}px` : '';
    this.change(); // to have all pixels
    if (!actual) return;
    link.scrollTo((link.scrollWidth - link.clientWidth) / 2, (link.scrollHeight - link.clientHeight) / 2);
  }

  toggleFullScreen({ card }) {
    if (document.fullscreenElement) document.exitFullscreen();
    else card.requestFullscreen?.().catch(() => {});
  }

  // detach shows a tile in a small window that stays above others. Meanwhile the page counts as seen.
  async detach(tile) {
    if (document.pictureInPictureElement) {
      document.exitPictureInPicture();
      return;
    }
    const video = Object.assign(document.createElement('video'), { muted: true, srcObject: tile.canvas.captureStream() });
    try {
      await video.play();
      await video.requestPictureInPicture();
      this.detached = true;
      video.addEventListener('leavepictureinpicture', () => {
        this.detached = false;
        for (const track of video.srcObject.getTracks()) track.stop();
        this.change();
      });
    } catch {
      for (const track of video.srcObject.getTracks()) track.stop();
    }
  }

  pointerDown(event) {
    this.moved = false;
    this.from = null;
    const link = event.target.closest('.picture');
    if (!this.tile || !link) return;
    this.from = { x: event.clientX, y: event.clientY, left: link.scrollLeft, top: link.scrollTop, link };
  }

  pointerMove(event) {
    if (!this.from || event.pointerType === 'touch') return; // a finger scrolls by itself
    const x = event.clientX - this.from.x;
    const y = event.clientY - this.from.y;
    if (!this.tile?.card.classList.contains('actual')) return;
    if (Math.hypot(x, y) > 5) this.moved = true;
    this.from.link.scrollTo(this.from.left - x, this.from.top - y);
  }

  pointerUp(event) {
    const { from } = this;
    this.from = null;
    if (!from || event.pointerType !== 'touch' || this.tile?.card.classList.contains('actual') || visualViewport?.scale > 1) return;
    const x = event.clientX - from.x;
    if (Math.abs(x) < SWIPE || Math.abs(x) < 2 * Math.abs(event.clientY - from.y)) return;
    this.moved = true;
    this.step(x < 0 ? 1 : -1);
  }
}
