// Reads the QR of each grey picture (PGM) whose path comes in on a line, with decoders that browsers use, and answers one line of JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import jsQR from "jsqr";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

// The module would fetch its program from the network; it lies beside it.
const wasm = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm) } });

function picture(path) {
  const file = readFileSync(path);
  const [head, width, height] = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(file.toString("latin1", 0, 64));
  const [w, h] = [Number(width), Number(height)];
  const data = new Uint8ClampedArray(4 * w * h);
  for (let i = 0; i < w * h; i++) {
    data.fill(file[head.length + i], 4 * i, 4 * i + 3);
    data[4 * i + 3] = 255;
  }
  return { data, width: w, height: h };
}

for await (const path of createInterface({ input: process.stdin })) {
  const image = picture(path);
  const [zxing] = await readBarcodes(image, { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 });
  const jsqr = jsQR(image.data, image.width, image.height, { inversionAttempts: "dontInvert" });
  console.log(JSON.stringify({ jsQR: jsqr ? jsqr.data : "", "zxing-wasm": zxing ? zxing.text : "" }));
}
