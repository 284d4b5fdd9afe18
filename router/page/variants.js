// The sizes of variants that nobody has watched yet, which /status does not know.
const sizes = {}; // by their names
let measured = Promise.resolve(); // when all are known

// measure gives a tile's variant the size of one picture, which is asked for once, if the tile could use a smaller one.
export function measure(tile, variant, address) {
  const { name, width } = variant;
  if (width) return;
  if (!sizes[name] && tile.needsVariant) {
    sizes[name] = {};
    measured = measured.then(() => measurePicture(name, address)).catch(() => {}); // such as where there is no room for a viewer
  }
  Object.assign(variant, sizes[name]);
}

async function measurePicture(name, address) {
  const response = await fetch(address(`${name}/snapshot`), { cache: 'no-store' });
  const bitmap = await createImageBitmap(await response.blob());
  sizes[name] = { width: bitmap.width, height: bitmap.height };
  bitmap.close();
}
