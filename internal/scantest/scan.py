"""Renders cards, damages the pictures as pockets, printers and cameras do, and counts which decoder still reads them.

scripts/scan-test calls it. Every picture is the same in every run: the damage is seeded by the card and its kind.
A reading counts when it is exactly the card's URL; any other text is counted as wrong.
"""

import argparse
import csv
import io
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import zlib

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

MM = 1 / 25.4  # inches in a millimetre


def render(pdf, dpi, page):
    """The page in grey, as poppler draws it, which smooths edges as a printer driver or a screen does."""
    out = subprocess.run(
        ["pdftoppm", "-r", str(dpi), "-gray", "-f", str(page), "-l", str(page), "-singlefile", pdf],
        check=True, capture_output=True).stdout
    return Image.open(io.BytesIO(out)).convert("L")


def rotate(angle):
    return lambda im, dpi, box, rng: im.rotate(angle, Image.BICUBIC, expand=True, fillcolor=255)


def blur(im, dpi, box, rng):
    """Out of focus, by a third of a module."""
    return im.filter(ImageFilter.GaussianBlur(0.14 * MM * dpi))


def jpeg(im, dpi, box, rng):
    out = io.BytesIO()
    im.save(out, "JPEG", quality=15)
    return Image.open(out).convert("L")


def salt(im, dpi, box, rng):
    a = np.array(im)
    hit = rng.random(a.shape)
    a[hit < 0.025] = 0
    a[hit > 0.975] = 255
    return Image.fromarray(a)


def pale(im, dpi, box, rng):
    """A worn ribbon on grey paper: black is 120 and white is 165."""
    return Image.fromarray((120 + np.asarray(im) * (45 / 255)).astype(np.uint8))


def perspective(im, dpi, box, rng):
    """Held askew: the far edge is 18 % shorter than the near one, the sides lean."""
    w, h = im.size
    pad = int(0.08 * w)
    src = [(0, 0), (w, 0), (w, h), (0, h)]
    dst = [(pad + 0.10 * w, pad), (pad + 0.92 * w, pad + 0.05 * h), (pad + w, pad + 0.97 * h), (pad, pad + h)]
    rows = []
    for (x, y), (u, v) in zip(src, dst):  # PIL wants the way back: from the new picture into the old one
        rows.append([u, v, 1, 0, 0, 0, -x * u, -x * v])
        rows.append([0, 0, 0, u, v, 1, -y * u, -y * v])
    solved = np.linalg.solve(np.array(rows), np.array(src, dtype=float).reshape(8))
    return im.transform((w + 2 * pad, h + 2 * pad), Image.PERSPECTIVE, solved.tolist(), Image.BICUBIC, fillcolor=200)


def crease(im, dpi, box, rng):
    """A fold through the symbol: ink has come off along a line, and a shadow lies beside it."""
    x0, y0, x1, y1 = box
    a = rng.uniform(0.25, 0.75, 2)
    ends = [(x0, y0 + a[0] * (y1 - y0)), (x1, y0 + a[1] * (y1 - y0))]
    im = im.copy()
    draw = ImageDraw.Draw(im)
    step = 0.4 * MM * dpi
    draw.line([(x, y + step) for x, y in ends], fill=90, width=max(1, round(0.25 * MM * dpi)))
    draw.line(ends, fill=235, width=max(1, round(0.5 * MM * dpi)))
    return im


def ring(im, dpi, box, rng):
    """A cup stood on it: a brown ring 2.5 mm wide, paler within, across the symbol."""
    x0, y0, x1, y1 = box
    cx, cy = rng.uniform(x0, x1), rng.uniform(y0, y1)
    yy, xx = np.mgrid[0:im.size[1], 0:im.size[0]]
    r = np.hypot(xx - cx, yy - cy) / (MM * dpi)
    stain = np.where(np.abs(r - 16) < 1.25, 0.5, np.where(r < 16, 0.88, 1.0))
    return Image.fromarray((np.asarray(im) * stain).astype(np.uint8))


def photo(im, dpi, box, rng):
    """By a telephone under one lamp: light falls off to a third, a hand's shadow, noise, a trace of blur, JPEG at 60."""
    w, h = im.size
    yy, xx = np.mgrid[0:h, 0:w]
    angle = rng.uniform(0, 2 * np.pi)
    slope = (np.cos(angle) * (xx / w - 0.5) + np.sin(angle) * (yy / h - 0.5)) / np.hypot(np.cos(angle), np.sin(angle))
    light = 0.67 + 0.6 * slope
    edge = xx * np.cos(angle) + yy * np.sin(angle) - rng.uniform(0.4, 0.9) * (w * np.cos(angle) + h * np.sin(angle))
    light = light * np.where(edge > 0, 0.7, 1.0)
    a = np.asarray(im.filter(ImageFilter.GaussianBlur(0.06 * MM * dpi)), dtype=float)
    a = np.clip((20 + a * 0.86) * np.clip(light, 0.33, 1.0) + rng.normal(0, 5, a.shape), 0, 255)
    out = io.BytesIO()
    Image.fromarray(a.astype(np.uint8)).save(out, "JPEG", quality=60)
    return Image.open(out).convert("L")


DAMAGES = {
    "none": None, "rotated 7°": rotate(7), "rotated 23°": rotate(23), "rotated 45°": rotate(45), "rotated 180°": rotate(180),
    "blur": blur, "JPEG quality 15": jpeg, "salt and pepper 5 %": salt, "low contrast": pale, "perspective": perspective,
    "crease": crease, "coffee ring": ring, "photograph": photo,
}
RESOLUTIONS = [100, 150, 200, 300]


