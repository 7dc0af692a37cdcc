/** Longer than anything takes on a busy machine, shorter than a developer's patience. */
export const PATIENCE_MS = 60_000;

/** Polls until `condition` gives something that is true, and gives that; fails at the deadline. */
export async function waitFor<T>(what: string, condition: () => Promise<T> | T): Promise<NonNullable<T>> {
  const deadline = Date.now() + PATIENCE_MS;
  let last: unknown = null;
  while (Date.now() < deadline) {
    try {
      last = await condition();
      if (last) return last as NonNullable<T>;
    } catch (error) {
      last = error;
    }
    await new Promise(resolve => setTimeout(resolve, 50));  // Between polls, not instead of them.
  }
  throw new Error(`waited in vain for ${what}; last: ${last instanceof Error ? last.stack : JSON.stringify(last)}`);
}
