// Run inside the page, so they are text: the tests' own types know no DOM.

/** A `DataTransfer` with one file, as a drop or a paste carries it. */
export function fileTransfer(name: string, type: string, bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes).toString("base64");
  return `(() => {
    const bytes = Uint8Array.from(atob("${base64}"), (character) => character.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], "${name}", { type: "${type}" }));
    return transfer;
  })()`;
}

/** Counts object URLs as they are made and revoked, in `liveObjectUrls`; goes in before the page's own script. */
export const countObjectUrls = `
  globalThis.liveObjectUrls = new Set();
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (file) => {
    const url = createObjectURL.call(URL, file);
    liveObjectUrls.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => {
    liveObjectUrls.delete(url);
    revokeObjectURL.call(URL, url);
  };
`;

/**
 * The least contrast of any visible text against what lies behind it, with that text (WCAG 2.2, 1.4.3).
 * Pictures are not looked at; the page writes nothing over them.
 */
export const leastContrast = `(() => {
  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const luminance = ({ r, g, b }) => {
    const [red, green, blue] = [r, g, b].map((level) => {
      const share = level / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.a === 1) return colour;
    }
    return { r: 255, g: 255, b: 255 };
  };
  let least = { ratio: Infinity, text: "" };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (text === "" || !element.checkVisibility()) continue;
    const pair = [luminance(parse(getComputedStyle(element).color)), luminance(background(element))];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (ratio < least.ratio) least = { ratio, text };
  }
  return least;
})()`;

/** Whether anything makes the page wider than its window. */
export const scrollsSideways = "document.documentElement.scrollWidth > document.documentElement.clientWidth";

/** Whether the element of an id lies in the window, whole. */
export function isInView(id: string): string {
  return `(() => {
    const { top, bottom } = document.getElementById("${id}").getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  })()`;
}
