import assert from "node:assert/strict";
import {chromium, type Browser, type BrowserContextOptions, type Page} from "playwright-core";
import {PATIENCE_MS} from "./waiting";

const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export async function launch(): Promise<Browser> {
  return await chromium.launch({executablePath: CHROMIUM, headless: true, args: ARGUMENTS, timeout: PATIENCE_MS});
}

/** A tab that notes what must not be: errors on its console, and requests to anybody but its server. */
export class Tab {
  readonly problems: string[] = [];

  private constructor(readonly page: Page, private readonly origin: () => string) {
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("console", message => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      this.problems.push(`console: ${message.text()} ${message.location().url}`.trim());
    });
    page.on("pageerror", error => this.problems.push(`error: ${error.message}`));
    page.on("request", request => {
      const url = request.url();
      if (!url.startsWith(this.origin()) && !url.startsWith("data:")) this.problems.push(`request: ${url}`);
    });
  }

  static async open(browser: Browser, origin: () => string, options: BrowserContextOptions = {}): Promise<Tab> {
    const context = await browser.newContext({reducedMotion: "reduce", locale: "en-GB", timezoneId: "Europe/Berlin", ...options});
    return new Tab(await context.newPage(), origin);
  }

  async go(path: string) {
    await this.page.goto(this.origin() + path);
    await this.page.locator("main h1").first().waitFor();
  }

  /** Waits until a text can be seen. */
  async sees(text: string | RegExp) {
    await this.page.getByText(text).first().waitFor();
  }

  async close() {
    await this.page.context().close();
    assert.deepEqual(this.problems, []);
  }
}
