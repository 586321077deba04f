// Runs inside a page as an app would, so it is text: the tests' own types know no DOM. `tf` is @tensorflow/tfjs.

/**
 * Loads what an alias points at with plain tfjs, checks its manifest, and classifies images of the model's size.
 * @param images PNG files, base64  @returns an expression that gives `{version, files, probabilities: number[][]}`
 */
export function classifyOnDevice(model: string, images: readonly string[]): string {
  return `(async () => {
    const alias = await (await fetch("/models/${model}/aliases/champion")).json();
    const folder = "/models/${model}/versions/" + alias.version + "/";
    const bytes = await (await fetch(folder + "manifest.json")).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (sha256 !== alias.manifestSha256) throw new Error("the manifest is not the promoted one");
    const { input, outputs, labels, temperature } = JSON.parse(new TextDecoder().decode(bytes));
    await tf.setBackend("cpu");
    const net = await tf.loadGraphModel(folder + "model.json");
    const classify = async (base64) => {
      const file = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([file], { type: "image/png" }));
      const { width, height } = input;
      const context = new OffscreenCanvas(width, height).getContext("2d");
      context.drawImage(bitmap, 0, 0, width, height);
      return tf.tidy(() => {
        const pixels = tf.browser.fromPixels(context.getImageData(0, 0, width, height)).toFloat();
        const normalized = pixels.div(255).sub(input.mean).div(input.std).expandDims(0);
        const logits = net.execute(normalized, outputs.logits);
        return [...logits.div(temperature).softmax().dataSync()];
      });
    };
    const probabilities = [];
    for (const image of ${JSON.stringify(images)}) probabilities.push(await classify(image));
    return { version: alias.version, labels, probabilities };
  })()`;
}
