import {useEffect, useState} from "preact/hooks";
import {legacyAddress} from "./routes";

/** Where "/" of tocsin is, "/" or what a proxy has put before it: this file comes from below "ui/" there. */
export const root: string = typeof document === "undefined" ? "/" : new URL("..", import.meta.url).pathname;

/** An address of the page as it is now: the path below the root, "/alerts", and its query. */
export interface Address {
  path: string;
  query: URLSearchParams;
}

function current(): Address {
  return {path: `/${location.pathname.slice(root.length)}`, query: new URLSearchParams(location.search)};
}

const listeners = new Set<() => void>();

function changed() {
  for (const listener of listeners) listener();
}

/** The full address of "/alerts?x=y". */
export function href(to: string): string {
  return root + to.replace(/^\//, "");
}

export function navigate(to: string, how: "push" | "replace" = "push") {
  if (how === "push") history.pushState(null, "", href(to));
  else history.replaceState(null, "", href(to));
  changed();
}

/** Changes parameters of the address in place; an empty value takes one away. */
export function setQuery(changes: Readonly<Record<string, string>>, how: "push" | "replace" = "replace") {
  const {path, query} = current();
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  navigate(path + (text ? `?${text}` : ""), how);
}

function followLegacyLink() {
  const to = legacyAddress(location.hash);
  if (to) navigate(to, "replace");
}

/** Clicks on links of the page do not load it anew. */
function followLink(event: MouseEvent) {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.("a[data-page]");
  const to = link?.getAttribute("data-page");
  if (!to) return;
  event.preventDefault();
  navigate(to);
  window.scrollTo(0, 0);
}

export function listenToAddress() {
  followLegacyLink();
  window.addEventListener("hashchange", followLegacyLink);
  window.addEventListener("popstate", changed);
  document.addEventListener("click", followLink);
}

export function useAddress(): Address {
  const [address, setAddress] = useState(current);
  useEffect(() => {
    const update = () => setAddress(current());
    listeners.add(update);
    update();
    return () => void listeners.delete(update);
  }, []);
  return address;
}
