import assert from "node:assert/strict";
import {mkdirSync, readFileSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import type {Browser, Page} from "playwright-core";

/** Where the small pictures are, that a page must look like. */
const FOLDER = process.env.LOOKS ?? "looks";
const UPDATE = process.env.UPDATE_LOOKS === "1";
const CELL_PX = 26;
/** How far a cell's red, green or blue may be from what it was, of 255: more than other letters in the same place make. */
const SAME_COLOUR = 16;
/** How many of the cells may be further. */
const MOST_DIFFERENT = 0.04;
/** Short, because all pages may look different. */
const PATIENCE_MS = 4000;

/** A picture of few pixels, each the mean colour of a cell of a screenshot: rows of red, green and blue. */
interface Small {
  columns: number;
  rows: number;
  colours: number[];
  picture: string;
}

/** Makes a PNG small, in a browser: nothing else here can read one. */
async function small(page: Page, png: Buffer, cell: number): Promise<Small> {
  return await page.evaluate(async ({url, size}) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d", {willReadFrequently: true})!;
    context.drawImage(image, 0, 0);
    const [columns, rows] = [Math.round(image.width / size), Math.round(image.height / size)];
    const result = context.createImageData(columns, rows);
    const colours: number[] = [];
    for (let at = 0; at < columns * rows; ++at) {
      const edge = (place: number, count: number, length: number) => Math.round(place * length / count);
      const [column, row] = [at % columns, Math.floor(at / columns)];
      const [left, right] = [edge(column, columns, image.width), edge(column + 1, columns, image.width)];
      const [top, bottom] = [edge(row, rows, image.height), edge(row + 1, rows, image.height)];
      const {data} = context.getImageData(left, top, right - left, bottom - top);
      for (let part = 0; part < 3; ++part) {
        let sum = 0;
        for (let i = part; i < data.length; i += 4) sum += data[i] ?? 0;
        const mean = Math.round(sum * 4 / data.length);
        colours.push(mean);
        result.data[at * 4 + part] = mean;
      }
      result.data[at * 4 + 3] = 255;
    }
    [canvas.width, canvas.height] = [columns, rows];
    context.putImageData(result, 0, 0);
    return {columns, rows, colours, picture: canvas.toDataURL("image/png").split(",")[1] ?? ""};
  }, {url: `data:image/png;base64,${png.toString("base64")}`, size: cell});
}

/** How much of a picture differs, from 0 to 1; all if it is of another size. */
function difference(one: Small, other: Small): number {
  const cells = one.columns * one.rows;
  if (cells !== other.columns * other.rows || one.columns !== other.columns) return 1;
  let different = 0;
  for (let at = 0; at < cells * 3; at += 3) {
    const parts = [0, 1, 2].map(part => Math.abs((one.colours[at + part] ?? 0) - (other.colours[at + part] ?? 0)));
    if (Math.max(...parts) > SAME_COLOUR) ++different;
  }
  return different / cells;
}

/** Compares pages with small pictures of how they have looked: another font or time differs by little, a broken page by much. */
export class Looks {
  private constructor(private readonly page: Page) {}

  static async open(browser: Browser): Promise<Looks> {
    return new Looks(await browser.newPage());
  }

  /** Takes a screenshot, into a file, until it looks as it has before. */
  async check(page: Page, name: string, file: string) {
    const committed = join(FOLDER, `${name}.png`);
    const shoot = async () => await small(this.page, await page.screenshot({path: file, animations: "disabled", caret: "hide"}), CELL_PX);
    if (UPDATE) {
      mkdirSync(FOLDER, {recursive: true});
      writeFileSync(committed, Buffer.from((await shoot()).picture, "base64"));
      return;
    }
    const before = await small(this.page, readFileSync(committed), 1);
    const deadline = Date.now() + PATIENCE_MS;
    let differs = 1;
    do {
      differs = difference(before, await shoot());
      if (differs <= MOST_DIFFERENT) return;
    } while (Date.now() < deadline);
    assert.fail(`${Math.round(differs * 100)} of 100 parts differ from ${committed}: look at ${file}. If it is as it should be, ` +
      "run this with --update-looks");
  }
}
