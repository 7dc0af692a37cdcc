import assert from "node:assert/strict";
import type {Tab} from "./browser";

export const MOST_ROWS = 300;
const MOST_STEP_MS = 50;
const MOST_ELEMENTS = 5000;

/** Scrolls a long list from its beginning to its end: few of its rows are in the document, and a step takes little script. */
export async function scrollsQuickly(tab: Tab, length: number) {
  const rows = tab.page.getByRole("listitem").and(tab.page.locator(".row"));
  const session = await tab.page.context().newCDPSession(tab.page);
  await session.send("Performance.enable", {timeDomain: "threadTicks"});  // Not what others make it wait.
  const scriptSeconds = async () => {
    const {metrics} = await session.send("Performance.getMetrics");
    return metrics.find(each => each.name === "ScriptDuration")?.value ?? 0;
  };
  const steps: number[] = [];
  for (const at of [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]) {
    const began = await scriptSeconds();
    // Until the frame after the next one is drawn.
    await tab.page.evaluate(place => new Promise(done => {
      window.scrollTo(0, place * document.documentElement.scrollHeight);
      requestAnimationFrame(() => requestAnimationFrame(done));
    }), at);
    steps.push(((await scriptSeconds()) - began) * 1000);
    await rows.first().waitFor();
    const count = await rows.count();
    assert.ok(count > 0 && count < MOST_ROWS, `${count} rows`);
  }
  // A poll may fall into one of the steps, and is no part of it.
  steps.sort((a, b) => a - b);
  assert.ok((steps[Math.floor(steps.length / 2)] ?? 0) < MOST_STEP_MS, `steps of ${steps.join(", ")} ms`);
  await tab.page.locator(`.row[aria-posinset='${length}']`).waitFor();
  const elements = await tab.page.evaluate(() => document.querySelectorAll("*").length);
  assert.ok(elements < MOST_ELEMENTS, `${elements} elements`);
}
