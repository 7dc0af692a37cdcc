export type Route =
  | {page: "overview" | "alerts" | "rules" | "explore" | "collectors" | "silences" | "new-silence" | "status"}
  | {page: "alert" | "silence" | "runbook"; id: string}
  | {page: "nowhere"};

const PAGES: Readonly<Record<string, Route>> = {
  "/": {page: "overview"},
  "/alerts": {page: "alerts"},
  "/rules": {page: "rules"},
  "/explore": {page: "explore"},
  "/graph": {page: "explore"},
  "/collectors": {page: "collectors"},
  "/silences": {page: "silences"},
  "/silences/new": {page: "new-silence"},
  "/status": {page: "status"},
};

/** Null for what nobody has encoded. */
function decoded(part: string | undefined): string | null {
  try {
    return decodeURIComponent(part ?? "");
  } catch {
    return null;
  }
}

/** Which page is at a path. */
export function routeOf(path: string): Route {
  const trimmed = path.length > 1 ? path.replace(/\/$/, "") : path;
  const page = PAGES[trimmed];
  if (page) return page;
  const found = /^\/(alert|silence|runbook)s\/([^/]+)$/.exec(trimmed);
  const id = decoded(found?.[2]);
  if (!found || id === null) return {page: "nowhere"};
  return {page: found[1] as "alert" | "silence" | "runbook", id};
}

/** Where a link of Alertmanager's page, "#/silences/new?filter=...", leads to here; null if it is none of them. */
export function legacyAddress(hash: string): string | null {
  const found = /^#\/([^?]*)(\?.*)?$/.exec(hash);
  if (!found) return null;
  const [path, query] = [`/${(found[1] ?? "").replace(/\/$/, "")}`, found[2] ?? ""];
  if (path === "/") return "/alerts";
  const page = routeOf(path).page;
  if (page === "nowhere") return null;
  const filter = new URLSearchParams(query).get("filter");
  return filter ? `${path}?${new URLSearchParams({filter})}` : path;
}
