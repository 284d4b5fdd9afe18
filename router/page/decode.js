// Where a browser decodes bytes, which it does only where the connection is secure or the server is this machine, a picture
// need not become a Blob and a bitmap first, nor have more pixels than are shown: for a wall of cameras that is half the work.
const TYPE = 'image/jpeg';

export const decodesBytes = typeof ImageDecoder === 'function';

// decode returns a JPEG as an image that must be closed, at least as wide as shown where it has so many pixels, and the size that
// it has itself.
export async function decode(jpeg, shown) {
  const size = decodesBytes && sizeOf(jpeg);
  if (size) {
    try {
      return await decodeBytes(jpeg, size, shown);
    } catch {
      // The other way may be more lenient.
    }
  }
  const image = await createImageBitmap(new Blob([jpeg], { type: TYPE }));
  return { image, width: image.width, height: image.height };
}

// decodeBytes decodes as many eighths of each side as are needed: those a decoder has for less work.
async function decodeBytes(data, { width, height, turned }, shown) {
  const eighths = turned ? 8 : Math.min(8, Math.ceil(8 * shown / width));
  const decoder = new ImageDecoder({ data, type: TYPE, desiredWidth: Math.ceil(width * eighths / 8), desiredHeight: Math.ceil(height * eighths / 8) });
  try {
    const { image } = await decoder.decode();
    return turned ? { image, width: image.displayWidth, height: image.displayHeight } : { image, width, height };
  } finally {
    decoder.close();
  }
}

// sizeOf returns the size that a JPEG's head names, and whether EXIF may have turned the picture; null where there is no size.
function sizeOf(jpeg) {
  const number = (at) => jpeg[at] << 8 | jpeg[at + 1];
  let turned = false;
  for (let i = 2; jpeg[i] === 0xFF && i + 8 < jpeg.length; i += 2 + number(i + 2)) {
    const marker = jpeg[i + 1];
    if (marker === 0xE1) turned = true;
    if (marker >= 0xC0 && marker <= 0xCF && ![0xC4, 0xC8, 0xCC].includes(marker)) return { width: number(i + 7), height: number(i + 5), turned };
  }
  return null;
}
