import type { Region } from "../../shared/contract/camera.ts";
import type { RgbImage } from "../../shared/image/rgb-image.ts";

/** Blocks across a frame: a face that fills a tenth of the height is one of them. */
const blocks = 12;

/** The image with everything outside a region as the mean colour of coarse blocks, which nothing can bring back. */
export function blurOutside(image: RgbImage, region: Region): RgbImage {
  const { width, height } = image;
  const data = image.data.slice();
  const block = Math.max(1, Math.ceil(Math.max(width, height) / blocks));
  for (let top = 0; top < height; top += block) {
    for (let left = 0; left < width; left += block) {
      const area = { left, top, right: Math.min(width, left + block), bottom: Math.min(height, top + block) };
      paintOutside(data, image, area, region);
    }
  }
  return { width, height, data };
}

interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The mean is of the pixels outside: what is inside must not colour them, nor they tell of each other. */
function paintOutside(data: Uint8Array, image: RgbImage, area: Area, region: Region): void {
  const { width } = image;
  const outside: number[] = [];
  const sum = [0, 0, 0];
  for (let y = area.top; y < area.bottom; y++) {
    for (let x = area.left; x < area.right; x++) {
      if (isInside(x, y, image, region)) continue;
      const at = (y * width + x) * 3;
      outside.push(at);
      for (let channel = 0; channel < 3; channel++) {
        sum[channel] = (sum[channel] ?? 0) + (image.data[at + channel] ?? 0);
      }
    }
  }
  const mean = sum.map((total) => Math.round(total / Math.max(1, outside.length)));
  for (const at of outside) data.set(mean, at);
}

function isInside(x: number, y: number, { width, height }: RgbImage, region: Region): boolean {
  const u = (x + 0.5) / width;
  const v = (y + 0.5) / height;
  return (
    u >= region.left && u <= region.left + region.width && v >= region.top && v <= region.top + region.height
  );
}