def zbar(im, path):
    out = subprocess.run(["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", path], capture_output=True)
    return out.stdout.decode("utf-8", "replace").strip()


def zxing(im, path):
    found = zxingcpp.read_barcodes(np.asarray(im), formats=zxingcpp.BarcodeFormat.QRCode)
    return found[0].text if found else ""


class Reader:
    """A process with decoders; it answers one line of JSON for each path."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self, path):
        self.process.stdin.write(path + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def place(pdf, page):
    """Where the symbol stands, in inches from the upper left corner; the whole page where it can't be found."""
    im = render(pdf, 300, page)
    found = zxingcpp.read_barcodes(np.asarray(im), formats=zxingcpp.BarcodeFormat.QRCode)
    if not found:
        return (0, 0, im.size[0] / 300, im.size[1] / 300)
    p = found[0].position
    xs = [q.x for q in (p.top_left, p.top_right, p.bottom_left, p.bottom_right)]
    ys = [q.y for q in (p.top_left, p.top_right, p.bottom_left, p.bottom_right)]
    return (min(xs) / 300, min(ys) / 300, max(xs) / 300, max(ys) / 300)


def examine(job):
    """Reads one card in all its pictures: (damage, dpi, decoder) -> right, wrong or nothing, and the module's version."""
    pdf, want, options = job
    at = place(pdf, options["page"])
    if examine.readers is None:
        examine.readers = [Reader(*command) for command in options["readers"]]
    results = []
    with tempfile.TemporaryDirectory(prefix="scan") as folder:
        path = os.path.join(folder, "picture.pgm")
        for dpi in options["dpi"]:
            page = render(pdf, dpi, options["page"])
            for name, damage in DAMAGES.items():
                if damage and (dpi not in options["damaged"] or options["clean"]):
                    continue
                box = tuple(v * dpi for v in at)
                rng = np.random.default_rng(zlib.crc32(f"{os.path.basename(want)[-40:]} {name} {dpi}".encode()))
                im = damage(page, dpi, box, rng) if damage else page
                im.save(path)
                texts = {"zbar": zbar(im, path), "zxing-cpp": zxing(im, path)}
                for reader in examine.readers:
                    texts.update(reader.read(path))
                results.append((name, dpi, {k: "right" if t == want else "wrong" if t else "" for k, t in texts.items()}))
    return os.path.basename(pdf), results


examine.readers = None


def table(results, out):
    decoders = list(results[0][1][0][2])
    rows, wrong, unread = {}, 0, []
    for card, pictures in results:
        for name, dpi, read in pictures:
            row = rows.setdefault((name, dpi), {k: 0 for k in [*decoders, "any", "of"]})
            row["of"] += 1
            row["any"] += "right" in read.values()
            wrong += list(read.values()).count("wrong")
            for k, v in read.items():
                row[k] += v == "right"
                if name == "none" and v != "right":
                    unread.append(f"{card} at {dpi} dpi by {k}")
    print("| damage | dpi | " + " | ".join(decoders) + " | at least one | pictures |", file=out)
    print("|---|--:|" + "--:|" * (len(decoders) + 2), file=out)
    total = {k: 0 for k in [*decoders, "any", "of"]}
    for name in DAMAGES:
        for dpi in sorted({d for n, d in rows if n == name}):
            row = rows[name, dpi]
            for k in total:
                total[k] += row[k]
            print(f"| {name} | {dpi} | " + " | ".join(str(row[k]) for k in [*decoders, "any", "of"]) + " |", file=out)
    share = [f"{100 * total[k] / total['of']:.1f} %" for k in [*decoders, "any"]]
    print("| **all** | | " + " | ".join(share) + f" | {total['of']} |", file=out)
    print(f"\nWrong readings: {wrong}.", file=out)
    return wrong, unread, total["any"] / total["of"], decoders


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("folder", help="with cards.csv and the PDFs that it names")
    p.add_argument("--page", type=int, default=1, help="the page of each PDF")
    p.add_argument("--dpi", type=int, nargs="+", default=RESOLUTIONS)
    p.add_argument("--damaged", type=int, nargs="+", default=[150, 300], help="the resolutions at which the damage is done")
    p.add_argument("--clean", action="store_true", help="no damage at all")
    p.add_argument("--node", help="the script with the decoders for browsers")
    p.add_argument("--reader", help="the program internal/scantest/reader: what `cardproof verify` reads photographs with")
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--cards", type=int, default=0, help="only so many cards")
    o = p.parse_args()
    with open(os.path.join(o.folder, "cards.csv"), encoding="utf-8-sig", newline="") as f:
        lines = list(csv.DictReader(f))
    if o.cards:
        lines = lines[:: max(1, len(lines) // o.cards)][: o.cards]
    options = {"page": o.page, "dpi": o.dpi, "damaged": o.damaged, "clean": o.clean,
               "readers": ([[o.reader]] if o.reader else []) + ([["node", o.node]] if o.node else [])}
    jobs = [(os.path.join(o.folder, l["file"]), l["verify_url"], options) for l in lines]
    if not jobs:
        sys.exit("scan-test: cards.csv names no card")
    with multiprocessing.Pool(o.jobs) as pool:
        results = list(pool.imap(examine, jobs))
    wrong, unread, share, _ = table(results, sys.stdout)
    for line in unread:
        print("unread, undamaged:", line, file=sys.stderr)
    failed = [line for line in unread if " at 100 dpi " not in line]
    if wrong or failed or share < 0.95:
        sys.exit(f"scan-test: {wrong} wrong readings, {len(failed)} undamaged cards unread at 150 dpi or more, "
                 f"{100 * share:.1f} % of all pictures read by at least one decoder (at least 95 % are wanted)")


if __name__ == "__main__":
    main()
