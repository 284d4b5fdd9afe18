// The menu of a camera: its addresses for other programs, and where and how this page shows it.
import { settings, save } from './settings.js';

const dialog = document.querySelector('dialog');

// programs are the lines that other programs want, for the addresses of a camera's stream and snapshot.
const programs = {
  'Live': (live) => live,
  'Snapshot': (live, snapshot) => snapshot,
  'VLC': (live) => `vlc ${live}`,
  'ffmpeg': (live) => `ffmpeg -use_wallclock_as_timestamps 1 -f mpjpeg -i "${live}" -c copy camera.mkv`,
  'Home Assistant: MJPEG URL': (live) => live,
  'Home Assistant: still image URL': (live, snapshot) => snapshot,
  'OctoPrint: stream URL': (live) => live,
  'OctoPrint: snapshot URL': (live, snapshot) => snapshot,
  'Mainsail, Fluidd: URL stream': (live) => live,
  'Mainsail, Fluidd: URL snapshot': (live, snapshot) => snapshot,
  'OpenCV': (live) => `cv2.VideoCapture("${live.replace(/\/live(?=\?|$)/, '/live.mjpg')}")`,
};

export class Menu {
  // change is called when a tile is to be shown in another way.
  constructor({ base, query, root, change }) {
    this.base = base;
    this.query = query;
    this.root = root || base; // of addresses that are to work when this server is away
    this.change = change;
  }

  open(tile, page) {
    dialog.querySelector('h2').textContent = tile.title;
    this.showActions(tile, page);
    const address = (route) => new URL(`${this.root}${tile.name}/${route}${this.query}`, location.href).href;
    dialog.querySelector('.addresses').replaceChildren(...Object.entries(programs).map(([name, line]) =>
      addressRow(name, line(address('live'), address('snapshot')))));
    dialog.showModal();
  }

  showActions(tile, { several, move, applyOrder }) {
    const actions = [];
    const add = (text, action) => {
      const button = Object.assign(document.createElement('button'), { type: 'button', textContent: text });
      button.addEventListener('click', () => {
        dialog.close();
        action();
        this.change();
      });
      actions.push(button);
    };
    if (tile.variants.length) actions.push(this.variantChoice(tile));
    if (several) {
      add('Move forward', () => move(tile, -1));
      add('Move back', () => move(tile, 1));
      add('Hide', () => {
        settings.hidden.push(tile.name);
        save();
        applyOrder();
      });
    }
    const link = Object.assign(document.createElement('a'), { href: `${this.base}${tile.name}/${this.query}`, textContent: 'Page of this camera' });
    dialog.querySelector('.actions').replaceChildren(...actions, link);
  }

  // variantChoice offers a camera's variants.
  variantChoice(tile) {
    const select = document.createElement('select');
    const options = [['', 'automatic'], [tile.name, 'original'], ...tile.variants.map(({ name, title }) => [name, title])];
    for (const [value, text] of options) select.append(new Option(text, value));
    select.value = settings.variants[tile.name] || '';
    select.addEventListener('change', () => {
      settings.variants[tile.name] = select.value;
      save();
      this.change();
    });
    const label = document.createElement('label');
    label.append('Picture: ', select);
    return label;
  }
}

function addressRow(name, text) {
  const label = document.createElement('label');
  const field = Object.assign(document.createElement('input'), { value: text, readOnly: true });
  label.append(Object.assign(document.createElement('span'), { textContent: name }), field);
  field.addEventListener('focus', () => field.select());
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Copy' });
  button.setAttribute('aria-label', `Copy ${name}`);
  button.addEventListener('click', async () => {
    button.textContent = await copy(field) ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
  const row = document.createElement('div');
  row.append(label, button);
  return row;
}

// copy copies a field's text. Browsers have a clipboard for scripts only where the connection is secure.
async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.select();
    return document.execCommand('copy');
  }
}
