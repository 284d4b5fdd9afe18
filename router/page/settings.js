// What this browser remembers of its user's choices. Where storage is forbidden they last as long as the page.
const KEY = 'mjpegazer ' + new URL(document.querySelector('main').dataset.base || './', location.href).pathname;

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || {};
  } catch {
    return {};
  }
}

// order and hidden are names of cameras, variants the chosen variant by the camera's name.
export const settings = { order: [], hidden: [], variants: {}, statistics: true, ...read() };

export function save() {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Then they last as long as the page.
  }
}
