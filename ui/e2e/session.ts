import {after, before} from "node:test";
import type {Browser, BrowserContextOptions} from "playwright-core";
import {launch, Tab} from "./browser";
import type {Tocsin} from "./tocsin";

/** A tocsin and a browser for all tests of a file. Answers what opens a tab there. `prepare` runs before the first test. */
export function session(tocsin: Tocsin, prepare?: () => Promise<void>) {
  let browser: Browser | undefined;
  before(async () => {
    await tocsin.start();
    browser = await launch();
    await prepare?.();
  });
  after(async () => {
    await browser?.close();
    await tocsin.close();
  });
  return (options: BrowserContextOptions = {}): Promise<Tab> => {
    if (!browser) throw new Error("the tests have not begun");
    return Tab.open(browser, () => tocsin.url, options);
  };
}
